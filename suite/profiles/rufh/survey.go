package rufh

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Facts that are remembered of a target, after the name of a version.
const (
	surveyed  = ": surveyed"
	unspoken  = ": is not spoken"
	announced = ": sends 104 in time"
	allocated = ": creates without content"
	kept      = ": tells the state of an upload that is over"
	replayed  = ": replays the final response"
	moved     = ": has its upload resources elsewhere"
	watched   = ": was looked at while an older request hangs"
	blocks    = ": waits for an older request"
)

// survey finds out how the target goes about the version, by uploads of its own; once in a process.
func (f *flow) survey() way {
	key := Name + " " + f.v.name
	if f.Known(key + surveyed) {
		return way{
			announces: f.Known(key + announced), allocates: f.Known(key + allocated),
			keeps: f.Known(key + kept), replays: f.Known(key + replayed), moved: f.Known(key + moved),
		}
	}
	if why := f.Recall(key + unspoken); why != "" {
		return way{why: why}
	}
	return f.look()
}

// remember keeps what a look has shown.
func (f *flow) remember(w way) way {
	key := Name + " " + f.v.name
	if w.why != "" {
		f.RememberThat(key+unspoken, w.why)
		return w
	}
	for fact, holds := range map[string]bool{announced: w.announces, allocated: w.allocates, kept: w.keeps, replayed: w.replays, moved: w.moved, surveyed: true} {
		if holds {
			f.Remember(key + fact)
		}
	}
	return w
}

// look carries out an upload by an optimistic creation and, where that is not announced, one by a careful one; what it
// shows is remembered.
func (f *flow) look() way {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	announces, answer := f.lookOptimistic(op)
	w := way{announces: announces}
	if !w.announces {
		op = f.OpAs(matrix.NewTag(), matrix.Usual)
		var why string
		if w.allocates, why = f.lookCareful(op); !w.allocates {
			w.why = "an upload in version " + f.v.name + " is answered " + answer + ", one begun without content " + why
			return f.remember(w)
		}
	}
	f.lookBack(op, &w)
	return f.remember(w)
}

// lookOptimistic carries out an upload in one request, and says whether a 104 named the upload resource before the content
// was sent.
func (f *flow) lookOptimistic(op *matrix.Operation) (announces bool, answer string) {
	final, interims, err := f.TryAllBy(f.d.Start(op), func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		final, err := f.begin(ctx, x)
		if final != nil || err != nil {
			return final, err
		}
		announces = f.awaited(x, f.d.announces)
		if err := x.SendEnd(ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
			return nil, err
		}
		return x.Final(ctx)
	})
	for _, r := range interims {
		f.d.Learn(op, r)
	}
	if err != nil {
		return announces, err.Error()
	}
	f.d.Learn(op, final)
	op.Sent = op.Len()
	return announces, described(final, interims)
}

// described tells an answer in short: "201", "201 after a 104 of version 6".
func described(final *exchange.Response, interims []*exchange.Response) string {
	text := matrix.Itoa(final.Status)
	for _, r := range interims {
		if r.Status == 104 {
			text += fmt.Sprintf(" after a 104 with Location: %q and %s: %q", r.Fields.Get("Location"), interop, r.Fields.Joined(interop))
			break
		}
	}
	if value := final.Fields.Joined("Upload-Limit"); value != "" {
		text += " (Upload-Limit: " + value + ")"
	}
	return text
}

// lookCareful creates an upload without content and appends all of it.
func (f *flow) lookCareful(op *matrix.Operation) (allocates bool, why string) {
	c := careful{f.d}
	final, interims, err := f.TryAll(c.Prepare(op))
	if err != nil {
		return false, err.Error()
	}
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
	}
	if _, err := f.d.resource(op); err != nil || final.Status/100 != 2 {
		return false, described(final, interims) + " and names no upload resource"
	}
	ask, _ := f.d.Offset(op)
	r, err := f.Try(ask)
	if err == nil && (r.Status == 307 || r.Status == 308) {
		return true, ""
	}
	if err != nil || r.Status/100 != 2 || !r.Fields.Has("Upload-Offset") {
		return false, described(final, interims) + " with a Location that is no upload resource"
	}
	r, err = f.Try(f.d.append(op, 0, op.Body, true))
	if err != nil || r.Status/100 != 2 {
		return false, described(final, interims) + ", and what is appended is refused"
	}
	op.Facts[sending] = wholly
	f.d.Learn(op, r)
	return true, ""
}

// lookBack finds out what the server tells of an upload that is over. What a version forbids is not asked for.
func (f *flow) lookBack(op *matrix.Operation, w *way) {
	ask, err := f.d.Offset(op)
	if err != nil {
		return
	}
	for range 8 {
		r, err := f.Try(ask)
		w.moved = err == nil && (r.Status == 307 || r.Status == 308)
		if err != nil || r.Status/100 != 2 {
			return
		}
		if complete, known := f.v.completeness(r); known && complete {
			w.keeps = true
			break
		}
		if !f.Wait(polite) {
			return
		}
	}
	if !w.keeps || !f.v.replays {
		return
	}
	again, err := f.Try(f.d.replay(op))
	if err != nil || again.Status/100 != 2 {
		return
	}
	_, err = f.d.readReplay(again)
	w.replays = err == nil
}

// polite is the pause between two questions to a server that may still be at work.
const polite = 25 * time.Millisecond

// blocked finds out whether the target keeps requests waiting while an older one to the same upload hangs, which it may
// (an access lock); once in a process.
func (f *flow) blocked() bool {
	key := Name + " " + f.v.name
	if f.Known(key + watched) {
		return f.Known(key + blocks)
	}
	f.Remember(key + watched)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	t := f.Attempt(f.D, op, matrix.Cut{Place: matrix.RequestBody, Offset: matrix.Usual / 2, Fault: "stall"})
	ask, err := f.d.Offset(op)
	if !t.Evidence.Fired || err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(f.Context(), f.enough())
	defer cancel()
	_, err = f.TryBy(ask, func(_ context.Context, x *exchange.Exchange) (*exchange.Response, error) { return x.Do(ctx) })
	f.Release()
	if exchange.KindOf(err) != exchange.Timeout {
		return false
	}
	f.Remember(key + blocks)
	return true
}

// patience is how long a client waits for what a target need not send.
func (f *flow) patience() time.Duration { return f.Config().Limits.Case / 4 }

// enough is how long a target may keep a request waiting while an older one hangs: servers in the field take up to six
// seconds to let go of one.
func (f *flow) enough() time.Duration { return f.Config().Limits.Case / 4 * 3 }

// untilAnnounced is a client that waits for the 104 before it sends.
func (f *flow) untilAnnounced(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	return x.DoWhen(ctx, func(interims []*exchange.Response) bool { return slices.ContainsFunc(interims, f.d.announces) })
}

// untilReady is the client that the driver in use has for its first request.
func (f *flow) untilReady(op *matrix.Operation) matrix.Client {
	w, waits := f.D.(matrix.Waiting)
	return func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if !waits {
			return x.Do(ctx)
		}
		return x.DoWhen(ctx, func(interims []*exchange.Response) bool { return w.Ready(op, interims) })
	}
}
