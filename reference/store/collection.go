package store

import (
	"fmt"
	"io"
)

// counter is what the effects of a collection are counted by.
type counter struct{ collection, tag string }

// CountIn is the number of items with a tag that operations of a collection made, deleted ones included.
func (s *Store) CountIn(collection, tag string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[counter{collection, tag}]
}

// TotalIn is the number of items that operations of a collection made.
func (s *Store) TotalIn(collection string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, made := range s.made {
		if of.collection == collection {
			n += made
		}
	}
	return n
}

// addWhole notes what an operation is put together from. s.mu is held.
func (s *Store) addWhole(op *Operation) {
	for _, id := range op.Parts {
		if s.wholes[id] == nil {
			s.wholes[id] = map[*Operation]struct{}{}
		}
		s.wholes[id][op] = struct{}{}
	}
}

func (s *Store) dropWhole(op *Operation) {
	for _, id := range op.Parts {
		delete(s.wholes[id], op)
		if len(s.wholes[id]) == 0 {
			delete(s.wholes, id)
		}
	}
}

// Wholes are the operations that are put together from op.
func (op *Operation) Wholes() []*Operation {
	op.s.mu.Lock()
	defer op.s.mu.Unlock()
	var all []*Operation
	for whole := range op.s.wholes[op.RequestContent] {
		all = append(all, whole)
	}
	return all
}

// Unjoined are the operations that are still to be put together from others.
func (s *Store) Unjoined() []*Operation {
	var all []*Operation
	for _, op := range s.operations() {
		if len(op.Parts) > 0 && op.State() == Receiving {
			all = append(all, op)
		}
	}
	return all
}

// Reader gives what is staged, from its beginning.
func (st *Stage) Reader() io.Reader { return io.NewSectionReader(st.file, 0, st.size) }

// AppendStage appends what is staged, which then counts as the body's and not the stage's. On an error nothing of it is kept,
// unless the writer was fenced.
func (w *Writer) AppendStage(st *Stage, buffer []byte) error {
	w.op.mu.Lock()
	start := w.rest.From
	w.op.mu.Unlock()
	content := st.Reader()
	for {
		n, err := io.ReadFull(content, buffer)
		if n > 0 {
			_ = st.s.quota.addBytes(st.owner, -int64(n)) // giving back is never refused
			st.size -= int64(n)
			if aerr := w.Append(buffer[:n]); aerr != nil {
				_ = w.Truncate(start) // what is wrong is told already
				return aerr
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil
		default:
			_ = w.Truncate(start) // what is wrong is told already
			return fmt.Errorf("read stage: %w", err)
		}
	}
}
