package store

import (
	"fmt"
	"io"
	"os"
	"time"
)

// docEntry is one line of a document's journal. Revision and At (nanoseconds of Unix time) go with what changes content.
type docEntry struct {
	Record *DocumentRecord `json:"record,omitempty"` // always the first
	Job    *Job            `json:"job,omitempty"`
	Length *int64          `json:"length,omitempty"` // the complete length became known
	Wrote  *Extent         `json:"wrote,omitempty"`  // bytes were written in place
	Size   *int64          `json:"size,omitempty"`   // the document was cut off or given room
	Apply  *Patch          `json:"apply,omitempty"`  // a stage is being copied into the document
	Copied bool            `json:"copied,omitempty"` // and is no longer needed
	Synced bool            `json:"synced,omitempty"` // what was written before is on the disk
	Effect *Effect         `json:"effect,omitempty"`
	Gone   bool            `json:"gone,omitempty"` // only what it counted is left

	Revision int64 `json:"revision,omitempty"`
	At       int64 `json:"at,omitempty"`
}

const (
	dirDocuments  = "documents" // a journal for each document, its content and what is staged
	contentSuffix = ".content"
	stageSuffix   = ".stage"
)

func (d *Document) journalPath() string { return d.s.path(dirDocuments, d.ID) }
func (d *Document) contentPath() string { return d.s.path(dirDocuments, d.ID+contentSuffix) }

// log adds entries to the journal, all or none of them. d.mu is held, or nobody else knows the document.
func (d *Document) log(durable bool, entries ...docEntry) error {
	return appendLines(d.journalPath(), durable && d.s.opts.Sync, entries...)
}

// Durable makes durable what was written until now, and returns the view of it. Without Options.Sync it only has to
// survive the process: the journal has to know it.
func (d *Document) Durable() (View, error) {
	d.mu.Lock()
	err := d.flush()
	v, revision, named := d.view(), d.revision, d.named
	skip := err != nil || !d.s.opts.Sync || v.Document == nil || named && d.synced == revision
	d.mu.Unlock()
	if skip {
		return v, err
	}
	// Content before the journal: an entry on the disk must not tell of bytes that are not.
	if err := syncIfThere(d.contentPath()); err != nil {
		return v, fmt.Errorf("sync document: %w", err)
	}
	d.mu.Lock()
	if d.state == Closed {
		d.mu.Unlock()
		return View{Length: -1}, nil
	}
	err = d.log(true, docEntry{Synced: true})
	d.mu.Unlock()
	if err == nil && !named {
		err = d.s.dirs[dirDocuments].sync()
	}
	if err != nil {
		return v, fmt.Errorf("sync document: %w", err)
	}
	d.mu.Lock()
	d.synced, d.named = max(d.synced, revision), true
	d.mu.Unlock()
	return v, nil
}

// replay brings a document to the state that its journal tells.
func (d *Document) replay(entries []docEntry) error {
	for _, e := range entries {
		switch {
		case e.Job != nil:
			d.job = *e.Job
		case e.Length != nil:
			d.length = *e.Length
		case e.Wrote != nil:
			d.kept = d.kept.Add(e.Wrote.From, e.Wrote.To)
			d.size = max(d.size, e.Wrote.To)
		case e.Size != nil:
			d.resize(*e.Size)
		case e.Apply != nil:
			e.Apply.replay(d)
		case e.Effect != nil:
			d.effect = e.Effect
		}
		if e.Revision > 0 {
			d.revision, d.modified = e.Revision, time.Unix(0, e.At).UTC()
			d.touched = d.modified
		}
		if e.Effect != nil {
			d.final = d.revision
		}
	}
	if apply := lastApply(entries); apply != nil {
		return d.copyStage(*apply)
	}
	return nil
}

// lastApply finds a patch that a kill may have left half copied.
func lastApply(entries []docEntry) *Patch {
	var last *Patch
	for _, e := range entries {
		if e.Apply != nil {
			last = e.Apply
		}
		if e.Copied {
			last = nil
		}
	}
	return last
}

// DocumentContent is what a reader sees of a document. It is a view of the moment of Open, or ends with ErrChanged; Close it.
type DocumentContent struct {
	*io.SectionReader
	f *os.File
}

// Close releases the file.
func (c *DocumentContent) Close() error { return c.f.Close() }

// Open opens the content for reading, and returns the view that it is of. The view is durable.
func (d *Document) Open() (View, *DocumentContent, error) {
	if _, err := d.Durable(); err != nil {
		return View{}, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == Closed {
		return View{}, nil, ErrNotFound
	}
	if err := d.flush(); err != nil {
		return View{}, nil, err
	}
	f, err := os.OpenFile(d.contentPath(), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return View{}, nil, fmt.Errorf("open document: %w", err)
	}
	v := d.view()
	return v, &DocumentContent{io.NewSectionReader(&docReader{d, f, v, d.epoch.Load()}, 0, v.Size), f}, nil
}

// docReader reads what was written, and zeros where nothing was, whatever the file holds there.
type docReader struct {
	d     *Document
	f     *os.File
	v     View
	epoch int64
}

// ReadAt implements io.ReaderAt.
func (r *docReader) ReadAt(p []byte, off int64) (int, error) {
	p = p[:max(0, min(int64(len(p)), r.v.Size-off))]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := r.f.ReadAt(p, off)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if r.d.epoch.Load() != r.epoch { // it goes up before the bytes change
		return 0, ErrChanged
	}
	clear(p[n:])
	r.d.s.seams.Holes(r.v.Kept, p, off)
	return len(p), nil
}
