package mutants

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// tusVersion: versions, OPTIONS, the method that a request is meant to have.
func tusVersion() []Mutant {
	return []Mutant{
		{
			Name: "tus-resumable-unsaid", Sentence: "Responses do not carry Tus-Resumable.",
			Breaks: tusCases("version.told"),
			Apply:  without("Tus-Resumable", func(*http.Request, int, http.Header) bool { return true }),
		},
		{
			Name: "tus-resumable-unsaid-in-errors", Sentence: "Error responses do not carry Tus-Resumable.",
			Breaks: tusCases("version.errors"),
			Apply:  without("Tus-Resumable", func(_ *http.Request, status int, _ http.Header) bool { return status >= 400 }),
		},
		{
			Name: "tus-version-unchecked", Sentence: "A request of a version that is not spoken is carried out.",
			Breaks: tusCases("version.post", "version.head", "version.patch", "version.delete"),
			Apply:  func(s *reference.Seams) { s.Tus.Speaks = func(*http.Request, bool) bool { return true } },
		},
		{
			Name: "tus-version-400", Sentence: "A request of a version that is not spoken is refused with 400.",
			Breaks: tusCases("version.post", "version.head", "version.patch", "version.delete"),
			Apply: tusHead(func(_ *http.Request, status int, _ http.Header) int {
				if status == http.StatusPreconditionFailed {
					return http.StatusBadRequest
				}
				return status
			}),
		},
		{
			Name: "tus-version-unnamed", Sentence: "A 412 does not name the versions that are spoken.",
			Breaks: tusCases("version.post", "version.head", "version.patch", "version.delete"),
			Apply:  without("Tus-Version", func(_ *http.Request, status int, _ http.Header) bool { return status == http.StatusPreconditionFailed }),
		},
		{
			Name: "tus-version-refused-done", Sentence: "A request of a version that is not spoken is refused, and carried out.",
			Breaks: tusCases("version.patch", "version.delete"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					version := r.Header.Get("Tus-Resumable")
					if !at(r, tusUploads) || version == "1.0.0" || version == "" {
						next.ServeHTTP(w, r)
						return
					}
					done := r.Clone(r.Context())
					done.Header.Set("Tus-Resumable", "1.0.0")
					next.ServeHTTP(httptest.NewRecorder(), done)
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "tus-options-without-version", Sentence: "OPTIONS does not tell the versions.",
			Breaks: tusCases("offer.options"),
			Apply:  without("Tus-Version", onOPTIONS),
		},
		{
			Name: "tus-options-of-a-version", Sentence: "OPTIONS with a version that is not spoken is refused.",
			Breaks: tusCases("options.any-version"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Speaks
				s.Tus.Speaks = func(r *http.Request, upload bool) bool {
					version := r.Header.Get("Tus-Resumable")
					return next(r, upload) && (r.Method != http.MethodOptions || version == "" || version == "1.0.0")
				}
			},
		},
		{
			Name: "tus-options-200-empty", Sentence: "OPTIONS tells nothing.",
			Breaks: tusCases("offer.options", "options.creation"),
			Apply:  func(s *reference.Seams) { s.Tus.Options = func(*http.Request) http.Header { return nil } },
		},
		{
			Name: "tus-options-without-creation", Sentence: "Creation with upload is announced without creation.",
			Breaks: tusCases("options.depends", "options.creation"),
			Apply:  announcing(leaving("creation")),
		},
		{
			Name: "tus-options-without-algorithms", Sentence: "Checksums are announced without the algorithms.",
			Breaks: tusCases("checksum.algorithms"),
			Apply:  without("Tus-Checksum-Algorithm", onOPTIONS),
		},
		{
			Name: "tus-override-ignored", Sentence: "X-HTTP-Method-Override is ignored.",
			Breaks: tusCases("override.patch", "override.delete", "override.head", "override.actual"),
			Apply: func(s *reference.Seams) {
				s.Tus.Method = func(r *http.Request) (string, bool) { return r.Method, true }
			},
		},
		{
			Name: "tus-override-of-post-only", Sentence: "X-HTTP-Method-Override is heeded in a POST only.",
			Breaks: tusCases("override.actual"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Method
				s.Tus.Method = func(r *http.Request) (string, bool) {
					if r.Method != http.MethodPost {
						return r.Method, true
					}
					return next(r)
				}
			},
		},
	}
}

// tusOffset: HEAD.
func tusOffset() []Mutant {
	return []Mutant{
		{
			Name: "tus-head-no-zero", Sentence: "HEAD on an upload of which nothing is kept tells no offset.",
			Breaks: tusCases("head.offset", "offer.created"),
			Apply: without("Upload-Offset", func(r *http.Request, status int, h http.Header) bool {
				return onHEAD(r, status, h) && h.Get("Upload-Offset") == "0"
			}),
		},
		{
			Name: "tus-head-not-complete", Sentence: "HEAD on an upload that is complete tells no offset.",
			Breaks: tusCases("head.offset"),
			Apply: without("Upload-Offset", func(r *http.Request, status int, h http.Header) bool {
				return onHEAD(r, status, h) && h.Get("Upload-Offset") == h.Get("Upload-Length")
			}),
		},
		{
			Name: "tus-head-without-length", Sentence: "HEAD does not tell the length.",
			Breaks: tusCases("head.length"),
			Apply:  without("Upload-Length", onHEAD),
		},
		{
			Name: "tus-head-cacheable", Sentence: "HEAD does not forbid that its answer is cached.",
			Breaks: tusCases("head.no-store"),
			Apply:  without("Cache-Control", onHEAD),
		},
		{
			Name: "tus-head-unknown-zero", Sentence: "HEAD on an upload that is not there tells an offset of 0.",
			Breaks: tusCases("head.missing"),
			Apply: tusHead(func(r *http.Request, status int, h http.Header) int {
				if tusing(r, http.MethodHead) && status == http.StatusNotFound {
					h.Set("Upload-Offset", "0")
				}
				return status
			}),
		},
		{
			Name: "tus-head-ahead", Sentence: "HEAD tells one byte more than is kept of an upload that was interrupted.",
			Breaks: tusCases("upload.offset-lawful"),
			Apply: func(s *reference.Seams) {
				var cut marks
				interrupting(s, func(op *store.Operation, _ int64) int64 { cut.set(op); return -1 })
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					if cut.has(op) && op.State() == store.Receiving {
						return kept + 1
					}
					return kept
				}
			},
		},
		{
			Name: "tus-head-behind", Sentence: "HEAD tells one byte less than is kept of an upload that was interrupted, and that offset is refused.",
			Breaks: tusCases("upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				var cut marks
				interrupting(s, func(op *store.Operation, _ int64) int64 { cut.set(op); return -1 })
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					if cut.has(op) && op.State() == store.Receiving && kept > 0 {
						return kept - 1
					}
					return kept
				}
			},
		},
		{
			Name: "tus-restart-drops", Sentence: "A restart forgets the last byte of each upload.",
			Breaks: tusCases("restart.kept"),
			Apply: func(s *reference.Seams) {
				s.Store.Restored = func(op *store.Operation, kept store.Extents) store.Extents {
					if isTus(op) && kept.Prefix() > 0 {
						return kept.Cut(kept.Prefix() - 1)
					}
					return kept
				}
			},
		},
		{
			Name: "tus-read-by-others", Sentence: "Who knows the URL may look at the upload of another user.",
			Breaks: tusCases("privacy.other-user"),
			Apply:  admitting(tusUploads, http.MethodHead),
		},
		{
			Name: "tus-written-by-others", Sentence: "Who knows the URL may write to the upload of another user.",
			Breaks: tusCases("privacy.other-user"),
			Apply:  admitting(tusUploads, http.MethodPatch),
		},
	}
}

