package mutants_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/mutants"
)

const offsetType = "application/offset+octet-stream"

// tus is do with the version, which every answer must have.
func (c *client) tus(method, path, body string, fields ...string) reply {
	r := c.do(method, path, body, append([]string{"Tus-Resumable", "1.0.0"}, fields...)...)
	c.need(r.header.Get("Tus-Resumable") == "1.0.0", "%s %s: no Tus-Resumable in %d", method, path, r.status)
	return r
}

func (c *client) tusWant(status int, method, path, body string, fields ...string) reply {
	r := c.tus(method, path, body, fields...)
	c.need(r.status == status, "%s %s %v: %d, want %d: %s", method, path, fields, r.status, status, r.body)
	return r
}

func (c *client) create(query string, fields ...string) string {
	r := c.tusWant(201, "POST", "/tus?tag="+c.tag+query, "", fields...)
	c.need(strings.HasPrefix(r.header.Get("Location"), "/tus/"), "Location %q", r.header.Get("Location"))
	return r.header.Get("Location")
}

func (c *client) patch(uri string, offset int, body string, fields ...string) reply {
	return c.tus("PATCH", uri, body, append([]string{"Upload-Offset", strconv.Itoa(offset), "Content-Type", offsetType}, fields...)...)
}

func (c *client) patched(uri string, offset int, body string, fields ...string) {
	r := c.patch(uri, offset, body, fields...)
	c.need(r.status == 204 && r.header.Get("Upload-Offset") == strconv.Itoa(offset+len(body)), "PATCH at %d: %d %v", offset, r.status, r.header)
}

// tusAt checks what HEAD tells; length "" for one that is deferred.
func (c *client) tusAt(uri, offset, length string) http.Header {
	h := c.tusWant(200, "HEAD", uri, "").header
	deferred := ""
	if length == "" {
		deferred = "1"
	}
	c.need(h.Get("Upload-Offset") == offset && h.Get("Upload-Length") == length && h.Get("Upload-Defer-Length") == deferred &&
		h.Get("Cache-Control") == "no-store", "HEAD: want %s of %s: %v", offset, length, h)
	return h
}

func (c *client) tusCounts(n int) { c.counted("/tus", n) }

// tusBegun begins a PATCH up to end over a connection of its own, and brings some of it when the server is ready for it.
func (c *client) tusBegun(uri string, offset, end int, brought string) net.Conn {
	return c.expecting(fmt.Sprintf("PATCH %s HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nContent-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n",
		uri, offsetType, offset, end-offset), brought)
}

func (c *client) awaitOffset(uri string, offset int) {
	for deadline := time.Now().Add(3 * time.Second); c.tus("HEAD", uri, "").header.Get("Upload-Offset") != strconv.Itoa(offset); {
		c.need(time.Now().Before(deadline), "offset %d is not reached", offset)
	}
}

func sha1Of(body string) string {
	sum := sha1.Sum([]byte(body))
	return "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
}

