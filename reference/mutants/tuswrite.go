package mutants

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// tusPatch: PATCH.
func tusPatch() []Mutant {
	return []Mutant{
		{
			Name: "tus-patch-200", Sentence: "A PATCH that is taken is answered with 200.",
			Breaks: tusCases("patch.answer"),
			Apply:  restatus(http.MethodPatch, http.StatusNoContent, http.StatusOK),
		},
		{
			Name: "tus-patch-says-no-offset", Sentence: "The answer to a PATCH does not tell the new offset.",
			Breaks: tusCases("patch.answer"),
			Apply:  without("Upload-Offset", onPATCH),
		},
		{
			Name: "tus-patch-says-old-offset", Sentence: "The answer to a PATCH tells the offset from before.",
			Breaks: tusCases("patch.answer"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Told
				s.Tus.Told = func(r *http.Request, op *store.Operation, kept int64) int64 {
					if n := tusNumber(r.Header, "Upload-Offset"); tusing(r, http.MethodPatch) && n >= 0 {
						return n
					}
					return next(r, op, kept)
				}
			},
		},
		{
			Name: "tus-patch-any-offset", Sentence: "The offset of a PATCH is not looked at: its bytes are appended.",
			Breaks: tusCases("patch.behind", "patch.ahead"),
			Apply: writingAs(func(_ *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if err == nil {
					w.Offset = op.Progress().Offset
				}
				return w, err
			}),
		},
		{
			Name: "tus-patch-without-offset", Sentence: "A PATCH without Upload-Offset is appended.",
			Breaks: tusCases("patch.bad-offset"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Patch
				s.Tus.Patch = func(r *http.Request, op *store.Operation) (reference.TusWrite, error) {
					if r.Header.Get("Upload-Offset") == "" {
						r.Header.Set("Upload-Offset", strconv.FormatInt(op.Progress().Offset, 10))
					}
					return next(r, op)
				}
			},
		},
		{
			Name: "tus-patch-behind-taken", Sentence: "A PATCH at an offset below the one that is kept is taken, and what is kept behind it is lost.",
			Breaks: tusCases("patch.behind"),
			Apply: func(s *reference.Seams) {
				fits := s.Tus.Fits
				s.Tus.Fits = func(op *store.Operation, w reference.TusWrite, up store.Progress) error {
					up.Offset = min(up.Offset, max(w.Offset, 0))
					return fits(op, w, up)
				}
				acquire := s.Tus.Acquire
				s.Tus.Acquire = func(op *store.Operation, offset int64, p store.Peer) (*store.Writer, error) {
					w, err := acquire(op, op.Progress().Offset, p)
					if err == nil {
						err = w.Truncate(min(offset, op.Progress().Offset))
					}
					return w, err
				}
			},
		},
		{
			Name: "tus-patch-mismatch-400", Sentence: "A PATCH at another offset is refused with 400.",
			Breaks: tusCases("patch.behind", "patch.ahead"),
			Apply:  restatus(http.MethodPatch, http.StatusConflict, http.StatusBadRequest),
		},
		{
			Name: "tus-patch-mismatch-forgets", Sentence: "A PATCH at another offset is refused, and the upload is gone.",
			Breaks: tusCases("patch.behind", "patch.ahead"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Fits
				s.Tus.Fits = func(op *store.Operation, w reference.TusWrite, up store.Progress) error {
					err := next(op, w, up)
					if errors.Is(err, store.ErrOffset) {
						_ = op.Cancel() // one that is processed stays
					}
					return err
				}
			},
		},
		{
			Name: "tus-patch-any-type", Sentence: "A PATCH of any content type is taken.",
			Breaks: tusCases("patch.type"),
			Apply:  regarding(http.MethodPatch, func(h http.Header) { h.Set("Content-Type", "application/offset+octet-stream") }),
		},
		{
			Name: "tus-patch-type-400", Sentence: "A PATCH of another content type is refused with 400.",
			Breaks: tusCases("patch.type"),
			Apply:  restatus(http.MethodPatch, http.StatusUnsupportedMediaType, http.StatusBadRequest),
		},
		{
			Name: "tus-cut-dropped", Sentence: "What has come of a PATCH that is cut is dropped.",
			Breaks: tusCases("upload.kept"),
			Apply: func(s *reference.Seams) {
				interrupting(s, func(_ *store.Operation, offset int64) int64 { return offset })
			},
		},
		{
			Name: "tus-cut-clears", Sentence: "A PATCH that is cut takes everything that was kept with it.",
			Breaks: tusCases("patch.cut", "upload.kept"),
			Apply: func(s *reference.Seams) {
				interrupting(s, func(*store.Operation, int64) int64 { return 0 })
			},
		},
		{
			Name: "tus-cut-forgets", Sentence: "A PATCH that is cut takes the upload with it.",
			Breaks: tusCases("upload.offset-lawful", "upload.kept"),
			Apply: func(s *reference.Seams) {
				interrupting(s, func(op *store.Operation, _ int64) int64 {
					_ = op.Cancel() // it is being received
					return -1
				})
			},
		},
		{
			Name: "tus-cut-forever-busy", Sentence: "A PATCH is refused as long as the connection of an older one is open.",
			Breaks: tusCases("upload.offset-accepted", "upload.stalled-connection"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Acquire
				s.Tus.Acquire = func(op *store.Operation, offset int64, p store.Peer) (*store.Writer, error) {
					if len(op.Progress().Writers) > 0 {
						return nil, store.ErrBusy
					}
					return next(op, offset, p)
				}
			},
		},
		{
			Name: "tus-late-bytes", Sentence: "Bytes that a connection brings after another has taken over are appended.",
			Breaks: tusCases("patch.late"),
			Apply:  func(s *reference.Seams) { new(lateBytes).apply(s) },
		},
	}
}

