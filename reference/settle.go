package reference

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

const (
	// settleTick is how often a connection is looked at while one waits for it.
	settleTick = 2 * time.Millisecond
	// drainGrace is how long an open connection must be silent before its offset is told: a FIN that
	// took another way than the client's next request may arrive a moment later.
	drainGrace = 15 * time.Millisecond
	// drainLimit bounds the wait for an open connection that keeps bringing bytes.
	drainLimit = 100 * time.Millisecond
	// closedLimit bounds the wait for one that the client has closed, until what arrived is kept.
	closedLimit = 2 * time.Second
	// takeOverLimit bounds the wait of a PATCH for another that is at work.
	takeOverLimit = 2 * time.Second
)

// settle waits until what the clients sent before now is kept, as far as that can be known: until the
// writer has gone, or its open connection has been silent for grace. It gives up after limit where bytes keep
// coming; quiet tells whether it did not. The writer is not disturbed.
func (s *Server) settle(ctx context.Context, op *store.Operation, grace, limit time.Duration) (p store.Progress, quiet bool) {
	return settleWriters(ctx, op.Progress, grace, limit, func() []*peer { return nil })
}

// settleAll does so for who reads: it waits also for requests that came earlier and are still to become
// the writer.
func (s *Server) settleAll(ctx context.Context, op *store.Operation) store.Progress {
	p, _ := settleWriters(ctx, op.Progress, drainGrace, drainLimit, func() []*peer { return s.doors.waiting(op) })
	return p
}

// settleWriters waits for the writers that look shows, and for others.
func settleWriters(ctx context.Context, look func() store.Progress, grace, limit time.Duration, others func() []*peer) (p store.Progress, quiet bool) {
	quiet = settleSeats(ctx, grace, limit, others, func() activity {
		p = look()
		return activity{p.Kept.Bytes(), p.Seats()}
	})
	return p, quiet
}

// activity is what can be seen of the connections that write to a body.
type activity struct {
	mark  int64 // differs when bytes have come
	seats []*store.Seat
}

func settleSeats(ctx context.Context, grace, limit time.Duration, others func() []*peer, look func() activity) (quiet bool) {
	start := time.Now()
	last := start // of the last change
	var now activity
	for {
		peers := others() // before the look: who leaves between the two has left what is looked at behind
		next := look()
		if next.mark != now.mark || !slices.Equal(next.seats, now.seats) {
			last = time.Now()
		}
		now = next
		var released <-chan struct{} // of one of them: the tick finds the rest
		for _, seat := range now.seats {
			peers = append(peers, seat.Peer().(*peer))
			released = seat.Released()
		}
		if len(peers) == 0 {
			return true
		}
		a := arrivalOf(peers)
		waited := time.Since(start)
		switch {
		case a.closed && waited > closedLimit, !a.closed && waited > limit:
			return false
		case !a.closed && !a.pending && time.Since(last) >= grace:
			return true
		}
		if !pause(ctx, released, settleTick) {
			look()
			return false
		}
	}
}

// arrivalOf tells whether any of the connections is closed or has bytes that are not read yet.
func arrivalOf(peers []*peer) (all arrival) {
	for _, p := range peers {
		a := p.arrival()
		all.closed = all.closed || a.closed
		all.pending = all.pending || a.pending
	}
	return all
}

// doors knows the requests that have arrived to write to something, from before their first byte is read.
type doors[K comparable] struct {
	mu sync.Mutex
	at map[K]map[*peer]struct{}
}

func (d *doors[K]) enter(to K, p *peer) (leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == nil {
		d.at = map[K]map[*peer]struct{}{}
	}
	if d.at[to] == nil {
		d.at[to] = map[*peer]struct{}{}
	}
	d.at[to][p] = struct{}{}
	return func() { d.leave(to, p) }
}

func (d *doors[K]) leave(to K, p *peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.at[to], p)
	if len(d.at[to]) == 0 {
		delete(d.at, to)
	}
}

func (d *doors[K]) waiting(to K) []*peer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.at[to]))
}

// pause waits for an event or the time, whichever is first; false when the request is over.
func pause(ctx context.Context, event <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-event:
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// takeOver gives the right to append to a newer request.
func (s *Server) takeOver(x *exchange, op *store.Operation, peer *peer) (*store.Writer, error) {
	return s.takeOverFrom(x.r.Context(), op.Progress, func(p store.Progress) (*store.Writer, error) { return op.Acquire(p.Writer, peer) })
}

// takeOverFrom takes a right from the writers that look shows. It waits for one that is at work: not for one that has
// brought nothing yet, of which nothing is lost, nor where the client has looked at what is kept meanwhile, which it
// does when it has given the old connection up.
func (s *Server) takeOverFrom(ctx context.Context, look func() store.Progress, acquire func(store.Progress) (*store.Writer, error)) (*store.Writer, error) {
	deadline := time.Now().Add(takeOverLimit)
	nobody := func() []*peer { return nil }
	for {
		p, _ := settleWriters(ctx, look, drainGrace, drainLimit, nobody)
		if slices.ContainsFunc(p.Writers, func(w *store.Writer) bool { return w.Began() && !w.Observed() }) {
			var quiet bool
			if p, quiet = settleWriters(ctx, look, s.opts.TakeOver, time.Until(deadline), nobody); !quiet {
				return nil, store.ErrBusy
			}
		}
		w, err := acquire(p)
		if !errors.Is(err, store.ErrBusy) || time.Now().After(deadline) {
			return w, err
		}
	}
}
