package mutants

import (
	"errors"
	"io"
	"net/http"
	"os"
	"syscall"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// body: the end of a body is misjudged, or bytes are lost on their way.
func body() []Mutant {
	return []Mutant{
		{
			Name: "fin-ends-body", Sentence: "The end of the connection is taken for the end of the body.",
			Breaks: cases("upload.not-complete", "offer.default-is-save"),
			Apply: truncated(func(in reference.Intake) bool {
				return in.Want >= 0 && errors.Is(in.Err, io.ErrUnexpectedEOF)
			}),
		},
		{
			Name: "chunks-may-end-anywhere", Sentence: "A chunked body without its last chunk is taken for whole.",
			Breaks: cases("upload.not-complete", "upload.unknown-length"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Want < 0 && in.Err != nil }),
		},
		{
			Name: "last-byte-optional", Sentence: "A body is taken for whole when all but one of its bytes are there.",
			Breaks: cases("upload.not-complete", "upload.offsets"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Err != nil && in.Want == in.Got+1 }),
		},
		{
			Name: "unasked-truncation-is-whole", Sentence: "Where resumption is not asked for, a truncated body is taken for whole.",
			Breaks: cases("upload.not-complete"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Err != nil && !prefers(in.Request) }),
		},
		{
			Name: "ignored-truncation-is-whole", Sentence: "With ignore-incomplete a truncated body is taken for whole.",
			Breaks: cases("upload.ignore-incomplete"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Err != nil && in.Op.Resume && !in.Op.Save }),
		},
		{
			Name: "half-patch-is-whole", Sentence: "A PATCH that is cut off is taken for whole, and the upload for complete.",
			Breaks: cases("upload.interrupted-again", "upload.never-decreases", "response.after-patch"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Err != nil && patching(in) }),
		},
		{
			Name: "forgotten-with-connection", Sentence: "An interrupted upload is forgotten together with its connection.",
			Breaks: cases("upload.head-status"),
			Apply:  keeping(func(reference.Intake, int64) int64 { return -1 }),
		},
		{
			Name: "forgotten-before-first-byte", Sentence: "An upload that is interrupted before its first byte is forgotten.",
			Breaks: cases("upload.offsets"),
			Apply: keeping(func(_ reference.Intake, n int64) int64 {
				if n == 0 {
					return -1
				}
				return n
			}),
		},
		{
			Name: "nothing-kept", Sentence: "Nothing is kept of an upload whose connection is closed.",
			Breaks: cases("upload.kept"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if patching(in) {
					return n
				}
				return 0
			}),
		},
		{
			Name: "cut-patch-drops-all", Sentence: "A PATCH that is cut off takes with it all that was there before.",
			Breaks: cases("upload.never-decreases", "upload.interrupted-again"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if patching(in) {
					return 0
				}
				return n
			}),
		},
		{
			Name: "reset-drops-what-was-told", Sentence: "A reset of a PATCH takes back bytes that HEAD had told before.",
			Breaks: cases("upload.never-decreases", "upload.interrupted-again"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if patching(in) && errors.Is(in.Err, syscall.ECONNRESET) {
					return max(0, n-in.Got-1)
				}
				return n
			}),
		},
		{
			Name: "byte-lost-at-join", Sentence: "The first byte of what continues an upload is lost, and a zero stands in its place.",
			Breaks: cases("upload.content-intact", "offer.default-is-save", "offer.save-incomplete", "upload.offsets", "upload.many-pieces"),
			Apply: func(s *reference.Seams) {
				var joins marks
				next := s.Patch.Part
				s.Patch.Part = func(op *store.Operation, c reference.ContentRange, body io.Reader) (reference.ContentRange, io.Reader) {
					if c.First > 0 && c.First == op.Progress().Offset && !joins.has(op) {
						joins.set(op)
						body = io.MultiReader(&zeros{1}, &late{body, 1})
					}
					return next(op, c, body)
				}
			},
		},
		{
			Name: "byte-lost-at-border", Sentence: "Of a piece that begins at 16 KiB the first byte is lost.",
			Breaks: cases("upload.offsets"),
			Apply: func(s *reference.Seams) {
				next := s.Store.Write
				s.Store.Write = func(f *os.File, p []byte, offset int64) (int, error) {
					if offset == 16<<10 {
						p = append([]byte{0}, p[1:]...)
					}
					return next(f, p, offset)
				}
			},
		},
		{
			Name: "chunked-length-guessed", Sentence: "What has arrived of an interrupted chunked body is taken for its complete length.",
			Breaks: cases("upload.unknown-length"),
			Apply: fitting(func(c reference.ContentRange, up store.Progress, next fitter) error {
				if up.Length < 0 {
					up.Length = up.Offset
				}
				return next(c, up)
			}),
		},
		{
			Name: "open-length-refused", Sentence: "A PATCH that does not name the complete length is refused.",
			Breaks: cases("upload.unknown-length"),
			Apply: fitting(func(c reference.ContentRange, up store.Progress, next fitter) error {
				if c.Complete < 0 {
					return store.ErrLength
				}
				return next(c, up)
			}),
		},
	}
}

func patching(in reference.Intake) bool { return in.Request.Method == http.MethodPatch }

func keeping(kept func(in reference.Intake, n int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) { keep(s, kept) }
}

// truncated takes some bodies for whole that are not.
func truncated(whole func(reference.Intake) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		var enough marks
		end, complete := s.Body.Ended, s.Store.Whole
		s.Body.Ended = func(in reference.Intake) error {
			if whole(in) {
				enough.set(in.Op)
				return nil
			}
			return end(in)
		}
		s.Store.Whole = func(op *store.Operation, offset, length int64) bool {
			return enough.has(op) || complete(op, offset, length)
		}
	}
}

// zeros is n bytes of zeros.
type zeros struct{ n int64 }

// Read implements io.Reader.
func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), z.n)]
	clear(p)
	z.n -= int64(len(p))
	return len(p), nil
}

// late is what comes after the first bytes.
type late struct {
	io.Reader
	skip int64
}

// Read implements io.Reader.
func (l *late) Read(p []byte) (int, error) {
	if l.skip > 0 {
		n, err := io.CopyN(io.Discard, l.Reader, l.skip)
		if l.skip -= n; err != nil {
			return 0, err
		}
	}
	return l.Reader.Read(p)
}
