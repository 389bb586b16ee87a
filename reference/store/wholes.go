package store

// wholes are the operations that are put together from others, by Record.RequestContent of those.
type wholes map[string]map[*Operation]struct{}

func (w wholes) add(op *Operation) {
	for _, id := range op.Parts {
		if w[id] == nil {
			w[id] = map[*Operation]struct{}{}
		}
		w[id][op] = struct{}{}
	}
}

func (w wholes) drop(op *Operation) {
	for _, id := range op.Parts {
		if delete(w[id], op); len(w[id]) == 0 {
			delete(w, id)
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
