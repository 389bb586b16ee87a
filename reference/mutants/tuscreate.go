package mutants

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// tusCreation: Creation, Creation With Upload, and a length that comes later.
func tusCreation() []Mutant {
	return []Mutant{
		{
			Name: "tus-created-200", Sentence: "A creation is answered with 200.",
			Breaks: tusCases("offer.created"),
			Apply:  restatus(http.MethodPost, http.StatusCreated, http.StatusOK),
		},
		{
			Name: "tus-created-nowhere", Sentence: "A creation is answered without Location.",
			Breaks: tusCases("offer.created", "create.location"),
			Apply:  without("Location", onPOST),
		},
		{
			Name: "tus-created-without-length", Sentence: "A creation that says nothing of the length is taken.",
			Breaks: tusCases("create.no-length", "defer.bad-value"),
			Apply: regarding(http.MethodPost, func(h http.Header) {
				if h.Get("Upload-Length") == "" && h.Get("Upload-Concat") == "" {
					h.Set("Upload-Defer-Length", "1")
				}
			}),
		},
		{
			Name: "tus-created-negative", Sentence: "A length that is no number of bytes is taken for one that comes later.",
			Breaks: tusCases("create.bad-length"),
			Apply: regarding(http.MethodPost, func(h http.Header) {
				if h.Get("Upload-Length") != "" && tusNumber(h, "Upload-Length") < 0 {
					h.Del("Upload-Length")
					h.Set("Upload-Defer-Length", "1")
				}
			}),
		},
		{
			Name: "tus-defer-any", Sentence: "Any value of Upload-Defer-Length is taken.",
			Breaks: tusCases("defer.bad-value"),
			Apply: regarding(http.MethodPost, func(h http.Header) {
				if h.Get("Upload-Defer-Length") != "" {
					h.Set("Upload-Defer-Length", "1")
				}
			}),
		},
		{
			Name: "tus-too-large-400", Sentence: "A length above Tus-Max-Size is refused with 400.",
			Breaks: tusCases("create.too-large"),
			Apply:  restatus(http.MethodPost, http.StatusRequestEntityTooLarge, http.StatusBadRequest),
		},
		{
			Name: "tus-too-large-taken", Sentence: "A length above Tus-Max-Size is taken.",
			Breaks: tusCases("create.too-large"),
			Apply: func(s *reference.Seams) {
				const most = 1 << 40
				next := s.Tus.Creation
				s.Tus.Creation = func(r *http.Request, owner string) (reference.TusCreation, error) {
					n := tusNumber(r.Header, "Upload-Length")
					c, err := next(r, owner)
					if err != nil && n > 0 && n < most && r.ContentLength == 0 {
						other := r.Clone(r.Context())
						other.Header.Set("Upload-Length", "1")
						c, err = next(other, owner)
						c.Length = n
					}
					return c, err
				}
			},
		},
		{
			Name: "tus-metadata-forgotten", Sentence: "HEAD does not tell the metadata.",
			Breaks: tusCases("metadata.told"),
			Apply:  without("Upload-Metadata", onHEAD),
		},
		{
			Name: "tus-metadata-respelled", Sentence: "HEAD tells the metadata with keys in upper case.",
			Breaks: tusCases("metadata.told"),
			Apply: tusHead(func(_ *http.Request, status int, h http.Header) int {
				if value := h.Get("Upload-Metadata"); value != "" {
					pairs := strings.Split(value, ",")
					for i, pair := range pairs {
						key, encoded, there := strings.Cut(pair, " ")
						if pairs[i] = strings.ToUpper(key); there {
							pairs[i] += " " + encoded
						}
					}
					h.Set("Upload-Metadata", strings.Join(pairs, ","))
				}
				return status
			}),
		},
		{
			Name: "tus-content-offset-unsaid", Sentence: "A creation with bytes does not tell how many are kept.",
			Breaks: tusCases("initial.part", "initial.whole"),
			Apply:  without("Upload-Offset", onPOST),
		},
		{
			Name: "tus-content-dropped", Sentence: "The bytes of a creation are told as kept, and are not.",
			Breaks: tusCases("initial.part", "initial.whole"),
			Apply: func(s *reference.Seams) {
				creatingAs(func(_ *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
					c.Content = false
					return c, err
				})(s)
				next := s.Tus.Told
				s.Tus.Told = func(r *http.Request, op *store.Operation, kept int64) int64 {
					if creatingTus(r) {
						return max(r.ContentLength, 0)
					}
					return next(r, op, kept)
				}
			},
		},
		{
			Name: "tus-content-any-type", Sentence: "Bytes of any content type are taken with a creation.",
			Breaks: tusCases("initial.type"),
			Apply: rewritten(func(r *http.Request) bool { return creatingTus(r) && r.ContentLength > 0 },
				func(r *http.Request) { r.Header.Set("Content-Type", "application/offset+octet-stream") }),
		},
		{
			Name: "tus-defer-untold", Sentence: "HEAD does not tell that the length is still to come.",
			Breaks: tusCases("defer.created"),
			Apply:  without("Upload-Defer-Length", onHEAD),
		},
		{
			Name: "tus-defer-always", Sentence: "HEAD tells that the length is still to come when it has come.",
			Breaks: tusCases("defer.first", "defer.last"),
			Apply: tusHead(func(r *http.Request, status int, h http.Header) int {
				if onHEAD(r, status, h) && h.Get("Upload-Length") != "" {
					h.Set("Upload-Defer-Length", "1")
				}
				return status
			}),
		},
		{
			Name: "tus-length-later-ignored", Sentence: "The length that comes with a PATCH is ignored.",
			Breaks: tusCases("defer.last", "defer.first"),
			Apply:  regarding(http.MethodPatch, func(h http.Header) { h.Del("Upload-Length") }),
		},
		{
			Name: "tus-length-changed", Sentence: "A length that contradicts the one that is known takes its place, and HEAD tells it.",
			Breaks: tusCases("defer.fixed"),
			Apply: func(s *reference.Seams) {
				var lengths sync.Map // by path
				writingAs(func(r *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
					if known := op.Progress().Length; err == nil && known >= 0 && w.Length >= 0 && w.Length != known {
						lengths.Store(r.URL.Path, r.Header.Get("Upload-Length"))
						w.Length = -1
					}
					return w, err
				})(s)
				tusHead(func(r *http.Request, status int, h http.Header) int {
					if length, ok := lengths.Load(r.URL.Path); ok && onHEAD(r, status, h) {
						h.Set("Upload-Length", length.(string))
					}
					return status
				})(s)
			},
		},
	}
}

