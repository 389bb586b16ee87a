package selftest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// quirk is one way in which a bugServer differs from the plain and correct server that it is without any;
// its text says which. Those of broken_quirks_test.go are bugs, those of legal_quirks_test.go are a server's right.
type quirk string

// bugServer is the items API of the other test servers, in memory, written so that each of its steps can
// be spoilt on its own.
type bugServer struct {
	quirks map[quirk]bool
	conns  *Conns
	quit   chan struct{}

	mu     sync.Mutex
	items  map[string][]byte     // by path
	counts map[string]int        // effects by tag
	ops    map[string]*operation // by path of each of their resources
	keyed  map[string]*operation // by Idempotency-Key
	done   *operation            // the first one that has a final response
	serial int
	leaked int // slots that interrupted heads have kept
}

// startBug gives a listening server; it is closed with the test.
func startBug(t *testing.T, quirks ...quirk) *bugServer {
	t.Helper()
	s := &bugServer{
		quirks: map[quirk]bool{}, conns: Listen(t), quit: make(chan struct{}),
		items: map[string][]byte{}, counts: map[string]int{}, ops: map[string]*operation{}, keyed: map[string]*operation{},
	}
	for _, q := range quirks {
		s.quirks[q] = true
	}
	s.conns.Serve(func(c net.Conn) func() { return func() { s.serve(c) } })
	t.Cleanup(s.close)
	return s
}

func (s *bugServer) has(q quirk) bool { return s.quirks[q] }

func (s *bugServer) base() string { return s.conns.URL() }

func (s *bugServer) close() {
	close(s.quit)
	s.conns.Close()
	s.conns.Wait()
}

// sleep is simulated latency; false when the server closes first.
func (s *bugServer) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.quit:
		return false
	}
}

// serve answers the requests of a connection, one after another.
func (s *bugServer) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body := &counted{Reader: r.Body, over: r.ContentLength == 0}
		r.Body = body
		x := &call{s: s, c: c, in: in, r: r}
		a := x.answer()
		if a == nil {
			return // nobody to answer, or the request was broken off
		}
		closing := !body.over || s.mustClose(r)
		if x.send(a, closing) != nil {
			return
		}
		if closing {
			x.linger(body.over)
			return
		}
	}
}

// counted is a request body that knows whether it was read to its end.
type counted struct {
	io.Reader
	over bool
}

// Read reads, and notes the end.
func (b *counted) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.over = b.over || err == io.EOF
	return n, err
}

// Close does nothing: what was not read is dealt with by the connection.
func (b *counted) Close() error { return nil }

// call is one request while it is answered.
type call struct {
	s  *bugServer
	c  net.Conn
	in *bufio.Reader
	r  *http.Request
}

// answer is a final response. length replaces the body's own in Content-Length where it is not -1.
type answer struct {
	status int
	fields []string // name, value, name, value
	body   []byte
	length int
}

func reply(status int, body string, fields ...string) *answer {
	return &answer{status: status, body: []byte(body), fields: append([]string{"Content-Type", "text/plain"}, fields...), length: -1}
}

// with gives a copy with more fields.
func (a answer) with(fields ...string) *answer {
	a.fields = append(a.fields[:len(a.fields):len(a.fields)], fields...)
	return &a
}

func (a *answer) get(name string) string {
	for i := 0; i < len(a.fields); i += 2 {
		if strings.EqualFold(a.fields[i], name) {
			return a.fields[i+1]
		}
	}
	return ""
}

// head gives a status line and field lines, without the empty line.
func head(status int, fields []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", fields[i], fields[i+1])
	}
	return b.String()
}

// send writes a final response in the server's style.
func (x *call) send(a *answer, closing bool) error {
	x.s.delay(x.r)
	fields := append([]string{"Date", time.Now().UTC().Format(http.TimeFormat)}, a.fields...)
	fields = append(fields, x.s.extras()...)
	body := a.body
	switch length := a.length; {
	case a.status == 204 && a.length < 0:
		body = nil
	case x.r.Method != "HEAD" && x.s.has(chunkedResponses) && x.r.ProtoAtLeast(1, 1):
		fields, body = append(fields, "Transfer-Encoding", "chunked"), chunked(body)
	case x.r.Method != "HEAD" && x.s.has(closeDelimited):
	default:
		if length < 0 {
			length = len(body)
		}
		fields = append(fields, "Content-Length", strconv.Itoa(length))
	}
	if x.r.Method == "HEAD" {
		body = nil
	}
	if closing {
		fields = append(fields, "Connection", "close")
	}
	return x.write(head(a.status, x.s.written(fields))+"\r\n", body)
}

func chunked(body []byte) []byte {
	var b bytes.Buffer
	for at := 0; at < len(body); at += 1000 {
		part := body[at:min(at+1000, len(body))]
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// interim writes a 1xx response.
func (x *call) interim(status int, fields ...string) {
	_ = x.write(head(status, x.s.written(fields))+"\r\n", nil) // a client that is gone is noticed by the read that follows
}

// write writes at once, or in tiny pieces where that is the server's style.
func (x *call) write(head string, body []byte) error {
	if !x.s.has(tinyWrites) {
		_, err := x.c.Write(append([]byte(head), body...))
		return err
	}
	for _, part := range []struct {
		data []byte
		size int
	}{{[]byte(head), 23}, {body, 8 << 10}} {
		for at := 0; at < len(part.data); at += part.size {
			if _, err := x.c.Write(part.data[at:min(at+part.size, len(part.data))]); err != nil {
				return err
			}
			x.s.sleep(500 * time.Microsecond)
		}
	}
	return nil
}

// linger ends the server's direction, and reads what the client still sends, so that no reset overtakes
// the response.
func (x *call) linger(whole bool) {
	if tcp, ok := x.c.(*net.TCPConn); !ok || whole || tcp.CloseWrite() != nil {
		return
	}
	_ = x.c.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.CopyN(io.Discard, x.in, 1<<20)
}

// answer finds what a request is about.
func (x *call) answer() *answer {
	path := x.r.URL.Path
	x.s.mu.Lock()
	item, isItem := x.s.items[path]
	op := x.s.ops[path]
	x.s.mu.Unlock()
	switch {
	case path == "/":
		return reply(200, "items\n")
	case path == "/items" && x.r.Method == "POST":
		return x.create()
	case path == "/items":
		return x.count()
	case isItem && (x.r.Method == "GET" || x.r.Method == "HEAD"):
		a := reply(200, "")
		a.body = item
		return a
	case isItem:
		return x.notAllowed("GET, HEAD")
	case op != nil:
		return x.resource(op, path[strings.LastIndex(path, "/")+1:])
	}
	return reply(404, "nothing here\n")
}

func (x *call) notAllowed(allow string) *answer {
	if x.s.has(allowMissing) {
		return reply(405, "method not allowed\n")
	}
	return reply(405, "method not allowed\n", "Allow", allow)
}

func (x *call) count() *answer {
	if x.r.Method != "GET" && x.r.Method != "HEAD" {
		return x.notAllowed("GET, HEAD, POST")
	}
	x.s.mu.Lock()
	n := x.s.counts[x.r.URL.Query().Get("tag")]
	x.s.mu.Unlock()
	return &answer{status: 200, fields: []string{"Content-Type", "application/json"}, body: fmt.Appendf(nil, `{"count":%d}`, n), length: -1}
}
