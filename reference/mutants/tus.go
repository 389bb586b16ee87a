package mutants

import (
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// The resources of the profile tus.
const (
	tusTarget  = "/tus"
	tusUploads = "/tus/"
)

// tusCases gives the IDs of cases of the profile tus.
func tusCases(names ...string) []string { return profile("tus", names) }

func onTus(r *http.Request) bool { return r.URL.Path == tusTarget || at(r, tusUploads) }

// tusing tells whether a request uses a method on an upload.
func tusing(r *http.Request, method string) bool { return at(r, tusUploads) && r.Method == method }

func creatingTus(r *http.Request) bool {
	return r.URL.Path == tusTarget && r.Method == http.MethodPost
}

func isTus(op *store.Operation) bool { return op.Protocol == "tus" }

// tusHead makes a mutant that changes the heads of responses of tus. change returns the status.
func tusHead(change func(r *http.Request, status int, h http.Header) int) func(*reference.Seams) {
	return head(func(r *http.Request, status int, h http.Header) int {
		if !onTus(r) {
			return status
		}
		return change(r, status, h)
	})
}

// without makes a mutant that leaves out a field where which says so.
func without(name string, which func(r *http.Request, status int, h http.Header) bool) func(*reference.Seams) {
	return tusHead(func(r *http.Request, status int, h http.Header) int {
		if which(r, status, h) {
			h.Del(name)
		}
		return status
	})
}

// restatus makes a mutant that answers some requests of a method with another status.
func restatus(method string, from, to int) func(*reference.Seams) {
	return tusHead(func(r *http.Request, status int, _ http.Header) int {
		if r.Method == method && status == from {
			return to
		}
		return status
	})
}

func onHEAD(r *http.Request, status int, _ http.Header) bool {
	return tusing(r, http.MethodHead) && status == http.StatusOK
}

func onPATCH(r *http.Request, status int, _ http.Header) bool {
	return tusing(r, http.MethodPatch) && status == http.StatusNoContent
}

func onPOST(r *http.Request, status int, _ http.Header) bool {
	return creatingTus(r) && status == http.StatusCreated
}

func onOPTIONS(r *http.Request, _ int, _ http.Header) bool { return r.Method == http.MethodOptions }

// regarding makes a mutant that changes requests of tus before the server sees them.
func regarding(method string, change func(h http.Header)) func(*reference.Seams) {
	return rewritten(func(r *http.Request) bool { return onTus(r) && r.Method == method }, func(r *http.Request) { change(r.Header) })
}

// creatingAs makes a mutant that changes what is read of a creation.
func creatingAs(change func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Tus.Creation
		s.Tus.Creation = func(r *http.Request, owner string) (reference.TusCreation, error) {
			c, err := next(r, owner)
			return change(r, c, err)
		}
	}
}

// writingAs makes a mutant that changes what is read of a PATCH.
func writingAs(change func(r *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Tus.Patch
		s.Tus.Patch = func(r *http.Request, op *store.Operation) (reference.TusWrite, error) {
			w, err := next(r, op)
			return change(r, op, w, err)
		}
	}
}

// announcing changes the extensions that are announced.
func announcing(change func(all string) string) func(*reference.Seams) {
	return tusHead(func(_ *http.Request, status int, h http.Header) int {
		if all := h.Get("Tus-Extension"); all != "" {
			h.Set("Tus-Extension", change(all))
		}
		return status
	})
}

// leaving makes a mutant that leaves out one extension.
func leaving(name string) func(all string) string {
	return func(all string) string {
		var rest []string
		for _, extension := range strings.Split(all, ",") {
			if extension != name {
				rest = append(rest, extension)
			}
		}
		return strings.Join(rest, ",")
	}
}
