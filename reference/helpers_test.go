package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childData) != "" {
		serveAsChild()
		return
	}
	goleak.VerifyTestMain(m)
}

// fixture is a server on a real socket and a client for it.
type fixture struct {
	*testing.T
	s      *Server
	url    string
	addr   string
	auth   string
	client *http.Client
}

func start(t *testing.T, o Options) *fixture {
	t.Helper()
	s, url, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, s: s, url: url, addr: strings.TrimPrefix(url, "http://"),
		client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		begin := time.Now()
		if err := s.Close(); err != nil {
			t.Error("close:", err)
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Error("close took", d)
		}
	})
	return f
}

// as is the same server with another credential.
func (f *fixture) as(auth string) *fixture {
	g := *f
	g.auth = auth
	return &g
}

// eventually waits for what no event tells.
func (f *fixture) eventually(ok func() bool) {
	f.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			f.Fatal("still not so after 10 s")
		}
	}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; header is "Name: value" lines.
func (f *fixture) do(method, path string, body []byte, header ...string) answer {
	f.Helper()
	req, err := http.NewRequest(method, f.url+path, bytes.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range header {
		if name, value, ok := strings.Cut(line, ": "); ok {
			req.Header.Add(name, value)
		}
	}
	if f.auth != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", f.auth)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		f.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, data}
}

func (f *fixture) want(a answer, status int) answer {
	f.Helper()
	if a.status != status {
		f.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (f *fixture) patch(path, part string, body []byte, header ...string) answer {
	f.Helper()
	return f.do("PATCH", path, append([]byte(part+"\r\n\r\n"), body...),
		append(header, "Content-Type: message/byterange")...)
}

// wire is one connection on which every byte is under control.
type wire struct {
	f *fixture
	net.Conn
	r *bufio.Reader
}

func (f *fixture) dial() *wire {
	f.Helper()
	c, err := net.Dial("tcp", f.addr)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &wire{f, c, bufio.NewReader(c)}
}

func (w *wire) send(data string) {
	w.f.Helper()
	if _, err := io.WriteString(w.Conn, data); err != nil {
		w.f.Fatal("send:", err)
	}
}

// head reads one response, interim or final; the body of a final one too.
func (w *wire) head() answer {
	w.f.Helper()
	resp, err := http.ReadResponse(w.r, nil)
	if err != nil {
		w.f.Fatal("read response:", err)
	}
	a := answer{resp.StatusCode, resp.Header, nil}
	if resp.StatusCode >= 200 {
		if a.body, err = io.ReadAll(resp.Body); err != nil {
			w.f.Fatal("read response body:", err)
		}
	}
	return a
}

// ended waits until the server has closed the connection.
func (w *wire) ended() {
	w.f.Helper()
	if _, err := io.Copy(io.Discard, w.r); err != nil && !strings.Contains(err.Error(), "reset") {
		w.f.Fatal("connection still open:", err)
	}
}

// reset cuts the connection with RST.
func (w *wire) reset() {
	w.Conn.(*net.TCPConn).SetLinger(0)
	w.Close()
}

// upload is a POST that got its 100.
type upload struct {
	*wire
	request, message, response string
}

// post sends the head of an upload and reads the 100. Length -1 is chunked.
func (f *fixture) post(query string, length int, prefer string, header ...string) *upload {
	f.Helper()
	w := f.dial()
	framing := fmt.Sprintf("Content-Length: %d", length)
	if length < 0 {
		framing = "Transfer-Encoding: chunked"
	}
	if f.auth != "" {
		header = append(header, "Authorization: "+f.auth)
	}
	header = append(header, "Prefer: "+prefer, "Expect: 100-continue", framing)
	w.send("POST /items?" + query + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(header, "\r\n") + "\r\n\r\n")
	a := w.head()
	f.want(a, 100)
	return &upload{w, a.header.Get(fieldRequestContent), a.header.Get(fieldResponseMessage), a.header.Get(fieldContentLocation)}
}

func (f *fixture) offset(path string) int {
	f.Helper()
	a := f.want(f.do("HEAD", path, nil), 200)
	n := 0
	if _, err := fmt.Sscan(a.header.Get("Content-Length"), &n); err != nil {
		f.Fatalf("Content-Length %q", a.header.Get("Content-Length"))
	}
	return n
}

func (f *fixture) count(tag string) int {
	f.Helper()
	a := f.want(f.do("GET", "/items?tag="+tag, nil), 200)
	n := 0
	if _, err := fmt.Sscanf(string(a.body), `{"count":%d}`, &n); err != nil {
		f.Fatalf("count: %s", a.body)
	}
	return n
}

// stored checks that the item a response names has this content.
func (f *fixture) stored(a answer, content []byte) {
	f.Helper()
	got := f.want(f.do("GET", a.header.Get("Location"), nil), 200)
	if !bytes.Equal(got.body, content) {
		f.Fatalf("stored %d bytes, want %d, or they differ", len(got.body), len(content))
	}
}

// parse reads a message/http document.
func (f *fixture) parse(message []byte) answer {
	f.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(message)), nil)
	if err != nil {
		f.Fatalf("message/http: %v\n%s", err, message)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatalf("message/http: %v", err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// await reads the response message until it is there.
func (f *fixture) await(path string) answer {
	f.Helper()
	a := f.do("GET", path, nil, "Prefer: wait=10")
	f.want(a, 200)
	return f.parse(a.body)
}

func (f *fixture) same(got, want answer) {
	f.Helper()
	if got.status != want.status || !bytes.Equal(got.body, want.body) {
		f.Fatalf("got %d %.80q, want %d %.80q", got.status, got.body, want.status, want.body)
	}
	for name := range want.header {
		if g, w := got.header.Get(name), want.header.Get(name); g != w && name != "Connection" {
			f.Errorf("%s: got %q, want %q", name, g, w)
		}
	}
}

func content(n int) []byte {
	src := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	b := make([]byte, n)
	src.Read(b)
	return b
}
