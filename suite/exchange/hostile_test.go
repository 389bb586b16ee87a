package exchange

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// flood writes the text again and again until the client is gone.
func flood(start, text string) func(*net.TCPConn) {
	block := []byte(strings.Repeat(text, 1+65536/len(text)))
	return func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, start)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

func TestEndlessTargetsMeetTheLimits(t *testing.T) {
	const start = "HTTP/1.1 200 OK\r\n"
	chunked := start + "Transfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name   string
		handle func(*net.TCPConn)
		limits Limits
		at     int64 // Byte of the error, -1: any
		body   int64
	}{
		{"status line", flood("HTTP/1.1 200 ", "a"), Limits{}, 64 << 10, 0},
		{"head of one line", flood(start+"A: ", "a"), Limits{}, 64 << 10, 0},
		{"head of many lines", flood(start, "A: b\r\n"), Limits{Head: 1000}, 1000, 0},
		{"empty lines", flood("\r\n", "\r\n"), Limits{}, -1, 0},
		{"1xx", flood("", "HTTP/1.1 103 Early\r\n\r\n"), Limits{Interims: 5}, 22, 0},
		{"large 1xx", flood("", "HTTP/1.1 103 Early\r\n"+strings.Repeat("A: bcd\r\n", 7000)+"\r\n"), Limits{}, -1, 0},
		{"body by close", flood(start+"\r\n", "a"), Limits{Body: 100000}, 100019, 100000},
		{"body by length", flood(start+"Content-Length: 9223372036854775807\r\n\r\n", "a"), Limits{Body: 10}, -1, 10},
		{"body in chunks", flood(chunked, "1\r\na\r\n"), Limits{Body: 10}, -1, 10},
		{"chunk line", flood(chunked+"1;", "a"), Limits{}, -1, 0},
		{"chunk extensions", flood(chunked, "1;a=b\r\na\r\n"), Limits{Head: 1000}, -1, 250},
		{"trailers", flood(chunked+"0\r\n", "A: b\r\n"), Limits{}, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := open(t, get, c.limits, c.handle)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var resp *Response
			var err error
			within(t, 5*time.Second, "the limit", func() { resp, err = x.Do(background(t)) })
			runtime.ReadMemStats(&after)
			kind := Limit
			if c.name == "empty lines" {
				kind = Syntax
			}
			wantError(t, err, kind, c.at)
			if c.body > 0 && (resp == nil || resp.BodyBytes != c.body || int64(len(resp.Body)) != c.body || resp.Complete) {
				t.Errorf("response %+v", resp)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
				t.Errorf("%d bytes were allocated", got)
			}
			x.Close()
			checkRecord(t, x.Record())
		})
	}
}

