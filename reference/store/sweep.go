package store

import (
	"errors"
	"time"
)

// Sweep closes operations that nobody touched for a while: incomplete uploads after incomplete, finished
// ones after finished. An upload with a writer and an effect in progress are left alone. It returns
// how many it closed.
func (s *Store) Sweep(incomplete, finished time.Duration) (int, error) {
	now := s.now()
	var closed int
	var errs []error
	for _, op := range s.operations() {
		if !op.expired(now, incomplete, finished) || op.lasts() {
			continue
		}
		if err := op.Cancel(); err != nil && !errors.Is(err, ErrBusy) {
			errs = append(errs, err)
			continue
		}
		closed++
	}
	for _, d := range s.documents() {
		gone, err := d.expire(now, incomplete)
		if gone {
			closed++
		}
		errs = append(errs, err)
	}
	return closed, errors.Join(errs...)
}

func (op *Operation) expired(now time.Time, incomplete, finished time.Duration) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	switch op.state {
	case Receiving:
		return op.abandoned(now, incomplete)
	case Done:
		return op.Lasting && op.made() || now.Sub(op.touched) >= finished
	default:
		return false
	}
}

// made tells whether the effect has been. op.mu is held, or the operation is Done.
func (op *Operation) made() bool { return op.response != nil && op.response.Status < 400 }

// lasts tells whether an operation is kept for its item.
func (op *Operation) lasts() bool {
	if !op.Lasting || op.State() != Done || !op.made() {
		return false
	}
	_, there := op.s.Item(op.Item)
	return there
}

// expires is when an operation that is being received is closed if nobody touches it. op.mu is held.
func (op *Operation) expires(incomplete time.Duration) time.Time {
	if op.Keep > 0 {
		incomplete = op.Keep
	}
	return op.touched.Add(incomplete)
}

// Expires tells when an operation that is being received is closed if nobody touches it, where others are after incomplete;
// false for one that is not being received.
func (op *Operation) Expires(incomplete time.Duration) (time.Time, bool) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.expires(incomplete), op.state == Receiving
}

// Expired tells whether Sweep would close an operation that is being received.
func (op *Operation) Expired(incomplete time.Duration) bool {
	now := op.s.now()
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.state == Receiving && op.abandoned(now, incomplete)
}

// abandoned tells whether nobody has touched an operation for too long. op.mu is held.
func (op *Operation) abandoned(now time.Time, incomplete time.Duration) bool {
	return len(op.writers) == 0 && !now.Before(op.expires(incomplete))
}
