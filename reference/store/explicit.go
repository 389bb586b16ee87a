package store

import "time"

// CompleteAt ends an explicit upload of which n bytes are kept: by it the operation has a complete length, and its caller
// processes the body. It fails with ErrLength when another length is known, or when not just those bytes are kept. What
// says so is in the journal before: after a kill the upload is complete or is not, and never by its length alone.
func (w *Writer) CompleteAt(n int64) error {
	op := w.op
	op.mu.Lock()
	defer op.mu.Unlock()
	length := op.length
	if length < 0 {
		length = n
	}
	switch {
	case !w.current():
		return ErrFenced
	case op.state != Receiving:
		return ErrComplete
	case op.kept.Prefix() != n, !op.s.seams.Whole(op, n, length):
		return ErrLength
	}
	if !op.Transient {
		if err := appendLines(op.s.path(dirOperations, op.ID), false, entry{Length: &n}, entry{Complete: true}); err != nil {
			return err
		}
		op.promised = false
	}
	op.length, op.marked = n, true
	op.state, op.writers = Complete, nil
	return nil
}

// Interrupt fences the writers of an operation: their late bytes never get in.
func (op *Operation) Interrupt() { op.fence() }

// Touched is when the operation began, last took a byte, or was finished: what its expiry counts from.
func (op *Operation) Touched() time.Time {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.touched
}
