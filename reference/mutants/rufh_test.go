package mutants_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
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

	"github.com/dunglas/httpsfv"

	"github.com/resumespec/resumespec/reference/mutants"
)

// talk is one connection to a server.
type talk struct {
	c *client
	net.Conn
	r *bufio.Reader
}

// message is a response, and the interim ones before it.
type message struct {
	reply
	interim []reply
}

func (c *client) open() *talk {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
	c.need(err == nil, "dial: %v", err)
	_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
	return &talk{c, conn, bufio.NewReader(conn)}
}

// request sends a head for length bytes of content (-1: chunked), and some of them; version 0 names none.
func (t *talk) request(version int, method, path string, length int, brought string, lines ...string) {
	framing := fmt.Sprintf("Content-Length: %d", length)
	if length < 0 {
		framing = "Transfer-Encoding: chunked"
		brought = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(brought), brought)
	}
	if version > 0 {
		lines = append(lines, fmt.Sprintf("Upload-Draft-Interop-Version: %d", version))
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Authorization") }) {
		lines = append(lines, "Authorization: Bearer a")
	}
	fmt.Fprintf(t, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n\r\n%s", method, path, strings.Join(lines, "\r\n"), framing, brought)
}

// next reads one response, interim or final.
func (t *talk) next(method string) reply {
	resp, err := http.ReadResponse(t.r, &http.Request{Method: method})
	t.c.need(err == nil, "%s: no response: %v", method, err)
	body := []byte(nil)
	if resp.StatusCode >= 200 {
		body, err = io.ReadAll(resp.Body)
		t.c.need(err == nil, "%s: %v", method, err)
	}
	return reply{resp.StatusCode, resp.Header, body}
}

func (t *talk) final(method string) (m message) {
	for {
		r := t.next(method)
		if r.status >= 200 {
			m.reply = r
			return m
		}
		m.interim = append(m.interim, r)
	}
}

// say sends one request and reads the response; want is its status.
func (c *client) say(version, want int, method, path, body string, lines ...string) message {
	t := c.open()
	defer t.Close()
	t.request(version, method, path, len(body), body, lines...)
	m := t.final(method)
	c.need(m.status == want, "version %d: %s %s %v: %d, want %d: %s", version, method, path, lines, m.status, want, m.body)
	return m
}

func (c *client) chunked(version int, method, path, body string, lines ...string) message {
	t := c.open()
	defer t.Close()
	t.request(version, method, path, -1, body, lines...)
	return t.final(method)
}

const (
	whole = "Upload-Complete: ?1"
	piece = "Upload-Complete: ?0"
)

func (c *client) files() string { return "/files?tag=" + c.tag }

func (c *client) processed(n int) {
	r := c.want(200, "GET", c.files(), "")
	c.need(string(r.body) == fmt.Sprintf("{\"count\":%d}\n", n), "count: %s, want %d", r.body, n)
}

// begun begins an upload with some bytes, in version 8.
func (c *client) begun(body string, lines ...string) string {
	m := c.say(8, 201, "POST", c.files(), body, append(lines, piece)...)
	uri := m.header.Get("Location")
	c.need(m.header.Get("Upload-Complete") == "?0" && strings.HasPrefix(uri, "/files/"), "%v", m.header)
	c.limits(m.header)
	c.need(len(m.interim) > 0 && m.interim[0].header.Get("Location") == uri, "%s, and %v", uri, m.interim)
	return uri
}

// limits checks Upload-Limit, and gives max-size.
func (c *client) limits(h http.Header) int64 {
	dict, err := httpsfv.UnmarshalDictionary(h.Values("Upload-Limit"))
	c.need(err == nil && len(dict.Names()) > 0, "Upload-Limit %q: %v", h.Values("Upload-Limit"), err)
	for _, name := range dict.Names() {
		m, _ := dict.Get(name)
		item, ok := m.(httpsfv.Item)
		c.need(ok, "%s", name)
		_, ok = item.Value.(int64)
		c.need(ok, "%s is %v", name, item.Value)
	}
	m, ok := dict.Get("max-size")
	c.need(ok, "no max-size")
	return m.(httpsfv.Item).Value.(int64)
}

func patching(offset int, complete string, lines ...string) []string {
	return append(lines, complete, "Content-Type: application/partial-upload", "Upload-Offset: "+strconv.Itoa(offset))
}

func (c *client) more(want int, uri string, offset int, complete, body string, lines ...string) message {
	return c.say(8, want, "PATCH", uri, body, patching(offset, complete, lines...)...)
}

