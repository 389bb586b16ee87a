package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// The length of a body's file says what is kept of it, unless it is sparse: then a second file lists the
// ranges. It never says more than is in the body, and is replaced as a whole, so that a kill leaves
// the list from before or the one from after.

const extentsSuffix = ".extents"

// maxSparse bounds the separate ranges of one body: the list is kept in memory and written again and again.
const maxSparse = 1024

// saveStep is how many bytes a writer brings at least until the list is written, without being asked for. It
// bounds what a kill may cost an upload that nobody looks at.
const saveStep = 1 << 20

// crowded tells whether a byte kept at a position would make one range too many. op.mu is held.
func (op *Operation) crowded(at int64) bool {
	if len(op.kept) < maxSparse || at == 0 {
		return false
	}
	touching, _ := op.kept.At(at - 1)
	return !touching
}

// save writes the list of extents now and then. The steps grow with the body, as those of Acknowledge do.
func (w *Writer) save() error {
	op := w.op
	if !op.Sparse {
		return nil
	}
	op.mu.Lock()
	due := w.unsaved >= max(saveStep, op.kept.Bytes()/16)
	if due {
		w.unsaved = 0
	}
	op.mu.Unlock()
	if !due {
		return nil
	}
	_, err := op.DurableExtents()
	return err
}

// DurableExtents makes the bytes kept so far durable and returns where they are. Without Options.Sync they only
// have to survive the process.
func (op *Operation) DurableExtents() (Extents, error) {
	if !op.Sparse {
		n, err := op.Durable()
		return Extents{}.Add(0, n), err
	}
	op.saving.Lock()
	defer op.saving.Unlock()
	op.mu.Lock()
	kept, closed := slices.Clone(op.kept), op.state == Closed
	op.mu.Unlock()
	switch {
	case closed:
		return kept, nil
	case slices.Equal(kept, op.saved):
		return kept, op.promise()
	}
	if op.s.opts.Sync {
		if err := together(func() error { return op.syncBody(kept.Prefix()) }, op.promise); err != nil {
			return nil, err
		}
	}
	if err := op.writeExtents(kept); err != nil {
		return nil, fmt.Errorf("list of extents: %w", err)
	}
	op.saved = kept
	return kept, nil
}

func (op *Operation) writeExtents(kept Extents) error {
	line, err := linesOf(entry{Kept: kept})
	if err != nil {
		return err
	}
	if err := writeTemp(op.extentsPath(), line, op.s.opts.Sync); err != nil {
		return err
	}
	if err := commitTemp(op.extentsPath()); err != nil {
		return err
	}
	return op.s.dirs[dirBodies].sync()
}

// restoreExtents reads what is kept of a body whose file has size bytes. What cannot be read was never promised.
func (op *Operation) restoreExtents(size int64) Extents {
	if !op.Sparse {
		return Extents{}.Add(0, size)
	}
	data, err := os.ReadFile(op.extentsPath())
	if err != nil {
		return nil
	}
	entries, _ := readLines[entry](data)
	var kept Extents
	for _, e := range entries {
		for _, r := range e.Kept {
			kept = kept.Add(r.From, r.To)
		}
	}
	return kept.Cut(size)
}

func (op *Operation) removeExtents() error {
	op.saving.Lock() // nobody writes it any more: the operation is closed
	defer op.saving.Unlock()
	if err := os.Remove(op.extentsPath()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (op *Operation) extentsPath() string { return op.bodyPath() + extentsSuffix }
