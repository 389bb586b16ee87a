package alder

import (
	"bytes"
	"errors"
	"sync"
	"time"
)

var (
	errSuperseded = errors.New("another request continues this upload")
	errConflict   = errors.New("the range does not begin where the kept content ends, or names another length")
	errDifferent  = errors.New("the bytes differ from those that are kept")
	errGone       = errors.New("the operation was discarded")
	errTooLarge   = errors.New("the content is too large")
)

// operation is one POST, from its header to its final response. At any time one writer at most may add to it.
type operation struct {
	s      *Server
	order  order
	base   string
	owner  string // Authorization, or ""
	ignore bool   // an interruption discards it
	links  links

	done    chan struct{} // closed when outcome is set
	outcome *outcome

	mu       sync.Mutex
	content  []byte
	total    int64   // complete length, -1 while unknown
	told     int64   // the offset that was last given to the client and not used since; -1 for none
	writer   *writer // nil when no connection is adding
	complete bool    // content is final and will not be written any more
	gone     bool
	used     time.Time
}

// writer is a connection's right to add to an operation.
type writer struct {
	wake  func(time.Time) // sets the read deadline
	check int64           // when the operation is complete already: where the next byte is to be compared
}

func newOperation(s *Server, want order, total int64, base string, ignore bool) *operation {
	return &operation{
		s: s, order: want, base: base, ignore: ignore,
		total: total, told: -1, used: time.Now(), done: make(chan struct{}),
	}
}

// first makes the writer for the request that began the operation.
func (o *operation) first(wake func(time.Time)) *writer {
	o.writer = &writer{wake: wake, check: -1}
	return o.writer
}

// may reports whether w can still write. o.mu is held.
func (o *operation) may(w *writer) error {
	if o.gone {
		return errGone
	}
	if w.check < 0 && o.writer != w {
		return errSuperseded
	}
	return nil
}

// arm gives w the time for one more read.
func (o *operation) arm(w *writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.may(w); err != nil {
		return err
	}
	w.wake(time.Now().Add(o.s.StallTimeout))
	return nil
}

// take makes w the writer, and releases the former one from its read. o.mu is held.
func (o *operation) take(w *writer) {
	if o.writer != nil {
		o.writer.wake(time.Unix(1, 0))
	}
	o.writer = w
	o.used = time.Now()
}

// append keeps p.
func (o *operation) append(w *writer, p []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.add(w, p)
}

func (o *operation) add(w *writer, p []byte) error {
	if err := o.may(w); err != nil {
		return err
	}
	if w.check >= 0 {
		end := w.check + int64(len(p))
		if end > int64(len(o.content)) || !bytes.Equal(o.content[w.check:end], p) {
			return errDifferent
		}
		w.check = end
		return nil
	}
	if int64(len(o.content)+len(p)) > o.s.MaxBody {
		return errTooLarge
	}
	o.content = append(o.content, p...)
	o.used = time.Now()
	return nil
}

// finish is the regular end of the request that began the operation.
func (o *operation) finish(w *writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.may(w); err != nil {
		return err
	}
	o.writer = nil
	o.end()
	return nil
}

// end starts the processing. o.mu is held.
func (o *operation) end() {
	o.take(nil)
	o.complete = true
	o.total = int64(len(o.content))
	upload := o.content[:o.total:o.total]
	if o.s.enter() {
		go func() {
			defer o.s.wg.Done()
			o.s.process(o, upload)
		}()
	}
}

// interrupt is the irregular end of a writer. It returns an error when w was not the writer any more.
func (o *operation) interrupt(w *writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.may(w); err != nil || w.check >= 0 {
		return err
	}
	o.writer = nil
	if o.ignore {
		o.drop()
	}
	return nil
}

// discard ends the operation without effect, unless it is complete.
func (o *operation) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.complete {
		o.drop()
	}
}

func (o *operation) drop() {
	o.take(nil)
	o.gone = true
	o.content = nil
}

// settle sets the final response.
func (o *operation) settle(res *outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outcome = res
	o.used = time.Now()
	close(o.done)
}

// tell returns the length of the kept content, at which the next PATCH may begin.
func (o *operation) tell() (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gone {
		return 0, errGone
	}
	o.told = int64(len(o.content))
	o.used = time.Now()
	return o.told, nil
}

// resume makes the writer for a PATCH of a range. What came in after the offset that was told is dropped: the client
// does not know of it, and sends it again.
func (o *operation) resume(rg byteRange, wake func(time.Time)) (*writer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := int64(len(o.content))
	switch {
	case o.gone:
		return nil, errGone
	case rg.length > o.s.MaxBody || rg.last >= o.s.MaxBody:
		return nil, errTooLarge
	case o.total >= 0 && (rg.last >= o.total || rg.length >= 0 && rg.length != o.total):
		return nil, errConflict
	case o.complete && rg.first == o.told: // the earlier request was finished after the offset was told
		return &writer{wake: wake, check: rg.first}, nil
	case o.complete || rg.first != kept && rg.first != o.told:
		return nil, errConflict
	}
	w := &writer{wake: wake, check: -1}
	o.take(w)
	o.told = -1
	o.content = o.content[:rg.first]
	if rg.length >= 0 {
		o.total = rg.length
	}
	return w, nil
}

// commit is the regular end of a PATCH of a range; last is the end of the range. It reports whether the upload is complete.
func (o *operation) commit(w *writer, last []byte) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.add(w, last); err != nil {
		return false, err
	}
	if w.check >= 0 {
		o.told = w.check
		return w.check == o.total, nil
	}
	o.writer = nil
	o.told = int64(len(o.content))
	if o.told == o.total {
		o.end()
	}
	return o.complete, nil
}

// close is the PATCH that says nothing but the complete length.
func (o *operation) close(length int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.gone:
		return errGone
	case int64(len(o.content)) != length || o.total >= 0 && o.total != length:
		return errConflict
	}
	if !o.complete {
		o.end()
	}
	return nil
}

// expired reports whether the operation can be forgotten, and ends it then.
func (o *operation) expired(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writer != nil || o.complete && o.outcome == nil || now.Sub(o.used) < o.s.Retention {
		return false
	}
	o.gone = true
	o.content = nil
	return true
}
