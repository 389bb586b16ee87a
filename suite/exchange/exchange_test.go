package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestDoSendsTheRequestAsGiven(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 5000)
	for _, c := range []struct {
		name string
		req  Request
		head string
	}{
		{"get", get, "GET /items HTTP/1.1\r\nHost: example.org\r\n\r\n"},
		{"old", Request{Method: "GET", Target: "/", Host: "h", Proto: "HTTP/1.0"}, "GET / HTTP/1.0\r\nHost: h\r\n\r\n"},
		{"no host", Request{Method: "GET", Target: "/"}, "GET / HTTP/1.1\r\n\r\n"},
		{"empty body", post(nil), "POST /items HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n"},
		{"body", post(body), "POST /items HTTP/1.1\r\nHost: example.org\r\nContent-Length: 50000\r\n\r\n"},
		{
			"chunked",
			Request{Method: "PUT", Target: "/x", Host: "h", Body: body, Chunked: true, ChunkSize: 777},
			"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
		},
		{
			"own length, own names",
			Request{Method: "PUT", Target: "/x", Host: "h", Body: body, Fields: Fields{{"cOnTent-lEngth", "50000"}, {"x-A", ""}, {"x-A", "b"}}},
			"PUT /x HTTP/1.1\r\nHost: h\r\ncOnTent-lEngth: 50000\r\nx-A: \r\nx-A: b\r\n\r\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if head := string(c.req.Head()); head != c.head {
				t.Fatalf("head %q, want %q", head, c.head)
			}
			var got []byte
			x := open(t, c.req, Limits{}, func(conn *net.TCPConn) {
				_, got, _ = parsedRequest(conn)
				_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
				untilClosed(conn)
			})
			resp := mustDo(t, x)
			if resp.Status != 201 || resp.Reason != "Created" || !resp.SameBody([]byte("ok")) || resp.HeadBytes != 43 {
				t.Fatalf("response %+v", resp)
			}
			if !bytes.Equal(got, c.req.Body) {
				t.Fatalf("the server read %d bytes, not the %d sent", len(got), len(c.req.Body))
			}
			wire, payload := x.Sent()
			want := int64(len(c.head)) + c.req.BodyWire(1<<40)
			if c.req.Chunked {
				want += 5
			}
			if wire != want || payload != int64(len(c.req.Body)) {
				t.Fatalf("sent %d and %d, want %d and %d", wire, payload, want, len(c.req.Body))
			}
		})
	}
}

func TestDoWaitsForContinue(t *testing.T) {
	req := post([]byte("body"))
	req.Fields = Fields{{"Expect", "100-continue"}}
	for _, c := range []struct {
		name     string
		interims []string
		body     string // what the server must have read of the body
		final    string
	}{
		{"100", []string{"HTTP/1.1 100 Continue\r\n\r\n"}, "body", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"100 in several packets", strings.SplitAfter("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n", "\n"), "body", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"100 byte by byte", strings.Split("HTTP/1.1 100\r\n\r\n", ""), "body", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"104 before", []string{"HTTP/1.1 104 Upload\r\nLocation: /u\r\n\r\nHTTP/1.1 100 C\r\n\r\n"}, "body", "HTTP/1.1 204 \r\n\r\n"},
		{"refused", nil, "", "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(chan string, 1)
			x := open(t, req, Limits{Continue: 20 * time.Second}, func(conn *net.TCPConn) {
				readHead(conn)
				for _, part := range c.interims {
					_, _ = io.WriteString(conn, part)
					time.Sleep(time.Millisecond)
				}
				b := make([]byte, len(c.body))
				_, _ = io.ReadFull(conn, b)
				_, _ = io.WriteString(conn, c.final)
				rest, _ := io.ReadAll(conn)
				got <- string(b) + string(rest)
			})
			resp := mustDo(t, x)
			x.Close()
			if body := <-got; body != c.body {
				t.Errorf("the server read %q, want %q", body, c.body)
			}
			if !resp.Complete || (resp.Status == 204) != (c.body != "") {
				t.Errorf("response %+v", resp)
			}
		})
	}
}

func TestDoSendsTheBodyWithout100(t *testing.T) {
	req := post([]byte("body"))
	req.Fields = Fields{{"Expect", "100-continue"}}
	x := open(t, req, Limits{Continue: 20 * time.Millisecond}, func(conn *net.TCPConn) {
		_, _, _ = parsedRequest(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		untilClosed(conn)
	})
	if resp := mustDo(t, x); resp.Status != 200 || len(x.Interims()) != 0 {
		t.Fatal(resp.Status, x.Interims())
	}
}

func TestPiecesAreHeldBack(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		t.Run(fmt.Sprint("chunked ", chunked), func(t *testing.T) {
			req := post([]byte("abcdefghij"))
			req.Chunked = chunked
			pieces := make(chan string)
			x := open(t, req, Limits{}, func(conn *net.TCPConn) {
				defer close(pieces)
				readHead(conn)
				for b := make([]byte, 100); ; {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					pieces <- string(b[:n])
				}
			})
			ctx := background(t)
			want := []string{"abc", "def", "ghij", ""}
			if chunked {
				want = []string{"3\r\nabc\r\n", "3\r\ndef\r\n", "4\r\nghij\r\n", "0\r\n\r\n"}
			}
			steps := []func() error{
				func() error { return errors.Join(x.SendHead(ctx), x.SendBody(ctx, 3)) },
				func() error { return errors.Join(x.SendBody(ctx, 2), x.SendBody(ctx, 6)) },
				func() error { return x.SendBody(ctx, 1000) },
				func() error { return errors.Join(x.SendEnd(ctx), x.SendEnd(ctx)) },
			}
			for i, step := range steps {
				if err := step(); err != nil {
					t.Fatal(err)
				}
				if want[i] == "" {
					continue
				}
				if got := <-pieces; got != want[i] {
					t.Fatalf("step %d: the server got %q, want %q", i, got, want[i])
				}
			}
			if _, payload := x.Sent(); payload != 10 {
				t.Fatal(payload)
			}
			x.Close()
			if extra, open := <-pieces; open {
				t.Fatalf("more came: %q", extra)
			}
		})
	}
}

