package reference

import (
	"errors"
	"io"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// Transaction is what a client prefers of an interrupted request (Byte Range PATCH, Preserving Incomplete Uploads with
// "Prefer: transaction").
type Transaction int

// What a client may prefer.
const (
	TransactionAny     Transaction = iota // nothing, or a value that nobody defined
	TransactionAtomic                     // all or nothing
	TransactionPersist                    // what came is kept
)

// Write is one request that writes to a document: by PUT or PATCH, the whole or parts.
type Write struct {
	Request     *http.Request
	Transaction Transaction
	Whole       bool // PUT of the whole document
	Several     bool // the format may have more than one part
	InOrder     bool // no gap, also within the complete length
	InItself    bool // without a complete length, the document is complete with this request
}

// write is a Write on its way.
type write struct {
	Write
	s       *Server
	x       *exchange
	job     store.Job
	parts   partReader
	begun   bool         // a part has been taken
	inPlace bool         // the parts take effect as they come
	stage   *store.Stage // otherwise: where they are gathered
	staged  []Part
	checked bool            // the preconditions were evaluated on what is written to
	section *store.Section  // of the part that is being written
	doc     *store.Document // that was written to
	end     int64           // of the document: where the last part ended; -1 where it set the size
}

// carry carries a write out, and answers.
func (s *Server) carry(w *write) {
	x := w.x
	w.s = s
	defer s.gates.enter(x.place(), x.peer)()
	v := w.look()
	if err := s.seams.Document.Conditions(x.r, v); err != nil {
		s.writeRefused(x, err)
		return
	}
	_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
	applied := s.seams.Document.Applied(w.Write, v)
	if applied != "" && x.r.ProtoAtLeast(1, 1) {
		x.interim(Interim{http.StatusEarlyHints, http.Header{fieldApplied: {applied}}})
	}
	complete, err := w.run()
	if err != nil {
		s.writeFailed(x, err)
		return
	}
	s.gates.leave(x.place(), x.peer)
	if applied != "" {
		x.w.Header().Set(fieldApplied, applied)
	}
	w.answer(complete)
}

// look waits until what was sent before is kept, and until the effect of a document that is complete is there.
func (w *write) look() store.View {
	at := w.x.place()
	settleSeats(w.x.r.Context(), drainGrace, drainLimit, func() []*peer { return nil }, func() activity {
		return activityOf(w.s.store.Document(at).Sections)
	})
	v := w.s.store.Document(at)
	if v.State == store.Complete {
		w.wait(v.Document)
		v = w.s.store.Document(at)
	}
	return v
}

// wait waits for the effect of a document.
func (w *write) wait(d *store.Document) {
	select {
	case <-d.Done():
	case <-w.s.ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// run takes all parts, and tells whether the document is complete by them.
func (w *write) run() (complete bool, err error) {
	defer w.close()
	for {
		p, err := w.parts.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		if err := w.take(p); err != nil {
			return false, err
		}
	}
	w.x.peer.rest()
	if !w.inPlace {
		if err := w.commit(); err != nil {
			return false, err
		}
	}
	replaces := w.Whole && !w.inPlace // it was made of all its bytes
	if w.doc == nil || !replaces && !w.doc.Complete() {
		return false, nil
	}
	w.s.processDocument(w.doc, w.x.r)
	return true, nil
}

func (w *write) close() {
	w.release()
	if w.stage != nil {
		if err := w.stage.Close(); err != nil {
			w.s.opts.Logger.Error("close stage", "error", err)
		}
	}
}

func (w *write) release() {
	if w.section != nil {
		w.section.Release()
		w.section = nil
	}
}

// Errors of a part that cannot be taken.
var (
	ErrHuge   = errors.New("goes beyond what this server keeps of a document")
	errExists = errors.New("another request is creating the document")
)

// take takes one part. All that can be refused is refused before anything is changed.
func (w *write) take(p Part) error {
	v := w.s.store.Document(w.x.place())
	p = w.s.seams.Document.Taken(w.Write, p, v)
	c := p.Range
	switch {
	case max(c.Complete, c.Last+1, c.First) > w.s.opts.MaxBody:
		return ErrHuge
	case !p.Open && p.Size > c.Length():
		return errLong
	}
	if !w.begun {
		w.begun, w.inPlace = true, w.s.seams.Document.InPlace(w.Write, p, v)
	}
	if w.inPlace || !w.Whole {
		if err := w.fits(v, p); err != nil {
			return err
		}
	}
	if p.Type != "" {
		w.job.ContentType = p.Type
	}
	if c.Ends() {
		return w.takeSize(p)
	}
	if w.inPlace {
		return w.writeThrough(p)
	}
	return w.gather(p)
}

// fits decides whether a part fits a document to which those before it have been applied.
func (w *write) fits(v store.View, parts ...Part) error {
	for _, p := range w.staged {
		v = applied(v, p)
	}
	for _, p := range parts {
		if err := w.s.seams.Document.Fits(w.Write, p, v); err != nil {
			return err
		}
		v = applied(v, p)
	}
	return nil
}

// takeSize takes a part that sets the size. Its request has to be whole.
func (w *write) takeSize(p Part) error {
	if err := excess(p.Body); err != nil {
		return err
	}
	n := p.Range.Complete
	w.end = -1
	if !w.inPlace {
		st, err := w.stageFor()
		if err != nil {
			return err
		}
		st.Resize(n)
		w.staged = append(w.staged, p)
		return nil
	}
	return w.claim(p, func(c store.Claim) error {
		c.First, c.Last = 0, -1
		if err := w.s.store.Resize(c, n); err != nil {
			return err
		}
		w.doc = w.s.store.Document(c.Place).Document
		return nil
	})
}

// excess reads the end of a part body. Bytes after the range make the patch malformed.
func excess(body io.Reader) error {
	var one [1]byte
	for {
		switch n, err := body.Read(one[:]); {
		case n > 0:
			return errLong
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// writeThrough writes a part into the document as it comes.
func (w *write) writeThrough(p Part) error {
	to := &through{w, p}
	err := w.receive(p, to)
	if err == nil && w.section == nil { // no byte came, and none was to come
		err = to.claim()
	}
	if err != nil {
		return err
	}
	w.end = w.section.Next()
	if err := excess(p.Body); err != nil && (w.Several || !errors.Is(err, errInterrupted)) {
		return err // where all bytes are there, it does not matter that the last chunk of the request is cut off
	}
	if w.InItself && p.Range.Complete < 0 {
		if err := w.section.SetLength(max(w.end, w.doc.View().Size)); err != nil && !errors.Is(err, store.ErrLength) {
			return err // another length is known: this part is one of several
		}
	}
	w.release()
	return nil
}

// receive moves the body of a part to where it belongs.
func (w *write) receive(p Part, to sink) error {
	r := &receiver{s: w.s, x: w.x, writer: to, peer: w.x.peer, limit: w.s.opts.MaxBody - p.Range.First}
	body := p.Body
	if !p.Open {
		body = io.LimitReader(body, p.Want())
	}
	in := Intake{Request: w.x.r, Want: p.Want()}
	in.Got, in.Err = r.receive(body)
	return w.s.seams.Document.Ended(in)
}

// through is the way of a part into its document. The document is not there before the first byte, so that a request
// without one leaves no trace.
type through struct {
	w *write
	p Part
}

func (t *through) claim() error {
	return t.w.claim(t.p, func(c store.Claim) (err error) {
		if t.w.section, err = t.w.s.store.Claim(c); err == nil {
			t.w.doc = t.w.section.Document()
		}
		return err
	})
}

// Append implements sink.
func (t *through) Append(b []byte) error {
	if t.w.section == nil {
		if err := t.claim(); err != nil {
			return err
		}
	}
	return t.w.section.Append(b)
}

// Current implements sink.
func (t *through) Current() error {
	if t.w.section == nil {
		return nil
	}
	return t.w.section.Current()
}

func (w *write) stageFor() (*store.Stage, error) {
	if w.stage != nil {
		return w.stage, nil
	}
	var err error
	w.stage, err = w.s.store.NewStage(w.x.owner)
	return w.stage, err
}

// gather keeps a part until all are there.
func (w *write) gather(p Part) error {
	st, err := w.stageFor()
	if err != nil {
		return err
	}
	before := st.Size()
	st.Write(p.Range.First)
	if err := w.receive(p, st); err != nil {
		return err
	}
	if err := excess(p.Body); err != nil {
		return err
	}
	w.end = p.Range.First + st.Size() - before
	p.Open, p.Range.Last = false, w.end-1
	w.staged = append(w.staged, p)
	return nil
}

// commit lets the parts that were gathered take effect, all at once.
func (w *write) commit() (err error) {
	if w.Whole {
		if w.stage, err = w.stageFor(); err != nil {
			return err
		}
		w.doc, err = w.s.store.Replace(w.claimOf(nil, func(v store.View) error { return w.s.seams.Document.Conditions(w.x.r, v) }), w.stage)
		return err
	}
	if len(w.staged) == 0 {
		return errPartSyntax
	}
	all := w.staged
	w.staged = nil
	return w.claim(Part{Range: span(all)}, func(c store.Claim) error {
		c.Length = w.lengthOf(all)
		c.Check = w.check(all...)
		v, _, err := w.s.store.Apply(c, w.stage)
		w.doc = v.Document
		return err
	})
}

// span is the range from the first byte of any part to the last, without end where one sets the size.
func span(parts []Part) ContentRange {
	c := parts[0].Range
	for _, p := range parts {
		if p.Range.Ends() {
			return ContentRange{First: 0, Last: -1}
		}
		c.First, c.Last = min(c.First, p.Range.First), max(c.Last, p.Range.Last)
	}
	return c
}

// lengthOf is the complete length that parts name, or that they have in themselves; -1 for none.
func (w *write) lengthOf(parts []Part) int64 {
	for _, p := range parts {
		if p.Range.Complete >= 0 {
			return p.Range.Complete
		}
	}
	if !w.InItself {
		return -1
	}
	return max(w.end, w.s.store.Document(w.x.place()).Size)
}