// interrupting changes how much is kept of what an interrupted request has brought: from offset on, or from the beginning.
func interrupting(s *reference.Seams, kept func(op *store.Operation, offset int64) int64) {
	next := s.Tus.Kept
	s.Tus.Kept = func(op *store.Operation, offset int64, err error) int64 {
		n := next(op, offset, err)
		if err == nil || n >= 0 || errors.Is(err, store.ErrFenced) {
			return n
		}
		return kept(op, offset)
	}
}

// tusEffect: what becomes of an upload that is complete.
func tusEffect() []Mutant {
	return []Mutant{
		{
			Name: "tus-effect-of-the-first", Sentence: "Only the first upload of all has an effect.",
			Breaks: tusCases("patch.one"),
			Apply: func(s *reference.Seams) {
				first := store.NewID()
				next := s.Store.Identity
				s.Store.Identity = func(op *store.Operation) string {
					if isTus(op) {
						return first
					}
					return next(op)
				}
			},
		},
		{
			Name: "tus-effect-per-patch", Sentence: "Each PATCH counts as an upload.",
			Breaks: tusCases("create.no-effect"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Tus.Told
				s.Tus.Told = func(r *http.Request, op *store.Operation, kept int64) int64 {
					if op.State() == store.Receiving {
						again(op)
					}
					return next(r, op, kept)
				}
			},
		},
		{
			Name: "tus-effect-per-interruption", Sentence: "An upload that was interrupted has its effect twice.",
			Breaks: tusCases("upload.not-complete", "upload.completed"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				interrupting(s, func(op *store.Operation, _ int64) int64 { again(op); return -1 })
			},
		},
		{
			Name: "tus-effect-with-connection", Sentence: "Processing is broken off when the connection of the last PATCH ends.",
			Breaks: tusCases("response.processed"),
			Apply: lasting(func(r *http.Request, next context.Context) context.Context {
				if r == nil || !onTus(r) {
					return next
				}
				return r.Context()
			}),
		},
		{
			Name: "tus-empty-waits", Sentence: "An upload of no bytes is not complete before a PATCH.",
			Breaks: tusCases("create.zero"),
			Apply: creatingAs(func(_ *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
				if c.Length == 0 && !c.Content {
					c.Length = -1
				}
				return c, err
			}),
		},
		{
			Name: "tus-stored-shifted", Sentence: "A range of the bytes begins one byte too late.",
			Breaks: tusCases("download.range"),
			Apply:  beginningLate(tusUploads),
		},
	}
}

// tusNumber reads a field that is a number of bytes; -1 where it is none.
func tusNumber(h http.Header, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
