package mutants

import (
	"net/http"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// uploadStatus: the status document says what is not so.
func uploadStatus() []Mutant {
	return []Mutant{
		{
			Name: "status-received-exclusive", Sentence: "The ranges in received name the byte behind the last.",
			Breaks: uploadCases("status.received"),
			Apply: stating(func(doc *reference.UploadStatus) {
				for i := range doc.Received {
					doc.Received[i][1]++
				}
			}),
		},
		{
			Name: "status-received-unsaid", Sentence: "received is empty as long as the upload is incomplete.",
			Breaks: uploadCases("status.received"),
			Apply: stating(func(doc *reference.UploadStatus) {
				if doc.State == "receiving" {
					doc.Received = [][2]int64{}
				}
			}),
		},
		{
			Name: "status-stale", Sentence: "The status document stays as it was when it was first read.",
			Breaks: uploadCases("status.received"),
			Apply: func(s *reference.Seams) {
				var first sync.Map
				next := s.Upload.Status
				s.Upload.Status = func(r *http.Request, op *store.Operation, doc reference.UploadStatus) reference.UploadStatus {
					doc = next(r, op, doc)
					if !onStatus(r) {
						return doc
					}
					kept, _ := first.LoadOrStore(op, doc)
					return kept.(reference.UploadStatus)
				}
			},
		},
		{
			Name: "status-remaining-all", Sentence: "remaining is the complete length, however much has come.",
			Breaks: uploadCases("status.remaining"),
			Apply:  stating(func(doc *reference.UploadStatus) { doc.Remaining = doc.Length }),
		},
		{
			Name: "status-length-unsaid", Sentence: "The complete length is not told, though it is known.",
			Breaks: uploadCases("status.length"),
			Apply:  stating(func(doc *reference.UploadStatus) { doc.Length, doc.Remaining = nil, nil }),
		},
		{
			Name: "status-waiting-on", Sentence: "The state is waiting until the upload is complete.",
			Breaks: uploadCases("status.document"),
			Apply: stating(func(doc *reference.UploadStatus) {
				if doc.State == "receiving" {
					doc.State = "waiting"
				}
			}),
		},
		{
			Name: "status-never-done", Sentence: "The state stays processing when the upload is done.",
			Breaks: uploadCases("complete.by-itself"),
			Apply: stating(func(doc *reference.UploadStatus) {
				if doc.State == "done" {
					doc.State, doc.Result = "processing", ""
				}
			}),
		},
		{
			Name: "status-done-early", Sentence: "The state is done while the upload is still processed.",
			Breaks: uploadCases("complete.there"),
			Apply: func(s *reference.Seams) {
				statusing(s, func(_ *http.Request, op *store.Operation, doc *reference.UploadStatus) {
					if doc.State == "processing" {
						doc.State, doc.Result = "done", results+op.Item
					}
				})
			},
		},
		{
			Name: "status-no-retry-after", Sentence: "While an upload is processed nothing says when to ask again.",
			Breaks: uploadCases("complete.retry-after"),
			Apply:  field(statuses, func(_ *http.Request, _ int, h http.Header) { h.Del("Retry-After") }),
		},
		{
			Name: "status-result-unsaid", Sentence: "The status document of an upload that is done does not name the result.",
			Breaks: uploadCases("complete.result"),
			Apply:  stating(func(doc *reference.UploadStatus) { doc.Result = "" }),
		},
		{
			Name: "status-result-of-first", Sentence: "The status document names the result of the first upload that was done.",
			Breaks: uploadCases("complete.result"),
			Apply: func(s *reference.Seams) {
				var mu sync.Mutex
				first := ""
				stating(func(doc *reference.UploadStatus) {
					mu.Lock()
					defer mu.Unlock()
					if first == "" {
						first = doc.Result
					}
					if doc.Result != "" {
						doc.Result = first
					}
				})(s)
			},
		},
		{
			Name: "status-failure-done", Sentence: "An upload that has failed is told as done.",
			Breaks: uploadCases("status.errors", "response.error"),
			Apply: stating(func(doc *reference.UploadStatus) {
				if doc.State == "failed" {
					doc.State, doc.Errors = "done", doc.Errors[:0]
				}
			}),
		},
		{
			Name: "status-errors-unsaid", Sentence: "The status document of an upload that has failed has no errors.",
			Breaks: uploadCases("status.errors"),
			Apply:  stating(func(doc *reference.UploadStatus) { doc.Errors = doc.Errors[:0] }),
		},
		{
			Name: "status-no-head", Sentence: "HEAD on the status resource is not allowed.",
			Breaks: uploadCases("status.head"),
			Apply:  refuse(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodHead && onStatus(r) }),
		},
		{
			Name: "status-plain-type", Sentence: "The status document is sent as text/plain.",
			Breaks: uploadCases("status.media-type"),
			Apply: field(statuses, func(r *http.Request, status int, h http.Header) {
				if r.Method != http.MethodDelete && status == http.StatusOK {
					h.Set("Content-Type", "text/plain")
				}
			}),
		},
		{
			Name: "status-cache-public", Sentence: "The status document may be kept by shared caches.",
			Breaks: uploadCases("privacy.not-cached"),
			Apply:  field(statuses, func(_ *http.Request, _ int, h http.Header) { h.Set("Cache-Control", "public, max-age=60") }),
		},
		{
			Name: "status-for-strangers", Sentence: "Who knows the URI may read the status of another user's upload.",
			Breaks: uploadCases("privacy.other-user"),
			Apply:  admitting(statuses, http.MethodGet),
		},
	}
}

// stating makes a mutant that changes status documents by what they say.
func stating(change func(*reference.UploadStatus)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		statusing(s, func(_ *http.Request, _ *store.Operation, doc *reference.UploadStatus) { change(doc) })
	}
}