// at asks for the offset.
func (c *client) at(uri string, offset int, complete string) http.Header {
	for _, method := range []string{"HEAD", "GET"} {
		h := c.say(8, 204, method, uri, "").header
		c.need(h.Get("Upload-Offset") == strconv.Itoa(offset) && h.Get("Upload-Complete") == complete, "%v, want %d %s", h, offset, complete)
		c.need(strings.Contains(h.Get("Cache-Control"), "no-store"), "%v", h)
		c.limits(h)
		if method == "GET" {
			return h
		}
	}
	return nil
}

func (c *client) gone(uri string) { c.say(8, 404, "HEAD", uri, "") }

// stored checks a final response and what it names.
func (c *client) stored(m message, want string) {
	c.need(m.status == 201 && m.header.Get("Upload-Complete") == "?1", "%d %v", m.status, m.header)
	got := c.want(200, "GET", m.header.Get("Location"), "")
	c.need(string(got.body) == want, "stored %q", got.body)
}

// started begins an append, and waits until its first bytes are told as kept.
func (c *client) started(uri string, offset, length int, brought, complete string) *talk {
	t := c.open()
	t.request(8, "PATCH", uri, length, brought, patching(offset, complete)...)
	for {
		r := t.next("PATCH")
		c.need(r.status == 104 && r.header.Get("Location") == "", "%d %v", r.status, r.header)
		n, err := strconv.Atoi(r.header.Get("Upload-Offset"))
		c.need(err == nil && n <= offset+len(brought), "told %d", n)
		if n == offset+len(brought) {
			return t
		}
	}
}

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

