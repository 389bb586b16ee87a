package exchange

import (
	"fmt"
	"io"
	"net"
	"testing"
)

// TestCutAtEveryByte cuts the connection after each byte of what the server sends.
func TestCutAtEveryByte(t *testing.T) {
	const interim, head, body = "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "body"
	const all = interim + head + body
	for _, fault := range []string{"fin", "rst"} {
		for n := range len(all) + 1 {
			t.Run(fmt.Sprint(fault, " ", n), func(t *testing.T) {
				x := open(t, get, Limits{}, func(c *net.TCPConn) {
					readHead(c)
					_, _ = io.WriteString(c, all[:n])
					if fault == "rst" {
						reset(c)
					}
				})
				resp, err := x.Do(background(t))
				kind, at := Closed, int64(n)
				if fault == "rst" {
					kind = Reset
				}
				if n >= len(interim) {
					at -= int64(len(interim))
				}
				if n == len(all) {
					if err != nil || !resp.Complete {
						t.Fatal(resp, err)
					}
					return
				}
				wantError(t, err, kind, at)
				if n >= len(interim+head) != (resp != nil) {
					t.Fatalf("response %+v", resp)
				}
				if resp != nil && (resp.Complete || resp.BodyBytes != at-int64(len(head))) {
					t.Fatalf("response %+v", resp)
				}
				if (n >= len(interim)) != (len(x.Interims()) == 1) {
					t.Fatal("interims", x.Interims())
				}
				rec := x.Record()
				last := rec.Events[len(rec.Events)-1]
				want := map[string]string{"fin": "connection closed by peer (FIN)", "rst": "connection reset"}[fault]
				if last.Kind != Ended || last.Note != want || rec.ReadAll != int64(n) {
					t.Fatalf("%+v", last)
				}
				checkRecord(t, rec)
			})
		}
	}
}

// TestResetDuringUploadIsNeverTakenForAnEnd runs many times: which of reader and writer is told of the
// reset is a race in the kernel.
func TestResetDuringUploadIsNeverTakenForAnEnd(t *testing.T) {
	for i := range 200 {
		x := open(t, post(unread), Limits{}, func(c *net.TCPConn) {
			readHead(c)
			_, _ = io.CopyN(io.Discard, c, int64(i)*1000)
			reset(c)
		})
		_, err := x.Do(background(t))
		wire, _ := x.Sent()
		wantError(t, err, Reset, wire)
		_, err = x.Final(background(t))
		wantError(t, err, Reset, 0)
		x.Close()
	}
}

func TestResetBehindBodyUntilClose(t *testing.T) {
	x := open(t, get, Limits{}, func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nabc")
		reset(c)
	})
	resp, err := x.Do(background(t))
	wantError(t, err, Reset, 22)
	if resp.Complete || string(resp.Body) != "abc" {
		t.Fatal(resp)
	}
}

// gate lets the first bytes of all writes pass and then resets.
type gate struct {
	net.Conn
	left int
}

func (g *gate) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b[:min(len(b), g.left)])
	if g.left -= n; err == nil && n < len(b) {
		g.Conn.Close()
		return n, net.ErrClosed
	}
	return n, err
}

// TestSentIsExact cuts the writes after each byte of a chunked request.
func TestSentIsExact(t *testing.T) {
	req := Request{Method: "PUT", Target: "/", Host: "h", Body: []byte("0123456789"), Chunked: true, ChunkSize: 4}
	whole := string(req.Head()) + "4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n"
	head := len(req.Head())
	for n := range len(whole) {
		got := make(chan string, 1)
		conn := serve(t, func(c *net.TCPConn) {
			b, _ := io.ReadAll(c)
			got <- string(b)
		})
		x := New(&gate{conn, n}, req, Limits{})
		_, err := x.Do(background(t))
		wantError(t, err, Canceled, int64(n))
		if b := <-got; b != whole[:n] {
			t.Fatalf("after %d: %q", n, b)
		}
		want := int64(0)
		for i := range max(0, n-head) {
			if i >= 3 && i < 7 || i >= 12 && i < 16 || i >= 21 && i < 23 {
				want++
			}
		}
		if wire, payload := x.Sent(); wire != int64(n) || payload != want {
			t.Fatalf("after %d: sent %d, %d, want payload %d", n, wire, payload, want)
		}
		x.Close()
	}
}
