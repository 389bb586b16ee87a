package store

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// recover reads the data folder: items first, because an operation whose item exists has had its effect.
func (s *Store) recover() error {
	if err := s.recoverItems(); err != nil {
		return err
	}
	if err := s.recoverOperations(); err != nil {
		return err
	}
	if err := s.recoverDocuments(); err != nil {
		return err
	}
	return s.removeOrphans()
}

func (s *Store) recoverItems() error {
	names, err := s.names(dirItems)
	if err != nil {
		return err
	}
	for _, name := range names {
		id, ok := strings.CutSuffix(name, metaSuffix)
		if !ok || !ValidID(id) {
			continue
		}
		data, err := os.ReadFile(s.path(dirItems, name))
		if err != nil {
			return err
		}
		var it Item
		if err := json.Unmarshal(data, &it); err != nil || it.ID != id {
			return fmt.Errorf("item description %s is damaged", name)
		}
		s.addItem(&it)
		if !it.Deleted {
			s.quota.restore(it.Owner, it.Length, 0)
		}
	}
	return nil
}

func (s *Store) recoverOperations() error {
	names, err := s.names(dirOperations)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !ValidID(name) {
			continue
		}
		if err := s.recoverOperation(name); err != nil {
			return err
		}
	}
	return nil
}

// recoverOperation restores one operation from its journal and the length of its body.
func (s *Store) recoverOperation(id string) error {
	path := s.path(dirOperations, id)
	entries, err := readJournal[entry](path)
	if err != nil {
		return err
	}
	if len(entries) == 0 || entries[0].Record == nil || entries[0].Record.ID != id {
		return os.Remove(path) // killed while it began: no URI was told
	}
	op := newOperation(s, *entries[0].Record)
	for _, e := range entries[1:] {
		switch {
		case e.Length != nil:
			op.length = *e.Length
		case e.Complete:
			op.marked = true
		case e.Response != nil:
			op.response = e.Response
		}
	}
	op.restore()
	if !s.register(op) {
		return os.Remove(path) // cannot be, but for a journal copied by hand
	}
	s.quota.restore(op.Owner, op.counted, 1)
	if op.state == Receiving && !op.Save {
		return op.Cancel()
	}
	return nil
}

// restore sets what is kept, and the state, from what the disk says.
func (op *Operation) restore() {
	st, err := os.Stat(op.bodyPath())
	written := err == nil
	if written {
		op.kept = op.s.seams.Restored(op, op.restoreExtents(st.Size()))
		op.touched = st.ModTime().UTC()
	}
	if op.response != nil {
		op.state = Done
		close(op.done)
	} else if op.kept.Prefix() == op.length && (written || !op.Upload) && !op.Partial && (op.marked || !op.Explicit) {
		op.state = Complete
	}
	if _, made := op.s.items[op.Item]; !made {
		op.counted = op.kept.Bytes()
	}
	op.synced, op.promised = 0, false // who knows how far the last process came
}

// removeOrphans deletes files that nothing refers to: bodies of transient operations, names of items
// that were not committed, temporary files.
func (s *Store) removeOrphans() error {
	for dir, known := range map[string]func(string) bool{
		dirBodies: func(name string) bool { return s.all[strings.TrimSuffix(name, extentsSuffix)] != nil },
		dirItems: func(name string) bool {
			id, isData := strings.CutSuffix(name, dataSuffix)
			it := s.items[id]
			return strings.HasSuffix(name, metaSuffix) || isData && it != nil && !it.Deleted
		},
		dirOperations: func(name string) bool { return s.all[name] != nil },
		dirDocuments:  s.documentFiles(),
	} {
		names, err := s.names(dir)
		if err != nil {
			return err
		}
		for _, name := range names {
			if known(name) {
				continue
			}
			if err := os.Remove(s.path(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) names(dir string) ([]string, error) {
	f, err := os.Open(s.path(dir, ""))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return f.Readdirnames(-1)
}

// restore counts what was found at the start, over the limit or not.
func (q *quota) restore(owner string, bytes int64, operations int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.user(owner)
	u.bytes += bytes
	q.total.bytes += bytes
	u.operations += operations
	q.total.operations += operations
	q.tidy(owner, u)
}