var rufhProbes = []struct {
	name string
	run  func(*client)
}{
	{"whole", func(c *client) {
		m := c.say(8, 201, "POST", c.files(), data, whole)
		c.need(len(m.interim) > 0, "no 104")
		first := m.interim[0].header
		uri := first.Get("Location")
		c.limits(first)
		for i, r := range m.interim {
			c.need(r.status == 104 && r.header.Get("Location") == uri && r.header.Get("Upload-Draft-Interop-Version") == "8", "%v", r)
			c.need(i == 0 || r.header.Get("Upload-Offset") == "36", "%v", r)
		}
		c.need(len(m.interim) > 1, "no progress")
		c.stored(m, data)
		c.processed(1)
		c.need(c.at(uri, 36, "?1").Get("Upload-Length") == "36", "length")
		again := c.more(201, uri, 36, whole, "")
		c.need(bytes.Equal(again.body, m.body), "another response: %s", again.body)
		c.stored(again, data)
		c.processed(1)
		refused := c.do("PATCH", uri, "x", "Upload-Complete", "?0", "Upload-Offset", "36", "Content-Type", "application/partial-upload")
		c.need(refused.status >= 400 && refused.status < 500, "more bytes: %d", refused.status)
	}},
	{"conventional", func(c *client) {
		for _, line := range []string{"X: y", "Upload-Complete: 0", "Upload-Complete: 1"} {
			m := c.say(8, 201, "POST", c.files(), data, line)
			c.need(len(m.interim) == 0 && strings.HasPrefix(m.header.Get("Location"), "/items/"), "%v %v", m.interim, m.header)
		}
		c.processed(3)
	}},
	{"parts", func(c *client) {
		uri := c.begun(data[:10])
		c.need(c.at(uri, 10, "?0").Get("Upload-Length") == "", "a length that nobody named")
		c.processed(0)
		m := c.more(204, uri, 10, piece, data[10:20])
		c.need(m.header.Get("Upload-Complete") == "?0" && len(m.interim) > 0, "%v", m)
		told := 0
		for _, r := range m.interim {
			n, err := strconv.Atoi(r.header.Get("Upload-Offset"))
			c.need(err == nil && n >= told && n <= 20, "progress %v", r)
			told = n
		}
		c.at(uri, 20, "?0")
		c.stored(c.more(201, uri, 20, whole, data[20:]), data)
		c.processed(1)
	}},
	{"empty", func(c *client) {
		uri := c.begun("")
		c.at(uri, 0, "?0")
		c.stored(c.more(201, uri, 0, whole, ""), "")
		c.stored(c.say(8, 201, "POST", c.files(), "", whole), "")
	}},
	{"parameters", func(c *client) {
		uri := c.begun("")
		c.say(8, 204, "PATCH", uri, data, "Upload-Complete: ?0;a", "Upload-Offset: 0;b=1", "Content-Type: application/partial-upload")
	}},
	{"before content", func(c *client) {
		t := c.open()
		defer t.Close()
		t.request(8, "POST", c.files(), 36, "", whole, "Expect: 100-continue")
		r := t.next("POST")
		c.need(r.status == 104, "%d", r.status)
		c.need(t.next("POST").status == 100, "no 100")
		c.at(r.header.Get("Location"), 0, "?0")
	}},
	{"conflict", func(c *client) {
		uri := c.begun(data[:10])
		for _, offset := range []int{0, 9, 11} {
			h := c.more(409, uri, offset, piece, "xxx").header
			c.need(h.Get("Upload-Offset") == "10" && h.Get("Upload-Complete") == "?0", "%v", h)
		}
		m := c.do("PATCH", uri, "x", "Upload-Complete", "?0", "Content-Type", "application/partial-upload")
		c.need(m.status == 400, "without an offset: %d", m.status)
		c.at(uri, 10, "?0")
	}},
	{"length", func(c *client) {
		c.say(8, 400, "POST", c.files(), data, whole, "Upload-Length: 37")
		uri := c.begun(data[:10], "Upload-Length: 36")
		c.need(c.at(uri, 10, "?0").Get("Upload-Length") == "36", "the length is forgotten")
		c.more(400, uri, 10, whole, "abc")
		c.more(400, uri, 10, piece, "abc", "Upload-Length: 35")
		short := c.chunked(8, "PATCH", uri, data[10:20], patching(10, whole)...)
		c.need(short.status == 400, "too short: %d", short.status)
		c.more(204, uri, 20, piece, data[20:])
		c.at(uri, 36, "?0")
		c.processed(0)
		c.stored(c.more(201, uri, 36, whole, ""), data)
	}},
	{"overflow", func(c *client) {
		uri := c.begun(data[:10], "Upload-Length: 20")
		c.more(400, uri, 10, piece, data[10:21])
		c.gone(uri)
		uri = c.begun(data[:10], "Upload-Length: 20")
		m := c.chunked(8, "PATCH", uri, data[10:30], patching(10, piece)...)
		c.need(m.status == 400, "chunked: %d", m.status)
		c.gone(uri)
	}},
	{"limits", func(c *client) {
		size := c.limits(c.say(8, 204, "OPTIONS", "/files", "").header)
		c.need(size >= 36, "max-size %d", size)
		uri := c.begun(data[:10])
		c.need(c.limits(c.at(uri, 10, "?0")) >= size, "max-size shrinks")
		c.limits(c.say(8, 413, "POST", c.files(), "", piece, "Upload-Length: 999999999999999").header)
	}},
	{"digests", func(c *client) {
		uri := c.begun(data[:10], "Repr-Digest: "+digestOf(data), "Want-Repr-Digest: sha-256=5")
		c.more(400, uri, 10, piece, data[10:20], "Content-Digest: "+digestOf("x"))
		c.at(uri, 10, "?0")
		m := c.more(201, uri, 10, whole, data[10:], "Content-Digest: "+digestOf(data[10:]))
		c.stored(m, data)
		c.need(m.header.Get("Repr-Digest") == digestOf(data), "%v", m.header)
		m = c.say(8, 400, "POST", c.files(), data, whole, "Repr-Digest: "+digestOf("x"))
		c.need(m.header.Get("Upload-Complete") == "?1", "%v", m.header)
		c.processed(1)
	}},
	{"cut", func(c *client) {
		uri := c.begun(data[:10])
		_ = c.started(uri, 10, 26, data[10:15], whole).Close()
		c.at(uri, 15, "?0")
		c.processed(0)
		c.stored(c.more(201, uri, 15, whole, data[15:]), data)
	}},
	{"stalled", func(c *client) {
		uri := c.begun(data[:10])
		t := c.started(uri, 10, 26, data[10:15], whole)
		defer t.Close()
		c.at(uri, 15, "?0")
		_, _ = io.WriteString(t, data[15:20]) // it may be cut off
		_, _ = io.Copy(io.Discard, t.r)       // until it is
		c.stored(c.more(201, uri, 15, whole, data[15:]), data)
	}},
	{"failure", func(c *client) {
		m := c.say(8, 503, "POST", c.files()+"&fail=503", data, whole)
		c.need(m.header.Get("Upload-Complete") == "?1", "%v", m.header)
		c.processed(0)
	}},
	{"cancel", func(c *client) {
		uri := c.begun(data[:10])
		c.say(8, 204, "DELETE", uri, "")
		c.gone(uri)
		c.more(404, uri, 10, whole, data[10:])
		uri = c.begun(data[:10])
		t := c.started(uri, 10, 26, data[10:15], whole)
		defer t.Close()
		c.say(8, 204, "DELETE", uri, "")
		_, _ = io.WriteString(t, data[15:])
		answer, _ := io.ReadAll(io.LimitReader(t.r, 20))
		c.need(!bytes.Contains(answer, []byte(" 201 ")), "completed after all: %s", answer)
		c.gone(uri)
		c.processed(0)
	}},
	{"strangers", func(c *client) {
		uri := c.begun(data[:10])
		const stranger = "Authorization: Bearer b"
		c.say(8, 404, "HEAD", uri, "", stranger)
		c.more(404, uri, 10, whole, data[10:], stranger)
		c.say(8, 404, "DELETE", uri, "", stranger)
		c.at(uri, 10, "?0")
	}},
	{"restart", func(c *client) {
		uri := c.begun(data[:10])
		next, err := c.server.Restart()
		c.need(err == nil, "restart: %v", err)
		c.server = next
		c.http.CloseIdleConnections()
		c.at(uri, 10, "?0")
		c.stored(c.more(201, uri, 10, whole, data[10:]), data)
	}},
	{"coding", func(c *client) {
		m := c.say(8, 201, "POST", c.files(), data, whole, "Content-Encoding: br")
		r := c.want(200, "GET", m.header.Get("Location"), "")
		c.need(r.header.Get("Content-Encoding") == "br", "%v", r.header)
	}},
	{"versions", func(c *client) {
		for _, line := range []string{"X: y", "Upload-Draft-Interop-Version: 99"} {
			m := c.say(0, 201, "POST", c.files(), data, piece, line)
			c.need(len(m.interim) == 0, "%s: %v", line, m.interim)
		}
		for version := 3; version <= 8; version++ {
			is, isNot := whole, piece
			if version == 3 {
				is, isNot = "Upload-Incomplete: ?0", "Upload-Incomplete: ?1"
			}
			m := c.say(version, 201, "POST", c.files(), data[:10], isNot)
			c.need(len(m.interim) > 0 && m.interim[0].header.Get("Upload-Draft-Interop-Version") == strconv.Itoa(version), "%d: %v", version, m.interim)
			uri := m.interim[0].header.Get("Location")
			c.need(m.header.Get("Location") == uri, "%d: %v", version, m.header)
			appended := 204
			if version < 7 {
				appended = 201
				c.say(version, 400, "HEAD", uri, "", "Upload-Offset: 10")
			}
			m = c.say(version, appended, "PATCH", uri, data[10:20], patching(10, isNot)...)
			limit := m.header.Get("Upload-Limit")
			c.need(strings.Contains(limit, "expires=") == (version == 6), "%d: %q", version, limit)
			m = c.say(version, 201, "PATCH", uri, data[20:], patching(20, is)...)
			if version < 7 {
				c.need(m.header.Get("Upload-Offset") == "36", "%d: %v", version, m.header)
			}
			if version == 6 || version == 7 {
				c.say(version, 400, "PATCH", uri, "", patching(36, is)...)
			}
			m = c.say(version, 201, "POST", c.files(), data, is)
			own := strings.HasPrefix(m.header.Get("Location"), "/files/")
			c.need(own == (version < 7), "%d: %v", version, m.header)
		}
	}},
}

// TestRufhMutants: every mutant of a resumable upload shows, and the reference gives no reason to complain.
func TestRufhMutants(t *testing.T) {
	t.Parallel()
	for _, p := range rufhProbes {
		if complaint := probe(t, nil, p.run); complaint != "" {
			t.Fatalf("reference: %s: %s", p.name, complaint)
		}
	}
	n := 0
	for _, m := range mutants.All() {
		if !strings.HasPrefix(m.Area, "rufh ") {
			continue
		}
		n++
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			for _, p := range rufhProbes {
				if complaint := probe(t, m.Apply, p.run); complaint != "" {
					t.Logf("%s: %s: %.200s", m.Sentence, p.name, complaint)
					return
				}
			}
			t.Error(m.Sentence, "Nobody complains.")
		})
	}
	if n < 35 {
		t.Error("mutants:", n)
	}
}