var tusProbes = []clientProbe{
	{"options", []string{"tus version", "tus options"}, func(c *client) {
		for _, version := range []string{"1.0.0", "7.0.0"} {
			h := c.want(204, "OPTIONS", "/tus", "", "Tus-Resumable", version).header
			c.need(h.Get("Tus-Version") == "1.0.0" && h.Get("Tus-Max-Size") != "" && strings.Trim(h.Get("Tus-Max-Size"), "0123456789") == "" && strings.HasPrefix(h.Get("Tus-Extension"), "creation,") &&
				h.Get("Tus-Checksum-Algorithm") == "sha1,sha256,md5", "%v", h)
		}
	}},
	{"version", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "5")
		r := c.do("PATCH", uri, "hello", "Tus-Resumable", "0.2.2", "Upload-Offset", "0", "Content-Type", offsetType)
		c.need(r.status == 412 && r.header.Get("Tus-Version") == "1.0.0", "%d %v", r.status, r.header)
		c.tusAt(uri, "0", "5")
	}},
	{"override", nil, func(c *client) {
		for _, actual := range []string{"POST", "DELETE"} {
			uri := c.create("", "Upload-Length", "10")
			c.tusWant(204, actual, uri, "hello", "X-HTTP-Method-Override", "PATCH", "Upload-Offset", "0", "Content-Type", offsetType)
			c.tusAt(uri, "5", "10")
		}
	}},
	{"core", []string{"tus effect", "tus offset"}, func(c *client) {
		uri := c.create("", "Upload-Length", "36", "Upload-Metadata", "a YQ==,b")
		h := c.tusAt(uri, "0", "36")
		c.need(h.Get("Upload-Metadata") == "a YQ==,b", "%v", h)
		c.patched(uri, 0, data[:20])
		c.tusCounts(0)
		c.patched(uri, 20, data[20:])
		c.tusAt(uri, "36", "36")
		c.has(uri, data)
		c.tusCounts(1)
		r := c.want(206, "GET", uri, "", "Range", "bytes=5-9")
		c.need(string(r.body) == data[5:10] && r.header.Get("ETag") != "", "%s %v", r.body, r.header)
		other := c.create("", "Upload-Length", "5")
		c.patched(other, 0, "hello")
		c.tusCounts(2)
		r = c.tusWant(404, "HEAD", uri[:len(uri)-3]+"aaa", "")
		c.need(r.header.Get("Upload-Offset") == "", "%v", r.header)
	}},
	{"creation", []string{"tus creation"}, func(c *client) {
		for _, f := range [][]string{
			{"400"}, {"400", "Upload-Length", "-1"}, {"400", "Upload-Defer-Length", "2"}, {"413", "Upload-Length", "9000000000"},
			{"400", "Upload-Length", "5", "Upload-Metadata", "a %"},
		} {
			status, _ := strconv.Atoi(f[0])
			c.tusWant(status, "POST", "/tus", "", f[1:]...)
		}
		c.tusAt(c.create("", "Upload-Length", "0"), "0", "0")
		c.tusCounts(1)
		r := c.tusWant(201, "POST", "/tus", data[:10], "Upload-Length", "36", "Content-Type", offsetType)
		c.need(r.header.Get("Upload-Offset") == "10", "%v", r.header)
		c.tusAt(r.header.Get("Location"), "10", "36")
		c.tusWant(415, "POST", "/tus", data[:10], "Upload-Length", "36", "Content-Type", "text/plain")
	}},
	{"deferred", nil, func(c *client) {
		uri := c.create("", "Upload-Defer-Length", "1")
		c.tusAt(uri, "0", "")
		c.patched(uri, 0, data[:10])
		c.tusAt(uri, "10", "")
		c.patched(uri, 10, data[10:20], "Upload-Length", "36")
		c.tusAt(uri, "20", "36")
		r := c.patch(uri, 20, data[20:30], "Upload-Length", "37")
		c.need(r.status == 400, "another length: %d", r.status)
		c.patched(uri, 20, data[20:])
		c.tusCounts(1)
	}},
	{"refusals", []string{"tus patch"}, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		c.patched(uri, 0, data[:10])
		for _, r := range []struct {
			reply
			want int
		}{
			{c.patch(uri, 5, "xxxxx"), 409},
			{c.patch(uri, 11, "xxxxx"), 409},
			{c.patch(uri, 10, data), 413},
			{c.patch(uri, 10, "xxxxx", "Content-Type", "text/plain"), 415},
			{c.tus("PATCH", uri, "xxxxx", "Content-Type", offsetType), 400},
		} {
			c.need(r.status == r.want, "%d, want %d: %s", r.status, r.want, r.body)
		}
		c.tusAt(uri, "10", "36")
		c.has(uri, data[:10])
	}},
	{"checksum", []string{"tus checksum"}, func(c *client) {
		uri := c.create("", "Upload-Length", "10")
		r := c.patch(uri, 0, "hello", "Upload-Checksum", sha1Of("other"))
		c.need(r.status == 460, "mismatch: %d", r.status)
		c.tusAt(uri, "0", "10")
		r = c.patch(uri, 0, "hello", "Upload-Checksum", "crc32 AAAA")
		c.need(r.status == 400, "unknown: %d", r.status)
		c.patched(uri, 0, "hello", "Upload-Checksum", sha1Of("hello"))
		for _, sum := range []string{"other", "world"} {
			req, _ := http.NewRequest("PATCH", c.base+uri, struct{ io.Reader }{strings.NewReader("world")})
			req.Header = http.Header{"Authorization": {"Bearer a"}, "Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"5"}, "Content-Type": {offsetType}}
			req.Trailer = http.Header{"Upload-Checksum": {sha1Of(sum)}}
			resp, err := c.http.Do(req)
			c.need(err == nil, "trailer: %v", err)
			_ = resp.Body.Close()
			c.need(resp.StatusCode == map[string]int{"other": 460, "world": 204}[sum], "trailer: %s", resp.Status)
		}
		c.has(uri, "helloworld")
	}},
	{"cut", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		c.patched(uri, 0, data[:5])
		conn := c.tusBegun(uri, 5, 36, data[5:12])
		c.awaitOffset(uri, 12)
		_ = conn.Close()
		c.tusAt(uri, "12", "36")
		c.has(uri, data[:12])
		c.patched(uri, 12, data[12:])
		c.has(uri, data)
		c.tusCounts(1)
	}},
	{"stall", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		conn := c.tusBegun(uri, 0, 36, data[:12])
		defer conn.Close()
		c.awaitOffset(uri, 12)
		c.patched(uri, 12, data[12:20])
		_, _ = io.WriteString(conn, strings.Repeat("X", 5)) // it may be closed
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		c.tusAt(uri, "20", "36")
		c.patched(uri, 20, data[20:])
		c.has(uri, data)
	}},
	{"lost", nil, func(c *client) {
		uri := c.create("&delay=100ms", "Upload-Length", "36")
		conn := c.tusBegun(uri, 0, 36, data)
		c.awaitOffset(uri, 36)
		_ = conn.Close()
		for deadline := time.Now().Add(3 * time.Second); string(c.want(200, "GET", "/tus?tag="+c.tag, "").body) != "{\"count\":1}\n"; {
			c.need(time.Now().Before(deadline), "no effect")
		}
		c.patched(uri, 36, "")
		c.tusCounts(1)
	}},
	{"expiration", []string{"tus life"}, func(c *client) {
		r := c.tusWant(201, "POST", "/tus?keep=50ms", "", "Upload-Length", "36")
		at, err := http.ParseTime(r.header.Get("Upload-Expires"))
		c.need(err == nil && time.Until(at) < time.Minute, "%v", r.header)
		p := c.patch(c.create("", "Upload-Length", "36"), 0, data[:5])
		at, err = http.ParseTime(p.header.Get("Upload-Expires"))
		c.need(err == nil && time.Until(at) > time.Hour, "%v", p.header)
		uri := r.header.Get("Location")
		for deadline := time.Now().Add(time.Second); ; {
			r := c.tus("HEAD", uri, "")
			if r.status == 410 {
				break
			}
			c.need(r.status == 200 && time.Now().Before(deadline), "%d: does not expire", r.status)
		}
		p = c.patch(uri, 0, data)
		c.need(p.status == 410, "%d", p.status)
	}},
	{"termination", nil, func(c *client) {
		for _, n := range []int{0, 10, 36} {
			uri := c.create("", "Upload-Length", "36")
			c.patched(uri, 0, data[:n])
			c.tusWant(204, "DELETE", uri, "")
			c.tusWant(404, "HEAD", uri, "")
			r := c.patch(uri, n, data[n:])
			c.need(r.status == 404, "%d", r.status)
		}
	}},
	{"others", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36", "Upload-Concat", "partial")
		bob := []string{"Authorization", "Bearer b"}
		c.tusWant(404, "HEAD", uri, "", bob...)
		c.tusWant(404, "DELETE", uri, "", bob...)
		r := c.patch(uri, 0, data, bob...)
		c.need(r.status == 404, "%d", r.status)
		c.tusWant(400, "POST", "/tus", "", "Authorization", "Bearer b", "Upload-Concat", "final;"+uri)
	}},
	{"concatenation", []string{"tus concatenation"}, func(c *client) {
		var parts []string
		for _, body := range []string{data[:20], data[20:]} {
			uri := c.create("", "Upload-Length", strconv.Itoa(len(body)), "Upload-Concat", "partial")
			c.patched(uri, 0, body)
			parts = append(parts, uri)
			h := c.tusAt(uri, strconv.Itoa(len(body)), strconv.Itoa(len(body)))
			c.need(h.Get("Upload-Concat") == "partial", "%v", h)
		}
		c.tusCounts(0)
		list := "final;" + strings.Join(parts, " ")
		c.tusWant(400, "POST", "/tus", "", "Upload-Concat", list, "Upload-Length", "36")
		uri := c.create("", "Upload-Concat", list)
		h := c.tusAt(uri, "36", "36")
		c.need(h.Get("Upload-Concat") == list, "%v", h)
		c.has(uri, data)
		r := c.patch(uri, 36, "")
		c.need(r.status == 403, "%d", r.status)
		c.has(c.create("", "Upload-Concat", list+" "+parts[0]), data+data[:20])
		c.tusCounts(2)
		c.tusWant(400, "POST", "/tus", "", "Upload-Concat", "final;"+c.create("", "Upload-Length", "5"))
	}},
	{"unfinished parts", nil, func(c *client) {
		part := c.create("", "Upload-Length", "36", "Upload-Concat", "partial")
		c.patched(part, 0, data[:20])
		uri := c.create("", "Upload-Concat", "final;"+part)
		h := c.tusWant(200, "HEAD", uri, "").header
		c.need(h.Get("Upload-Offset") == "" && h.Get("Upload-Length") == "36", "%v", h)
		c.patched(part, 20, data[20:])
		c.awaitOffset(uri, 36)
		c.has(uri, data)
	}},
	{"restart", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		c.patched(uri, 0, data[:20])
		c.restart()
		c.tusAt(uri, "20", "36")
		r := c.want(200, "GET", uri, "")
		c.need(bytes.Equal(r.body, []byte(data[:20])), "%q", r.body)
	}},
}

