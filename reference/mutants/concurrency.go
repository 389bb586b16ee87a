package mutants

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// concurrency: two connections, or two uploads, get into each other's way.
func concurrency() []Mutant {
	return []Mutant{
		{
			Name: "lock-for-ever", Sentence: "An upload that was interrupted stays locked: every PATCH is answered with 409.",
			Breaks: cases("upload.offset-accepted", "offer.default-is-save"),
			Apply: func(s *reference.Seams) {
				var locked marks
				keep(s, func(in reference.Intake, n int64) int64 {
					locked.set(in.Op)
					return n
				})
				busy(s, func(op *store.Operation, _ store.Progress) bool { return locked.has(op) })
			},
		},
		{
			Name: "lock-of-open-connection", Sentence: "A PATCH is refused as long as the old connection is open.",
			Breaks: cases("upload.stalled-connection", "upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				busy(s, func(_ *store.Operation, up store.Progress) bool { return up.Writer != nil })
			},
		},
		{
			Name: "rivals-mixed", Sentence: "Two PATCHes at once write in turns of 128 bytes.",
			Breaks: cases("upload.concurrent"),
			Apply: func(s *reference.Seams) {
				m := meeting{first: map[*store.Operation]chan []byte{}}
				s.Patch.Part = m.part
			},
		},
		{
			Name: "effect-per-patch", Sentence: "A PATCH that is sent again to a complete upload has the effect again.",
			Breaks: cases("upload.concurrent", "upload.interrupted-again", "response.after-patch"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					err := next(op, c, up)
					if err == nil && up.State == store.Done && c.Last+1 == up.Length {
						again(op)
					}
					return err
				}
			},
		},
		{
			Name: "effect-at-end-of-old-connection", Sentence: "The end of a connection that was taken over has the effect again.",
			Breaks: cases("upload.stalled-connection", "upload.offsets"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				keep(s, func(in reference.Intake, n int64) int64 {
					if errors.Is(in.Err, store.ErrFenced) {
						again(in.Op)
					}
					return n
				})
			},
		},
		{
			Name: "latest-upload-for-all", Sentence: "While an upload is unfinished, the request content locations of all others lead to it.",
			Breaks: cases("upload.isolated"),
			Apply: func(s *reference.Seams) {
				var latest atomic.Pointer[store.Operation]
				next, find := s.Offer.Interims, s.Access.Find
				s.Offer.Interims = func(r *http.Request, op *store.Operation) []reference.Interim {
					latest.Store(op)
					return next(r, op)
				}
				s.Access.Find = func(r *http.Request, id string) (*store.Operation, bool) {
					op, ok := find(r, id)
					if other := latest.Load(); ok && at(r, requests) && other != nil && other.Save && other.State() == store.Receiving {
						return other, true
					}
					return op, ok
				}
			},
		},
	}
}

// busy refuses PATCHes as if another were at work.
func busy(s *reference.Seams, locked func(*store.Operation, store.Progress) bool) {
	next := s.Patch.Fits
	s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
		if up.State == store.Receiving && locked(op, up) {
			return store.ErrBusy
		}
		return next(op, c, up)
	}
}

// repeatedly takes away what makes the effect idempotent, and gives what has it once more.
func repeatedly(s *reference.Seams) (again func(*store.Operation)) {
	s.Store.Identity = func(*store.Operation) string { return store.NewID() }
	effect := s.Effect.Make
	return func(op *store.Operation) {
		if op.Job.Fail == 0 {
			_, _ = effect(op) // one effect more or less: the suite will see
		}
	}
}

// meeting lets the PATCHes of an operation that come at once write as one.
type meeting struct {
	mu    sync.Mutex
	first map[*store.Operation]chan []byte
}

// glance is how long a PATCH waits for a rival.
const glance = 100 * time.Millisecond

// part is reference.PatchSeams.Part. The second of two hands its bytes to the first, and both go on with the mixture.
func (m *meeting) part(op *store.Operation, c reference.ContentRange, body io.Reader) (reference.ContentRange, io.Reader) {
	if op.State() != store.Receiving || c.Length() < 1024 {
		return c, body
	}
	mine, err := io.ReadAll(body)
	if err != nil {
		return c, io.MultiReader(bytes.NewReader(mine), broken{err})
	}
	m.mu.Lock()
	rival := m.first[op]
	if rival == nil {
		rival = make(chan []byte)
		m.first[op] = rival
		m.mu.Unlock()
		mine = m.mixed(op, rival, mine)
	} else {
		delete(m.first, op)
		m.mu.Unlock()
		rival <- mine
		mine = <-rival
	}
	return c, bytes.NewReader(mine)
}

// mixed waits for the bytes of a rival, and mixes them with mine.
func (m *meeting) mixed(op *store.Operation, rival chan []byte, mine []byte) []byte {
	timer := time.NewTimer(glance)
	defer timer.Stop()
	var theirs []byte
	select {
	case theirs = <-rival:
	case <-timer.C:
		m.mu.Lock()
		alone := m.first[op] == rival
		if alone {
			delete(m.first, op)
		}
		m.mu.Unlock()
		if alone {
			return mine
		}
		theirs = <-rival
	}
	for from := 0; from < min(len(mine), len(theirs)); from += 256 {
		copy(mine[from:min(from+128, len(mine))], theirs[from:])
	}
	rival <- mine
	return mine
}

// broken is a reader that gives an error.
type broken struct{ err error }

// Read implements io.Reader.
func (b broken) Read([]byte) (int, error) { return 0, b.err }
