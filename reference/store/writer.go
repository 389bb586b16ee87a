package store

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sync/atomic"
)

// Peer is the connection that a writer reads from.
type Peer interface {
	// Stop makes a read that is waiting for this peer return at once. It must not block.
	Stop()
}

// Writer is the right to write a range of one operation. For each byte there is one at a time; who acquires
// it fences the one before, whose late bytes never get in.
type Writer struct {
	Seat
	op      *Operation
	file    *os.File
	rest    Extent // what is still to be written; guarded by op.mu
	flushed int64  // where the write-back begins that has not been started
	unsaved int64  // bytes since the file of extents was written
	began   bool   // it has written; guarded by op.mu
}

// Seat is the place of a connection that writes to a body.
type Seat struct {
	peer     Peer
	done     chan struct{}
	observed atomic.Bool
}

// Peer is the connection.
func (s *Seat) Peer() Peer { return s.peer }

// Released is closed when the connection has left its seat.
func (s *Seat) Released() <-chan struct{} { return s.done }

// Observe notes that a client was told how far the body has come while this connection was at work.
func (s *Seat) Observe() { s.observed.Store(true) }

// Observed tells whether Observe was called.
func (s *Seat) Observed() bool { return s.observed.Load() }

// Acquire takes the right to append to the prefix from the writer that the caller saw (nil: none). It fails
// with ErrBusy when somebody else has got it meanwhile, ErrComplete or ErrClosed when there is nothing to append.
func (op *Operation) Acquire(seen *Writer, peer Peer) (*Writer, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.acquire([]*Writer{seen}, peer, Extent{op.kept.Prefix(), math.MaxInt64})
}

// AcquireRange takes the right to write the range r from those writers that the caller saw; the ones at
// work elsewhere are left alone. It fails as Acquire does, and with ErrGap where r begins behind the prefix of an
// operation that is not sparse.
func (op *Operation) AcquireRange(seen []*Writer, peer Peer, r Extent) (*Writer, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.acquire(seen, peer, r)
}

// AcquireAt takes the right to append from whoever has it, where the prefix ends at offset; elsewhere, also in an
// upload that was completed meanwhile, it fails with ErrOffset, and disturbs nobody.
func (op *Operation) AcquireAt(offset int64, peer Peer) (*Writer, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.state != Closed && op.kept.Prefix() != offset {
		return nil, ErrOffset
	}
	return op.acquire(op.writers, peer, Extent{offset, math.MaxInt64})
}