// tusLife: Expiration and Termination.
func tusLife() []Mutant {
	return []Mutant{
		{
			Name: "tus-expires-unsaid-in-patch", Sentence: "The answer to a PATCH does not tell when the upload expires.",
			Breaks: tusCases("expire.told"),
			Apply:  without("Upload-Expires", func(r *http.Request, _ int, _ http.Header) bool { return r.Method == http.MethodPatch }),
		},
		{
			Name: "tus-expires-unsaid-in-creation", Sentence: "The answer to a creation does not tell when the upload expires.",
			Breaks: tusCases("expire.created"),
			Apply:  without("Upload-Expires", onPOST),
		},
		{
			Name: "tus-expires-malformed", Sentence: "Upload-Expires is no HTTP-date.",
			Breaks: tusCases("expire.date"),
			Apply: tusHead(func(_ *http.Request, status int, h http.Header) int {
				if at, err := http.ParseTime(h.Get("Upload-Expires")); err == nil {
					h.Set("Upload-Expires", at.Format(time.RFC3339))
				}
				return status
			}),
		},
		{
			Name: "tus-expired-400", Sentence: "Who resumes an upload that has expired is refused with 400.",
			Breaks: tusCases("expire.gone"),
			Apply: tusHead(func(_ *http.Request, status int, _ http.Header) int {
				if status == http.StatusGone {
					return http.StatusBadRequest
				}
				return status
			}),
		},
		{
			Name: "tus-delete-200", Sentence: "A DELETE is answered with 200.",
			Breaks: tusCases("terminate.unfinished", "terminate.complete"),
			Apply:  restatus(http.MethodDelete, http.StatusNoContent, http.StatusOK),
		},
		{
			Name: "tus-delete-ignored", Sentence: "A DELETE is answered as a success and changes nothing.",
			Breaks: tusCases("terminate.gone", "terminate.no-effect", "terminate.lost"),
			Apply:  func(s *reference.Seams) { s.Tus.Terminate = func(*store.Operation) error { return nil } },
		},
		{
			Name: "tus-deleted-writable", Sentence: "An upload that was terminated still takes bytes, and has its effect.",
			Breaks: tusCases("terminate.gone", "terminate.no-effect"),
			Apply: func(s *reference.Seams) {
				var gone marks
				next := s.Tus.Terminate
				s.Tus.Terminate = func(op *store.Operation) error {
					if op.State() != store.Receiving {
						return next(op)
					}
					gone.set(op)
					return nil
				}
				allowed := s.Access.Allowed
				s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
					return allowed(r, op, user) && (r.Method == http.MethodPatch || !gone.has(op))
				}
			},
		},
		{
			Name: "tus-delete-complete-refused", Sentence: "An upload that is complete cannot be terminated.",
			Breaks: tusCases("terminate.complete"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Terminate
				s.Tus.Terminate = func(op *store.Operation) error {
					if op.State() == store.Done {
						return errors.New("it is complete")
					}
					return next(op)
				}
			},
		},
		{
			Name: "tus-deleted-by-others", Sentence: "Who knows the URL may terminate the upload of another user.",
			Breaks: tusCases("privacy.other-user"),
			Apply:  admitting(tusUploads, http.MethodDelete),
		},
	}
}

