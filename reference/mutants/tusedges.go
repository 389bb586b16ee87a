package mutants

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// tusEdges: bugs that show at one edge of the protocol only.
func tusEdges() []Mutant {
	return []Mutant{
		{
			Name: "tus-patch-empty-refused", Sentence: "A PATCH without a byte is refused.",
			Breaks: tusCases("patch.empty", "defer.empty"),
			Apply: writingAs(func(_ *http.Request, _ *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if err == nil && w.Size == 0 {
					err = store.ErrLength
				}
				return w, err
			}),
		},
		{
			Name: "tus-patch-chunks-unread", Sentence: "A PATCH without Content-Length is taken for one without a byte.",
			Breaks: tusCases("patch.chunked", "trailer.match", "upload.unknown-length"),
			Apply: writingAs(func(r *http.Request, _ *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if err == nil && w.Size < 0 {
					_, _ = io.Copy(io.Discard, r.Body) // what comes behind it is looked at all the same
					r.Body, w.Size = http.NoBody, 0
				}
				return w, err
			}),
		},
		{
			Name: "tus-patch-type-as-written", Sentence: "The media type of a PATCH is compared as a text.",
			Breaks: tusCases("patch.type-case"),
			Apply: regarding(http.MethodPatch, func(h http.Header) {
				if kind := h.Get("Content-Type"); kind != strings.ToLower(kind) {
					h.Set("Content-Type", "text/plain")
				}
			}),
		},
		{
			Name: "tus-patch-missing-500", Sentence: "A PATCH to an upload that is not there is answered with 500.",
			Breaks: tusCases("patch.missing", "terminate.gone"),
			Apply:  restatus(http.MethodPatch, http.StatusNotFound, http.StatusInternalServerError),
		},
		{
			Name: "tus-patch-past-end-counted", Sentence: "What a PATCH brings beyond the end is not kept, and counts for the offset.",
			Breaks: tusCases("patch.past-end", "patch.past-end-chunked", "patch.after-end"),
			Apply:  countingPastEnd,
		},
		{
			Name: "tus-patch-complete-counts", Sentence: "Each PATCH to an upload that is complete has its effect again.",
			Breaks: tusCases("patch.after-end", "upload.concurrent"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Tus.Fits
				s.Tus.Fits = func(op *store.Operation, w reference.TusWrite, up store.Progress) error {
					if up.State == store.Done {
						again(op)
					}
					return next(op, w, up)
				}
			},
		},
		{
			Name: "tus-unsent-counts", Sentence: "A PATCH of which no byte comes has an effect.",
			Breaks: tusCases("before100.lost", "before100.state-unchanged", "before100.reissue", "patch.cut"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				interrupting(s, func(op *store.Operation, offset int64) int64 {
					if op.Progress().Offset == offset {
						again(op)
					}
					return -1
				})
			},
		},
		{
			Name: "tus-unsent-too-often", Sentence: "An upload is gone after forty PATCHes of which no byte came.",
			Breaks: tusCases("before100.repeated"),
			Apply: func(s *reference.Seams) {
				var unsent tally
				interrupting(s, func(op *store.Operation, offset int64) int64 {
					if op.Progress().Offset == offset && unsent.next(op) == 40 {
						_ = op.Cancel() // it is being received
					}
					return -1
				})
			},
		},
		{
			Name: "tus-cut-again-clears", Sentence: "The second PATCH of an upload that is cut takes everything that was kept with it.",
			Breaks: tusCases("upload.never-decreases", "upload.interrupted-again", "patch.cut"),
			Apply: func(s *reference.Seams) {
				var cut tally
				interrupting(s, func(op *store.Operation, _ int64) int64 {
					if cut.next(op) == 2 {
						return 0
					}
					return -1
				})
			},
		},
		{
			Name: "tus-head-206", Sentence: "HEAD is answered with 206.",
			Breaks: tusCases("head.status"),
			Apply:  restatus(http.MethodHead, http.StatusOK, http.StatusPartialContent),
		},
		{
			Name: "tus-head-tires", Sentence: "Who asks for the offset the twentieth time is told that nothing is there.",
			Breaks: tusCases("head.repeated"),
			Apply: func(s *reference.Seams) {
				var asked tally
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					if asked.next(op) >= 20 && op.State() == store.Receiving {
						return 0
					}
					return kept
				}
			},
		},
		{
			Name: "tus-head-of-the-last", Sentence: "HEAD tells the offset of the upload that took bytes last.",
			Breaks: tusCases("create.own", "upload.isolated", "terminate.others"),
			Apply: func(s *reference.Seams) {
				var mu sync.Mutex
				var last *store.Operation
				writingAs(func(_ *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
					mu.Lock()
					defer mu.Unlock()
					last = op
					return w, err
				})(s)
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					mu.Lock()
					defer mu.Unlock()
					if last != nil && kept > 0 && op.State() == store.Receiving {
						return last.Progress().Offset
					}
					return kept
				}
			},
		},
		{
			Name: "tus-complete-counts-when-asked", Sentence: "Each HEAD on an upload that is complete has its effect again.",
			Breaks: tusCases("response.once", "patch.one"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Offset.Shown
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					if op.State() == store.Done {
						again(op)
					}
					return next(op, kept)
				}
			},
		},
		{
			Name: "tus-stored-late-after-cut", Sentence: "The first byte of each PATCH that follows one which was cut is damaged.",
			Breaks: tusCases("upload.content-intact", "upload.completed", "patch.get"),
			Apply: func(s *reference.Seams) {
				var cut marks
				interrupting(s, func(op *store.Operation, _ int64) int64 { cut.set(op); return -1 })
				writingAs(func(r *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
					if cut.has(op) {
						r.Body = &spoilt{ReadCloser: r.Body}
					}
					return w, err
				})(s)
			},
		},
		{
			Name: "tus-stored-border-damaged", Sentence: "The byte behind the first 64 KiB of an upload is damaged.",
			Breaks: tusCases("patch.one", "upload.offsets"),
			Apply: func(s *reference.Seams) {
				const border = 64 << 10
				next := s.Store.Write
				s.Store.Write = func(f *os.File, p []byte, offset int64) (int, error) {
					if offset <= border && offset+int64(len(p)) > border {
						p = slices.Clone(p)
						p[border-offset] ^= 1
					}
					return next(f, p, offset)
				}
			},
		},
		{
			Name: "tus-stored-unsatisfied-unsaid", Sentence: "A 416 does not tell how many bytes there are.",
			Breaks: tusCases("download.unsatisfiable"),
			Apply: without("Content-Range", func(_ *http.Request, status int, _ http.Header) bool {
				return status == http.StatusRequestedRangeNotSatisfiable
			}),
		},
		{
			Name: "tus-effect-of-failure", Sentence: "An upload that is answered with an error has its effect all the same.",
			Breaks: tusCases("response.failed"),
			Apply: func(s *reference.Seams) {
				effect := s.Effect.Make
				outcomes(s, func(op *store.Operation, resp *store.Response) *store.Response {
					if op.Job.Fail != 0 && isTus(op) {
						_, _ = effect(op)
					}
					return resp
				})
			},
		},
		{
			Name: "tus-delete-missing-204", Sentence: "A DELETE of what is not there is confirmed.",
			Breaks: tusCases("terminate.missing", "terminate.gone"),
			Apply:  restatus(http.MethodDelete, http.StatusNotFound, http.StatusNoContent),
		},
		{
			Name: "tus-expires-in-the-past", Sentence: "The time that is told is that of the creation.",
			Breaks: tusCases("expire.later"),
			Apply: tusHead(func(_ *http.Request, status int, h http.Header) int {
				if h.Get("Upload-Expires") != "" {
					h.Set("Upload-Expires", "Sat, 31 Oct 2026 00:00:00 GMT")
				}
				return status
			}),
		},
		{
			Name: "tus-checksum-for-ever", Sentence: "Once a PATCH had a checksum, those without one are refused.",
			Breaks: tusCases("checksum.without"),
			Apply: func(s *reference.Seams) {
				var summed marks
				writingAs(func(_ *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
					switch {
					case err != nil:
					case w.Checksum != nil:
						summed.set(op)
					case summed.has(op) && !w.Trailer:
						err = errors.New("a checksum is missing")
					}
					return w, err
				})(s)
			},
		},
	}
}

