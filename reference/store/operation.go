package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// State of an operation.
type State int

// The states, in order.
const (
	Receiving State = iota // the body is not all there
	Complete               // the body is there, the response is not
	Done                   // the response is there
	Closed                 // nothing is there any more
)

// Operation is one request: its content as far as it is kept, and its response. It is safe for
// concurrent use.
type Operation struct {
	Record
	s *Store

	mu       sync.Mutex
	state    State
	length   int64 // complete length in bytes, -1 while unknown
	kept     Extents
	counted  int64 // bytes of it that the quota counts
	synced   int64 // bytes of its prefix that are durable
	promised bool  // the journal and the names are durable
	marked   bool  // of an explicit operation: a request has said that it is complete
	writers  []*Writer
	response *Response
	touched  time.Time
	done     chan struct{} // closed when state becomes Done or Closed

	saving sync.Mutex // of the file of extents; before mu
	saved  Extents    // what it says
}

func newOperation(s *Store, r Record) *Operation {
	return &Operation{Record: r, s: s, length: r.Length, touched: r.Created, done: make(chan struct{})}
}

// Begin starts an operation. The identifiers, the item's included, are made here. Nothing is made durable yet:
// the only promise that the URIs carry is that of zero bytes, and after a loss of power the client
// finds 404 and issues its request again.
func (s *Store) Begin(r Record) (*Operation, error) {
	if err := s.quota.addOperation(r.Owner, r.Length, !r.Transient); err != nil {
		return nil, err
	}
	r.ID, r.Item = NewID(), NewID()
	id := s.seams.ID
	r.RequestContent, r.ResponseMessage, r.ResponseContent = id(KindRequest), id(KindMessage), id(KindResponse)
	r.Created = s.now()
	op := newOperation(s, r)
	if !r.Transient {
		if err := s.appendEntry(r.ID, entry{Record: &r}, false); err != nil {
			s.quota.dropOperation(r.Owner)
			return nil, err
		}
	}
	if !s.register(op) {
		s.quota.dropOperation(r.Owner)
		return nil, errors.Join(ErrKeyTaken, os.Remove(s.path(dirOperations, r.ID)))
	}
	return op, nil
}

// Progress is a consistent view of an operation.
type Progress struct {
	State  State
	Offset int64   // bytes kept, of the prefix
	Length int64   // complete length, -1 while unknown
	Writer *Writer // the one that came last, nil while there is none

	Kept    Extents   // all bytes kept
	Writers []*Writer // all of them: only a sparse operation can have several
}

// Progress returns the state, the bytes kept and who is writing.
func (op *Operation) Progress() Progress {
	op.mu.Lock()
	defer op.mu.Unlock()
	p := Progress{State: op.state, Offset: op.kept.Prefix(), Length: op.length,
		Kept: slices.Clone(op.kept), Writers: slices.Clone(op.writers)}
	if n := len(p.Writers); n > 0 {
		p.Writer = p.Writers[n-1]
	}
	return p
}

// Seats are the places of the writers.
func (p Progress) Seats() []*Seat {
	var seats []*Seat
	for _, w := range p.Writers {
		seats = append(seats, &w.Seat)
	}
	return seats
}

// Within is Progress with those writers only that are still to write within r.
func (op *Operation) Within(r Extent) Progress {
	p := op.Progress()
	op.mu.Lock()
	defer op.mu.Unlock()
	p.Writers = slices.DeleteFunc(p.Writers, func(w *Writer) bool { return !w.rest.meets(r) })
	return p
}

// State of the operation.
func (op *Operation) State() State {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.state
}

// Done is closed when the response is there or the operation is closed.
func (op *Operation) Done() <-chan struct{} { return op.done }

// Response returns the final response; false while there is none.
func (op *Operation) Response() (*Response, bool) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.response, op.state == Done
}

