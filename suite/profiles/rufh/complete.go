package rufh

import (
	"bytes"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// completeChecks: an upload that is over.
func completeChecks() []matrix.Check {
	must, may := catalog.Must, catalog.May
	return checks("complete", from("Completeness", "upload-complete"), []row{
		{name: "no-append", level: must, versions: everyVersion,
			requires: "Nothing is appended to an upload that is complete: an append with content, at its end or below it, is not taken and has no effect.",
			why:      "A client whose last answer was lost sends its last part again, and others may be late.",
			sends:    "A whole upload by an append; its last part again; other bytes at its end and at byte 0; a read of the stored bytes and of the number of effects.",
			failure:  "The upload is opened again, or completed once more.",
			loose:    "how such an append is answered is not said up to version 5", run: completeNoAppend},
		{name: "status-400", level: must, versions: []string{"6"}, source: older("05", "Upload Append"),
			requires: "An append to an upload that is complete is answered 400 (Bad Request), unless the upload resource is gone (404).",
			why:      "A client of this version tells by it that there is nothing to append to.",
			sends:    "A whole upload by an append; an append at its end, with content and without.",
			failure:  "The append is taken, or refused for its offset.", run: completeStatus400},
		{name: "rejected", level: must, versions: []string{"7"}, source: older("08", "Upload Append, Server Behavior"),
			requires: "An append to an upload that is complete is rejected, also one without content.",
			why:      "This version knows no other answer, and its clients expect none.",
			sends:    "A whole upload by an append; an append without content at its end.",
			failure:  "It is answered as if it had completed the upload.", run: completeRejected},
		{name: "replay", level: may, versions: since(newest), source: upAppend,
			requires: "Where an append without content to an upload that is complete is answered with the final response, it is that of the upload, says that the upload is complete, and has no effect, however often it is asked for.",
			why:      "A client whose last answer was lost learns the outcome.",
			sends:    "A whole upload by an append; three appends without content at its end that complete it.",
			failure:  "The target processes the upload again, or a success without its fields is made up.", run: completeReplay},
		{name: "replay-low", level: must, versions: since(newest), source: upAppend,
			requires: "An append without content that completes an upload, but is not at its end, is refused with 409.",
			why:      "A client that thinks its file is shorter must not be told of a success.",
			sends:    "A whole upload by an append; an append without content at byte 0 that completes it.",
			failure:  "The final response is replayed without a look at the offset.",
			loose:    "a server may have forgotten the upload", run: completeReplayLow},
		{name: "lost", level: must, versions: everyVersion, point: "pre-response", faults: matrix.EveryFault, needs: []catalog.Need{catalog.NeedCount},
			requires: "When the answer to the append that completes an upload is lost, the same append again has no second effect.",
			why:      "A client that does not know whether its append arrived sends it again.",
			sends:    "A creation with half of the content; the rest by an append whose answer is cut off; the same append again; a read of the number of effects.",
			failure:  "The second append completes the upload again.", run: completeLost},
	})
}

// ended gives an upload that an append has completed, and its effects.
func (f *flow) ended() (*matrix.Operation, *exchange.Response, matrix.Effects) {
	op := f.endless(matrix.Usual / 2)
	effects := f.Effects(f.W, op.Tag)
	r := f.finished(op, matrix.Usual/2)
	effects.Once("of the upload")
	return op, r, effects
}

func completeNoAppend(f *flow) {
	const half = matrix.Usual / 2
	op, final, effects := f.ended()
	for _, req := range []exchange.Request{
		f.d.append(op, half, op.Body[half:], true), f.d.append(op, op.Len(), f.rival(100), true),
		f.d.append(op, op.Len(), f.rival(100), false), f.d.append(op, 0, f.rival(op.Len()), true),
	} {
		r, err := f.Try(req)
		if err != nil {
			continue // it may be turned away without an answer
		}
		if complete, known := f.v.completeness(r); f.v.marked && r.Status/100 == 2 && !(known && complete && f.v.replays) {
			f.Broken("an append with content to an upload that is complete to be refused", "%d with %s", r.Status, f.v.told(r))
		}
	}
	effects.Once("of an upload to which appends came when it was over")
	if r := f.asked("HEAD", op); r.Status/100 == 2 {
		if n, ok := integer(r.Fields.Values("Upload-Offset")); ok && n != op.Len() {
			f.Harmful("the offset "+matrix.Itoa(op.Len())+" of an upload that is over", "%d", n)
		}
	}
	f.whole(op, final)
}

func completeStatus400(f *flow) {
	op, _, _ := f.ended()
	for _, content := range [][]byte{f.rival(100), nil} {
		r := f.Do("an append to an upload that is complete", f.d.append(op, op.Len(), content, true))
		if !slices.Contains([]int{400, 404}, r.Status) {
			f.Broken("400 (Bad Request) for an append to an upload that is complete", "%d", r.Status)
		}
	}
}

func completeRejected(f *flow) {
	op, _, effects := f.ended()
	r := f.Do("an append without content to an upload that is complete", f.d.append(op, op.Len(), nil, true))
	f.refused(r, "an append to an upload that is complete")
	effects.Once("of an upload to which an append came when it was over")
}

func completeReplay(f *flow) {
	if !f.way.replays {
		f.Unsupported("the final response is not replayed")
	}
	op, final, effects := f.ended()
	first := f.replayed(op)
	if first.Status/100 != final.Status/100 {
		f.Broken("the final response again, which was "+matrix.Itoa(final.Status), "%d", first.Status)
	}
	if different := unlike(first, final); different != "" {
		f.Warn("the final response again", "another %s", different) // the answer to the append may not have been the target's
	}
	for range 2 {
		if different := unlike(f.replayed(op), first); different != "" {
			f.Broken("the same response at each replay", "another %s", different)
		}
	}
	effects.Once("of an upload whose final response was replayed")
}

// replayed asks for the final response of an upload that is over.
func (f *flow) replayed(op *matrix.Operation) *exchange.Response {
	r := f.Do("the replay of the final response", f.d.replay(op))
	if _, err := f.d.readReplay(r); err != nil {
		f.Broken("the final response again", "%v", err)
	}
	return r
}

// unlike names what two responses differ in; "" where they do not.
func unlike(a, b *exchange.Response) string {
	if a.Status != b.Status {
		return "status: " + matrix.Itoa(a.Status)
	}
	for _, name := range []string{"Location", "Content-Location", "Content-Type"} {
		if a.Fields.Joined(name) != b.Fields.Joined(name) {
			return name + ": " + a.Fields.Joined(name)
		}
	}
	if !bytes.Equal(a.Body, b.Body) {
		return "body of " + matrix.Itoa(len(a.Body)) + " bytes"
	}
	return ""
}

func completeReplayLow(f *flow) {
	op, _, effects := f.ended()
	r := f.Do("an append without content at byte 0 to an upload that is complete", f.d.append(op, 0, nil, true))
	if r.Status/100 == 2 {
		f.Broken("409 for an append at byte 0", "%d with %s", r.Status, f.v.told(r))
	}
	if r.Status != 409 {
		f.Note("it is answered %d", r.Status)
	}
	effects.Once("of an upload to which an append came when it was over")
}

func completeLost(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	const half = matrix.Usual / 2
	for _, cut := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0)} {
		f.Round()
		op := f.opened(half)
		effects := f.Effects(f.W, op.Tag)
		piece := f.Tail(op, half)
		f.InterruptPiece(f.D, op, piece, cut)
		if r, err := f.Try(piece.Request); err == nil {
			f.Note("the same append again is answered %d", r.Status)
		}
		f.EnsureWhole(f.D, op)
		effects.Once("of an upload whose last append was sent twice")
	}
}
