package alder

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	textPlain   = "text/plain; charset=utf-8"
	patchFormat = "message/byterange"
)

// Server is the whole server. Its exported fields may be set between New and Start.
type Server struct {
	StallTimeout time.Duration // a connection with no progress for so long counts as interrupted
	Retention    time.Duration // how long an idle operation is kept
	MaxBody      int64         // the largest upload

	mu        sync.Mutex
	items     map[string]*item
	resources map[string]resource // by path
	serial    int                 // of announced operations
	swept     time.Time
	authority string // of the listener
	http      *http.Server
	closed    bool

	stop chan struct{}
	wg   sync.WaitGroup
}

// New returns a server that is not yet listening. It may also be used as an http.Handler.
func New() *Server {
	return &Server{
		StallTimeout: 30 * time.Second,
		Retention:    15 * time.Minute,
		MaxBody:      64 << 20,
		items:        map[string]*item{},
		resources:    map[string]resource{},
		swept:        time.Now(),
		stop:         make(chan struct{}),
	}
}

// Start listens on a loopback port and serves.
func (s *Server) Start() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.http != nil {
		return "", errors.New("alder: already started or closed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.authority = l.Addr().String()
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.StallTimeout,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	h := s.http
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		h.Serve(l)
	}()
	return "http://" + s.authority, nil
}

// Close ends all connections and all processing, and waits for them. What was not finished has no effect.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	h := s.http
	s.mu.Unlock()
	if first {
		close(s.stop)
		if h != nil {
			h.Close()
		}
	}
	s.wg.Wait()
}

// enter counts a goroutine in; it reports false when the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.wg.Done()
	c := newCall(s, rw, r)
	switch path := r.URL.Path; {
	case path == "/items":
		c.collection()
	case strings.HasPrefix(path, "/items/"):
		c.item(strings.TrimPrefix(path, "/items/"))
	default:
		c.resource()
	}
}

// call is one request and its response.
type call struct {
	s     *Server
	w     *pacedWriter
	r     *http.Request
	rc    *http.ResponseController
	began bool // something of the body was asked for, so a 100 is out
}

func newCall(s *Server, rw http.ResponseWriter, r *http.Request) *call {
	rc := http.NewResponseController(rw)
	c := &call{s: s, r: r, rc: rc, w: &pacedWriter{ResponseWriter: rw, rc: rc, stall: s.StallTimeout}}
	if c.hasBody() {
		rc.SetReadDeadline(time.Now().Add(s.StallTimeout))
	}
	return c
}

func (c *call) hasBody() bool { return c.r.Body != nil && c.r.Body != http.NoBody }

// bodyDone is called when the request was read to its end: now the client may be silent.
func (c *call) bodyDone() { c.rc.SetReadDeadline(time.Time{}) }

// abort closes the connection without a (further) response.
func (c *call) abort() { panic(http.ErrAbortHandler) }

// base is the scheme and authority of the URIs that are handed out.
func (c *call) base() string {
	host := c.r.Host
	if host == "" {
		c.s.mu.Lock()
		host = c.s.authority
		c.s.mu.Unlock()
	}
	return "http://" + host
}

// say answers with a short text. When the request's body was not read to its end the connection is closed, though not
// before the client had a chance to finish sending: otherwise a reset could overtake the answer.
func (c *call) say(status int, text string) {
	unread := c.hasBody()
	h := c.w.Header()
	h.Set("Content-Type", textPlain)
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	h.Set("Cache-Control", "private, no-store")
	if unread {
		h.Set("Connection", "close")
	}
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		io.WriteString(c.w, text+"\n")
	}
	if !unread || (!c.began && expectsContinue(c.r)) {
		return
	}
	c.rc.Flush()
	c.rc.SetReadDeadline(time.Now().Add(2 * time.Second))
	io.CopyN(io.Discard, c.r.Body, c.s.MaxBody)
}

func (c *call) notAllowed(allow string) {
	c.w.Header().Set("Allow", allow)
	c.say(http.StatusMethodNotAllowed, "method not allowed")
}

// serveBytes answers GET and HEAD with a fixed content, and with parts of it for Range.
func (c *call) serveBytes(contentType string, content []byte) {
	r := c.r
	if v := r.Header.Get("Range"); v != "" && (r.Method != http.MethodGet || !isByteRange(v)) {
		r = r.Clone(r.Context())
		r.Header.Del("Range") // a unit or a method for which it has no meaning: to be ignored
	}
	c.w.Header().Set("Content-Type", contentType)
	http.ServeContent(c.w, r, "", time.Time{}, bytes.NewReader(content))
}

func isByteRange(v string) bool {
	unit, _, ok := strings.Cut(v, "=")
	return ok && unit == "bytes"
}

// pacedWriter gives every piece of a response its own time limit, so that a silent client cannot hold a handler.
type pacedWriter struct {
	http.ResponseWriter
	rc     *http.ResponseController
	stall  time.Duration
	ranges bool // Accept-Ranges may be shown
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *pacedWriter) WriteHeader(status int) {
	w.rc.SetWriteDeadline(time.Now().Add(w.stall))
	if !w.ranges {
		w.Header().Del("Accept-Ranges")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *pacedWriter) Write(p []byte) (n int, err error) {
	for {
		w.rc.SetWriteDeadline(time.Now().Add(w.stall))
		m, err := w.ResponseWriter.Write(p[:min(len(p), 32<<10)])
		n += m
		p = p[m:]
		if err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// token is 128 bits of chance.
func token() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
