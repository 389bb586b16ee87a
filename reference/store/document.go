package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of documents.
var (
	ErrProcessing = errors.New("the document is being processed")
	ErrChanged    = errors.New("the document was changed while it was read")
	ErrFragments  = errors.New("the document is in too many pieces")
)

// maxExtents bounds the pieces of one document, and so the memory that it takes.
const maxExtents = 1 << 16

// Place is where a document is: whose it is, and its name. The name never becomes a file name.
type Place struct {
	Owner string `json:"owner,omitempty"`
	Name  string `json:"name"`
}

// DocumentRecord is what is known of a document from its beginning.
type DocumentRecord struct {
	Place
	ID      string    `json:"id"`  // the name of its files, never told to a client
	Tag     string    `json:"tag"` // what its entity tags begin with
	Created time.Time `json:"created"`
	// Hidden documents are to replace what is at their place, and are not there until their effect.
	Hidden bool `json:"hidden,omitempty"`
}

// Document is content that is written in place, by several connections at once, and may have holes. While it is created
// in segments it is Receiving; with its last byte it becomes Complete, and Done when its effect is there. It is safe for
// concurrent use.
type Document struct {
	DocumentRecord
	s *Store

	epoch atomic.Int64 // goes up before bytes are changed that were readable

	mu       sync.Mutex
	state    State
	job      Job
	length   int64   // complete length in bytes, -1 while unknown
	size     int64   // bytes that a reader sees
	kept     Extents // those of them that were written; the others are zeros
	revision int64   // goes up with each change of content
	final    int64   // the revision at the effect
	modified time.Time
	touched  time.Time
	counted  int64 // bytes that the quota counts
	synced   int64 // the revision that is durable
	named    bool  // the names of the files are durable
	logged   bool  // the journal is there
	effect   *Effect
	sections []*Section
	done     chan struct{} // closed when state becomes Done or Closed
}

// Effect is what the completion of a document brought about.
type Effect struct {
	Response *Response `json:"response"`
	Counts   bool      `json:"counts"` // as a document that has become complete; false for a failure
	Serial   int64     `json:"serial"` // of two documents at one place the later one is there
}

// View is a consistent view of a place: of the document there, if Document is not nil.
type View struct {
	Document *Document
	State    State
	Job      Job
	Size     int64   // bytes that a reader sees
	Length   int64   // complete length of a document that is being received, -1 while unknown
	Kept     Extents // the bytes that were written
	Tag      string  // the opaque part of the entity tag, the same for the same content
	Modified time.Time
	Sections []*Section
	// Response is the final response, while the content is still that of the effect.
	Response *Response
}

func (s *Store) newDocument(p Place, hidden bool) *Document {
	return &Document{
		DocumentRecord: DocumentRecord{Place: p, ID: NewID(), Tag: NewID()[:16], Created: s.now(), Hidden: hidden},
		s:              s, length: -1, touched: s.now(), done: make(chan struct{}),
	}
}

// Document returns what is at a place.
func (s *Store) Document(p Place) View {
	s.docMu.Lock()
	d := s.docs[p]
	s.docMu.Unlock()
	if d == nil {
		return View{Length: -1}
	}
	return d.View()
}

// View returns a consistent view; without Document when it is closed.
func (d *Document) View() View {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.view()
}

func (d *Document) view() View {
	if d.state == Closed {
		return View{Length: -1}
	}
	v := View{Document: d, State: d.state, Job: d.job, Size: d.size, Length: d.length, Kept: slices.Clone(d.kept),
		Tag: fmt.Sprintf("%s-%d", d.Tag, d.revision), Modified: d.modified, Sections: slices.Clone(d.sections)}
	if d.effect != nil && d.final == d.revision {
		v.Response = d.effect.Response
	}
	return v
}

// Done is closed when the effect is there or the document is closed.
func (d *Document) Done() <-chan struct{} { return d.done }

// Outcome returns the final response; false while there is none, or when the document was closed before.
func (d *Document) Outcome() (*Response, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.effect == nil {
		return nil, false
	}
	return d.effect.Response, true
}

// at calls f with the document of a place, locked; where there is none, with a new one, which stays if f returns nil.
func (s *Store) at(p Place, f func(d *Document, fresh bool) error) error {
	for {
		s.docMu.Lock()
		d := s.docs[p]
		if d == nil {
			d = s.newDocument(p, false)
			d.mu.Lock()
			s.docs[p] = d
			s.docMu.Unlock()
			err := f(d, true)
			if err != nil {
				err = errors.Join(err, d.close())
			}
			d.mu.Unlock()
			return err
		}
		s.docMu.Unlock()
		d.mu.Lock()
		if d.state != Closed {
			err := f(d, false)
			d.mu.Unlock()
			return err
		}
		d.mu.Unlock() // and it is not at its place any more
	}
}

