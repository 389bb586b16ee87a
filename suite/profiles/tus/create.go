package tus

import (
	"math"
	"strconv"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// createChecks: the POST that creates, and what may happen to it.
func createChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.create.own", Level: must, Source: createRequest,
			Requires: "Each POST creates an upload of its own, with a URL that no other has.",
			Why:      "Two users, or two tabs of one, must not write into each other's upload.",
			Sends:    "Two POSTs, one right after the other; then both uploads in turns, with different bytes.",
			Failure:  "Uploads are found by their length, their metadata or their connection.",
		}, Run: with(createOwn)},
		{Case: catalog.Case{
			ID: "tus.create.location", Level: must, Source: createRequest,
			Requires: "The Location of each 201 is one URL, absolute or relative, that resolves to the upload.",
			Why:      "A client follows the reference as it stands; one that does not parse or resolve strands the upload.",
			Sends:    "POST; HEAD and PATCH on what its Location names.",
			Failure:  "The value is no URI reference (RFC 3986, 4.1), or is one of a host that only the server knows.",
		}, Run: with(createLocation)},
		{Case: catalog.Case{
			ID: "tus.create.zero", Level: must, Source: createRequest,
			Requires: "An upload of the length 0 is complete with its creation: HEAD gives Upload-Offset: 0 and Upload-Length: 0, and the effect happens once, without a PATCH.",
			Why:      "An empty file is a file.",
			Sends:    "POST with Upload-Length: 0; HEAD; a read of the number of effects.",
			Failure:  "A length of 0 is taken for none, or completion waits for a PATCH.",
		}, Run: with(createZero)},
		{Case: catalog.Case{
			ID: "tus.create.no-length", Level: should, Source: catalog.Loose(createRequest, "that a POST without a length is refused is not said"),
			Requires: "A POST that tells neither Upload-Length nor Upload-Defer-Length is refused with a 4xx.",
			Why:      "Nobody knows when such an upload is complete.",
			Sends:    "POST with neither.",
			Failure:  "A missing length is taken for 0, and the upload for complete.",
		}, Run: with(createNoLength)},
		{Case: catalog.Case{
			ID: "tus.create.bad-length", Level: should, Source: catalog.Loose(uploadLength, "that a malformed length is refused is not said"),
			Requires: "A POST whose Upload-Length is no non-negative integer is refused with a 4xx.",
			Why:      "A client learns of its mistake before it sends the bytes, not after.",
			Sends:    "POST with the lengths -1, 10.5, ten, 0x10 and one beyond 64 bits.",
			Failure:  "What cannot be read is taken for 0 or for none.",
		}, Run: with(createBadLength)},
		{Case: catalog.Case{
			ID: "tus.create.too-large", Level: must, Source: createRequest,
			Requires: "A POST whose Upload-Length is above Tus-Max-Size is answered 413.",
			Why:      "The client learns it before it has sent a terabyte.",
			Sends:    "OPTIONS; POST with a length of one byte more than Tus-Max-Size.",
			Failure:  "The limit is told and not held, or compared off by one.",
		}, Run: with(createTooLarge)},
		{Case: catalog.Case{
			ID: "tus.create.huge", Level: must, Source: catalog.Loose(createRequest, "how large an upload may be is not said"),
			Requires: "A POST that announces a length far beyond what any server stores is refused, or creates without harm: the uploads after it work.",
			Why:      "Whoever announces much must not take the space of all others.",
			Sends:    "POST with the length 2^62; HEAD on what it creates; then an ordinary upload.",
			Failure:  "The length announced is reserved, or overflows.",
		}, Run: with(createHuge)},
		{Case: catalog.Case{
			ID: "tus.create.head-cut", Level: must, Source: catalog.Loose(createRequest, "an interrupted POST is not mentioned"),
			Requires: "A POST whose head is cut, at its first byte, in the request line, inside a field name or before its last CRLF, has no effect, and the same POST again creates.",
			Why:      "A client whose request broke off can only issue it again.",
			Sends:    "The POST, cut in its head at each of these bytes; then the same POST again and a whole upload.",
			Failure:  "Half a head creates, or leaves a lock.",
		}.CutAt("before-100", matrix.EveryFault), Run: with(createHeadCut)},
		{Case: catalog.Case{
			ID: "tus.create.lost", Level: must, Source: catalog.Loose(createRequest, "an interrupted POST is not mentioned"),
			Requires: "When the answer to the POST is lost, the POST can be issued again; what the first one created never shows up as a result.",
			Why:      "The client does not know the first upload's URL, so nobody will ever finish it.",
			Sends:    "The POST, whose answer is cut off whole, in its status line and before its last byte; then a POST again and a whole upload; a read of the number of effects.",
			Failure:  "An empty file is made by each POST, or the second POST is refused because of the first.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(createLost)},
		{Case: catalog.Case{
			ID: "tus.create.repeated", Level: should, Source: catalog.Loose(createRequest, "how many uploads may be open at once is not said"),
			Requires: "After thirty POSTs whose answers were lost, the next one creates, and its upload can be completed.",
			Why:      "On a bad line a client may need many attempts before it knows where to write.",
			Sends:    "Thirty POSTs whose answers are cut off; then a POST and a whole upload.",
			Failure:  "Each of them keeps a lock, a worker or a slot of a quota.",
		}.CutAt("pre-response", matrix.Closing), Run: with(createRepeated)},
		{Case: catalog.Case{
			ID: "tus.create.no-effect", Level: must, Source: catalog.Loose(creation, "what an effect is the configuration says"), Needs: []catalog.Need{catalog.NeedCount},
			Requires: "An upload that was created and never finished has no effect, neither without a byte nor with half of them.",
			Why:      "A client that has lost the answer to its POST begins again, and leaves such an upload behind.",
			Sends:    "POST; a read of the number of effects; half of the body; a read of the number of effects again.",
			Failure:  "The file is made by the POST and only filled by what follows.",
		}, Run: with(createNoEffect)},
		{Case: catalog.Case{
			ID: "tus.create.unguessable", Level: should, Source: catalog.Loose(core, "the text describes no URLs: the profile's reading"),
			Requires: "The URLs of 200 uploads are pairwise distinct, follow no counter or clock, and carry at least 120 bits of apparent entropy.",
			Why:      "Who guesses the URL of another's upload can spoil it or finish it.",
			Sends:    "200 POSTs; their Locations are compared.",
			Failure:  "URLs are made from a counter, a time or a short random number.",
		}, Run: with(createUnguessable)},
	}
}

