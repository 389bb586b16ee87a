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
	return s.settleWith(ctx, op, grace, limit, func() []*peer { return nil })
}

// settleAll does so for who reads: it waits also for requests that came earlier and are still to become
// the writer.
func (s *Server) settleAll(ctx context.Context, op *store.Operation) store.Progress {
	p, _ := s.settleWith(ctx, op, drainGrace, drainLimit, func() []*peer { return s.doors.waiting(op) })
	return p
}

func (s *Server) settleWith(ctx context.Context, op *store.Operation, grace, limit time.Duration, others func() []*peer) (p store.Progress, quiet bool) {
	start := time.Now()
	last := start // of the last change
	p = op.Progress()
	for {
		peers := others()
		var released <-chan struct{}
		if p.Writer != nil {
			peers = append(peers, p.Writer.Peer().(*peer))
			released = p.Writer.Released()
		}
		if len(peers) == 0 {
			return p, true
		}
		a := arrivalOf(peers)
		waited := time.Since(start)
		switch {
		case a.closed && waited > closedLimit, !a.closed && waited > limit:
			return p, false
		case !a.closed && !a.pending && time.Since(last) >= grace:
			return p, true
		}
		if !pause(ctx, released, settleTick) {
			return op.Progress(), false
		}
		next := op.Progress()
		if next.Offset != p.Offset || next.Writer != p.Writer {
			last = time.Now()
		}
		p = next
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

// doors knows the PATCH requests that have arrived, from before their first byte is read.
type doors struct {
	mu sync.Mutex
	at map[*store.Operation]map[*peer]struct{}
}

func (d *doors) enter(op *store.Operation, p *peer) (leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == nil {
		d.at = map[*store.Operation]map[*peer]struct{}{}
	}
	if d.at[op] == nil {
		d.at[op] = map[*peer]struct{}{}
	}
	d.at[op][p] = struct{}{}
	return func() { d.leave(op, p) }
}

func (d *doors) leave(op *store.Operation, p *peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.at[op], p)
	if len(d.at[op]) == 0 {
		delete(d.at, op)
	}
}

func (d *doors) waiting(op *store.Operation) []*peer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.at[op]))
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

// takeOver gives the right to append to a newer request. It waits for a writer that is at work, unless the
// client has looked at the offset meanwhile, which it does when it has given the old connection up.
func (s *Server) takeOver(x *exchange, op *store.Operation, peer *peer) (*store.Writer, error) {
	deadline := time.Now().Add(takeOverLimit)
	for {
		p, _ := s.settle(x.r.Context(), op, drainGrace, drainLimit)
		if p.Writer != nil && !p.Writer.Observed() {
			var quiet bool
			if p, quiet = s.settle(x.r.Context(), op, s.opts.TakeOver, time.Until(deadline)); !quiet {
				return nil, store.ErrBusy
			}
		}
		w, err := op.Acquire(p.Writer, peer)
		if !errors.Is(err, store.ErrBusy) || time.Now().After(deadline) {
			return w, err
		}
	}
}
