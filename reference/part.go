package reference

import (
	"bufio"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// part is one PUT of a range of an upload (RFC 9110, 14.5) on its way.
type part struct {
	patch
	writer *store.Writer
}

// putPart answers PUT on the content of an upload: 308 with the prefix that is kept while it is incomplete,
// and the final response when it is complete.
func (s *Server) putPart(x *exchange) {
	if p := s.examinePart(x.r); p != nil {
		s.refuse(x, *p)
		return
	}
	_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
	complete, err := s.put(x)
	switch {
	case err != nil:
		s.partFailed(x, err)
	case complete:
		s.answerComplete(x)
	default:
		s.answerIncomplete(x)
	}
}

// examinePart decides by the fields that need no upload to compare them with.
func (s *Server) examinePart(r *http.Request) *problem {
	if !ifMatch(r.Header.Values("If-Match"), "") { // the content has no entity tag
		return &problem{Status: http.StatusPreconditionFailed}
	}
	return examineContent(r, s.opts.MaxBody)
}

// partFields are the fields of a PUT that say what it brings.
func partFields(r *http.Request) map[string][]string {
	fields := map[string][]string{"content-range": r.Header.Values("Content-Range")}
	if len(fields["content-range"]) == 0 {
		delete(fields, "content-range")
	}
	if r.ContentLength >= 0 {
		fields["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return fields
}

// put carries a PUT out, and tells whether the upload is complete. All that can be refused is refused before
// a byte of the body is read, let alone written.
func (s *Server) put(x *exchange) (complete bool, err error) {
	c, err := s.seams.Patch.Range(x.op, partFields(x.r))
	if err != nil {
		return false, err
	}
	if max(c.Complete, c.Last+1) > s.opts.MaxBody {
		return false, errTooLarge
	}
	p := &part{patch: patch{s: s, x: x, op: x.op, peer: x.peer}}
	p.body = bufio.NewReaderSize(&p.patch, maxPartHead)
	defer p.release()
	if c.Ends() {
		p.rng = c
		return p.ask()
	}
	defer s.doors.enter(x.op, x.peer)()
	settleWriters(x.r.Context(), p.rivals(store.Extent{From: c.First, To: c.Last + 1}), drainGrace, drainLimit, func() []*peer { return nil })
	if err := s.seams.Patch.Fits(x.op, c, x.op.Progress()); err != nil {
		return false, err
	}
	var body io.Reader
	p.rng, body = s.seams.Patch.Part(x.op, c, p.body)
	p.body, p.pos = bufio.NewReaderSize(body, maxPartHead), p.rng.First // p.body itself, unless it was replaced
	return p.apply()
}

func (p *part) rivals(r store.Extent) func() store.Progress {
	return func() store.Progress { return p.s.seams.Upload.Rivals(p.op, r) }
}

func (p *part) release() {
	if p.writer != nil {
		p.writer.Release()
	}
}

// ask answers "*/L", which asks what is kept, and ends an upload of which nothing else is missing.
func (p *part) ask() (complete bool, err error) {
	if err := p.finish(); err != nil {
		return false, err
	}
	up := p.s.seams.Offset.Settle(p.x.r.Context(), p.op)
	observe(up)
	if err := p.fits(); err != nil {
		return false, err
	}
	if up.State != store.Receiving || up.Offset < p.rng.Complete {
		return up.State != store.Receiving, nil
	}
	return p.ending(p.acquire(store.Extent{From: p.rng.Complete, To: math.MaxInt64}))
}

// ending completes an upload whose bytes are all kept.
func (p *part) ending(err error) (complete bool, _ error) {
	if errors.Is(err, store.ErrComplete) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := p.fits(); err != nil { // the older writer may have brought more
		return false, err
	}
	if err := p.writer.SetLength(p.rng.Complete); err != nil {
		return false, err
	}
	return p.completed()
}

// apply writes what is missing of the range, and compares the rest with what is kept.
func (p *part) apply() (complete bool, err error) {
	if err := p.compareKept(); err != nil {
		return false, err
	}
	if p.op.State() != store.Receiving {
		return true, p.finish()
	}
	switch err := p.acquire(store.Extent{From: p.pos, To: p.rng.Last + 1}); {
	case errors.Is(err, store.ErrComplete): // others have brought the rest meanwhile
		if err := p.compareKept(); err != nil {
			return false, err
		}
		return true, p.finish()
	case err != nil:
		return false, err
	}
	if err := p.fill(); err != nil && !p.overtaken(err) {
		return false, err
	}
	// All bytes are there: that the last chunk of the body itself is cut off does not matter any more.
	if err := p.finish(); err != nil && !errors.Is(err, errInterrupted) {
		return false, err
	}
	return p.completed()
}

// overtaken tells whether a part was fenced by nothing else than another one that has completed the upload when all bytes of
// this one were in, and before it had looked.
func (p *part) overtaken(err error) bool {
	state := p.op.State()
	return errors.Is(err, store.ErrFenced) && p.writer.Filled() && (state == store.Complete || state == store.Done)
}

func (p *part) acquire(r store.Extent) (err error) {
	p.writer, err = p.s.takeOverFrom(p.x.r.Context(), p.rivals(r), func(up store.Progress) (*store.Writer, error) {
		return p.op.AcquireRange(up.Writers, p.peer, r)
	})
	return err
}

// completed tells whether the upload is complete, and lets the effect happen if it is by this part.
func (p *part) completed() (bool, error) {
	if p.writer.Complete() {
		p.s.process(p.op, p.x.r)
		return true, nil
	}
	// In this order: who looks at the state first misses the part that completes the upload between the two looks.
	err := p.writer.Current()
	if p.overtaken(err) {
		return true, nil
	}
	return false, err
}

// fill goes through the range: what is missing is written, what is kept already is compared.
func (p *part) fill() error {
	if err := p.fits(); err != nil { // what the older writers kept until they were fenced
		return err
	}
	if c := p.rng; c.Complete >= 0 {
		if err := p.writer.SetLength(c.Complete); err != nil {
			return err
		}
	}
	for {
		kept, n, err := p.writer.Next()
		switch {
		case err != nil || n == 0:
			return err
		case kept:
			if err := p.compareNext(n); err != nil {
				return err
			}
			p.writer.Skip(n)
		default:
			if err := p.receive(n); err != nil {
				return err
			}
		}
	}
}

// receive writes the next n bytes.
func (p *part) receive(n int64) error {
	r := &receiver{s: p.s, x: p.x, writer: p.writer, peer: p.peer, limit: n}
	in := Intake{Request: p.x.r, Op: p.op, Want: n}
	in.Got, in.Err = r.receive(io.LimitReader(p.body, n))
	p.pos += in.Got
	if in.Err = p.s.seams.Body.Ended(in); in.Err != nil {
		p.s.broken(in, p.writer)
	}
	return in.Err
}

// compareKept reads the body as far as it is kept already, before anybody is disturbed.
func (p *part) compareKept() error {
	for {
		if err := p.fits(); err != nil {
			return err
		}
		kept, end := p.op.Progress().Kept.At(p.pos)
		n := min(end, p.rng.Last+1) - p.pos
		if !kept || n <= 0 {
			return nil
		}
		if err := p.compareNext(n); err != nil {
			return err
		}
	}
}

func (p *part) compareNext(n int64) error {
	kept, err := p.op.Open(p.pos + n)
	if err != nil {
		return err
	}
	defer kept.Close()
	return p.compareWith(kept, n)
}

func (p *part) fits() error {
	up := p.op.Progress()
	if up.State == store.Closed {
		return store.ErrClosed
	}
	return p.s.seams.Patch.Fits(p.op, p.rng, up)
}

// fitsIn decides whether a range fits what is kept of an operation.
func fitsIn(op *store.Operation, c ContentRange, up store.Progress) error {
	if !op.Upload {
		return fits(c, up)
	}
	switch {
	case c.Complete >= 0 && up.Length >= 0 && c.Complete != up.Length, c.Complete >= 0 && c.Complete < up.Kept.End():
		return store.ErrLength
	case up.Length >= 0 && c.Last >= up.Length:
		return store.ErrPastEnd
	case !op.Sparse && c.First > up.Offset:
		return errGap
	}
	return nil
}

// partFailed answers a part that was not written, or not to its end.
func (s *Server) partFailed(x *exchange, err error) {
	answer := s.unwritten(x, "part", err)
	if errors.Is(err, store.ErrBusy) {
		x.w.Header().Set("Retry-After", "1")
	}
	s.refuse(x, answer)
}

// answerIncomplete tells the prefix that is kept, which is durable before.
func (s *Server) answerIncomplete(x *exchange) {
	kept, err := x.op.DurableExtents()
	if err != nil {
		s.partFailed(x, err)
		return
	}
	h := x.w.Header()
	if n := s.seams.Upload.Shown(x.op, kept).Prefix(); n > 0 {
		h.Set("Range", "bytes=0-"+strconv.FormatInt(n-1, 10))
	}
	h.Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusPermanentRedirect) // 308, called "Resume Incomplete" by those who use it so
}

// answerComplete sends the final response; of an upload that takes its time to process 202, and where to look.
func (s *Server) answerComplete(x *exchange) {
	s.waitPreference(x)
	if _, done := x.op.Response(); done || x.op.Job.Delay == 0 {
		s.await(x, x.op)
		return
	}
	x.w.Header().Set("Location", uploadURI(x.op))
	s.sendStatus(x, http.StatusAccepted)
}