func TestWrongUse(t *testing.T) {
	x := open(t, post([]byte("a")), Limits{}, untilClosedHandler)
	ctx := background(t)
	if err := x.SendBody(ctx, 1); err == nil || KindOf(err) != "" {
		t.Error("a body without head", err)
	}
	if err := errors.Join(x.SendHead(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := x.SendHead(ctx); err == nil || KindOf(err) != "" {
		t.Error("a second head", err)
	}
}

func untilClosedHandler(c *net.TCPConn) { untilClosed(c) }

func TestSendRaw(t *testing.T) {
	got := make(chan string, 1)
	x := open(t, post([]byte("tail")), Limits{}, func(c *net.TCPConn) {
		b, _ := io.ReadAll(c)
		got <- string(b)
	})
	ctx := background(t)
	if err := errors.Join(x.SendRaw(ctx, []byte("BAD\x00\x1b\r\n\r\n")), x.SendEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	x.Close()
	if b := <-got; b != "BAD\x00\x1b\r\n\r\ntail" {
		t.Fatalf("%q", b)
	}
	if e := x.Record().Events[0]; string(e.Data) != "BAD\x00\x1b\r\n\r\n" || e.Note != "raw bytes" {
		t.Fatalf("%+v", e)
	}
}

func TestNextGivesEveryResponseOnce(t *testing.T) {
	x := open(t, get, Limits{}, answer("HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"))
	ctx := background(t)
	if err := x.SendHead(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{103, 100, 200} {
		resp, err := x.Next(ctx)
		if err != nil || resp.Status != want || !resp.Complete {
			t.Fatalf("%+v %v, want %d", resp, err, want)
		}
	}
	if _, err := x.Next(ctx); !errors.Is(err, ErrDone) {
		t.Fatal(err)
	}
	<-x.Ended()
	if final, err := x.Final(ctx); err != nil || string(final.Body) != "x" {
		t.Fatal(final, err)
	}
	if final, err := x.AwaitContinue(ctx); err != nil || final.Status != 200 {
		t.Fatal(final, err)
	}
	if len(x.Interims()) != 2 {
		t.Fatal(x.Interims())
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	x := open(t, get, Limits{}, untilClosedHandler)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	short, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	for name, wait := range map[string]func(context.Context) (*Response, error){
		"Next": x.Next, "Final": x.Final, "AwaitContinue": x.AwaitContinue, "FinalHead": x.FinalHead,
	} {
		if resp, err := wait(canceled); KindOf(err) != Canceled || resp != nil || !errors.Is(err, context.Canceled) {
			t.Error(name, resp, err)
		}
		if resp, err := wait(short); KindOf(err) != Timeout || resp != nil {
			t.Error(name, resp, err)
		}
	}
	wantError(t, x.SendHead(canceled), Canceled, 0)
	if err := x.SendBody(background(t), 0); err != nil {
		t.Error("the connection is still good after a canceled call:", err)
	}
}

func TestFinalHeadComesBeforeTheBody(t *testing.T) {
	release := make(chan struct{})
	x := open(t, get, Limits{}, func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
		<-release
		_, _ = io.WriteString(c, "bc")
	})
	ctx := background(t)
	if err := x.SendHead(ctx); err != nil {
		t.Fatal(err)
	}
	head, err := x.FinalHead(ctx)
	if err != nil || head.Status != 200 || head.Complete || head.BodyBytes != 0 {
		t.Fatal(head, err)
	}
	close(release)
	if final, err := x.Final(ctx); err != nil || string(final.Body) != "abc" {
		t.Fatal(final, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	req := post(make([]byte, 1<<20))
	req.Chunked = true
	x := open(t, req, Limits{}, func(c *net.TCPConn) {
		readHead(c)
		for range 20 {
			_, _ = io.WriteString(c, "HTTP/1.1 104 Upload\r\nUpload-Offset: 1\r\n\r\n")
			_, _ = io.CopyN(io.Discard, c, 50000)
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		untilClosed(c)
	})
	ctx := background(t)
	done := make(chan error)
	go func() {
		err := x.SendHead(ctx)
		for n := int64(0); n <= 1<<20 && err == nil; n += 30000 {
			err = x.SendBody(ctx, n)
		}
		if err == nil {
			err = x.SendEnd(ctx)
		}
		done <- err
	}()
	go func() {
		for range 50 {
			x.Mark("look")
			x.Record()
			x.Sent()
			x.Interims()
		}
		done <- nil
	}()
	for {
		resp, err := x.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !resp.Interim() {
			break
		}
	}
	for range 2 {
		if err := <-done; err != nil && KindOf(err) != Answered {
			t.Fatal(err)
		}
	}
	checkRecord(t, x.Record())
}
