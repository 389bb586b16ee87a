package selftest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/resumespec/resumespec/suite/selftest"
)

// step is a place in the life of an upload at which a trap may play a trick.
type step string

// The steps: each but the first is a response of the trap.
const (
	accepted  step = "accepted"  // a connection was taken, nothing of it read
	preflight step = "preflight" // HEAD on the target
	leave     step = "leave"     // 100 (Continue)
	created   step = "created"   // the final response of the upload
	offset    step = "offset"    // HEAD on the request content
	patched   step = "patched"   // the answer to a PATCH
	message   step = "message"   // GET on the response message
	stored    step = "stored"    // GET on the Location
	download  step = "download"  // GET on the Content-Location
	count     step = "count"     // the number of effects
	other     step = "other"
)

// trick is what a trap does at the nth time that it comes to a step. It may change the reply, or write
// to the connection itself and say so.
type trick func(s *trap, c net.Conn, at step, n int, r *reply) (done bool)

// trap is a server of the profile on raw sockets. It behaves well, but for its trick.
type trap struct {
	conns *selftest.Conns
	trick trick
	gone  chan struct{} // closed with the trap

	mu      sync.Mutex
	dead    bool
	seen    map[step]int
	uploads map[string]*kept
	counts  map[string]int
}

// kept is one upload.
type kept struct {
	mu     sync.Mutex
	id     string
	tag    string
	length int64 // announced, -1 when it was not
	data   []byte
	writer int // who may append: a PATCH takes over from the connection before it
	done   bool
}

// reply is one response, before it is written.
type reply struct {
	status int
	reason string
	fields [][2]string
	body   []byte
	length string // Content-Length, where it is not that of the body
	req    *http.Request
}

func (r *reply) set(name, value string) {
	for i := range r.fields {
		if r.fields[i][0] == name {
			r.fields[i][1] = value
			return
		}
	}
	r.fields = append(r.fields, [2]string{name, value})
}

// wire gives the response as it is sent.
func (r *reply) wire() []byte {
	var b bytes.Buffer
	reason := r.reason
	if reason == "" {
		reason = http.StatusText(r.status)
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", r.status, reason)
	for _, field := range r.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", field[0], field[1])
	}
	if r.status/100 == 1 {
		b.WriteString("\r\n")
		return b.Bytes()
	}
	length := r.length
	if length == "" {
		length = strconv.Itoa(len(r.body))
	}
	fmt.Fprintf(&b, "Content-Length: %s\r\nConnection: close\r\n\r\n", length)
	if r.req == nil || r.req.Method != http.MethodHead {
		b.Write(r.body)
	}
	return b.Bytes()
}

// setTrap starts a trap that ends with the test.
func setTrap(t *testing.T, trick trick) *trap {
	t.Helper()
	s := &trap{
		conns: selftest.Listen(t), trick: trick, gone: make(chan struct{}),
		seen: map[step]int{}, uploads: map[string]*kept{}, counts: map[string]int{},
	}
	s.conns.Serve(s.came)
	t.Cleanup(func() {
		s.kill()
		s.conns.Wait()
	})
	return s
}

func (s *trap) url() string { return s.conns.URL() }

// kill closes the listener and every connection, as the end of a process does.
func (s *trap) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return
	}
	s.dead = true
	close(s.gone)
	s.conns.Close()
}

// came counts a connection, and gives what serves it.
func (s *trap) came(c net.Conn) func() {
	s.mu.Lock()
	s.seen[accepted]++ // here, and not where it is served: connections are counted as they come
	n := s.seen[accepted]
	s.mu.Unlock()
	return func() {
		if s.trick == nil || !s.trick(s, c, accepted, n, nil) {
			s.serve(c)
		}
	}
}

// play comes to a step: the trick is asked first, then the reply is written.
func (s *trap) play(c net.Conn, at step, r *reply) (written bool) {
	s.mu.Lock()
	s.seen[at]++
	n := s.seen[at]
	s.mu.Unlock()
	if s.trick != nil && s.trick(s, c, at, n, r) {
		return false
	}
	if r != nil {
		_, err := c.Write(r.wire())
		return err == nil
	}
	return true
}

// serve answers one request; the connection ends with it.
func (s *trap) serve(c net.Conn) {
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	switch u := s.find(id); {
	case kind == "items" && req.Method == http.MethodPost:
		s.upload(c, req)
	case kind == "items" && req.Method == http.MethodGet && id == "":
		s.answer(c, count, req, 200, fmt.Sprintf(`{"count": %d}`, s.effects(req.URL.Query().Get("tag"))), "Content-Type", "application/json")
	case id == "" && req.Method == http.MethodHead:
		s.answer(c, preflight, req, 200, "", "Server", "trap")
	case u == nil:
		s.answer(c, other, req, 404, "nothing is here")
	default:
		s.resource(c, req, kind, u)
	}
}

func (s *trap) find(id string) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads[id]
}

