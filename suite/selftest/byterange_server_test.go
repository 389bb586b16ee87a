package selftest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// rangeServer is a server of the profile byterange, in memory, written from the draft so that each of its steps can be
// spoilt on its own. Without any quirk it is correct: it keeps what comes where persist is preferred, and applies a patch
// as a whole elsewhere; it takes segments in order.
type rangeServer struct {
	quirks map[quirk]bool
	http   *httptest.Server
	quit   chan struct{}
	// settles makes reads wait until every connection that came before theirs has ended: what a test expects of a server
	// that was interrupted has then happened.
	settles bool

	mu     sync.Mutex
	docs   map[string]*rangeDoc // by path
	counts map[string]int       // effects by tag
	serial int                  // of entity tags
	conns  []*rangeConn
	turns  int // of requests so far
}

// rangeConn is a connection in the order in which they came.
type rangeConn struct {
	net.Conn
	over chan struct{}
	idle bool
	turn int // of its request
}

// connKey is the key of a request's own connection in its context.
type connKey struct{}

// track keeps the connections in order, and tells when each has ended.
func (s *rangeServer) track() {
	s.http.Config.ConnState = func(c net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch state {
		case http.StateNew:
			s.turns++
			s.conns = append(s.conns, &rangeConn{Conn: c, over: make(chan struct{}), turn: s.turns})
		case http.StateClosed, http.StateHijacked:
			i := slices.IndexFunc(s.conns, func(known *rangeConn) bool { return known.Conn == c })
			close(s.conns[i].over)
			s.conns = slices.Delete(s.conns, i, i+1)
		case http.StateActive, http.StateIdle:
			i := slices.IndexFunc(s.conns, func(known *rangeConn) bool { return known.Conn == c })
			if known := s.conns[i]; known.idle {
				s.turns++
				known.turn = s.turns
			}
			s.conns[i].idle = state == http.StateIdle
		}
	}
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
}

// turnOf gives the place of a request among all, by when its connection was opened, or used again.
func (s *rangeServer) turnOf(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.conns, func(known *rangeConn) bool { return known.Conn == r.Context().Value(connKey{}) })
	if i < 0 {
		return 0 // it is closed already
	}
	return s.conns[i].turn
}

// settle waits for the connections before that of a request.
func (s *rangeServer) settle(r *http.Request) {
	if !s.settles {
		return
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.conns, func(known *rangeConn) bool { return known.Conn == r.Context().Value(connKey{}) })
	before := slices.Clone(s.conns[:max(i, 0)])
	s.mu.Unlock()
	for _, c := range before {
		select {
		case <-c.over:
		case <-s.quit:
		case <-time.After(2 * time.Second): // a test of a connection that stalls does not wait for its end
		}
	}
}

// rangeDoc is a document, or what there is of one.
type rangeDoc struct {
	data     []byte
	in       []bool // which bytes were written; a hole is not
	length   int64  // complete length, -1 while it is not known
	complete bool
	kind     string
	tag      string
	modified time.Time
	writer   int    // the turn that may write; those before have lost theirs
	cut      []byte // what a truncation took off
	frame    int    // bytes of the frames of segments
}

