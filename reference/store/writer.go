package store

import (
	"fmt"
	"os"
	"sync/atomic"
)

// Peer is the connection that a writer reads from.
type Peer interface {
	// Stop makes a read that is waiting for this peer return at once. It must not block.
	Stop()
}

// Writer is the right to append to one operation. There is one at a time; who acquires it fences the
// one before, whose late bytes never get in.
type Writer struct {
	op       *Operation
	peer     Peer
	file     *os.File
	done     chan struct{}
	observed atomic.Bool
	flushed  int64 // bytes whose write-back has been started
}

// Acquire takes the right to append from the writer that the caller saw (nil: none). It fails with
// ErrBusy when somebody else has got it meanwhile, ErrComplete or ErrClosed when there is nothing to append.
func (op *Operation) Acquire(seen *Writer, peer Peer) (*Writer, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	switch {
	case op.state == Closed:
		return nil, ErrClosed
	case op.state != Receiving:
		return nil, ErrComplete
	case op.writer != seen && op.writer != nil:
		return nil, ErrBusy
	}
	f, err := os.OpenFile(op.bodyPath(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open body: %w", err)
	}
	op.stopWriter()
	op.writer = &Writer{op: op, peer: peer, file: f, done: make(chan struct{}), flushed: op.offset}
	return op.writer, nil
}

// stopWriter fences the current writer. op.mu is held.
func (op *Operation) stopWriter() {
	if op.writer != nil {
		op.writer.peer.Stop()
		op.writer = nil
	}
}

func (op *Operation) fence() {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.stopWriter()
}

// Operation is what the writer appends to.
func (w *Writer) Operation() *Operation { return w.op }

// Peer is the connection given to Acquire.
func (w *Writer) Peer() Peer { return w.peer }

// Released is closed when the writer has gone.
func (w *Writer) Released() <-chan struct{} { return w.done }

// Observe notes that the offset was told to a client while this writer was at work.
func (w *Writer) Observe() { w.observed.Store(true) }

// Observed tells whether Observe was called.
func (w *Writer) Observed() bool { return w.observed.Load() }

// Current returns ErrFenced when the right to append has gone to another, or the operation is closed.
func (w *Writer) Current() error {
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	if w.op.writer != w {
		return ErrFenced
	}
	return nil
}

// Append adds p at the offset. On an error none or a prefix of p was kept, and the offset tells which.
func (w *Writer) Append(p []byte) error {
	return w.append(int64(len(p)), func(offset int64) (int64, error) {
		n, err := w.op.s.seams.Write(w.file, p, offset)
		return int64(n), err
	})
}

// append lets write put up to n bytes at the offset, unless the writer is fenced.
func (w *Writer) append(n int64, write func(offset int64) (int64, error)) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.writer != w {
		return ErrFenced
	}
	if op.length >= 0 && op.offset+n > op.length {
		return ErrPastEnd
	}
	if err := op.s.quota.addBytes(op.Owner, n); err != nil {
		return err
	}
	written, err := write(op.offset)
	_ = op.s.quota.addBytes(op.Owner, written-n) // giving back is never refused
	op.offset += written
	op.counted += written
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
	if n := w.op.offset - w.flushed; w.op.s.opts.Sync && n >= writeBackStep {
		startWriteBack(w.file, w.flushed, n)
		w.flushed = w.op.offset
	}
}

// Durable makes the bytes kept so far durable and returns their number.
func (w *Writer) Durable() (int64, error) { return w.op.Durable() }

// Truncate keeps the first n bytes only.
func (w *Writer) Truncate(n int64) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.writer != w {
		return ErrFenced
	}
	if err := w.file.Truncate(n); err != nil {
		return fmt.Errorf("truncate body: %w", err)
	}
	_ = op.s.quota.addBytes(op.Owner, n-op.offset) // giving back is never refused
	op.counted += n - op.offset
	op.offset, op.synced, w.flushed = n, min(op.synced, n), min(w.flushed, n)
	return nil
}

// SetLength records the complete length in bytes. It fails with ErrLength when another is known or
// more bytes are kept already.
func (w *Writer) SetLength(n int64) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	switch {
	case op.writer != w:
		return ErrFenced
	case op.length == n:
		return nil
	case op.length >= 0 || n < op.offset:
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
	if op.writer != w || op.state != Receiving || !op.s.seams.Whole(op, op.offset, op.length) {
		return false
	}
	op.state, op.writer = Complete, nil
	return true
}

// Release gives the right back and closes the file. It is called once, fenced or not.
func (w *Writer) Release() {
	w.op.mu.Lock()
	if w.op.writer == w {
		w.op.writer = nil
	}
	w.op.mu.Unlock()
	_ = w.file.Close() // what was acknowledged was synced before
	close(w.done)
}