func (s *trap) effects(tag string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[tag]
}

func (s *trap) answer(c net.Conn, at step, req *http.Request, status int, body string, fields ...string) {
	r := &reply{status: status, body: []byte(body), req: req}
	for i := 0; i+1 < len(fields); i += 2 {
		r.set(fields[i], fields[i+1])
	}
	s.play(c, at, r)
}

func (s *trap) upload(c net.Conn, req *http.Request) {
	s.mu.Lock()
	u := &kept{id: strconv.Itoa(len(s.uploads) + 1), tag: req.URL.Query().Get("tag"), length: req.ContentLength}
	s.uploads[u.id] = u
	s.mu.Unlock()
	if req.Header.Get("Expect") != "" && req.ProtoAtLeast(1, 1) {
		r := &reply{status: 100, req: req}
		r.set("Request-Content-Location", "/u/"+u.id)
		r.set("Response-Message-Location", "/m/"+u.id)
		r.set("Content-Location", "/c/"+u.id)
		if !s.play(c, leave, r) {
			return
		}
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := req.Body.Read(buf)
		if !u.add(buf[:n], 0) {
			return // a PATCH has taken over
		}
		if err == io.EOF && s.finish(u) {
			s.play(c, created, u.final(req))
		}
		if err != nil {
			return
		}
	}
}

// add appends bytes for a writer that still is the one.
func (u *kept) add(b []byte, writer int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.writer != writer || u.done {
		return false
	}
	u.data = append(u.data, b...)
	return true
}

// finish makes the effect happen, once.
func (s *trap) finish(u *kept) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done || u.length >= 0 && int64(len(u.data)) != u.length {
		return false
	}
	u.done = true
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[u.tag]++
	return true
}

// answerBody is the body of every final response: long enough for its download to be cut.
var answerBody = bytes.Repeat([]byte("thank you very much for this upload\n"), 100)

func (u *kept) final(req *http.Request) *reply {
	r := &reply{status: 201, body: answerBody, req: req}
	r.set("Location", "/i/"+u.id)
	r.set("Content-Location", "/c/"+u.id)
	r.set("Content-Type", "text/plain")
	r.set("ETag", `"`+u.id+`"`)
	return r
}

// resource answers for what belongs to an upload.
func (s *trap) resource(c net.Conn, req *http.Request, kind string, u *kept) {
	u.mu.Lock()
	data, done := u.data[:len(u.data):len(u.data)], u.done
	u.mu.Unlock()
	switch kind + " " + req.Method {
	case "u HEAD":
		r := &reply{status: 200, length: strconv.Itoa(len(data)), req: req}
		r.set("Cache-Control", "no-store")
		s.play(c, offset, r)
	case "u GET":
		s.answer(c, other, req, 405, "", "Allow", "HEAD, PATCH")
	case "u PATCH":
		s.patch(c, req, u)
	case "m GET":
		if !done {
			s.answer(c, message, req, 503, "not yet", "Retry-After", "0")
			return
		}
		s.answer(c, message, req, 200, string(u.final(nil).wire()), "Content-Type", "message/http", "Cache-Control", "no-store")
	case "i GET":
		s.answer(c, stored, req, 200, string(data))
	case "c GET", "c HEAD":
		s.ranged(c, req)
	default:
		s.answer(c, other, req, 405, "", "Allow", "HEAD")
	}
}

// patch takes a whole message/byterange, or nothing of it.
func (s *trap) patch(c net.Conn, req *http.Request, u *kept) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 16<<20))
	if err != nil {
		return
	}
	in := bufio.NewReader(bytes.NewReader(body))
	head, _ := textproto.NewReader(in).ReadMIMEHeader()
	data, _ := io.ReadAll(in)
	var first, last, length int64
	if _, err := fmt.Sscanf(head.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &length); err != nil || int64(len(data)) != last-first+1 {
		s.answer(c, patched, req, 400, "no range")
		return
	}
	u.mu.Lock()
	fits := !u.done && first == int64(len(u.data)) && (u.length < 0 || u.length == length)
	if fits {
		u.writer++
		u.length, u.data = length, append(u.data, data...)
	}
	u.mu.Unlock()
	switch {
	case !fits:
		s.answer(c, patched, req, 409, "not there")
	case s.finish(u):
		s.play(c, patched, u.final(req))
	default:
		s.answer(c, patched, req, 204, "")
	}
}

// ranged answers for the body of the final response, with a range from a byte to the end.
func (s *trap) ranged(c net.Conn, req *http.Request) {
	r := &reply{status: 200, body: answerBody, req: req}
	var first int
	if n, _ := fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-", &first); n == 1 && first >= 0 && first < len(answerBody) {
		r.status, r.body = 206, answerBody[first:]
		r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(answerBody)-1, len(answerBody)))
	}
	r.set("Content-Type", "text/plain")
	s.play(c, download, r)
}