// startRange gives a listening server; it is closed with the test.
func startRange(t *testing.T, quirks ...quirk) *rangeServer {
	t.Helper()
	s := &rangeServer{quirks: map[quirk]bool{}, quit: make(chan struct{}), docs: map[string]*rangeDoc{}, counts: map[string]int{}}
	for _, q := range quirks {
		s.quirks[q] = true
	}
	s.http = httptest.NewUnstartedServer(s)
	s.track()
	s.http.Start()
	t.Cleanup(func() {
		close(s.quit)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

func (s *rangeServer) has(q quirk) bool { return s.quirks[q] }

// restart ends every connection. What is kept is in memory all the same.
func (s *rangeServer) restart(context.Context) error {
	s.http.CloseClientConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, d := range s.docs {
		if s.has(restartDrops) && !d.complete {
			delete(s.docs, path)
		}
		if s.has(restartClaims) && !d.complete && len(d.data) > 0 {
			d.data, d.in = append(d.data, 0), append(d.in, true)
		}
	}
	return nil
}

// refusal is an answer other than 2xx.
type refusal int

func (r refusal) Error() string { return strconv.Itoa(int(r)) }

func (s *rangeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/":
		w.WriteHeader(http.StatusOK)
	case r.URL.Path == "/documents":
		s.settle(r)
		s.mu.Lock()
		n := s.counts[r.URL.Query().Get("tag")]
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"count":%d}`, n)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS")
		if accept := s.accepts(); accept != "" && !s.has(acceptHidden) {
			w.Header().Set("Accept-Patch", accept)
		}
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.show(w, r)
	case r.Method == http.MethodDelete:
		s.mu.Lock()
		delete(s.docs, r.URL.Path)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch || r.Method == http.MethodPut:
		s.take(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// accepts gives Accept-Patch.
func (s *rangeServer) accepts() string {
	switch {
	case s.has(patchUnknown):
		return ""
	case s.has(multipartOnly):
		return "multipart/byteranges"
	case s.has(applicationOnly):
		return "text/x-other, Application/ByteRanges"
	case s.has(messageOnly):
		return "message/byterange"
	}
	return "message/byterange, multipart/byteranges, application/byteranges"
}

// show answers GET and HEAD.
func (s *rangeServer) show(w http.ResponseWriter, r *http.Request) {
	s.settle(r)
	s.mu.Lock()
	d := s.docs[r.URL.Path]
	if d == nil || s.has(hiddenWhileOpen) && !d.complete {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	data, tag, modified, kind := bytes.Clone(d.data), d.tag, d.modified, d.kind
	length := len(data)
	switch {
	case s.has(headAnnouncesLength) && !d.complete && d.length >= 0:
		length = int(d.length)
	case s.has(headCountsFrame) && !d.complete:
		length += d.frame
	}
	complete := d.complete
	s.mu.Unlock()
	if kind == "" || s.has(typeLost) {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	if !s.has(tagless) {
		w.Header().Set("ETag", tag)
	}
	switch {
	case r.Method == http.MethodHead && s.has(empty204) && len(data) == 0:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodHead && !complete:
		w.Header().Set("Content-Length", strconv.Itoa(length))
		w.WriteHeader(http.StatusOK)
	case s.has(wholeAlways):
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(data)
	default:
		http.ServeContent(w, r, "", modified, bytes.NewReader(data))
	}
}

// take answers PATCH and PUT.
func (s *rangeServer) take(w http.ResponseWriter, r *http.Request) {
	status, err := s.taken(w.Header(), r)
	var refused refusal
	switch {
	case errors.As(err, &refused):
		status = int(refused)
		if status == 415 && s.accepts() != "" {
			w.Header().Set("Accept-Patch", s.accepts())
		}
	case err != nil:
		status = http.StatusBadRequest // nobody hears it, or the part was shorter than its range
	}
	if status == http.StatusOK || status == http.StatusCreated {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(status)
	if status == http.StatusOK || status == http.StatusCreated {
		_, _ = io.WriteString(w, "stored\n")
	}
}

func (s *rangeServer) taken(header http.Header, r *http.Request) (int, error) {
	if s.has(continueFirst) {
		in := bufio.NewReader(r.Body)
		_, _ = in.Peek(1)
		r.Body = io.NopCloser(in)
	}
	parts, err := s.reader(r)
	if err != nil {
		return 0, err
	}
	if err := s.conditions(r); err != nil {
		return 0, err
	}
	value, known := s.preference(r)
	if s.has(unknownPreference) && !known {
		return 0, refusal(400)
	}
	if s.has(chunkedRefusedHere) && r.ContentLength < 0 {
		return 0, refusal(411)
	}
	streams := value == "persist" && !s.has(keepsNothingHere) || s.has(atomicWritten) && value == "atomic"
	if said := s.applied(value); said != "" {
		header.Set("Preference-Applied", "transaction="+said)
	}
	c := &change{s: s, r: r, path: r.URL.Path, streams: streams, turn: s.turnOf(r)}
	err = c.all(parts)
	if s.has(effectAtCut) && err != nil && !isRefusal(err) {
		s.count(r.URL.Query().Get("tag"))
	}
	if err != nil {
		return 0, err
	}
	return c.over()
}

func isRefusal(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

// applied gives the value that Preference-Applied tells, "" for none.
func (s *rangeServer) applied(value string) string {
	switch {
	case s.has(appliedAlways) && value != "":
		return value
	case s.has(appliedHidden), value != "persist" && value != "atomic":
		return ""
	case s.has(appliedWrong) && value == "persist":
		return "atomic"
	case s.has(atomicWritten) && !s.has(atomicPromised) && value == "atomic", s.has(keepsNothingHere) && value == "persist":
		return ""
	}
	return value
}

// conditions looks at the preconditions of RFC 9110, 13.
func (s *rangeServer) conditions(r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[r.URL.Path]
	if d != nil && r.Header.Get("If-None-Match") == "*" && !s.has(ifNoneMatchIgnored) && (d.complete || !s.has(openIsNone)) {
		return refusal(412)
	}
	if value := r.Header.Get("If-Match"); value != "" && !s.has(ifMatchIgnored) {
		matches := d != nil && (value == "*" || value == d.tag)
		for item := range strings.SplitSeq(value, ",") {
			matches = matches || d != nil && strings.TrimSpace(item) == d.tag && !s.has(ifMatchAsText)
		}
		if !matches {
			return refusal(412)
		}
	}
	if since, err := http.ParseTime(r.Header.Get("If-Unmodified-Since")); err == nil && d != nil && !s.has(ifUnmodifiedIgnored) {
		if d.modified.Truncate(time.Second).After(since) {
			return refusal(412)
		}
	}
	return nil
}

// preference gives the value of transaction (RFC 7240); known says that it is one of the two, or that there is none.
func (s *rangeServer) preference(r *http.Request) (value string, known bool) {
	for item := range strings.SplitSeq(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		item, _, _ = strings.Cut(item, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		if strings.EqualFold(name, "transaction") {
			value = strings.Trim(value, `"`)
			return value, value == "persist" || value == "atomic"
		}
	}
	return "", true
}

// finish makes the effect happen, once. It gives the status of an upload that is to fail.
func (s *rangeServer) finish(d *rangeDoc, r *http.Request) int {
	query := r.URL.Query()
	s.mu.Lock()
	over := d.complete
	d.complete = true
	s.mu.Unlock()
	if over && !s.has(effectEachTime) {
		return 0
	}
	if s.has(effectFirst) {
		s.count(query.Get("tag"))
	}
	if delay, err := time.ParseDuration(query.Get("delay")); err == nil {
		select {
		case <-time.After(delay):
		case <-s.quit:
		}
		if s.has(workUntilCut) && r.Context().Err() != nil {
			return 0
		}
	}
	if status, err := strconv.Atoi(query.Get("fail")); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		d.complete = s.has(errorForgotten)
		return status
	}
	if !s.has(effectFirst) {
		s.count(query.Get("tag"))
	}
	return 0
}

func (s *rangeServer) count(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[tag]++
}

// touch gives a document another entity tag.
func (s *rangeServer) touch(d *rangeDoc) {
	s.serial++
	d.tag, d.modified = fmt.Sprintf(`"%d"`, s.serial), time.Now()
}
