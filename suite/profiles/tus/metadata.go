package tus

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// metadataChecks: what a client says of its upload.
func metadataChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.metadata.told", Level: catalog.Must, Source: createRequest,
			Requires: "HEAD gives Upload-Metadata as it was specified at the creation: the same keys, with the same values.",
			Why:      "A client that has lost its own notes finds out by it what the upload is.",
			Sends:    "POST with metadata: one pair, several, a key without a value, a key with an empty one, and binary values; HEAD on a new upload and on one that has begun.",
			Failure:  "Only the keys that the server knows are kept, or values are decoded and not encoded again.",
		}, Run: with(metadataTold)},
		{Case: catalog.Case{
			ID: "tus.metadata.own", Level: catalog.Must, Source: createRequest,
			Requires: "Metadata belongs to one upload: it is not told of another, and one without any tells none.",
			Why:      "The name of a file is nobody else's business.",
			Sends:    "POST with metadata; POST with other metadata; POST with none; HEAD on each.",
			Failure:  "Metadata is kept beside the uploads, or a default is filled with the last.",
		}, Run: with(metadataOwn)},
		{Case: catalog.Case{
			ID: "tus.metadata.smuggled", Level: catalog.Should, Source: metadata,
			Requires: "A value with line breaks in it does not become a header field of a response: it is refused, or made harmless.",
			Why:      "Whoever can write fields into responses can poison caches and set cookies for others.",
			Sends:    "POST with metadata, of which the values filename, name, filetype and type hold a line break and a field; HEAD; a whole upload and GET.",
			Failure:  "The value is decoded and put into Content-Disposition or Content-Type as it is.",
		}, Run: with(metadataSmuggled)},
		{Case: catalog.Case{
			ID: "tus.metadata.malformed", Level: catalog.Should, Source: metadata,
			Requires: "Malformed metadata is refused with a 4xx or taken without harm; it does not break the server.",
			Why:      "Metadata comes from clients, and not all are written well.",
			Sends:    "POST with values that are no Base64, with a key twice, with an empty key, and with commas alone.",
			Failure:  "A parser that does not expect it ends in 500.",
		}, Run: with(metadataMalformed)},
	}
}

// parseMetadata reads Upload-Metadata: the value by key, still encoded.
func parseMetadata(value string) map[string]string {
	pairs := map[string]string{}
	for item := range strings.SplitSeq(value, ",") {
		key, encoded, _ := strings.Cut(strings.TrimSpace(item), " ")
		if key != "" {
			pairs[key] = strings.TrimSpace(encoded)
		}
	}
	return pairs
}

// pair encodes one pair.
func pair(key, value string) string {
	return key + " " + base64.StdEncoding.EncodeToString([]byte(value))
}

// described gives an upload with metadata. The case ends as unsupported where the server refuses it: it may.
func (f *flow) described(value string) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	r := f.Do("POST with Upload-Metadata", f.d.create(op, field("Upload-Length", matrix.Itoa(op.Len())), field("Upload-Metadata", value)))
	if r.Status/100 == 4 {
		f.Unsupported("metadata is refused with %d: Upload-Metadata: %s", r.Status, value)
	}
	if r.Status != 201 {
		f.Broken("201 for POST with Upload-Metadata: "+value, "%d", r.Status)
	}
	f.d.Learn(op, r)
	f.here(op)
	return op
}

func metadataTold(f *flow) {
	f.created(matrix.Usual)
	for _, value := range []string{
		pair("filename", "world_domination_plan.pdf"),
		pair("filename", "world_domination_plan.pdf") + ",is_confidential",
		pair("filename", "Größe, 100%.txt") + "," + pair("filetype", "text/plain") + "," + pair("name", "two words"),
		pair("binary", "\x00\x01\xfe\xff\r\n") + "," + pair("key-with_signs.and:digits0", "1"),
		"empty ," + pair("last", "x"),
	} {
		f.Round()
		op := f.described(value)
		f.describes(op, value)
		f.Partly(op, 0, 1000)
		f.describes(op, value)
	}
}

// describes asks HEAD for the metadata of the creation. The order of the pairs carries no meaning.
func (f *flow) describes(op *matrix.Operation, value string) {
	r := f.head(op)
	got := r.Fields.Joined("Upload-Metadata")
	if !maps.Equal(parseMetadata(got), parseMetadata(value)) {
		f.Broken("Upload-Metadata: "+value, "%q", got)
	}
}

func metadataOwn(f *flow) {
	f.created(matrix.Usual)
	one, other := pair("filename", "one")+",mine", pair("filename", "two")+","+pair("filetype", "text/plain")
	a, b, none := f.described(one), f.described(other), f.created(matrix.Usual)
	f.describes(a, one)
	f.describes(b, other)
	f.describes(none, "")
}

// smuggled is the field that must not turn up.
const smuggled = "X-Resumespec-Smuggled"

func metadataSmuggled(f *flow) {
	f.created(matrix.Usual)
	evil := "a\r\n" + smuggled + ": yes\r\n\r\nb"
	var pairs []string
	for _, key := range []string{"filename", "name", "filetype", "type"} {
		pairs = append(pairs, pair(key, evil))
	}
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	r := f.Do("POST with line breaks in its metadata", f.d.create(op, field("Upload-Length", matrix.Itoa(op.Len())), field("Upload-Metadata", strings.Join(pairs, ","))))
	if r.Status/100 == 4 {
		f.Note("such metadata is refused with %d", r.Status)
		return
	}
	if r.Status != 201 {
		f.Broken("201 or a 4xx for POST with line breaks in its metadata", "%d", r.Status)
	}
	f.d.Learn(op, r)
	for _, method := range []string{"HEAD", "GET"} {
		if method == "GET" && f.Set.Readback.From == "none" {
			break
		}
		got, err := f.Try(matrix.RequestTo(method, f.here(op), resumable))
		if err == nil && got.Fields.Has(smuggled) {
			f.Harmful("no field out of a value of the metadata in the answer to "+method, "%s: %s", smuggled, got.Fields.Get(smuggled))
		}
		if method == "HEAD" {
			f.Partly(op, 0, op.Len())
		}
	}
}

func metadataMalformed(f *flow) {
	f.created(matrix.Usual)
	for _, value := range []string{"filename *not-base64*", pair("a", "1") + "," + pair("a", "2"), " dmFsdWU=", ",,,", strings.Repeat("k", 4000)} {
		r := f.Do("POST with malformed metadata", f.d.create(f.OpAs(matrix.NewTag(), matrix.Usual),
			field("Upload-Length", matrix.Itoa(int64(matrix.Usual))), field("Upload-Metadata", strings.TrimRight(value, " "))))
		if !slices.Contains([]int{2, 4}, r.Status/100) {
			f.Broken("201 or a 4xx for malformed metadata", "%d for Upload-Metadata: %s", r.Status, value)
		}
	}
}