// tusConcat: Concatenation.
func tusConcat() []Mutant {
	return []Mutant{
		{
			Name: "tus-concat-order", Sentence: "The parts of a final upload are put together the other way round.",
			Breaks: tusCases("concat.order", "concat.final"),
			Apply: ordering(func(parts []string) []string {
				slices.Reverse(parts)
				return parts
			}),
		},
		{
			Name: "tus-concat-once-each", Sentence: "A partial upload that is named twice is there once.",
			Breaks: tusCases("concat.twice"),
			Apply: ordering(func(parts []string) (once []string) {
				for _, part := range parts {
					if !slices.Contains(once, part) {
						once = append(once, part)
					}
				}
				return once
			}),
		},
		{
			Name: "tus-concat-parts-count", Sentence: "A partial upload is processed when it is complete.",
			Breaks: tusCases("concat.processed"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Tus.Told
				s.Tus.Told = func(r *http.Request, op *store.Operation, kept int64) int64 {
					if op.Partial && kept == op.Progress().Length {
						again(op)
					}
					return next(r, op, kept)
				}
			},
		},
		{
			Name: "tus-concat-patch-409", Sentence: "A PATCH to a final upload is refused with 409.",
			Breaks: tusCases("concat.patch"),
			Apply:  restatus(http.MethodPatch, http.StatusForbidden, http.StatusConflict),
		},
		{
			Name: "tus-concat-unsaid-partial", Sentence: "HEAD on a partial upload does not tell that it is one.",
			Breaks: tusCases("concat.partial"),
			Apply: without("Upload-Concat", func(_ *http.Request, _ int, h http.Header) bool {
				return h.Get("Upload-Concat") == "partial"
			}),
		},
		{
			Name: "tus-concat-unsaid-final", Sentence: "HEAD on a final upload does not tell its parts.",
			Breaks: tusCases("concat.echo"),
			Apply: without("Upload-Concat", func(_ *http.Request, _ int, h http.Header) bool {
				return strings.HasPrefix(h.Get("Upload-Concat"), "final")
			}),
		},
		{
			Name: "tus-concat-length-unsaid", Sentence: "HEAD on a final upload does not tell its length.",
			Breaks: tusCases("concat.final", "concat.unfinished"),
			Apply: without("Upload-Length", func(_ *http.Request, _ int, h http.Header) bool {
				return strings.HasPrefix(h.Get("Upload-Concat"), "final")
			}),
		},
		{
			Name: "tus-concat-offset-unsaid", Sentence: "HEAD on a final upload that is complete tells no offset.",
			Breaks: tusCases("concat.final"),
			Apply: without("Upload-Offset", func(_ *http.Request, _ int, h http.Header) bool {
				return strings.HasPrefix(h.Get("Upload-Concat"), "final")
			}),
		},
		{
			Name: "tus-concat-offset-early", Sentence: "HEAD on a final upload whose parts are not complete tells an offset.",
			Breaks: tusCases("concat.no-offset"),
			Apply:  func(s *reference.Seams) { s.Tus.Joined = func(*store.Operation, store.Progress) bool { return true } },
		},
		{
			Name: "tus-concat-early", Sentence: "A final upload is put together of what is there of its parts.",
			Breaks: tusCases("concat.incomplete", "concat.unfinished", "concat.no-offset"),
			Apply:  func(s *reference.Seams) { s.Tus.Whole = func(*store.Operation) bool { return true } },
		},
		{
			Name: "tus-concat-never", Sentence: "A final upload that was created before its parts were complete is never put together.",
			Breaks: tusCases("concat.unfinished"),
			Apply: func(s *reference.Seams) {
				var late marks
				next := s.Tus.Whole
				s.Tus.Whole = func(part *store.Operation) bool {
					if !next(part) {
						late.set(part)
					}
					return next(part) && !late.has(part)
				}
			},
		},
		{
			Name: "tus-concat-unfinished-refused", Sentence: "It is announced that parts may be unfinished, and a final upload of such is refused.",
			Breaks: tusCases("concat.unfinished"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Part
				s.Tus.Part = func(r *http.Request, op *store.Operation, owner string) bool {
					return next(r, op, owner) && s.Tus.Whole(op)
				}
			},
		},
		{
			Name: "tus-concat-of-others", Sentence: "Who knows the URL may use a partial upload of another user.",
			Breaks: tusCases("privacy.parts"),
			Apply: func(s *reference.Seams) {
				s.Tus.Part = func(_ *http.Request, op *store.Operation, _ string) bool { return op.Partial }
			},
		},
	}
}

// ordering makes a mutant that changes the parts of final uploads.
func ordering(change func(parts []string) []string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Tus.Order
		s.Tus.Order = func(op *store.Operation) []string { return change(slices.Clone(next(op))) }
	}
}
