package rufh

import (
	"slices"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// concurrentChecks: an older request that the client has given up and the server has not.
func concurrentChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("concurrent", upConcurrency, []row{
		{name: "late-creation", level: must, versions: everyVersion,
			requires: "Once an offset was told, bytes that a creation still under way brings are not written: the next append at that offset is taken, and the upload has its bytes.",
			why:      "The network delivers what the client has given up long ago.",
			sends:    "A creation that stands still in the middle; HEAD; more of the creation, of other bytes; an append of the rest at the offset that was told; the end of the creation; a read of the stored bytes.",
			failure:  "The offset is told while the older request goes on writing.", run: concurrentCreation},
		{name: "late-append", level: must, versions: everyVersion,
			requires: "Once an offset was told, bytes that an append still under way brings are not written: the next append at that offset is taken, and the upload has its bytes.",
			why:      "The network delivers what the client has given up long ago.",
			sends:    "An append that stands still in the middle; HEAD; more of it, of other bytes; an append of the rest at the offset that was told; the end of the first; a read of the stored bytes.",
			failure:  "The offset is told while the older request goes on writing.", run: concurrentAppend},
		{name: "after-append", level: must, versions: everyVersion,
			requires: "Once a newer append was taken, the older one that is still under way changes nothing, neither the bytes nor that the upload is open.",
			why:      "Two parts that are written in turns make a corrupt whole.",
			sends:    "A complete append that stands still in the middle; HEAD; a small append at the offset that was told, which leaves the upload open; the rest of the first; HEAD; the rest.",
			failure:  "Each request has a position of its own.", run: concurrentAfter},
		{name: "terminated", level: should, versions: since("7"),
			requires: "A request to an upload terminates an older one that is still under way.",
			why:      "The older one holds a connection, a worker and a lock that nobody needs.",
			sends:    "An append that stands still in the middle; HEAD; a wait for the end of the append's connection, or for its answer.",
			failure:  "Both go on side by side.", run: concurrentTerminated},
	})
}

// late carries out an upload whose older request, which stood still, still brings other bytes when the offset was told.
func (f *flow) late(op *matrix.Operation, h *held, sent, further int64) {
	effects := f.Effects(f.W, op.Tag)
	op.Sent = sent
	at := f.Offset(f.D, op)
	h.more(further)
	f.Wait(polite) // for the server to read what came; that it writes it is what must not be
	r := f.appended(op, at, op.Body[at:], true)
	if f.d.Conflict(op, r) || r.Status/100 != 2 {
		f.HarmfulAt(at, "request body", "the offset that HEAD told to be accepted by the next append", "%d for an append at byte %d", r.Status, at)
	}
	h.drop()
	f.Wait(polite)
	f.whole(op, r)
	effects.Once("of an upload whose older request was still under way")
}

func concurrentCreation(f *flow) {
	f.announcing()
	if f.blocked() {
		f.Unsupported(waits)
	}
	const half = matrix.Usual / 2
	op := f.fresh()
	req := f.d.Start(op)
	req.Body = slices.Concat(op.Body[:half], f.rival(half))
	f.late(op, f.hold(op, req, half), half, half+half/2)
}

func concurrentAppend(f *flow) {
	if f.blocked() {
		f.Unsupported(waits)
	}
	const half = matrix.Usual / 2
	op := f.opened(0)
	h := f.hold(op, f.expecting(f.d.append(op, 0, slices.Concat(op.Body[:half], f.rival(half)), true)), half)
	f.late(op, h, half, half+half/2)
}

func concurrentAfter(f *flow) {
	if f.blocked() {
		f.Unsupported(waits)
	}
	const half = matrix.Usual / 2
	op := f.opened(0)
	effects := f.Effects(f.W, op.Tag)
	h := f.hold(op, f.expecting(f.d.append(op, 0, slices.Concat(op.Body[:half], f.rival(half)), true)), half)
	op.Sent = half
	at := f.Offset(f.D, op)
	next := at + 1000
	r := f.appended(op, at, op.Body[at:next], false)
	if r.Status/100 != 2 {
		f.HarmfulAt(at, "request body", "the offset that HEAD told to be accepted by the next append", "%d for an append at byte %d", r.Status, at)
	}
	h.more(matrix.Usual)
	f.Wait(polite)
	effects.None("of an upload that an older request would have completed")
	f.at(op, next, "after an append, though an older one is still under way")
	h.drop()
	f.at(op, next, "after the end of an older append")
	f.finished(op, next)
	effects.Once("of an upload whose older request was still under way")
}

func concurrentTerminated(f *flow) {
	const half = matrix.Usual / 2
	if f.blocked() {
		f.Broken("a request to the upload resource to be answered while an older one hangs", "no answer within %s", f.enough())
	}
	op := f.opened(0)
	h := f.hold(op, f.expecting(f.d.append(op, 0, op.Body, true)), half)
	op.Sent = half
	f.Offset(f.D, op)
	f.terminated(h, "HEAD")
}

// terminated asks that a request that is held comes to its end without the client's doing.
func (f *flow) terminated(h *held, by string) {
	select {
	case <-h.ended:
	case <-time.After(f.enough()):
		h.drop()
		f.Broken("the older request to be terminated by "+by, "its connection is open %s later", f.enough())
	}
}
