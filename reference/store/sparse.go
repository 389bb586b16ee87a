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

const rangesSuffix = ".ranges"

// maxRanges bounds the separate ranges of one body: the list is kept in memory and written again and again.
const maxRanges = 1024

// saveStep is how many bytes a writer brings at least until the list is written, without being asked for. It
// bounds what a kill may cost an upload that nobody looks at.
const saveStep = 1 << 20

// crowded tells whether a byte kept at a position would make one range too many. op.mu is held.
func (op *Operation) crowded(at int64) bool {
	if len(op.kept) < maxRanges || at == 0 {
		return false
	}
	touching, _ := op.kept.At(at - 1)
	return !touching
}

// save writes the list of ranges now and then. The steps grow with the body, as those of Acknowledge do.
func (w *Writer) save() error {
	op := w.op
	if !op.Sparse {
		return nil
	}
	op.mu.Lock()
	due := w.unsaved >= max(saveStep, op.kept.Len()/16)
	if due {
		w.unsaved = 0
	}
	op.mu.Unlock()
	if !due {
		return nil
	}
	_, err := op.DurableRanges()
	return err
}

// DurableRanges makes the bytes kept so far durable and returns where they are. Without Options.Sync they only
// have to survive the process.
func (op *Operation) DurableRanges() (Ranges, error) {
	if !op.Sparse {
		n, err := op.Durable()
		return Ranges{}.Add(Range{0, n}), err
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
	if err := op.writeRanges(kept); err != nil {
		return nil, fmt.Errorf("list of ranges: %w", err)
	}
	op.saved = kept
	return kept, nil
}

func (op *Operation) writeRanges(kept Ranges) error {
	line, err := entry{Kept: kept}.line()
	if err != nil {
		return err
	}
	if err := writeTemp(op.rangesPath(), line, op.s.opts.Sync); err != nil {
		return err
	}
	if err := commitTemp(op.rangesPath()); err != nil {
		return err
	}
	return op.s.dirs[dirBodies].sync()
}

// restoreRanges reads what is kept of a body whose file has size bytes. What cannot be read was never promised.
func (op *Operation) restoreRanges(size int64) Ranges {
	if !op.Sparse {
		return Ranges{}.Add(Range{0, size})
	}
	data, err := os.ReadFile(op.rangesPath())
	if err != nil {
		return nil
	}
	entries, _ := readEntries(data)
	var kept Ranges
	for _, e := range entries {
		for _, r := range e.Kept {
			kept = kept.Add(r)
		}
	}
	return kept.Clip(size)
}

func (op *Operation) removeRanges() error {
	op.saving.Lock() // nobody writes it any more: the operation is closed
	defer op.saving.Unlock()
	if err := os.Remove(op.rangesPath()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (op *Operation) rangesPath() string { return op.bodyPath() + rangesSuffix }
