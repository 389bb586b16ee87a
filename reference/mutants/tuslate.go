package mutants

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// lateBytes appends what a PATCH brings after a newer one has taken over.
type lateBytes struct {
	mu   sync.Mutex
	open map[string][]*followed // by path
}

// followed is a body of which is known what came of it, and how much of that before a newer PATCH took over.
type followed struct {
	io.ReadCloser
	late *lateBytes
	got  []byte
	kept int // -1: nobody took over
}

// Read implements io.Reader.
func (b *followed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.late.mu.Lock()
	defer b.late.mu.Unlock()
	b.got = append(b.got, p[:n]...)
	return n, err
}

func (l *lateBytes) apply(s *reference.Seams) {
	l.open = map[string][]*followed{}
	acquire := s.Tus.Acquire
	s.Tus.Acquire = func(op *store.Operation, offset int64, p store.Peer) (*store.Writer, error) {
		overtaken := l.overtake(tusUploads + op.RequestContent)
		w, err := acquire(op, offset, p)
		if err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, b := range overtaken {
				b.kept = -1
			}
		}
		return w, err
	}
	wrapped(l.follow)(s)
}

// overtake notes how much had come of each PATCH to a path, but for one that only begins: nothing came of that.
func (l *lateBytes) overtake(path string) (overtaken []*followed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.open[path] {
		if b.kept < 0 && len(b.got) > 0 {
			b.kept = len(b.got)
			overtaken = append(overtaken, b)
		}
	}
	return overtaken
}

// ended forgets a body, and gives how much of it had come when it was overtaken.
func (l *lateBytes) ended(path string, body *followed) (kept, got int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[path] = slices.DeleteFunc(l.open[path], func(b *followed) bool { return b == body })
	return body.kept, len(body.got)
}

// follow goes on with a PATCH that was overtaken as with one that begins there.
func (l *lateBytes) follow(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !tusing(r, http.MethodPatch) || r.ContentLength <= 0 {
			next.ServeHTTP(w, r)
			return
		}
		body, left := &followed{ReadCloser: r.Body, late: l, kept: -1}, r.ContentLength
		l.mu.Lock()
		l.open[r.URL.Path] = append(l.open[r.URL.Path], body)
		l.mu.Unlock()
		r.Body = body
		answer := &withheld{ResponseWriter: w, of: body}
		next.ServeHTTP(answer, r)
		kept, got := l.ended(r.URL.Path, body)
		if kept < 0 {
			return
		}
		defer answer.send()
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(3 * time.Second)) // without one there is nothing to come
		_, _ = io.Copy(io.Discard, io.LimitReader(body, left-int64(got)))
		if late := string(body.got[kept:]); late != "" {
			l.append(next, r, late)
		}
	}
}

// withheld keeps the answer to a PATCH that was overtaken: a client that has it sends nothing more.
type withheld struct {
	http.ResponseWriter
	of     *followed
	status int // 0: nothing is kept
}

// WriteHeader implements http.ResponseWriter.
func (w *withheld) WriteHeader(status int) {
	w.of.late.mu.Lock()
	overtaken := w.of.kept >= 0
	w.of.late.mu.Unlock()
	if overtaken && status >= http.StatusBadRequest {
		w.status = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer. Of an answer that is kept the content does not matter.
func (w *withheld) Write(p []byte) (int, error) {
	if w.status != 0 {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (w *withheld) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *withheld) send() {
	if w.status != 0 {
		w.Header().Del("Content-Length")
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// append sends bytes to an upload at its offset.
func (l *lateBytes) append(next http.Handler, r *http.Request, late string) {
	ask := httptest.NewRecorder()
	head := httptest.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodHead, r.URL.String(), nil)
	head.Header = r.Header
	next.ServeHTTP(ask, head)
	again := httptest.NewRequestWithContext(head.Context(), http.MethodPatch, r.URL.String(), strings.NewReader(late))
	again.Header = r.Header.Clone()
	again.Header.Set("Upload-Offset", ask.Header().Get("Upload-Offset"))
	next.ServeHTTP(httptest.NewRecorder(), again)
}