func createOwn(f *flow) {
	a, b := f.created(matrix.Usual), f.created(matrix.Usual)
	b.Body = matrix.Bytes(matrix.Usual, f.Salt+9)
	if f.here(a).String() == f.here(b).String() {
		f.Broken("an upload of its own for each POST", "%s for both", f.here(a))
	}
	f.Partly(a, 0, 3000)
	f.Partly(b, 0, 2000)
	f.stays(a, 3000, "after a write to the other")
	f.whole(a)
	f.stays(b, 2000, "after the other was completed")
	f.whole(b)
}

func createLocation(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	r := f.Do("POST", f.d.Prepare(op))
	if r.Status != 201 {
		f.Unsupported("the server created no upload: POST was answered %d", r.Status)
	}
	values := r.Fields.Values("Location")
	if len(values) != 1 {
		f.Broken("one Location in the 201", "%d of them", len(values))
	}
	if !f.d.offer.ok && !r.Fields.Has("Tus-Resumable") {
		f.Unsupported("nothing says that the server speaks tus")
	}
	if err := exchange.ParseURIReference(values[0]); err != nil {
		f.Broken("a URL, absolute or relative", "Location: %s (%v)", values[0], err)
	}
	f.d.Learn(op, r)
	f.here(op)
	f.Note("Location: %s", values[0])
	f.whole(op)
}

func createZero(f *flow) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), 0)
	effects := f.Effects(f.W, op.Tag)
	f.made(op, "POST with Upload-Length: 0", f.d.Prepare(op))
	effects.Once("of an upload of no bytes")
	r := f.head(op)
	if absent(r) {
		f.Note("an upload that is complete is gone (%d)", r.Status)
		return
	}
	for _, name := range []string{"Upload-Offset", "Upload-Length"} {
		if got := r.Fields.Joined(name); got != "0" {
			f.Broken(name+": 0 of an upload of no bytes", "%q", got)
		}
	}
	f.intact(op)
}

func createNoLength(f *flow) {
	f.created(matrix.Usual)
	f.refused(f.Do("POST without a length", f.d.create(f.OpAs(matrix.NewTag(), 0))), "POST with neither Upload-Length nor Upload-Defer-Length")
}

