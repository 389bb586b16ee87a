package exchange

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs handle for one connection on loopback and gives the client's end of it. When handle
// returns the connection is closed; the test waits for it.
func serve(t testing.TB, handle func(*net.TCPConn)) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		handle(c.(*net.TCPConn))
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		l.Close()
		<-done
	})
	return conn
}

// open starts an exchange against handle; it is closed with the test.
func open(t testing.TB, req Request, limits Limits, handle func(*net.TCPConn)) *Exchange {
	t.Helper()
	x := New(serve(t, handle), req, limits)
	t.Cleanup(func() { x.Close() })
	return x
}

// readHead reads up to the empty line.
func readHead(c net.Conn) string {
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); {
		if _, err := c.Read(b); err != nil {
			break
		}
		head = append(head, b[0])
	}
	return string(head)
}

// untilClosed reads until the client closes.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// answer gives a handler that reads the head, writes the text, and waits for the client to close.
func answer(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, text)
		untilClosed(c)
	}
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func background(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var get = Request{Method: "GET", Target: "/items", Host: "example.org"}

func post(body []byte) Request {
	return Request{Method: "POST", Target: "/items", Host: "example.org", Body: body, HasBody: true}
}

// parsedRequest reads the request as net/http does.
func parsedRequest(c net.Conn) (*http.Request, []byte, error) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

func wantError(t testing.TB, err error, kind ErrorKind, at int64) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want one of kind %s", err, kind)
	}
	if e.Kind != kind || at >= 0 && e.Byte != at {
		t.Fatalf("error %q (%s, byte %d), want %s at byte %d", e, e.Kind, e.Byte, kind, at)
	}
}

func mustDo(t testing.TB, x *Exchange) *Response {
	t.Helper()
	resp, err := x.Do(background(t))
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func within(t testing.TB, limit time.Duration, what string, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > limit {
		t.Fatalf("%s took %v, more than %v", what, took, limit)
	}
}
