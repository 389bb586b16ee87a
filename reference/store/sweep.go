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
		if !op.expired(now, incomplete, finished) {
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
		return len(op.writers) == 0 && now.Sub(op.touched) >= incomplete
	case Done:
		return now.Sub(op.touched) >= finished
	default:
		return false
	}
}
