package mutants

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// offset: what is told of how much has arrived is wrong.
func offset() []Mutant {
	return []Mutant{
		{
			Name: "offset-one-high", Sentence: "HEAD tells one byte more than has arrived.",
			Breaks: cases("upload.head-length", "upload.offset-accepted"),
			Apply: showing(func(op *store.Operation, kept int64) int64 {
				if op.State() == store.Receiving {
					return kept + 1
				}
				return kept
			}),
		},
		{
			Name: "offset-one-low", Sentence: "HEAD tells the position of the last byte instead of their number, and PATCH refuses to begin there.",
			Breaks: cases("upload.offset-accepted"),
			Apply: strictly(func(op *store.Operation, kept int64) int64 {
				if op.State() == store.Receiving {
					return max(kept-1, 0)
				}
				return kept
			}),
		},
		{
			Name: "offset-announced", Sentence: "HEAD tells the length that was announced instead of what has arrived.",
			Breaks: cases("upload.head-length"),
			Apply: showing(func(op *store.Operation, kept int64) int64 {
				return max(kept, op.Progress().Length)
			}),
		},
		{
			Name: "offset-zero", Sentence: "HEAD tells 0 until the upload is complete.",
			Breaks: cases("upload.kept"),
			Apply: showing(func(op *store.Operation, kept int64) int64 {
				if op.State() == store.Receiving {
					return 0
				}
				return kept
			}),
		},
		{
			Name: "offset-zero-at-end", Sentence: "HEAD tells 0 once the upload is complete.",
			Breaks: cases("response.complete-upload"),
			Apply: showing(func(op *store.Operation, kept int64) int64 {
				if op.State() != store.Receiving {
					return 0
				}
				return kept
			}),
		},
		{
			Name: "offset-stale-block", Sentence: "HEAD tells whole blocks of 4 KiB only, and PATCH refuses to begin there.",
			Breaks: cases("upload.offset-accepted", "upload.offsets"),
			Apply: strictly(func(op *store.Operation, kept int64) int64 {
				if op.State() == store.Receiving {
					return max(kept-1, 0) / 4096 * 4096
				}
				return kept
			}),
		},
		{
			Name: "offset-remembered", Sentence: "HEAD tells for ever what it told first, and PATCH refuses to begin there.",
			Breaks: cases("upload.interrupted-again", "upload.never-decreases"),
			Apply: func(s *reference.Seams) {
				var first sync.Map
				strictly(func(op *store.Operation, kept int64) int64 {
					told, _ := first.LoadOrStore(op, kept)
					if op.State() == store.Receiving {
						return told.(int64)
					}
					return kept
				})(s)
			},
		},
		{
			Name: "offset-goes-down", Sentence: "Every second HEAD tells half.",
			Breaks: cases("upload.never-decreases"),
			Apply: func(s *reference.Seams) {
				var heads tally
				showing(func(op *store.Operation, kept int64) int64 {
					if op.State() == store.Receiving && heads.next(op)%2 == 0 {
						return kept / 2
					}
					return kept
				})(s)
			},
		},
		{
			Name: "offset-no-length", Sentence: "HEAD has no Content-Length.",
			Breaks: cases("upload.head-length"),
			Apply: field(requests, func(r *http.Request, _ int, h http.Header) {
				if r.Method == http.MethodHead {
					h.Del("Content-Length")
				}
			}),
		},
		{
			Name: "offset-locked", Sentence: "HEAD on an interrupted upload is answered with 423.",
			Breaks: cases("upload.head-status"),
			Apply: func(s *reference.Seams) {
				var locked sync.Map // by path
				find := s.Access.Find
				s.Access.Find = func(r *http.Request, id string) (*store.Operation, bool) {
					op, ok := find(r, id)
					if ok && op.State() == store.Receiving {
						locked.Store(r.URL.Path, true)
					} else {
						locked.Delete(r.URL.Path)
					}
					return op, ok
				}
				s.HTTP.Head = func(r *http.Request, status int, _ http.Header) int {
					if _, is := locked.Load(r.URL.Path); is && at(r, requests) && r.Method == http.MethodHead {
						return http.StatusLocked
					}
					return status
				}
			},
		},
		{
			Name: "offset-no-tag", Sentence: "HEAD on the request content has no ETag, GET has one.",
			Breaks: cases("upload.head-equals-get"),
			Apply: field(requests, func(r *http.Request, _ int, h http.Header) {
				if r.Method == http.MethodHead {
					h.Del("ETag")
				}
			}),
		},
		{
			Name: "offset-get-shifted", Sentence: "GET on the request content gives its bytes from the second on, and one that is no part of it.",
			Breaks: cases("upload.get-or-405"),
			Apply: viewing(requests, func(_ *http.Request, content io.ReadSeeker) io.ReadSeeker {
				return &shifted{ReadSeeker: content, by: 1}
			}),
		},
		{
			Name: "offset-get-padded", Sentence: "GET on the request content goes on with zeros.",
			Breaks: cases("upload.get-or-405", "upload.head-equals-get"),
			Apply: viewing(requests, func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
				if r.Method == http.MethodGet {
					return &padded{ReadSeeker: content, by: 100}
				}
				return content
			}),
		},
		{
			Name: "offset-405-without-allow", Sentence: "GET on the request content is refused with 405, and no Allow says what is allowed.",
			Breaks: cases("upload.get-or-405"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if at(r, requests) && r.Method == http.MethodGet {
					return http.StatusMethodNotAllowed
				}
				return status
			}),
		},
		{
			Name: "offset-waits-for-old-connection", Sentence: "HEAD is not answered while the old connection is open.",
			Breaks: cases("upload.stalled-connection", "upload.head-status"),
			Apply: func(s *reference.Seams) {
				next := s.Offset.Settle
				s.Offset.Settle = func(ctx context.Context, op *store.Operation) store.Progress {
					if w := op.Progress().Writer; w != nil {
						select {
						case <-w.Released():
						case <-ctx.Done():
						}
					}
					return next(ctx, op)
				}
			},
		},
		{
			Name: "offset-after-reset", Sentence: "What a reset connection brought last is dropped, and HEAD tells it all the same.",
			Breaks: cases("upload.offset-accepted", "upload.content-intact"),
			Apply: func(s *reference.Seams) {
				var lost marks
				keep(s, func(in reference.Intake, n int64) int64 {
					if !errors.Is(in.Err, syscall.ECONNRESET) || n == 0 {
						return n
					}
					lost.set(in.Op)
					return n - 1
				})
				showing(func(op *store.Operation, kept int64) int64 {
					if op.State() == store.Receiving && lost.has(op) {
						return kept + 1
					}
					return kept
				})(s)
			},
		},
	}
}

