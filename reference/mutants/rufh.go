package mutants

import (
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// The resources of the profile rufh, and what marks their operations.
const (
	rufhFiles    = "/files"
	fileURIs     = "/files/"
	rufhProtocol = "rufh"
)

// rufhCases gives the IDs of cases of the profile rufh.
func rufhCases(names ...string) []string { return profile("rufh", names) }

// rufhCreating tells whether a request begins a resumable upload.
func rufhCreating(r *http.Request) bool {
	return r.URL.Path == rufhFiles && completeness(r.Header) != ""
}

// completeness is the field by which a client names the completeness of what it sends, whichever it is called.
func completeness(h http.Header) string { return h.Get("Upload-Complete") + h.Get("Upload-Incomplete") }

// leftOpen tells whether a response is one of the protocol that says that the upload is incomplete.
func leftOpen(h http.Header) bool { return h.Get("Upload-Complete") == "?0" }

// rufhAnnouncing changes the interim responses that name an upload resource.
func rufhAnnouncing(change func(reference.Draft, *store.Operation, http.Header)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Announced
		s.Rufh.Announced = func(d reference.Draft, r *http.Request, op *store.Operation) []reference.Interim {
			all := next(d, r, op)
			for _, i := range all {
				change(d, op, i.Fields)
			}
			return all
		}
	}
}

// rufhProgressing changes the interim responses that tell an offset.
func rufhProgressing(change func(a reference.Append, op *store.Operation, offset int64, h http.Header)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Progress
		s.Rufh.Progress = func(a reference.Append, op *store.Operation, offset int64) []reference.Interim {
			all := next(a, op, offset)
			for _, i := range all {
				change(a, op, offset, i.Fields)
			}
			return all
		}
	}
}

// drafting changes what a text demands.
func drafting(change func(*reference.Draft)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Draft
		s.Rufh.Draft = func(r *http.Request) reference.Draft {
			d := next(r)
			change(&d)
			return d
		}
	}
}

// rufhFitting changes an append before it is decided whether it fits.
func rufhFitting(change func(a *reference.Append, up store.Progress)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Fits
		s.Rufh.Fits = func(a reference.Append, up store.Progress) error {
			change(&a, up)
			return next(a, up)
		}
	}
}

// rufhFinishing changes the final responses of resumable uploads.
func rufhFinishing(change func(reference.Append, *store.Operation, *store.Response)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Final
		s.Rufh.Final = func(a reference.Append, op *store.Operation, resp *store.Response) *store.Response {
			final := *next(a, op, resp)
			change(a, op, &final)
			return &final
		}
	}
}

// retrieved changes the fields of the responses that tell an offset to who asks.
func retrieved(change func(h http.Header)) func(*reference.Seams) {
	return field(fileURIs, func(r *http.Request, status int, h http.Header) {
		if (r.Method == http.MethodHead || r.Method == http.MethodGet) && status == http.StatusNoContent {
			change(h)
		}
	})
}

// rufhAppending tells whether a request is for an upload resource and carries content for it.
func rufhAppending(r *http.Request) bool { return r.Method == http.MethodPatch && at(r, fileURIs) }

// rufhConflicting changes the fields of the responses to an append at another offset.
func rufhConflicting(change func(r *http.Request, h http.Header)) func(*reference.Seams) {
	return field(fileURIs, func(r *http.Request, status int, h http.Header) {
		if rufhAppending(r) && status == http.StatusConflict {
			change(r, h)
		}
	})
}

// about tells by the text of an error what it is about.
func about(err error, what string) bool { return err != nil && strings.Contains(err.Error(), what) }
