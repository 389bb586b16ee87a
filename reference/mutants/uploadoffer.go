package mutants

import (
	"net/http"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// The resources of the profile upload-resource, by the beginning and the end of their path.
const (
	uploads  = "/uploads"
	statuses = "/uploads/"
	contents = "/content"
	results  = "/items/"
)

// uploadCases gives the IDs of cases of the profile upload-resource.
func uploadCases(names ...string) []string { return profile("upload-resource", names) }

func putting(r *http.Request) bool { return r.Method == http.MethodPut && at(r, statuses) }

// onStatus tells whether a request is for a status resource.
func onStatus(r *http.Request) bool {
	return at(r, statuses) && !strings.HasSuffix(r.URL.Path, contents)
}

func begins(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Path == uploads }

// uploadOffer: what a client is told before it has sent a byte.
func uploadOffer() []Mutant {
	return []Mutant{
		{
			Name: "upload-created-200", Sentence: "The POST that begins an upload is answered with 200.",
			Breaks: uploadCases("offer.allocated"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if begins(r) && status == http.StatusCreated {
					return http.StatusOK
				}
				return status
			}),
		},
		{
			Name: "upload-without-location", Sentence: "The POST that begins an upload is answered without a Location.",
			Breaks: uploadCases("offer.allocated"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if begins(r) {
					h.Del("Location")
				}
				return status
			}),
		},
		{
			Name: "upload-says-not-where", Sentence: "Neither Link nor the status document says where to write.",
			Breaks: uploadCases("offer.place"),
			Apply: func(s *reference.Seams) {
				statusing(s, func(_ *http.Request, _ *store.Operation, doc *reference.UploadStatus) { doc.Upload = "" })
				s.HTTP.Head = func(_ *http.Request, status int, h http.Header) int {
					h.Del("Link")
					return status
				}
			},
		},
		{
			Name: "upload-answer-stateless", Sentence: "The document in the answer to the POST says nothing of a state.",
			Breaks: uploadCases("offer.instructions"),
			Apply: func(s *reference.Seams) {
				next := s.Upload.Status
				s.Upload.Status = func(r *http.Request, op *store.Operation, doc reference.UploadStatus) reference.UploadStatus {
					doc = next(r, op, doc)
					if begins(r) {
						doc.State = ""
					}
					return doc
				}
			},
		},
		{
			Name: "upload-not-advertised", Sentence: "OPTIONS on the target does not say that uploads are taken there.",
			Breaks: uploadCases("offer.discovery"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if r.Method == http.MethodOptions {
					h.Del("Link")
				}
				return status
			}),
		},
		{
			Name: "upload-shared", Sentence: "A POST leads to the upload of an earlier one as long as nothing is written to that.",
			Breaks: uploadCases("offer.own"),
			Apply: func(s *reference.Seams) {
				var last latest
				statusing(s, func(r *http.Request, op *store.Operation, _ *reference.UploadStatus) {
					if begins(r) {
						last.set(op)
					}
				})
				next := s.Upload.Known
				s.Upload.Known = func(rec store.Record) (*store.Operation, bool) {
					if op := last.get(); op != nil && op.Owner == rec.Owner && op.Target == rec.Target && op.Progress().Kept.Bytes() == 0 {
						return op, true
					}
					return next(rec)
				}
			},
		},
		{
			Name: "upload-there-late", Sentence: "The status resource is there when the first part has come, not before.",
			Breaks: uploadCases("offer.allocated", "status.waiting"),
			Apply: admittingUploads(func(r *http.Request, op *store.Operation) bool {
				return putting(r) || op.Progress().Kept.Bytes() > 0
			}),
		},
		{
			Name: "upload-short-uri", Sentence: "The URI of an upload can be guessed: it has eight characters that change.",
			Breaks: uploadCases("offer.unguessable"),
			Apply: func(s *reference.Seams) {
				s.Store.ID = func(store.Kind) string {
					return strings.Repeat("a", store.IDLength-8) + store.NewID()[:8]
				}
			},
		},
		{
			Name: "part-continued-then-refused", Sentence: "A part that is refused by its head gets a 100 before.",
			Breaks: uploadCases("write.refused-early"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if putting(r) && expects(r) {
						w.WriteHeader(http.StatusContinue)
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "part-unsent-forgets", Sentence: "A part that is cut before its first byte takes the upload with it.",
			Breaks: uploadCases("before100.lost", "before100.head-cut", "before100.reissue"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if in.Got == 0 && in.Op.Upload {
					return -1
				}
				return n
			}),
		},
	}
}

// latest remembers one operation.
type latest struct {
	mu sync.Mutex
	op *store.Operation
}

func (l *latest) set(op *store.Operation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.op = op
}

func (l *latest) get() *store.Operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.op
}

// statusing changes status documents.
func statusing(s *reference.Seams, change func(*http.Request, *store.Operation, *reference.UploadStatus)) {
	next := s.Upload.Status
	s.Upload.Status = func(r *http.Request, op *store.Operation, doc reference.UploadStatus) reference.UploadStatus {
		doc = next(r, op, doc)
		change(r, op, &doc)
		return doc
	}
}

// admittingUploads hides resources of uploads.
func admittingUploads(there func(*http.Request, *store.Operation) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Access.Allowed
		s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
			return next(r, op, user) && (!op.Upload || there(r, op))
		}
	}
}
