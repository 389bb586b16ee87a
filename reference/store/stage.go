package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Stage gathers what a request brings, so that it takes effect as a whole or not at all.
type Stage struct {
	s     *Store
	owner string
	file  *os.File
	size  int64
	patch Patch
	// needed: the journal says that the stage is being copied, and that went wrong. The next start copies it.
	needed bool
}

// Patch is what a stage does to a document.
type Patch struct {
	Stage string      `json:"stage"`
	Parts []PatchPart `json:"parts"`
}

// PatchPart is one step of a patch: bytes from the stage, or a size.
type PatchPart struct {
	First int64  `json:"first"`          // of the document
	At    int64  `json:"at"`             // of the stage
	Bytes int64  `json:"bytes"`          // how many
	Size  *int64 `json:"size,omitempty"` // the document gets this size, and no bytes
}

// NewStage opens a stage. Close it.
func (s *Store) NewStage(owner string) (*Stage, error) {
	id := NewID()
	f, err := os.OpenFile(s.path(dirDocuments, id+stageSuffix), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open stage: %w", err)
	}
	return &Stage{s: s, owner: owner, file: f, patch: Patch{Stage: id}}, nil
}

// Write begins a part that writes at first.
func (st *Stage) Write(first int64) {
	st.patch.Parts = append(st.patch.Parts, PatchPart{First: first, At: st.size})
}

// Resize adds a part that sets the size of the document.
func (st *Stage) Resize(n int64) {
	st.patch.Parts = append(st.patch.Parts, PatchPart{At: st.size, Size: &n})
}

// Append adds p to the part that was begun last.
func (st *Stage) Append(p []byte) error {
	if err := st.s.quota.addBytes(st.owner, int64(len(p))); err != nil {
		return err
	}
	n, err := st.s.seams.Write(st.file, p, st.size)
	_ = st.s.quota.addBytes(st.owner, int64(n-len(p))) // giving back is never refused
	st.size += int64(n)
	st.patch.Parts[len(st.patch.Parts)-1].Bytes += int64(n)
	if err != nil {
		return fmt.Errorf("write stage: %w", err)
	}
	return nil
}

// Current returns nil: nobody takes a stage away.
func (st *Stage) Current() error { return nil }

// Size is how many bytes are staged.
func (st *Stage) Size() int64 { return st.size }

// Close forgets the stage, applied or not.
func (st *Stage) Close() error {
	err := st.file.Close()
	if !st.needed {
		err = errors.Join(err, removeIfThere(st.path()))
	}
	_ = st.s.quota.addBytes(st.owner, -st.size) // giving back is never refused
	st.size = 0
	return err
}

func (st *Stage) path() string { return st.s.path(dirDocuments, st.patch.Stage+stageSuffix) }

// Apply makes a document, or changes the one that is there, as the stage says: all of it, also when killed. It tells
// whether anything changed, and what is there now.
func (s *Store) Apply(c Claim, st *Stage) (v View, changed bool, err error) {
	err = s.at(c.Place, func(d *Document, fresh bool) error {
		if err := d.admit(c, fresh); err != nil {
			return err
		}
		if len(d.kept)+len(st.patch.Parts) > maxExtents {
			return ErrFragments
		}
		if changed = fresh || !d.holds(st); changed {
			if err := d.apply(c, st, fresh); err != nil {
				return err
			}
		}
		v = d.view()
		return nil
	})
	return v, changed, err
}

// holds tells whether a patch would change nothing: a client that repeats it has it done already.
func (d *Document) holds(st *Stage) bool {
	f, err := os.Open(d.contentPath())
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	for _, p := range st.patch.Parts {
		if p.Size != nil {
			if *p.Size != d.size || d.state == Receiving && d.length != *p.Size {
				return false
			}
			continue
		}
		if d.kept.Within(p.First, p.First+p.Bytes) < p.Bytes ||
			!equal(io.NewSectionReader(f, p.First, p.Bytes), io.NewSectionReader(st.file, p.At, p.Bytes)) {
			return false
		}
	}
	return true
}

// equal tells whether two readers of the same length give the same.
func equal(a, b io.Reader) bool {
	const step = 32 << 10
	var x, y [step]byte
	for {
		n, err := io.ReadFull(a, x[:])
		m, _ := io.ReadFull(b, y[:])
		if !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		if err != nil {
			return err == io.EOF || err == io.ErrUnexpectedEOF
		}
	}
}

