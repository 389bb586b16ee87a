package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync/atomic"
)

// Claim is what a request is about to do to the document of a place.
type Claim struct {
	Place
	First, Last int64      // the range that it will write, in bytes; Last -1 for no end
	Length      int64      // the complete length that it names, -1 for none
	Peer        Peer       // the connection
	Seen        []*Section // those at work whom it takes the right from
	Job         Job
	// Check decides on what is there, which stays so until the claim is done. An error ends the claim.
	Check func(View) error
}

// Section is the right to write to one range of a document, from its first byte on. Several connections may have one
// each; who claims a range fences those whose range meets it, and their late bytes never get in.
type Section struct {
	Seat
	d       *Document
	file    *os.File
	next    atomic.Int64 // where the next byte goes
	end     int64        // where none may go any more
	pending int64        // the bytes from here to next are not in the journal
	changed bool         // some byte was not as it was already
	read    []byte
}

// Claim takes the right to write to a range. Where there is no document it makes one: a caller that must leave no trace
// calls it when it has the first byte. It fails with ErrBusy when somebody else has got a part of the range meanwhile, with
// ErrProcessing while the effect is in progress.
func (s *Store) Claim(c Claim) (w *Section, err error) {
	err = s.at(c.Place, func(d *Document, fresh bool) error {
		w, err = d.claim(c, fresh)
		return err
	})
	return w, err
}

func (d *Document) claim(c Claim, fresh bool) (*Section, error) {
	if err := d.admit(c, fresh); err != nil {
		return nil, err
	}
	if err := d.begin(c, fresh); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.contentPath(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open document: %w", err)
	}
	end := int64(math.MaxInt64)
	if c.Last >= 0 {
		end = c.Last + 1
	}
	w := &Section{Seat: Seat{peer: c.Peer, done: make(chan struct{})}, d: d, file: f, end: end, pending: c.First}
	w.next.Store(c.First)
	d.sections = append(d.sections, w)
	return w, nil
}

// admit lets a claim in, and fences those whom it takes the right from.
func (d *Document) admit(c Claim, fresh bool) error {
	if d.state == Complete {
		return ErrProcessing
	}
	v := View{Length: -1}
	if !fresh {
		v = d.view()
	}
	if err := c.Check(v); err != nil {
		return err
	}
	rivals := Rivals(d.sections, c.First, c.Last)
	for _, w := range rivals {
		if !slices.Contains(c.Seen, w) {
			return ErrBusy
		}
	}
	err := d.flush()
	d.stop(rivals)
	return err
}

// begin notes what a claim brings along, together with more entries; a new document is not there before.
func (d *Document) begin(c Claim, fresh bool, more ...docEntry) error {
	var entries []docEntry
	if fresh {
		if err := d.s.quota.addOperation(d.Owner, -1, true); err != nil {
			return err
		}
		entries = append(entries, docEntry{Record: &d.DocumentRecord})
	}
	job, length := d.job.with(c.Job), d.length
	if job != d.job {
		entries = append(entries, docEntry{Job: &job})
	}
	if d.state == Receiving && length < 0 && c.Length >= 0 {
		length = c.Length
		entries = append(entries, docEntry{Length: &length})
	}
	if entries = append(entries, more...); len(entries) == 0 {
		return nil
	}
	if err := d.log(false, entries...); err != nil {
		if fresh {
			d.s.quota.dropOperation(d.Owner)
			err = errors.Join(err, removeIfThere(d.journalPath()))
		}
		return err
	}
	d.job, d.length, d.logged = job, length, true
	return nil
}

// with is a job in which what o names is replaced.
func (j Job) with(o Job) Job {
	set(&j.Tag, o.Tag)
	set(&j.ContentType, o.ContentType)
	set(&j.Respond, o.Respond)
	set(&j.Delay, o.Delay)
	set(&j.Fail, o.Fail)
	return j
}

func set[T comparable](field *T, value T) {
	var zero T
	if value != zero {
		*field = value
	}
}

// Rivals are the sections whose range meets one from first to last; -1 is no end.
func Rivals(all []*Section, first, last int64) []*Section {
	return slices.DeleteFunc(slices.Clone(all), func(w *Section) bool {
		return w.end <= first || last >= 0 && last < w.next.Load()
	})
}

// stop fences sections. d.mu is held.
func (d *Document) stop(rivals []*Section) {
	for _, w := range rivals {
		w.peer.Stop()
	}
	d.sections = slices.DeleteFunc(d.sections, func(w *Section) bool { return slices.Contains(rivals, w) })
}

// Document is what the section belongs to.
func (w *Section) Document() *Document { return w.d }

