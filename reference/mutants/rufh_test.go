package mutants_test

import (
	"bufio"
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
	conn := c.dial()
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

func (c *client) processed(n int) { c.counted("/files", n) }

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

// age is the lifetime that HEAD tells, in seconds.
func (c *client) age(uri string) int64 {
	dict, err := httpsfv.UnmarshalDictionary(c.say(8, 204, "HEAD", uri, "").header.Values("Upload-Limit"))
	c.need(err == nil, "Upload-Limit: %v", err)
	m, ok := dict.Get("max-age")
	c.need(ok, "no max-age")
	return m.(httpsfv.Item).Value.(int64)
}

func (c *client) gone(uri string) { c.say(8, 404, "HEAD", uri, "") }

// stored checks a final response and what it names.
func (c *client) stored(m message, want string) {
	c.need(m.status == 201 && m.header.Get("Upload-Complete") == "?1", "%d %v", m.status, m.header)
	c.has(m.header.Get("Location"), want)
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

// TestRufhMutants: every mutant of a resumable upload shows, and the reference gives no reason to complain.
func TestRufhMutants(t *testing.T) {
	t.Parallel()
	everyShows(t, 35, rufhProbes, func(m mutants.Mutant) bool { return strings.HasPrefix(m.Area, "rufh ") })
}
