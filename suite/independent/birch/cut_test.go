package birch

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// leave ends the client's side of a connection in one of three ways.
func leave(p *peer, how int) {
	switch how {
	case 0:
		p.nc.(*net.TCPConn).SetLinger(0)
		fallthrough
	case 1:
		p.nc.Close()
	} // 2: silence
}

// TestCutAnywhere breaks an upload off at each of its bytes, then a PATCH at each of its bytes, and finishes with another one.
func TestCutAnywhere(t *testing.T) {
	base := serve(t)
	data := "The quick brown fox"
	l := len(data)
	for _, chunked := range []bool{false, true} {
		sent, n := data, l
		if chunked {
			sent, n = fmt.Sprintf("4\r\n%s\r\nF;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n", data[:4], data[4:]), -1
		}
		for cut := range len(sent) {
			how := cut % 3
			tag := fmt.Sprint("cut", n, "-", cut)
			p, content, message, _ := begin(t, base, "tag="+tag, n)
			p.write(sent[:cut])
			leave(p, how)
			low := offset(t, base, content)
			if low > cut {
				t.Fatal("more than was sent")
			}
			doc := fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n\r\n%s", low, l-1, l, data[low:])
			if low == l {
				doc = fmt.Sprintf("Content-Range: bytes */%d\r\n\r\n", l)
			}
			frame := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(doc), doc)
			if cut%2 == 0 {
				frame = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(doc), doc)
			}
			whole := "PATCH " + content + " HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\n" + frame
			for at := strings.Index(whole, "message/"); at < len(whole); at += 7 {
				q := dial(t, base).write(whole[:at])
				leave(q, (how+at)%3)
				if now := offset(t, base, content); now < low {
					t.Fatal("the offset went back")
				} else {
					low = now
				}
			}
			do(t, base, "GET", message, "").want(t, 503)
			one(t, base, tag, 0)
			a, _ := dial(t, base).write(whole).final("PATCH")
			a.want(t, 201)
			do(t, base, "GET", message, "").want(t, 200)
			one(t, base, tag, 1)
			if got := do(t, base, "GET", resolve(t, content, a.fields.get("location")), "").body; got != data {
				t.Fatalf("%q", got)
			}
		}
	}
}
