package rufh

import (
	"bytes"
	"compress/gzip"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// codingChecks: what is counted when content is coded, and what is asked of intermediaries.
func codingChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("coding", from("Content Codings", "content-codings"), []row{
		{name: "content", level: must, versions: since("6"),
			requires: "Offset and length are those of the coded data where the creation names a content coding, and appends go on with it.",
			why:      "The client counts what it sends.",
			sends:    "A creation with Content-Encoding: gzip, its length and half of the coded data; HEAD; the rest by an append without Content-Encoding.",
			failure:  "The content is decoded before it is counted, or each part is decoded for itself.",
			loose:    "a target may take no content coding (415), and then the case does not apply", run: codingContent},
		{name: "kept", level: should, versions: since("6"), source: upCreation,
			requires: "The content coding of the creation is that of the upload: what the upload became by an append has the same Content-Encoding as after one request.",
			why:      "Without it nobody can decode what is stored.",
			sends:    "Uploads with Content-Encoding: gzip, one in one request and one that is created with half of the coded data and appended to; GET on what they became.",
			failure:  "The metadata are taken from the last request.",
			loose:    "a target may take no content coding (415), and then the case does not apply", run: codingKept},
		{name: "transfer", level: must, versions: everyVersion, source: from("Transfer Codings", "transfer-codings"), point: "mid-upload", faults: matrix.EveryFault,
			requires: "The offset of an upload that was cut within its chunks counts no byte of their framing.",
			why:      "The client counts its own bytes.",
			sends:    "An upload in one request in chunks of 10 bytes, cut in the middle of one; HEAD; the rest.",
			failure:  "Chunk sizes and line ends are stored, or an unfinished chunk is counted as a whole.",
			loose:    "a server may refuse it with 411, and then the case does not apply", run: codingTransfer},
		{name: "incremental", level: must, versions: since(newest), source: from("Incremental Transfer, Processing and Forwarding", "incremental"),
			requires: "A request with Incremental: ?1 is processed like one without.",
			why:      "Clients ask intermediaries by it not to hold the content back.",
			sends:    "A creation with half of the content and an append of the rest, both with Incremental: ?1.",
			failure:  "A field that is not known is refused.", run: codingIncremental},
	})
}

// coded gives an upload of gzip data.
func (f *flow) coded() *matrix.Operation {
	op := f.fresh()
	var coded bytes.Buffer
	w := gzip.NewWriter(&coded)
	_, _ = w.Write(op.Body) // a buffer takes everything
	_ = w.Close()
	op.Body = coded.Bytes()
	return op
}

var gzipped = exchange.Field{Name: "Content-Encoding", Value: "gzip"}

// codedInHalf creates an upload with half of its coded data.
func (f *flow) codedInHalf(op *matrix.Operation) (half int64) {
	half = op.Len() / 2
	f.allow(half)
	req := f.d.creation(op, op.Body[:half], false)
	req.Fields = append(req.Fields, gzipped)
	req.Fields = append(req.Fields, f.d.lengthOf(op)...)
	op.Facts[sending] = creating
	r := f.Do("a creation with Content-Encoding: gzip", req)
	if r.Status/100 == 4 {
		f.Unsupported("the target takes no gzip: %d", r.Status)
	}
	f.d.Learn(op, r)
	return half
}

func codingKept(f *flow) {
	whole, parts := f.coded(), f.coded()
	r := f.inOne(whole, gzipped)
	if r.Status/100 == 4 {
		f.Unsupported("the target takes no gzip: %d", r.Status)
	}
	f.succeeded(r, "an upload with Content-Encoding: gzip")
	f.Round()
	half := f.codedInHalf(parts)
	f.succeeded(f.appended(parts, half, parts.Body[half:], true), "an append of the rest of the coded data")
	one, other := f.d.Downloads(whole), f.d.Downloads(parts)
	if len(one) == 0 || len(other) == 0 {
		f.Unsupported("the answer to the last request does not name what the upload became")
	}
	a := f.Do("GET on what an upload in one request became", matrix.RequestTo("GET", one[0]))
	b := f.Do("GET on what an upload by appends became", matrix.RequestTo("GET", other[0]))
	if x, y := a.Fields.Joined("Content-Encoding"), b.Fields.Joined("Content-Encoding"); a.Status != b.Status || x != y {
		f.Broken("the same Content-Encoding as after one request: "+matrix.Itoa(a.Status)+" "+quotedOrNone(x), "%d %s", b.Status, quotedOrNone(y))
	}
}

func codingContent(f *flow) {
	op := f.coded()
	half := f.codedInHalf(op)
	f.at(op, half, "of an upload that was created with as many coded bytes")
	effects := f.Effects(f.W, op.Tag)
	op.Sent = op.Len()
	r := f.appended(op, half, op.Body[half:], true)
	f.succeeded(r, "an append of the rest of the coded data")
	effects.Once("of an upload with a content coding")
}

func codingTransfer(f *flow) {
	op := f.fresh()
	op.Chunked = true
	req := f.D.Start(op)
	if p, ok := f.D.(matrix.Preparer); ok {
		f.Prepare(p, op)
		req = p.Start(op)
	}
	req.ChunkSize = 10
	const at = matrix.Usual/2 + 5
	t := f.CutBy(req, f.At(matrix.RequestBody, at), f.untilReady(op))
	if t.Evidence.FinalStatus == 411 {
		f.Unsupported("chunked uploads are refused with 411")
	}
	f.Landed(t)
	for _, r := range t.Interims {
		f.d.Learn(op, r)
	}
	op.Sent = at
	f.Resumable(op)
	f.Completed(op)
}

func codingIncremental(f *flow) {
	incremental := exchange.Field{Name: "Incremental", Value: "?1"}
	const half = matrix.Usual / 2
	op := f.fresh()
	req := f.d.creation(op, op.Body[:half], false)
	req.Fields = append(req.Fields, incremental)
	f.createdBy(op, req, half)
	effects := f.Effects(f.W, op.Tag)
	op.Sent = op.Len()
	r := f.appended(op, half, op.Body[half:], true, incremental)
	f.succeeded(r, "an append with Incremental: ?1")
	f.whole(op, r)
	effects.Once("of an upload with Incremental: ?1")
}
