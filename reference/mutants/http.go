package mutants

import (
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
)

// The resources of an operation, by the beginning of their path.
const (
	requests  = "/requests/"
	messages  = "/messages/"
	responses = "/responses/"
)

func at(r *http.Request, prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }

// head makes a mutant that changes the heads of final responses. change returns the status.
func head(change func(r *http.Request, status int, h http.Header) int) func(*reference.Seams) {
	return func(s *reference.Seams) { s.HTTP.Head = change }
}

// field makes a mutant that changes the fields of the final responses of one resource.
func field(prefix string, change func(r *http.Request, status int, h http.Header)) func(*reference.Seams) {
	return head(func(r *http.Request, status int, h http.Header) int {
		if at(r, prefix) {
			change(r, status, h)
		}
		return status
	})
}

// refuse makes a mutant that answers some requests by itself, with a status.
func refuse(status int, wrong func(*http.Request) bool) func(*reference.Seams) {
	return wrapped(func(next http.Handler) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if wrong(r) {
				w.WriteHeader(status)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
}

// wrapped makes a mutant that stands before the server.
func wrapped(wrap func(next http.Handler) http.HandlerFunc) func(*reference.Seams) {
	return func(s *reference.Seams) {
		s.HTTP.Server = func(server *http.Server) { server.Handler = wrap(server.Handler) }
	}
}

func uploading(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Path == "/items" }

func prefers(r *http.Request) bool { return r.Header.Get("Prefer") != "" }

func expects(r *http.Request) bool { return r.Header.Get("Expect") != "" }