func (op *Operation) acquire(seen []*Writer, peer Peer, r Extent) (*Writer, error) {
	switch {
	case op.state == Closed:
		return nil, ErrClosed
	case op.state != Receiving:
		return nil, ErrComplete
	case !op.Sparse && r.From > op.kept.Prefix():
		return nil, ErrGap
	}
	for _, w := range op.writers {
		if w.rest.meets(r) && !slices.Contains(seen, w) {
			return nil, ErrBusy
		}
	}
	f, err := os.OpenFile(op.bodyPath(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open body: %w", err)
	}
	op.stop(func(w *Writer) bool { return w.rest.meets(r) })
	w := &Writer{Seat: Seat{peer: peer, done: make(chan struct{})}, op: op, file: f, rest: r, flushed: r.From}
	op.writers = append(op.writers, w)
	return w, nil
}

// stop fences some of the writers. op.mu is held.
func (op *Operation) stop(which func(*Writer) bool) {
	op.writers = slices.DeleteFunc(op.writers, func(w *Writer) bool {
		if !which(w) {
			return false
		}
		w.peer.Stop()
		return true
	})
}

func everyWriter(*Writer) bool { return true }

func (op *Operation) fence() {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.stop(everyWriter)
}

// current tells whether the writer still has its right. op.mu is held.
func (w *Writer) current() bool { return slices.Contains(w.op.writers, w) }

// Began tells whether the writer has written any byte.
func (w *Writer) Began() bool {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	return w.began
}

// Filled tells whether the writer has written, or passed over, all of its range.
func (w *Writer) Filled() bool {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	return w.rest.Len() == 0
}

// Operation is what the writer appends to.
func (w *Writer) Operation() *Operation { return w.op }

// Current returns ErrFenced when the right to append has gone to another, or the operation is closed.
func (w *Writer) Current() error {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	if !w.current() {
		return ErrFenced
	}
	return nil
}

// Next tells what the next bytes of the range are: n that are kept already, or n that are missing. n is 0 at
// its end.
func (w *Writer) Next() (kept bool, n int64, err error) {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	if !w.current() {
		return false, 0, ErrFenced
	}
	kept, end := w.op.kept.At(w.rest.From)
	return kept, Extent{w.rest.From, min(end, w.rest.To)}.Len(), nil
}

// Skip passes over n bytes that are kept already.
func (w *Writer) Skip(n int64) {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	w.rest.From += n
	w.flushed = w.rest.From
}

// Append writes p as the next bytes of the range, which must be missing. On an error none or a prefix of p
// was kept, and Progress tells which.
func (w *Writer) Append(p []byte) error {
	if err := w.append(p); err != nil {
		return err
	}
	return w.save()
}

func (w *Writer) append(p []byte) error {
	op, n := w.op, int64(len(p))
	op.mu.Lock()
	defer op.mu.Unlock()
	at := w.rest.From
	switch {
	case !w.current():
		return ErrFenced
	case op.length >= 0 && n > op.length-at, n > w.rest.Len():
		return ErrPastEnd
	case op.crowded(at):
		return ErrScattered
	}
	if err := op.s.quota.addBytes(op.Owner, n); err != nil {
		return err
	}
	k, err := op.s.seams.Write(w.file, p, at)
	written := int64(k)
	_ = op.s.quota.addBytes(op.Owner, written-n) // giving back is never refused
	op.kept = op.kept.Add(at, at+written)
	op.counted += written
	w.began = w.began || written > 0
	w.rest.From += written
	w.unsaved += written
	op.touched = op.s.now()
	w.writeBack()
	if err != nil {
		return fmt.Errorf("append to body: %w", err)
	}
	return nil
}

// writeBackStep is how many bytes are gathered before their write-back is started in the background,
// so that the fsync at the end has little left to do.
const writeBackStep = 8 << 20

func (w *Writer) writeBack() {
	if n := w.rest.From - w.flushed; w.op.s.opts.Sync && n >= writeBackStep {
		startWriteBack(w.file, w.flushed, n)
		w.flushed = w.rest.From
	}
}

// Durable makes the bytes kept so far durable and returns their number.
func (w *Writer) Durable() (int64, error) { return w.op.Durable() }

// Truncate keeps the first n bytes of the body only.
func (w *Writer) Truncate(n int64) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	if !w.current() {
		return ErrFenced
	}
	if err := w.file.Truncate(n); err != nil {
		return fmt.Errorf("truncate body: %w", err)
	}
	before := op.kept.Bytes()
	op.kept = op.kept.Cut(n)
	gone := before - op.kept.Bytes()
	_ = op.s.quota.addBytes(op.Owner, -gone) // giving back is never refused
	op.counted -= gone
	op.synced = -1 // the file as it is now is still to be synced
	w.rest.From, w.flushed = min(w.rest.From, n), min(w.flushed, n)
	return nil
}

// SetLength records the complete length in bytes. It fails with ErrLength when another is known or
// more bytes are kept already.
func (w *Writer) SetLength(n int64) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	switch {
	case !w.current():
		return ErrFenced
	case op.length == n:
		return nil
	case op.length >= 0 || op.kept.End() > n:
		return ErrLength
	}
	if !op.Transient {
		if err := op.s.appendEntry(op.ID, entry{Length: &n}, false); err != nil {
			return err
		}
		op.promised = false
	}
	op.length = n
	return nil
}

// Complete ends the upload if all bytes are there, and tells whether it did. True is returned once in
// the life of an operation: its caller processes the body.
func (w *Writer) Complete() bool {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	if !w.current() || op.state != Receiving || !op.s.seams.Whole(op, op.kept.Prefix(), op.length) {
		return false
	}
	op.state, op.writers = Complete, nil
	return true
}

// Release gives the right back and closes the file. It is called once, fenced or not.
func (w *Writer) Release() {
	w.op.mu.Lock()
	w.op.writers = slices.DeleteFunc(w.op.writers, func(o *Writer) bool { return o == w })
	w.op.mu.Unlock()
	_ = w.file.Close() // what was acknowledged was synced before
	if w.op.Sparse {
		_, _ = w.op.DurableExtents() // nothing was promised: who tells of it tries again
	}
	close(w.done)
}
