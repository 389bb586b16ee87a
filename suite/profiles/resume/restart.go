package resume

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// restartChecks: between the interruption and the recovery the server itself is stopped and started again.
func restartChecks() []matrix.Check {
	restart := []catalog.Need{catalog.NeedRestart}
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.restart.kept", Level: catalog.Should,
			Source:   loose(preference, `the source says "for a period of time"; that a restart does not end it is the profile's reading`),
			Requires: "An interrupted upload is still there, at the offset that was told, after the server was restarted.",
			Why:      "Servers are restarted while clients are away, and an upload of hours begins again from nothing.",
			Sends:    "An upload cut in the middle; HEAD; a restart of the server; HEAD on the same Request-Content-Location.",
			Failure:  "What was kept, or where it belongs, is only in the memory of the process.",
			Point:    "mid-upload", Faults: finOnly, Needs: restart,
		}, Run: with(restartKept)},
		{Case: catalog.Case{
			ID: "resume.restart.intact", Level: catalog.Must,
			Source:   loose(workflow, "restarts are not mentioned; a server that goes on with an upload after one owes its client the same as before"),
			Requires: "After a restart the server either says that an upload is gone, or it resumes to the same bytes and exactly one effect, from an offset that was really sent.",
			Why:      "A file that was longer than its note, or a note that was ahead of its file, becomes a damaged document.",
			Sends:    "Uploads cut after a few bytes, in the middle and before the last byte; a restart of the server; then the rest, or the whole request again where the upload is gone.",
			Failure:  "The state is written in the wrong order: the offset before the bytes, or the effect before the end.",
			Point:    "mid-upload", Faults: closing, Needs: restart,
		}, Run: with(restartIntact)},
		{Case: catalog.Case{
			ID: "resume.restart.response", Level: catalog.Should,
			Source:   loose(messageRes, "the source does not say for how long the copy is there; that a restart does not end it is the profile's reading"),
			Requires: "A lost response is still there, unchanged, after the server was restarted.",
			Why:      "Without it a client never learns what became of its request, and issues it a second time.",
			Sends:    "A whole upload whose response is cut off; a restart of the server; GET on the Response-Message-Location; twins before and after.",
			Failure:  "Final responses are only in the memory of the process, or are made up again from what is left.",
			Point:    "pre-response", Faults: finOnly, Needs: restart,
		}, Run: with(restartResponse)},
	}
}

func restartKept(f *flow) {
	op := f.interrupted(usual, usual/2)
	before := f.Settled(f.d, op)
	f.restart()
	r := f.send("HEAD", op, requestContent)
	if isGone(r) {
		f.Broken("the "+itoa(int(before))+" bytes that were kept before the restart", "%d", r.Status)
	}
	after, err := f.d.ReadOffset(op, r)
	if err != nil || after < before {
		f.Broken("the "+itoa(int(before))+" bytes that were kept before the restart", "%d with the length %d", r.Status, after)
	}
	f.completed(op)
}

func restartIntact(f *flow) {
	for _, at := range []int64{1, usual / 2, usual - 1} {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		effects := f.Effects(f.w, op.Tag)
		f.Interrupt(f.d, op, f.cut(matrix.RequestBody, at))
		f.offered(op, requestContent)
		f.Settled(f.d, op)
		f.restart()
		effects.None("of an upload that was cut before the restart")
		op.Known = -1 // what a server forgets in a restart is restart.kept's business
		if isGone(f.send("HEAD", op, requestContent)) {
			f.Note("the upload is gone after a restart")
			op = f.opAs(op.Tag, usual)
			f.whole(op, f.uploaded(f.d, op))
		} else {
			f.completed(op)
		}
		effects.Once("of an upload that was completed after a restart")
	}
}

func restartResponse(f *flow) {
	twins := f.twinsOf(f.cfg.Upload)
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
	f.restart()
	if r := f.send("GET", op, responseMessage); isGone(r) {
		f.Broken("the response that was there before the restart", "%d", r.Status)
	}
	f.Intact(f.w, op, f.available(op, twins))
	effects.Once("of an upload whose response was lost before a restart")
}

// restart gives the case its time anew: how long a server takes to come up is not what is tested.
func (f *flow) restart() {
	f.Round()
	f.Restart()
	f.Round()
}

func isGone(r *exchange.Response) bool { return r.Status == 404 || r.Status == 410 }
