package matrix

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
)

// toy is a protocol that shares nothing with the profile "resume": a PUT with Content-Range on the resource
// itself, the offset in a field of its own, no 100 (Continue), and no replay of the response.
type toy struct{}

const have = "Upload-Have"

func (toy) Start(op *Operation) exchange.Request {
	return exchange.Request{
		Method: "PUT", Target: op.URL.RequestURI(), Fields: op.Fields.With("Content-Range", span(0, op.Len(), op.Len())),
		Body: op.Body, HasBody: true,
	}
}

func span(from, to, length int64) string { return fmt.Sprintf("bytes %d-%d/%d", from, to-1, length) }

func (toy) Learn(op *Operation, r *exchange.Response) {
	if token := r.Fields.Get("Upload-Token"); token != "" {
		op.Facts["token"] = token
	}
}

func (toy) Offset(op *Operation) (exchange.Request, error) {
	return RequestTo("OPTIONS", op.URL), nil
}

func (toy) ReadOffset(_ *Operation, r *exchange.Response) (int64, error) {
	n, err := strconv.ParseInt(r.Fields.Get(have), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("OPTIONS gave %d with %s: %q", r.Status, have, r.Fields.Get(have))
	}
	return n, nil
}

func (toy) Resume(op *Operation, from, to int64) (Piece, error) {
	req := RequestTo("PUT", op.URL, exchange.Field{Name: "Content-Range", Value: span(from, to, op.Len())})
	req.Body, req.HasBody = op.Body[from:to], true
	return Piece{Request: req, From: from, To: to}, nil
}

func (toy) Conflict(_ *Operation, r *exchange.Response) bool { return r.Status == 409 }

func (toy) Outcome(*Operation) (exchange.Request, error) {
	return exchange.Request{}, ErrNotOffered("this protocol replays no response")
}

func (toy) ReadOutcome(*Operation, *exchange.Response) (*exchange.Response, OutcomeState, error) {
	panic("there is nothing to read")
}

func (toy) Downloads(*Operation) []*url.URL { return nil }

// toyServer speaks it. Its hooks change what a test is about.
type toyServer struct {
	mu    sync.Mutex
	items map[string][]byte

	// offset gives the offset to tell, of the one that is right; nil tells that.
	offset func(item string, right int64) int64
	// refuse says whether a PUT is refused although its offset is right.
	refuse func(from int64) bool
}

func (s *toyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	item := r.URL.Path
	switch r.Method {
	case "OPTIONS":
		s.mu.Lock()
		n := int64(len(s.items[item]))
		if s.offset != nil {
			n = s.offset(item, n)
		}
		s.mu.Unlock()
		w.Header().Set(have, strconv.FormatInt(n, 10))
		w.WriteHeader(http.StatusNoContent)
	case "GET":
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = w.Write(s.items[item])
	case "PUT":
		s.put(w, r, item)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *toyServer) put(w http.ResponseWriter, r *http.Request, item string) {
	var from, last, length int64
	if _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &last, &length); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	wrong := from != int64(len(s.items[item])) || s.refuse != nil && s.refuse(from)
	s.mu.Unlock()
	if wrong {
		w.WriteHeader(http.StatusConflict)
		return
	}
	data, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if from != int64(len(s.items[item])) {
		w.WriteHeader(http.StatusConflict) // another request has written meanwhile
		return
	}
	s.items[item] = append(s.items[item], data...)
	if err != nil {
		return
	}
	w.Header().Set("Location", item)
	w.Header().Set("Upload-Token", "t"+item)
	w.WriteHeader(map[bool]int{true: http.StatusCreated, false: http.StatusAccepted}[last+1 == length])
	_, _ = io.WriteString(w, "stored "+strconv.FormatInt(length, 10))
}

func newToy() *toyServer { return &toyServer{items: map[string][]byte{}} }

// upload gives an operation of the toy protocol.
func upload(s *Session, tag string, n int) *Operation {
	return &Operation{
		Tag: tag, Method: "PUT", URL: resolved(s.Base(), "/"+tag), Body: Bytes(n, 1),
		Handles: map[string]*url.URL{}, Facts: map[string]string{}, Known: -1,
	}
}

func parsed(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func contains(text, word string) bool { return strings.Contains(text, word) }

// holds says what the server stores of an item.
func (s *toyServer) holds(item string, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Equal(s.items[item], body)
}