func showing(shown func(op *store.Operation, kept int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) { s.Offset.Shown = shown }
}

// strictly is showing of a server that takes no byte twice.
func strictly(shown func(op *store.Operation, kept int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) {
		s.Offset.Shown = shown
		next := s.Patch.Fits
		s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
			if !c.Ends() && c.First < up.Offset {
				return store.ErrBusy
			}
			return next(op, c, up)
		}
	}
}

// keep changes what is kept of a body that did not come in.
func keep(s *reference.Seams, change func(in reference.Intake, n int64) int64) {
	next := s.Body.Kept
	s.Body.Kept = func(in reference.Intake, n int64) int64 {
		if n = next(in, n); n < 0 {
			return n
		}
		return change(in, n)
	}
}

func viewing(prefix string, view func(*http.Request, io.ReadSeeker) io.ReadSeeker) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Content.View
		s.Content.View = func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
			content = next(r, content)
			if at(r, prefix) {
				return view(r, content)
			}
			return content
		}
	}
}

// shifted is content that is read some bytes too late; its length is right.
type shifted struct {
	io.ReadSeeker
	by int64
}

// Seek implements io.Seeker.
func (s *shifted) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return s.ReadSeeker.Seek(offset, whence)
	}
	_, err := s.ReadSeeker.Seek(offset+s.by, whence)
	return offset, err
}

// Read implements io.Reader; behind its end the content is zeros.
func (s *shifted) Read(p []byte) (int, error) {
	n, err := s.ReadSeeker.Read(p)
	if errors.Is(err, io.EOF) {
		clear(p)
		return len(p), nil
	}
	return n, err
}

// padded is content with zeros at its end.
type padded struct {
	io.ReadSeeker
	by int64
}

// Seek implements io.Seeker.
func (p *padded) Seek(offset int64, whence int) (int64, error) {
	n, err := p.ReadSeeker.Seek(offset, whence)
	if whence == io.SeekEnd {
		n += p.by
	}
	return n, err
}

// Read implements io.Reader.
func (p *padded) Read(b []byte) (int, error) {
	n, err := p.ReadSeeker.Read(b)
	if errors.Is(err, io.EOF) {
		clear(b)
		return len(b), nil
	}
	return n, err
}