// tusChecksum: Checksum.
func tusChecksum() []Mutant {
	return []Mutant{
		{
			Name: "tus-checksum-unverified", Sentence: "The checksum of a PATCH is not verified.",
			Breaks: tusCases("checksum.mismatch", "checksum.last"),
			Apply: func(s *reference.Seams) {
				s.Tus.Matches = func(reference.Checksum, io.Reader) (bool, error) { return true, nil }
			},
		},
		{
			Name: "tus-checksum-mismatch-kept", Sentence: "A PATCH whose checksum does not match is refused, and its bytes are kept.",
			Breaks: tusCases("checksum.mismatch", "checksum.last"),
			Apply: func(s *reference.Seams) {
				var wrong sync.Map // requests
				next := s.Tus.Patch
				s.Tus.Patch = func(r *http.Request, op *store.Operation) (reference.TusWrite, error) {
					w, err := next(r, op)
					if sum := w.Checksum; sum != nil && err == nil {
						content, _ := io.ReadAll(r.Body)
						if ok, _ := s.Tus.Matches(*sum, strings.NewReader(string(content))); !ok {
							wrong.Store(r, true)
						}
						r.Body, w.Checksum = io.NopCloser(strings.NewReader(string(content))), nil
					}
					return w, err
				}
				s.HTTP.Head = func(r *http.Request, status int, _ http.Header) int {
					if _, ok := wrong.Load(r); ok && status == http.StatusNoContent {
						return 460
					}
					return status
				}
			},
		},
		{
			Name: "tus-checksum-mismatch-409", Sentence: "A PATCH whose checksum does not match is refused with 409.",
			Breaks: tusCases("checksum.mismatch"),
			Apply:  restatus(http.MethodPatch, 460, http.StatusConflict),
		},
		{
			Name: "tus-checksum-unknown-taken", Sentence: "A checksum of an algorithm that is not known is ignored.",
			Breaks: tusCases("checksum.unknown"),
			Apply: regarding(http.MethodPatch, func(h http.Header) {
				if name, _, _ := strings.Cut(h.Get("Upload-Checksum"), " "); name != "sha1" && name != "sha256" && name != "md5" {
					h.Del("Upload-Checksum")
				}
			}),
		},
		{
			Name: "tus-checksum-without-sha1", Sentence: "There are checksums, but sha1 is not known.",
			Breaks: tusCases("checksum.algorithms", "checksum.match"),
			Apply: func(s *reference.Seams) {
				s.HTTP.Head = func(_ *http.Request, status int, h http.Header) int {
					if h.Get("Tus-Checksum-Algorithm") != "" {
						h.Set("Tus-Checksum-Algorithm", "sha256,md5")
					}
					return status
				}
				next := s.Tus.Checksum
				s.Tus.Checksum = func(value string) (reference.Checksum, error) {
					return next(strings.Replace(value, "sha1", "sha-1", 1))
				}
			},
		},
		{
			Name: "tus-checksum-good-refused", Sentence: "A PATCH with a checksum that matches is refused.",
			Breaks: tusCases("checksum.match"),
			Apply: func(s *reference.Seams) {
				s.Tus.Matches = func(reference.Checksum, io.Reader) (bool, error) { return false, nil }
			},
		},
		{
			Name: "tus-trailer-ignored", Sentence: "A checksum that comes behind the bytes is ignored.",
			Breaks: tusCases("trailer.mismatch"),
			Apply: writingAs(func(r *http.Request, _ *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if w.Trailer {
					w.Trailer = false
					r.Body = &untrailed{r.Body, r}
				}
				return w, err
			}),
		},
		{
			Name: "tus-trailer-refused", Sentence: "Checksums behind the bytes are announced, and refused.",
			Breaks: tusCases("trailer.match"),
			Apply: writingAs(func(_ *http.Request, _ *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if w.Trailer && err == nil {
					err = store.ErrLength
				}
				return w, err
			}),
		},
	}
}

// untrailed is a body behind which nothing comes.
type untrailed struct {
	io.ReadCloser
	r *http.Request
}

// Read implements io.Reader.
func (u *untrailed) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err != nil {
		u.r.Trailer.Del("Upload-Checksum")
	}
	return n, err
}