// Current returns ErrFenced when the right to write has gone to another, or the document is closed or complete.
func (w *Section) Current() error {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	return w.current()
}

func (w *Section) current() error {
	if !slices.Contains(w.d.sections, w) {
		return ErrFenced
	}
	return nil
}

// Append writes p where the bytes before ended. On an error none or a prefix of p was kept.
func (w *Section) Append(p []byte) error {
	d := w.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := w.current(); err != nil {
		return err
	}
	next := w.next.Load()
	end := next + int64(len(p))
	switch {
	case end > w.end, d.state == Receiving && d.length >= 0 && end > d.length:
		return ErrPastEnd
	case len(d.kept) >= maxExtents && next != d.kept.End():
		return ErrFragments
	}
	again := d.kept.Within(next, end)
	if again == end-next && w.same(p, next) {
		w.next.Store(end)
		return nil
	}
	if err := d.reserve(end - next - again); err != nil {
		return err
	}
	if again > 0 {
		d.epoch.Add(1)
	}
	n, err := d.s.seams.Write(w.file, p, next)
	if n > 0 {
		d.wrote(next, next+int64(n))
		w.changed = true
		w.next.Store(next + int64(n))
	}
	if err != nil {
		d.settleQuota()
		return fmt.Errorf("write document: %w", err)
	}
	if end-w.pending >= max(logStep, d.size/256) {
		return w.flush()
	}
	return nil
}

// same tells whether p is at off already. A client that sends again what it sent before changes nothing.
func (w *Section) same(p []byte, off int64) bool {
	w.read = slices.Grow(w.read[:0], len(p))[:len(p)]
	n, err := w.file.ReadAt(w.read, off)
	return n == len(p) && (err == nil || errors.Is(err, io.EOF)) && bytes.Equal(w.read, p)
}

// reserve counts n bytes more.
func (d *Document) reserve(n int64) error {
	if err := d.s.quota.addBytes(d.Owner, n); err != nil {
		return err
	}
	d.counted += n
	return nil
}

// wrote notes that bytes are there and differ from what was.
func (d *Document) wrote(from, to int64) {
	d.kept = d.kept.Add(from, to)
	d.size = max(d.size, to)
	d.change(to - from)
}

// change notes n changes of the content.
func (d *Document) change(n int64) {
	d.revision += n
	d.modified = d.s.now()
	d.touched = d.modified
}

// settleQuota gives back what was reserved and not written.
func (d *Document) settleQuota() {
	kept := d.kept.Bytes()
	_ = d.s.quota.addBytes(d.Owner, kept-d.counted) // never more than was reserved
	d.counted = kept
}

// logStep is how many bytes a section writes at least until the journal is told. A kill loses less than that, or than a
// 256th of the document, of what nobody was told; and bytes that come one by one do not fill the disk with entries.
const logStep = 16 << 10

// flush tells the journal what was written. d.mu is held.
func (w *Section) flush() error {
	next := w.next.Load()
	if !w.changed {
		w.pending = next
		return nil
	}
	d := w.d
	if err := d.log(false, docEntry{Wrote: &Extent{w.pending, next}, Revision: d.revision, At: d.modified.UnixNano()}); err != nil {
		return err
	}
	w.pending, w.changed = next, false
	return nil
}

func (d *Document) flush() error {
	var errs []error
	for _, w := range d.sections {
		errs = append(errs, w.flush())
	}
	return errors.Join(errs...)
}

// SetLength records the complete length in bytes. It fails with ErrLength when another is known or more bytes are there.
func (w *Section) SetLength(n int64) error {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	if err := w.current(); err != nil {
		return err
	}
	return w.d.setLength(n)
}

func (d *Document) setLength(n int64) error {
	switch {
	case d.state != Receiving || d.length == n:
		return nil
	case d.length >= 0 || n < d.size:
		return ErrLength
	}
	if err := d.log(false, docEntry{Length: &n}); err != nil {
		return err
	}
	d.length = n
	return nil
}

// Release gives the right back and closes the file. It is called once, fenced or not.
func (w *Section) Release() {
	d := w.d
	d.mu.Lock()
	if d.state != Closed {
		_ = w.flush() // what was not told to anybody may be lost
	}
	d.sections = slices.DeleteFunc(d.sections, func(other *Section) bool { return other == w })
	if d.state == Receiving && d.revision == 0 && d.length != 0 && len(d.sections) == 0 {
		_ = d.close() // nothing came: no trace, also when its files stay until the next start
	}
	d.mu.Unlock()
	_ = w.file.Close() // what was acknowledged was synced before
	close(w.done)
}

// Next is where the next byte goes.
func (w *Section) Next() int64 { return w.next.Load() }
