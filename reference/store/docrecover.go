package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// recoverDocuments reads the journals of all documents. Of two at one place the later effect is there.
func (s *Store) recoverDocuments() error {
	power, remember, err := s.powerLost()
	if err != nil {
		return err
	}
	names, err := s.names(dirDocuments)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !ValidID(name) {
			continue
		}
		if err := s.recoverDocument(name, power); err != nil {
			return fmt.Errorf("document %s: %w", name, err)
		}
	}
	return remember()
}

func (s *Store) recoverDocument(id string, power bool) error {
	path := s.path(dirDocuments, id)
	entries, err := readJournal[docEntry](path)
	if err != nil {
		return err
	}
	if power {
		if entries, err = s.distrust(path, entries); err != nil {
			return err
		}
	}
	if len(entries) == 0 || entries[0].Record == nil || entries[0].Record.ID != id {
		return os.Remove(path) // killed while it began
	}
	if entries[len(entries)-1].Gone {
		return s.recoverStone(entries)
	}
	d := s.newDocument(entries[0].Record.Place, false)
	d.DocumentRecord, d.touched, d.logged, d.named = *entries[0].Record, entries[0].Record.Created, true, false
	if err := d.replay(entries[1:]); err != nil {
		return err
	}
	if d.effect == nil {
		end := d.kept.End()
		if d.kept = s.seams.Recovered(d.kept); d.size == end {
			d.size = d.kept.End()
		}
	}
	d.counted = d.kept.Bytes()
	s.quota.restore(d.Owner, d.counted, 0)
	if err := d.restore(); err != nil || d.state == Closed {
		return err
	}
	return s.settlePlace(d)
}

// restore derives the state, and forgets a document of which nothing was ever there.
func (d *Document) restore() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.effect != nil:
		d.state = Done
		close(d.done)
		d.s.serial.Store(max(d.s.serial.Load(), d.effect.Serial))
		if d.effect.Counts {
			d.s.addCompletion(d.job.Tag)
		}
		if d.Hidden && !d.effect.Counts {
			return d.close()
		}
		return nil
	case d.s.seams.Filled(d.kept, d.length):
		d.state = Complete
	}
	d.s.quota.restore(d.Owner, 0, 1)
	if d.state == Receiving && (d.revision == 0 || d.Hidden) {
		return d.close()
	}
	return nil
}

// settlePlace puts a recovered document where it belongs.
func (s *Store) settlePlace(d *Document) error {
	if d.Hidden && d.state != Done {
		s.hidden[d.ID] = d
		return nil
	}
	old := s.docs[d.Place]
	if old != nil && old.serial() > d.serial() {
		old, d = d, old
	}
	s.docs[d.Place] = d
	if old == nil {
		return nil
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	return old.close()
}

// recoverStone counts a document that is gone.
func (s *Store) recoverStone(entries []docEntry) error {
	var job Job
	for _, e := range entries {
		if e.Job != nil {
			job = *e.Job
		}
		if e.Effect != nil {
			s.addCompletion(job.Tag)
			s.serial.Store(max(s.serial.Load(), e.Effect.Serial))
		}
	}
	return nil
}

// documentFiles tells which files in the folder of documents belong to something.
func (s *Store) documentFiles() func(name string) bool {
	known := map[string]bool{}
	for _, d := range s.documents() {
		known[d.ID+contentSuffix] = true
	}
	return func(name string) bool { return ValidID(name) || known[name] } // a journal, looked at already
}

// distrust takes out of a journal what a loss of power makes doubtful: entries that tell of written bytes which were
// not on the disk when it was last made sure.
func (s *Store) distrust(path string, entries []docEntry) ([]docEntry, error) {
	synced := 0
	for i, e := range entries {
		if e.Synced {
			synced = i
		}
	}
	var sure []docEntry
	for i, e := range entries {
		if e.Wrote == nil || i < synced {
			sure = append(sure, e)
		}
	}
	if len(sure) == len(entries) {
		return entries, nil
	}
	if err := removeIfThere(path + tmpSuffix); err != nil {
		return nil, err
	}
	if err := appendLines(path+tmpSuffix, s.opts.Sync, sure...); err != nil {
		return nil, err
	}
	return sure, commitTemp(path)
}

// powerLost tells whether the machine may have lost power since the folder was last open: what was written and not
// synced survives the process, not the machine. Call remember when everything is recovered.
func (s *Store) powerLost() (lost bool, remember func() error, err error) {
	nothing := func() error { return nil }
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return s.opts.Sync, nothing, nil //nolint:nilerr // a system that does not tell: not to be relied on
	}
	boot, name := strings.TrimSpace(string(data)), filepath.Join(s.opts.Dir, "boot")
	last, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, nil, fmt.Errorf("last boot: %w", err)
	}
	if string(last) == boot {
		return false, nothing, nil
	}
	return s.opts.Sync, func() error {
		if err := writeTemp(name, []byte(boot), s.opts.Sync); err != nil {
			return fmt.Errorf("last boot: %w", err)
		}
		return commitTemp(name)
	}, nil
}