// The probes of what shows at one edge only.
var tusEdgeProbes = []clientProbe{
	{"edges", []string{"tus edges"}, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		c.patched(uri, 0, data[:5], "Content-Type", "Application/Offset+Octet-Stream")
		for range 25 {
			c.tusAt(uri, "5", "36")
		}
		other := c.create("", "Upload-Length", "36")
		c.patched(other, 0, data[:20], "Upload-Checksum", sha1Of(data[:20]))
		c.tusAt(uri, "5", "36")
		c.patched(other, 20, data[20:])
		r := c.want(416, "GET", other, "", "Range", "bytes=36-")
		c.need(r.header.Get("Content-Range") == "bytes */36", "%v", r.header)
		missing := uri[:len(uri)-3] + "aaa"
		r = c.patch(missing, 0, "hello")
		c.need(r.status == 404, "%d", r.status)
		c.tusWant(404, "DELETE", missing, "")
		c.tusCounts(1)
		long := strings.Repeat(data, 2000)
		uri = c.create("", "Upload-Length", strconv.Itoa(len(long)))
		c.patched(uri, 0, long)
		c.has(uri, long)
		uri = c.create("&fail=422", "Upload-Length", "36")
		r = c.patch(uri, 0, data)
		c.need(r.status == 422, "%d", r.status)
		c.tusCounts(2)
	}},
	{"unsent", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		for range 45 {
			_ = c.tusBegun(uri, 0, 36, "").Close()
			c.tusAt(uri, "0", "36")
		}
		c.tusCounts(0)
	}},
	{"cut twice", nil, func(c *client) {
		uri := c.create("", "Upload-Length", "36")
		for _, at := range []int{0, 12, 24} {
			conn := c.tusBegun(uri, at, 36, data[at:at+12])
			c.awaitOffset(uri, at+12)
			_ = conn.Close()
			c.tusAt(uri, strconv.Itoa(at+12), "36")
		}
	}},
	{"creations", []string{"tus creations"}, func(c *client) {
		a, b := c.create("", "Upload-Length", "36"), c.create("", "Upload-Length", "36")
		c.need(a[:len("/tus/")+12] != b[:len("/tus/")+12], "%s and %s", a, b)
		for range 30 {
			c.create("", "Upload-Length", "36")
		}
		c.tusWant(413, "POST", "/tus", "", "Upload-Length", strconv.Itoa(1<<62))
		uri := c.create("", "Upload-Length", "36", "Upload-Metadata", "name "+base64.StdEncoding.EncodeToString([]byte("a\r\nX-Evil: yes\r\n")))
		h := c.tusAt(uri, "0", "36")
		c.need(h.Get("X-Evil") == "", "%v", h)
		long := strings.Repeat(data, 60)
		r := c.tusWant(201, "POST", "/tus", long, "Upload-Length", "3000", "Content-Type", offsetType)
		c.need(r.header.Get("Upload-Offset") == strconv.Itoa(len(long)), "%v", r.header)
		c.tusWant(413, "POST", "/tus", data, "Upload-Length", "5", "Content-Type", offsetType)
		uri = c.create("", "Upload-Defer-Length", "1")
		c.patched(uri, 0, data[:10])
		r = c.patch(uri, 10, "x", "Upload-Length", "5")
		c.need(r.status == 400, "a length below the offset: %d", r.status)
		c.tusAt(uri, "10", "")
	}},
	{"lists", []string{"tus lists"}, func(c *client) {
		part := c.create("", "Upload-Length", "36", "Upload-Concat", "partial", "Upload-Metadata", "name YQ==")
		c.patched(part, 0, data)
		c.has(c.create("", "Upload-Concat", "final;"+c.base+part), data)
		uri := c.create("", "Upload-Concat", "final;"+part)
		c.has(uri, data)
		h := c.tusAt(uri, "36", "36")
		c.need(h.Get("Upload-Metadata") == "", "%v", h)
		c.tusWant(400, "POST", "/tus", "", "Upload-Concat", "final;"+part+" "+part[:len(part)-3]+"aaa")
	}},
}

// TestTusMutants: every mutant of tus shows, and the reference gives no reason to complain.
func TestTusMutants(t *testing.T) {
	t.Parallel()
	everyShows(t, 35, slices.Concat(tusProbes, tusEdgeProbes), func(m mutants.Mutant) bool { return strings.HasPrefix(m.Area, "tus ") })
}