// Complete ends the reception if every byte of the complete length is there, and tells whether it did. True is returned
// once in the life of a document: its caller has to bring the effect about.
func (d *Document) Complete() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != Receiving || !d.s.seams.Filled(d.kept, d.length) || d.flush() != nil {
		return false
	}
	d.stop(d.sections)
	d.state = Complete
	return true
}

// Finish records the effect and makes it durable; one that is hidden takes its place. Only the first call has an effect.
func (d *Document) Finish(r *Response, counts bool) error {
	if _, err := d.Durable(); err != nil {
		return err
	}
	first, err := d.finish(r, counts)
	if err != nil || !first || !d.Hidden {
		return err
	}
	if counts {
		return d.appear()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.close()
}

func (d *Document) finish(r *Response, counts bool) (first bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != Complete {
		return false, nil
	}
	e := &Effect{r, counts, d.s.serial.Add(1)}
	if err := d.log(true, docEntry{Effect: e}); err != nil {
		return false, err
	}
	d.state, d.effect, d.final, d.touched = Done, e, d.revision, d.s.now()
	if counts {
		d.s.addCompletion(d.job.Tag)
	}
	d.s.quota.dropOperation(d.Owner)
	close(d.done)
	return true, nil
}

// appear puts a document at its place, and closes the one that was there.
func (d *Document) appear() error {
	s := d.s
	s.docMu.Lock()
	old := s.docs[d.Place]
	if old != nil && old.serial() > d.effect.Serial {
		old, d = d, old // a later one was quicker
	}
	delete(s.hidden, d.ID)
	s.docs[d.Place] = d
	s.docMu.Unlock()
	if old == nil {
		return nil
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	return old.close()
}

func (d *Document) serial() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.effect == nil {
		return 0
	}
	return d.effect.Serial
}

// Remove closes the document of a place.
func (s *Store) Remove(p Place, check func(View) error) error {
	return s.at(p, func(d *Document, fresh bool) error {
		switch {
		case fresh:
			return ErrNotFound
		case d.state == Complete:
			return ErrProcessing
		}
		if err := check(d.view()); err != nil {
			return err
		}
		return d.close()
	})
}

// close fences who writes and forgets the document; only what it counted is remembered. d.mu is held.
func (d *Document) close() error {
	if d.state == Closed {
		return nil
	}
	was := d.state
	d.stop(d.sections)
	d.state = Closed
	d.s.docMu.Lock()
	if d.s.docs[d.Place] == d {
		delete(d.s.docs, d.Place)
	}
	delete(d.s.hidden, d.ID)
	d.s.docMu.Unlock()
	if was != Done {
		close(d.done)
		if d.logged {
			d.s.quota.dropOperation(d.Owner)
		}
	}
	_ = d.s.quota.addBytes(d.Owner, -d.counted) // giving back is never refused
	d.counted = 0
	if !d.logged {
		return nil
	}
	return d.erase()
}

// erase removes the files. The journal of a document that counts stays, as a stone: the count never goes down.
func (d *Document) erase() error {
	var err error
	if d.effect != nil && d.effect.Counts {
		err = d.log(false, docEntry{Gone: true})
	} else {
		err = os.Remove(d.journalPath())
	}
	if rerr := os.Remove(d.contentPath()); !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

func (s *Store) addCompletion(tag string) {
	s.docMu.Lock()
	defer s.docMu.Unlock()
	s.completed[tag]++
	s.completions++
}

// Completed is the number of documents that have become complete with a tag, those that are gone included.
func (s *Store) Completed(tag string) int {
	s.docMu.Lock()
	defer s.docMu.Unlock()
	return s.completed[tag]
}

// Completions is the number of documents that have become complete.
func (s *Store) Completions() int {
	s.docMu.Lock()
	defer s.docMu.Unlock()
	return s.completions
}

// Unfinished returns the documents that are complete and whose effect is not there yet.
func (s *Store) Unfinished() []*Document {
	return slices.DeleteFunc(s.documents(), func(d *Document) bool { return d.View().State != Complete })
}

// documents are all that are not closed, the hidden ones too.
func (s *Store) documents() []*Document {
	s.docMu.Lock()
	defer s.docMu.Unlock()
	var all []*Document
	for _, d := range s.docs {
		all = append(all, d)
	}
	for _, d := range s.hidden {
		all = append(all, d)
	}
	return all
}

// expire closes a document that is incomplete and that nobody has touched for a while.
func (d *Document) expire(now time.Time, after time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != Receiving || len(d.sections) > 0 || now.Sub(d.touched) < after {
		return false, nil
	}
	return true, d.close()
}

// interrupt fences every connection.
func (d *Document) interrupt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.flush() // what was not told to anybody may be lost
	d.stop(d.sections)
}