// Durable makes the bytes kept so far durable and returns the number of those of the prefix. Without Options.Sync they only
// have to survive the process, which they do from the moment they are written.
func (op *Operation) Durable() (int64, error) {
	if op.Sparse {
		kept, err := op.DurableExtents()
		return kept.Prefix(), err
	}
	op.mu.Lock()
	offset, synced, promised := op.kept.Prefix(), op.synced, op.promised
	op.mu.Unlock()
	if !op.s.opts.Sync || op.Transient || (promised && synced >= offset) {
		return offset, nil
	}
	return offset, together(func() error { return op.syncBody(offset) }, op.promise)
}

// syncBody makes the first offset bytes durable.
func (op *Operation) syncBody(offset int64) error {
	if err := syncPath(op.bodyPath()); err != nil && (offset > 0 || !errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("sync body: %w", err)
	}
	op.mu.Lock()
	op.synced = max(op.synced, offset)
	op.mu.Unlock()
	return nil
}

// promise makes the journal and the names of the operation's files durable, once.
func (op *Operation) promise() error {
	op.mu.Lock()
	promised, named := op.promised, len(op.kept) > 0 // before the first byte the body may have no name
	op.mu.Unlock()
	if promised || !op.s.opts.Sync || op.Transient {
		return nil
	}
	err := together(
		func() error { return syncPath(op.s.path(dirOperations, op.ID)) },
		op.s.dirs[dirOperations].sync,
		op.s.dirs[dirBodies].sync)
	if err != nil {
		return fmt.Errorf("sync operation: %w", err)
	}
	op.mu.Lock()
	op.promised = named
	op.mu.Unlock()
	return nil
}

// Content is the bytes kept of the request content. It is a view of the first Size bytes; Close it.
type Content struct {
	*io.SectionReader
	f *os.File
}

// Close releases the file.
func (c *Content) Close() error {
	if c.f == nil {
		return nil
	}
	return c.f.Close()
}

// Open returns the first n bytes kept of the request content.
func (op *Operation) Open(n int64) (*Content, error) {
	f, err := os.Open(op.bodyPath())
	if errors.Is(err, fs.ErrNotExist) && n == 0 {
		return &Content{io.NewSectionReader(noBytes{}, 0, 0), nil}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open body: %w", err)
	}
	return &Content{io.NewSectionReader(f, 0, n), f}, nil
}

type noBytes struct{}

func (noBytes) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// Finish records the final response and makes it durable. Only the first call has an effect.
func (op *Operation) Finish(r *Response) error {
	if op.State() != Complete {
		return nil
	}
	if op.Sparse {
		if _, err := op.DurableExtents(); err != nil {
			return err
		}
	}
	if !op.Transient {
		if err := op.promise(); err != nil {
			return err
		}
		if err := op.s.appendEntry(op.ID, entry{Response: r}, true); err != nil {
			return err
		}
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.state != Complete {
		return nil
	}
	op.state, op.response, op.touched = Done, r, op.s.now()
	close(op.done)
	return nil
}

// Cancel closes an operation that is being received or is done: its writer is fenced, and its files
// go. While its effect is in progress it cannot be called back, and Cancel returns ErrBusy.
func (op *Operation) Cancel() error {
	op.mu.Lock()
	if op.state == Complete {
		op.mu.Unlock()
		return ErrBusy
	}
	was := op.state
	op.state = Closed
	op.stop(everyWriter)
	counted := op.counted
	op.counted = 0
	op.mu.Unlock()
	if was == Closed {
		return nil
	}
	if was == Receiving {
		close(op.done)
	}
	return op.remove(counted)
}

// remove deletes the files of a closed operation, the journal first: without it the rest is swept at
// the next start.
func (op *Operation) remove(counted int64) error {
	if !op.s.unregister(op) {
		return nil
	}
	var errs []error
	if !op.Transient {
		errs = append(errs, os.Remove(op.s.path(dirOperations, op.ID)))
		op.s.quota.dropOperation(op.Owner)
	}
	if err := os.Remove(op.bodyPath()); !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	if op.Sparse {
		errs = append(errs, op.removeExtents())
	}
	_ = op.s.quota.addBytes(op.Owner, -counted) // giving back is never refused
	return errors.Join(errs...)
}

func (op *Operation) bodyPath() string { return op.s.path(dirBodies, op.ID) }