func (d *Document) apply(c Claim, st *Stage, fresh bool) error {
	if d.s.opts.Sync {
		if err := together(st.file.Sync, d.s.dirs[dirDocuments].sync); err != nil {
			return fmt.Errorf("sync stage: %w", err)
		}
	}
	before := d.counted
	if err := d.reserve(st.patch.grows(d.kept)); err != nil {
		return err
	}
	at := d.s.now()
	entry := docEntry{Apply: &st.patch, Revision: d.revision + 1, At: at.UnixNano()}
	if err := d.begin(c, fresh, entry); err != nil { // of the patch: from here on it is applied
		_ = d.s.quota.addBytes(d.Owner, before-d.counted) // giving back is never refused
		d.counted = before
		return err
	}
	d.epoch.Add(1)
	st.patch.replay(d)
	d.change(1)
	d.modified = at
	d.settleQuota()
	st.needed = true
	err := d.copyStage(st.patch)
	st.needed = err != nil
	return err
}

// grows is how many bytes a patch writes that were not kept.
func (p Patch) grows(kept Extents) (n int64) {
	for _, part := range p.Parts {
		n += part.Bytes - kept.Within(part.First, part.First+part.Bytes)
	}
	return n
}

// replay notes what a patch does.
func (p Patch) replay(d *Document) {
	for _, part := range p.Parts {
		if part.Size != nil {
			d.resize(*part.Size)
			continue
		}
		d.kept = d.kept.Add(part.First, part.First+part.Bytes)
		d.size = max(d.size, part.First+part.Bytes)
	}
}

// resize notes the size that a document is given. One that is being received has its complete length by that.
func (d *Document) resize(n int64) {
	d.kept, d.size = d.kept.Cut(n), n
	if d.state == Receiving && d.effect == nil {
		d.length = n
	}
}

// copyStage copies the bytes of a patch into the content, as often as it is called. Then the stage is not needed any more.
func (d *Document) copyStage(p Patch) error {
	stage, err := os.Open(d.s.path(dirDocuments, p.Stage+stageSuffix))
	if err != nil {
		return fmt.Errorf("apply patch: %w", err)
	}
	defer stage.Close() //nolint:errcheck // only read
	f, err := os.OpenFile(d.contentPath(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("apply patch: %w", err)
	}
	for _, part := range p.Parts {
		if err = part.copy(f, stage); err != nil {
			break
		}
	}
	if err == nil && d.s.opts.Sync {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = d.log(true, docEntry{Copied: true})
	}
	if err != nil {
		return fmt.Errorf("apply patch: %w", err)
	}
	return nil
}

func (p PatchPart) copy(to, from *os.File) error {
	if p.Size != nil {
		st, err := to.Stat()
		if err == nil && *p.Size < st.Size() {
			err = to.Truncate(*p.Size)
		}
		return err
	}
	_, err := io.Copy(io.NewOffsetWriter(to, p.First), io.NewSectionReader(from, p.At, p.Bytes))
	return err
}

// Resize cuts a document off or gives it room. One that is being received has its complete length by that.
func (s *Store) Resize(c Claim, n int64) error {
	return s.at(c.Place, func(d *Document, fresh bool) error {
		if err := d.admit(c, fresh); err != nil {
			return err
		}
		if !fresh && d.size == n && (d.state != Receiving || d.length == n) {
			return nil
		}
		entry := docEntry{Size: &n, Revision: d.revision, At: d.modified.UnixNano()}
		if d.size != n || fresh {
			entry.Revision, entry.At = d.revision+1, d.s.now().UnixNano()
		}
		if err := d.begin(c, fresh, entry); err != nil {
			return err
		}
		if d.size > n {
			d.epoch.Add(1)
			if err := os.Truncate(d.contentPath(), n); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cut document off: %w", err)
			}
		}
		if entry.Revision > d.revision {
			d.change(1)
		}
		d.resize(n)
		d.settleQuota()
		return nil
	})
}

// Replace makes a document of a stage, which is Complete and hidden: with its effect it takes the place of what is there.
func (s *Store) Replace(c Claim, st *Stage) (*Document, error) {
	d := s.newDocument(c.Place, true)
	d.job = c.Job
	n := st.size
	if err := c.Check(s.Document(c.Place)); err != nil {
		return nil, err
	}
	if err := s.quota.addOperation(d.Owner, -1, true); err != nil {
		return nil, err
	}
	// The content is there before the journal tells of it.
	if err := os.Rename(st.path(), d.contentPath()); err != nil {
		return nil, fmt.Errorf("replace document: %w", err)
	}
	at := s.now()
	d.kept, d.size, d.length, d.revision, d.modified = d.kept.Add(0, n), n, n, 1, at
	d.state, d.counted, d.logged, st.size = Complete, n, true, 0
	s.docMu.Lock()
	s.hidden[d.ID] = d
	s.docMu.Unlock()
	err := d.log(false, docEntry{Record: &d.DocumentRecord}, docEntry{Job: &d.job}, docEntry{Length: &n},
		docEntry{Wrote: &Extent{0, n}, Revision: 1, At: at.UnixNano()})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncIfThere(path string) error {
	if err := syncPath(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
