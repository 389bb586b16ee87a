package exchange

import (
	"io"
	"net"
	"testing"
)

// TestKeep: a connection is given back where another exchange may follow, and then carries it.
func TestKeep(t *testing.T) {
	conn := serve(t, func(c *net.TCPConn) {
		for range 2 {
			readHead(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
		untilClosed(c)
	})
	for range 2 {
		x := New(conn, Request{Method: "GET", Target: "/", Host: "h"}, Limits{})
		if r, err := x.Do(t.Context()); err != nil || string(r.Body) != "ok" {
			t.Fatalf("%+v, %v", r, err)
		}
		<-x.Ended()
		kept := x.Keep()
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		if kept != conn {
			t.Fatalf("kept %v", kept)
		}
		if x.Keep() != nil {
			t.Error("kept twice")
		}
	}
}

func TestKeepRefuses(t *testing.T) {
	for name, c := range map[string]struct{ method, answer string }{
		"the server closes":       {"GET", "HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n"},
		"HTTP/1.0":                {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"something follows":       {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"},
		"a body after HEAD":       {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		"an early final response": {"POST", "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Method: c.method, Target: "/", Host: "h"}
			if c.method == "POST" {
				req.Body, req.Fields = []byte("body"), Fields{{"Expect", "100-continue"}}
			}
			x := open(t, req, Limits{}, answer(c.answer))
			if _, err := x.Do(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-x.Ended()
			if x.Keep() != nil {
				t.Error("kept")
			}
		})
	}
	x := open(t, Request{Method: "GET", Target: "/", Host: "h"}, Limits{}, answer(""))
	if x.Keep() != nil {
		t.Error("kept before its end")
	}
}

func TestKeepByFraming(t *testing.T) {
	for answered, want := range map[string]bool{
		"HTTP/1.1 204 No Content\r\n\r\n":                                           true,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\n\r\n":      true,
		"HTTP/1.1 200 OK\r\n\r\nas long as it lasts":                                false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nas long as it lasts":     false,
		"HTTP/1.1 201 Created\r\nContent-Length: 1\r\nConnection: upgrade\r\n\r\nx": true,
	} {
		conn := serve(t, func(c *net.TCPConn) {
			readHead(c)
			_, _ = io.WriteString(c, answered)
		})
		x := New(conn, Request{Method: "GET", Target: "/", Host: "h"}, Limits{})
		if _, err := x.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-x.Ended()
		if got := x.Keep() != nil; got != want {
			t.Errorf("%q: kept %t", answered, got)
		}
		_ = x.Close()
		_ = conn.Close()
	}
}
