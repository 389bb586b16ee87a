package mutants_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/mutants"
)

type uploadDoc struct {
	State             string
	Length, Remaining *int64
	Received          [][2]int64
	Errors            []struct{ Status int }
	Result, Upload    string
	Parallel          bool
}

// place is an upload.
type place struct {
	c               *client
	status, content string
}

func (c *client) begin(query string, length int, fields ...string) *place {
	body := "{}"
	if length >= 0 {
		body = fmt.Sprintf(`{"length":%d}`, length)
	}
	r := c.want(201, "POST", "/uploads?tag="+c.tag+query, body, append(fields, "Content-Type", "application/json")...)
	doc := c.parse(r)
	c.need(doc.State != "", "no state in %s", r.body)
	p := &place{c, r.header.Get("Location"), doc.Upload}
	if link := r.header.Get("Link"); link != "" {
		p.content = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="upload"`)
	}
	c.need(p.status != "" && p.content != "", "Location %q, upload %q", p.status, p.content)
	return p
}

func (c *client) parse(r reply) (d uploadDoc) {
	err := json.Unmarshal(r.body, &d)
	c.need(err == nil && r.header.Get("Content-Type") == "application/json", "%s: %v", r.body, err)
	return d
}

func (p *place) read() uploadDoc { return p.c.parse(p.c.want(200, "GET", p.status, "")) }

func (p *place) put(first, end int, complete any, fields ...string) reply {
	return p.c.do("PUT", p.content, data[first:end], append(fields, "Content-Range", fmt.Sprintf("bytes %d-%d/%v", first, end-1, complete))...)
}

// more is put of a part that does not complete the upload; prefix is what must be told then.
func (p *place) more(first, end int, complete any, prefix int) {
	r, want := p.put(first, end, complete), ""
	if prefix > 0 {
		want = fmt.Sprintf("bytes=0-%d", prefix-1)
	}
	p.c.need(r.status == 308 && r.header.Get("Range") == want, "part %d-%d: %d, %q, want %q", first, end, r.status, r.header.Get("Range"), want)
}

func (p *place) received(ranges ...[2]int64) {
	d := p.read()
	p.c.need(len(d.Received) == len(ranges) && (len(ranges) == 0 || reflect.DeepEqual(d.Received, ranges)), "%+v, want %v", d, ranges)
}

// made checks what has become of an upload.
func (p *place) made(final reply, effects int) {
	c := p.c
	c.need(final.status == 201, "final: %d %s", final.status, final.body)
	d := p.read()
	c.need(d.State == "done" && d.Result == final.header.Get("Location") && d.Remaining != nil && *d.Remaining == 0, "%+v, %v", d, final.header)
	got := c.has(d.Result, data)
	c.need(got.header.Get("ETag") != "", "the result has no validator")
	part := c.want(206, "GET", d.Result, "", "Range", "bytes=10-19")
	c.need(string(part.body) == data[10:20] && part.header.Get("Content-Range") == "bytes 10-19/36", "%q %v", part.body, part.header)
	c.counts(effects)
}

func (c *client) counts(effects int) { c.counted("/uploads", effects) }

// open begins a part over a connection of its own, waits until the server is ready for it, and brings some of it.
func (p *place) open(first, end int, brought string) net.Conn {
	return p.c.expecting(fmt.Sprintf("PUT %s HTTP/1.1\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/36\r\n", p.content, end-first, first, end-1), brought)
}

// awaitReceived waits until a byte of a part that is at work is kept.
func (p *place) awaitReceived(first int64) {
	for deadline := time.Now().Add(3 * time.Second); ; {
		for _, r := range p.read().Received {
			if r[0] <= first && first <= r[1] {
				return
			}
		}
		p.c.need(time.Now().Before(deadline), "byte %d does not arrive", first)
	}
}

// probes are what a client may rely on. Each is right for the reference, and says what is wrong otherwise.
var probes = []clientProbe{
	{"offer", nil, func(c *client) {
		c.need(c.do("OPTIONS", "/uploads", "").header.Get("Link") == `</uploads>; rel="upload"`, "no Link")
		p, q := c.begin("", 36), c.begin("", 36)
		c.need(p.status != q.status && p.status[:20] != q.status[:20], "%s and %s", p.status, q.status)
		d := p.read()
		c.need(d.State == "waiting" && d.Length != nil && *d.Length == 36, "%+v", d)
		head := c.want(200, "HEAD", p.status, "")
		c.need(strings.Contains(head.header.Get("Cache-Control"), "no-store"), "%v", head.header)
		c.counts(0)
		p.made(p.put(0, 36, 36), 1)
	}},
	{"in order", nil, func(c *client) {
		p := c.begin("", -1)
		p.more(0, 10, "*", 10)
		p.more(10, 20, 36, 20)
		d := p.read()
		c.need(d.State == "receiving" && d.Length != nil && *d.Length == 36 && d.Remaining != nil && *d.Remaining == 16, "%+v", d)
		ask := c.want(308, "PUT", p.content, "", "Content-Range", "bytes */36")
		c.need(ask.header.Get("Range") == "bytes=0-19", "%v", ask.header)
		p.received([2]int64{0, 19})
		final := p.put(20, 36, 36)
		p.made(final, 1)
		again := p.put(20, 36, 36)
		c.need(again.status == 201 && bytes.Equal(again.body, final.body), "again: %d %s", again.status, again.body)
		p.made(again, 1)
	}},
	{"out of order", nil, func(c *client) {
		p := c.begin("", 36)
		p.more(30, 36, 36, 0)
		p.more(10, 20, "*", 0)
		p.received([2]int64{10, 19}, [2]int64{30, 35})
		p.more(0, 10, 36, 20)
		p.made(p.put(20, 30, 36), 1)
	}},
	{"at once", nil, func(c *client) {
		p := c.begin("", 36)
		conn := p.open(0, 20, data[:5])
		defer conn.Close()
		p.awaitReceived(0)
		r := p.put(20, 36, 36)
		c.need(r.status == 308, "the second part: %d %s", r.status, r.body)
		_, err := io.WriteString(conn, data[5:20])
		c.need(err == nil, "the first part: %v", err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		c.need(err == nil && resp.StatusCode == 201, "the first part: %v", err)
		p.made(p.put(0, 20, 36), 1)
	}},
	{"refusals", nil, func(c *client) {
		for _, length := range []int{36, -1} {
			p := c.begin("", length)
			p.more(0, 10, "*", 10)
			before := p.read()
			refused := func(body string, fields ...string) {
				r := c.do("PUT", p.content, body, fields...)
				c.need(r.status >= 400 && r.status < 500, "%v: %d", fields, r.status)
				c.need(reflect.DeepEqual(p.read(), before), "%v has changed something: %+v", fields, p.read())
			}
			refused("xxxxx")
			refused("xxxxx", "Content-Range", "bytes 14-10/36")
			refused("xxxxx", "Content-Range", "items 10-14/36")
			refused("xxxxx", "Content-Range", "bytes 10-13/36")
			refused("xxxxx", "Content-Range", "bytes 10-20/36")
			refused("xxxxx", "Content-Range", "bytes 0-4/36")
			refused("xxxxx", "Content-Range", "bytes 10-14/12")
			refused("xxxxx", "Content-Range", "bytes 0-4/9")
			if length > 0 {
				refused("xxxxx", "Content-Range", "bytes 10-14/37")
				refused("xxxxx", "Content-Range", "bytes 34-38/*")
			} else {
				refused("xxxxx", "Content-Range", "bytes 11-15/*")
			}
		}
		c.counts(0)
	}},
	{"no 100 before a refusal", nil, func(c *client) {
		p := c.begin("", 36)
		conn := c.dial()
		defer conn.Close()
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nContent-Range: bytes 0-4/99\r\n\r\n", p.content)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		c.need(err == nil && resp.StatusCode == 422, "%v %v", resp, err)
	}},
	{"cut", nil, func(c *client) {
		p := c.begin("", 36)
		p.more(0, 10, 36, 10)
		for _, brought := range []string{"", data[10:15]} {
			conn := p.open(10, 36, brought)
			if brought != "" {
				p.awaitReceived(10)
			}
			_ = conn.Close()
		}
		p.received([2]int64{0, 14})
		p.received([2]int64{0, 14})
		p.made(p.put(15, 36, 36), 1)
	}},
	{"stall", nil, func(c *client) {
		p := c.begin("", 36)
		conn := p.open(0, 36, data[:5])
		defer conn.Close()
		p.awaitReceived(0)
		p.received([2]int64{0, 4})
		p.made(p.put(5, 36, 36), 1)
	}},
	{"processing", nil, func(c *client) {
		p := c.begin("&delay=100ms", 36)
		r := p.put(0, 36, 36)
		c.need(r.status == 202 && c.parse(r).State == "processing", "%d %s", r.status, r.body)
		r = c.want(200, "GET", p.status, "")
		c.need(c.parse(r).State == "processing" && r.header.Get("Retry-After") != "", "%s %v", r.body, r.header)
		c.counts(0)
		r = c.want(200, "GET", p.status, "", "Prefer", "wait=2")
		c.need(c.parse(r).State == "done", "%s", r.body)
		p.made(p.put(0, 36, 36), 1)
	}},
	{"results of two", nil, func(c *client) {
		for i := range 2 {
			p := c.begin("", 36)
			p.made(p.put(0, 36, 36), i+1)
		}
	}},
	{"failure", nil, func(c *client) {
		p := c.begin("&fail=422", 36)
		r := p.put(0, 36, 36)
		d := p.read()
		c.need(r.status == 422 && d.State == "failed" && len(d.Errors) == 1 && d.Errors[0].Status == 422, "%d %+v", r.status, d)
		c.counts(0)
	}},
	{"cancel", nil, func(c *client) {
		p := c.begin("", 36)
		p.more(0, 10, 36, 10)
		r := c.do("DELETE", p.status, "", "Authorization", "Bearer b")
		c.need(r.status == 404, "by another user: %d", r.status)
		c.want(204, "DELETE", p.status, "")
		c.want(404, "GET", p.status, "")
		r = p.put(10, 36, 36)
		c.need(r.status == 404, "content: %d", r.status)
	}},
	{"strangers", nil, func(c *client) {
		p := c.begin("", 36)
		c.want(404, "GET", p.status, "", "Authorization", "Bearer b")
		c.want(404, "PUT", p.content, data, "Authorization", "Bearer b", "Content-Range", "bytes 0-35/36")
	}},
	{"key", nil, func(c *client) {
		p := c.begin("", 36, "Idempotency-Key", "k")
		p.more(0, 10, 36, 10)
		q := c.begin("", 36, "Idempotency-Key", "k")
		c.need(q.status == p.status, "%s and %s", p.status, q.status)
		p.received([2]int64{0, 9})
		q = c.begin("", 36, "Idempotency-Key", "k", "Authorization", "Bearer b")
		c.need(q.status != p.status, "the key of another user leads there")
		p.made(p.put(10, 36, 36), 1)
	}},
	{"overlap", nil, func(c *client) {
		p := c.begin("", 36)
		p.more(0, 10, 36, 10)
		r := c.do("PUT", p.content, "xxxxxxxxxxxxxxx", "Content-Range", "bytes 5-19/36")
		c.need(r.status == 409, "other bytes: %d", r.status)
		p.more(5, 20, 36, 20)
		p.made(p.put(20, 36, 36), 1)
	}},
	{"restart", nil, func(c *client) {
		for _, length := range []int{36, -1} {
			p := c.begin("", length)
			p.more(0, 10, 36, 10)
			kept := [][2]int64{{0, 9}}
			if length > 0 {
				p.more(20, 30, 36, 10)
				kept = append(kept, [2]int64{20, 29})
			}
			c.restart()
			p.received(kept...)
		}
	}},
}

// TestUploadMutants: every mutant of an upload shows, and the reference gives no reason to complain.
func TestUploadMutants(t *testing.T) {
	t.Parallel()
	everyShows(t, 25, probes, func(m mutants.Mutant) bool { return m.Profile() == "upload-resource" })
}