// countingPastEnd keeps what fits of a PATCH and counts the rest as well.
func countingPastEnd(s *reference.Seams) {
	var over sync.Map // by operation
	counted := func(op *store.Operation, kept int64) int64 {
		if n, ok := over.Load(op); ok {
			return kept + n.(int64)
		}
		return kept
	}
	writingAs(func(r *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
		if up := op.Progress(); err == nil && up.Length >= 0 && w.Offset == up.Offset {
			room := up.Length - up.Offset
			r.Body = &roomy{r.Body, room, func(n int64) { over.Store(op, n) }}
			w.Size = min(w.Size, room)
		}
		return w, err
	})(s)
	shown, told := s.Offset.Shown, s.Tus.Told
	s.Offset.Shown = func(op *store.Operation, kept int64) int64 { return counted(op, shown(op, kept)) }
	s.Tus.Told = func(r *http.Request, op *store.Operation, kept int64) int64 { return counted(op, told(r, op, kept)) }
}

// roomy is a body that gives as much as there is room for, and tells how much more came.
type roomy struct {
	io.ReadCloser
	room int64
	over func(n int64)
}

// Read implements io.Reader.
func (b *roomy) Read(p []byte) (int, error) {
	if b.room > 0 {
		n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.room)])
		b.room -= int64(n)
		return n, err
	}
	n, err := io.Copy(io.Discard, b.ReadCloser)
	if n > 0 {
		b.over(n)
	}
	if err == nil {
		err = io.EOF
	}
	return 0, err
}

// spoilt is a body whose first byte is another.
type spoilt struct {
	io.ReadCloser
	begun bool
}

// Read implements io.Reader.
func (b *spoilt) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.begun {
		p[0] ^= 1
		b.begun = true
	}
	return n, err
}
