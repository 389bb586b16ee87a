package alder

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Every byte of an upload and of a PATCH is a place to cut, in every manner; at the end there is one item for each.
func TestCutEverywhere(t *testing.T) {
	_, base := start(t)
	const data = "0123456789abcdef"
	manners := []func(*raw){func(c *raw) { c.Close() }, (*raw).reset, func(*raw) {}}
	for _, length := range []string{"16", "chunked"} {
		upload := data
		if length == "chunked" {
			upload = "7\r\n0123456\r\n9\r\n789abcdef\r\n0\r\n\r\n"
		}
		for at := range len(upload) {
			for m, manner := range manners {
				tag := fmt.Sprintf("%s-%d-%d", length, at, m)
				t.Run(tag, func(t *testing.T) {
					t.Parallel()
					c := dial(t, base)
					uris := c.begin("?tag="+tag, length, "")
					c.send(upload[:at])
					manner(c)
					finish(t, base, uris.Get("Request-Content-Location"), data, at*3+m, manner)
					res, _ := message(t, uris.Get("Response-Message-Location"))
					if _, got := do(t, "GET", res.Header.Get("Location"), ""); got != data {
						t.Errorf("content %q", got)
					}
					wantCount(t, base, tag, 1)
				})
			}
		}
	}
}

// finish completes an upload, with a PATCH that is cut before one that is not.
func finish(t *testing.T, base, uri, data string, at int, manner func(*raw)) {
	n := offset(t, uri, 0)
	if int(n) < len(data) {
		doc := fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n\r\n%s", n, len(data)-1, len(data), data[n:])
		msg := "PATCH " + strings.TrimPrefix(uri, base) + " HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: " +
			strconv.Itoa(len(doc)) + "\r\n\r\n" + doc
		c := dial(t, base)
		c.send(msg[:len(msg)-1-at%len(doc)])
		manner(c)
	}
	for range 50 {
		n := offset(t, uri, n)
		rg := fmt.Sprintf("%d-%d/%d", n, len(data)-1, len(data))
		if int(n) == len(data) {
			rg = fmt.Sprintf("*/%d", n)
		}
		switch code, _ := patch(t, uri, rg, data[n:]); code {
		case 201:
			return
		case 409: // a late request of the cut connection came in between
		default:
			t.Errorf("PATCH %s: %d", rg, code)
		}
	}
	t.Error("not completed")
}