func TestDribbleEndsInTimeout(t *testing.T) {
	for name, start := range map[string]string{
		"head": "HTTP/1.1 200 OK\r\nA: ",
		"body": "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
		"1xx":  "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 103 E",
	} {
		t.Run(name, func(t *testing.T) {
			x := open(t, get, Limits{Time: 100 * time.Millisecond}, func(c *net.TCPConn) {
				readHead(c)
				_, _ = io.WriteString(c, start)
				for {
					if _, err := c.Write([]byte("a")); err != nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
			within(t, 5*time.Second, "the deadline", func() {
				resp, err := x.Do(context.Background())
				wantError(t, err, Timeout, -1)
				if name == "body" && (resp == nil || resp.Complete || resp.BodyBytes == 0) {
					t.Errorf("response %+v", resp)
				}
			})
			events := x.Record().Events
			if last := events[len(events)-1]; last.Kind != Ended || last.Note != "deadline" {
				t.Errorf("last event %+v", last)
			}
		})
	}
}

// unread is more than the buffers of both ends hold.
var unread = make([]byte, 32<<20)

func TestEarlyFinalResponseToABodyThatIsNotRead(t *testing.T) {
	for _, status := range []string{"413 Too Large", "200 OK"} {
		for _, end := range []string{"open", "close", "reset"} {
			t.Run(status+" "+end, func(t *testing.T) {
				x := open(t, post(unread), Limits{}, func(c *net.TCPConn) {
					readHead(c)
					_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 2\r\n\r\nno")
					switch end {
					case "open":
						<-t.Context().Done()
					case "reset":
						reset(c)
					}
				})
				within(t, 5*time.Second, "an early response", func() {
					resp := mustDo(t, x)
					if !strings.HasPrefix(status, strconv.Itoa(resp.Status)) || string(resp.Body) != "no" {
						t.Errorf("response %+v", resp)
					}
				})
				wantError(t, x.SendEnd(context.Background()), Answered, -1)
				if _, payload := x.Sent(); payload >= int64(len(unread)) {
					t.Error("the whole body was sent")
				}
			})
		}
	}
}

func TestEarlyRefusalWithAnEndlessBody(t *testing.T) {
	x := open(t, post(unread), Limits{Time: 300 * time.Millisecond}, func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n")
		<-t.Context().Done()
	})
	ctx := background(t)
	if err := x.SendHead(ctx); err != nil {
		t.Fatal(err)
	}
	wantError(t, x.SendEnd(ctx), Answered, -1)
	resp, err := x.Final(ctx)
	if KindOf(err) != Timeout && KindOf(err) != Closed || resp == nil || resp.Status != 400 || resp.Complete {
		t.Fatal(resp, err)
	}
}

func TestABlockedWriteEnds(t *testing.T) {
	// The context of a test ends before its cleanups, which wait for the server.
	silent := func(t *testing.T) func(*net.TCPConn) {
		return func(*net.TCPConn) { <-t.Context().Done() }
	}
	t.Run("at the deadline", func(t *testing.T) {
		x := open(t, post(unread), Limits{Time: 100 * time.Millisecond}, silent(t))
		_, err := x.Do(context.Background())
		wire, _ := x.Sent()
		wantError(t, err, Timeout, wire)
		_, err = x.Final(context.Background())
		wantError(t, err, Timeout, 0)
	})
	t.Run("with the context", func(t *testing.T) {
		x := open(t, post(unread), Limits{}, silent(t))
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err := x.Do(ctx)
		wire, _ := x.Sent()
		wantError(t, err, Timeout, wire)
	})
	t.Run("with Close", func(t *testing.T) {
		x := open(t, post(unread), Limits{}, silent(t))
		time.AfterFunc(20*time.Millisecond, func() { x.Close() })
		_, err := x.Do(context.Background())
		wire, _ := x.Sent()
		wantError(t, err, Canceled, wire)
		wantError(t, x.SendEnd(context.Background()), Canceled, wire)
	})
	t.Run("with a FIN", func(t *testing.T) {
		x := open(t, post(unread), Limits{}, func(c *net.TCPConn) {
			readHead(c)
			_ = c.CloseWrite()
			<-t.Context().Done()
		})
		_, err := x.Do(context.Background())
		wire, _ := x.Sent()
		wantError(t, err, Closed, wire)
		_, err = x.Final(context.Background())
		wantError(t, err, Closed, 0)
	})
}

func TestACanceledSendGoesOnWhereItStopped(t *testing.T) {
	body := make([]byte, 16<<20)
	for i := range body {
		body[i] = byte(i % 251)
	}
	for _, chunked := range []bool{false, true} {
		req := post(body)
		req.Chunked, req.ChunkSize = chunked, 100000
		begin := make(chan struct{})
		var got []byte
		x := open(t, req, Limits{}, func(c *net.TCPConn) {
			<-begin
			_, got, _ = parsedRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 204 None\r\n\r\n")
			untilClosed(c)
		})
		short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := x.Do(short)
		cancel()
		wantError(t, err, Timeout, -1)
		if _, payload := x.Sent(); payload == 0 || payload >= int64(len(body)) {
			t.Fatal("payload", payload)
		}
		close(begin)
		if err := x.SendEnd(background(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Final(background(t)); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("chunked %v: %v; %d bytes came", chunked, err, len(got))
		}
	}
}