func createBadLength(f *flow) {
	f.created(matrix.Usual)
	for _, value := range []string{"-1", "10.5", "ten", "0x10", "99999999999999999999"} {
		r := f.Do("POST with Upload-Length: "+value, f.d.create(f.OpAs(matrix.NewTag(), 0), field("Upload-Length", value)))
		f.refused(r, "POST with Upload-Length: "+value)
	}
}

func createTooLarge(f *flow) {
	f.created(matrix.Usual)
	most, err := strconv.ParseInt(f.d.offer.maxSize, 10, 64)
	if err != nil || most == math.MaxInt64 || most == 0 {
		f.Unsupported("the server tells no Tus-Max-Size that a length can be above: %q", f.d.offer.maxSize)
	}
	r := f.Do("POST with a length above Tus-Max-Size", f.d.create(f.OpAs(matrix.NewTag(), 0), field("Upload-Length", matrix.Itoa(most+1))))
	if r.Status != 413 {
		f.Broken("413 for Upload-Length: "+matrix.Itoa(most+1)+" where Tus-Max-Size is "+matrix.Itoa(most), "%d", r.Status)
	}
}

func createHuge(f *flow) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), 0)
	length := matrix.Itoa(int64(1) << 62)
	r := f.Do("POST with a huge length", f.d.create(op, field("Upload-Length", length)))
	f.Note("a length of 2^62 is answered %d", r.Status)
	if r.Status == 201 {
		f.d.Learn(op, r)
		got := f.head(op)
		if n, err := f.d.ReadOffset(op, got); err != nil || n != 0 {
			f.Broken("Upload-Offset: 0 of what was created", "%d (%v)", n, err)
		}
		if told := got.Fields.Joined("Upload-Length"); told != length {
			f.Broken("Upload-Length: "+length, "%q", told)
		}
		if f.d.offer.has(extTerminate) {
			f.send("DELETE", op) // nobody will ever fill it
		}
	}
	after := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.made(after, "POST after one with a huge length", f.d.Prepare(after))
	f.whole(after)
}

// again carries out the upload of a token, whose POST was cut before, and asks for one effect.
func (f *flow) again(tag string, effects matrix.Effects, after string) {
	effects.None("of a POST that was cut")
	op := f.OpAs(tag, matrix.Usual)
	if r := f.Do("the same POST again", f.d.Prepare(op)); r.Status != 201 {
		f.Broken("the same POST again to create after "+after, "%d", r.Status)
	}
	f.Uploaded(op)
	f.over(op)
	effects.Once("after " + after + ", the same POST again and its upload")
}

func createHeadCut(f *flow) {
	f.created(matrix.Usual)
	head := f.d.Prepare(f.Op(matrix.Usual))
	line := int64(len(head.Method) + 1 + len(head.Target) + len(" HTTP/1.1\r\n"))
	for _, cut := range []matrix.Cut{
		f.At(matrix.RequestHead, 0), f.At(matrix.RequestHead, line/2), f.At(matrix.RequestHead, line+2), f.AtFromEnd(matrix.RequestHead, 2),
	} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Landed(f.Cut(f.d.Prepare(op), cut))
		f.again(op.Tag, effects, cut.String())
	}
}

func createLost(f *flow) {
	f.created(matrix.Usual)
	type lost struct {
		effects matrix.Effects
		after   string
	}
	var all []lost
	for _, cut := range []matrix.Cut{
		f.At(matrix.ResponseHead, 0), f.At(matrix.ResponseHead, int64(len("HTTP/1.1 2"))), f.AtFromEnd(matrix.ResponseHead, 1),
	} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Landed(f.Cut(f.d.Prepare(op), cut))
		f.again(op.Tag, effects, cut.String())
		all = append(all, lost{effects, cut.String()})
	}
	for _, one := range all {
		one.effects.Once("some time after " + one.after)
	}
}

func createRepeated(f *flow) {
	f.created(matrix.Usual)
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Unanswered(f.d, op)
	f.again(op.Tag, effects, "thirty lost answers")
}

func createNoEffect(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Prepare(f.d, op)
	effects.None("of an upload that was created")
	f.Partly(op, 0, matrix.Usual/2)
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload of which half is there"})
}

func createUnguessable(f *flow) {
	var texts []string
	for range matrix.Samples {
		f.Round()
		op := f.created(matrix.Usual)
		texts = append(texts, f.here(op).String())
		if f.d.offer.has(extTerminate) {
			f.send("DELETE", op) // two hundred of them are a burden
		}
	}
	f.Unguessable("Location", texts)
}
