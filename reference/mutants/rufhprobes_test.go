package mutants_test

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// rufhProbes are what a client of resumable uploads does, and complains of.
var rufhProbes = []clientProbe{
	{"whole", nil, func(c *client) {
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
		c.processed(1)
		for range 3 {
			again = c.more(201, uri, 36, whole, "")
			c.need(again.header.Get("Content-Type") == m.header.Get("Content-Type"), "another response: %v", again.header)
		}
		c.more(409, uri, 0, whole, "")
	}},
	{"refused", nil, func(c *client) {
		m := c.say(8, 404, "POST", "/nothing", data, whole)
		c.need(len(m.interim) == 0, "announced: %v", m.interim)
		c.gone("/files/" + strings.Repeat("b", 32))
		uri := c.begun(data[:10])
		c.need(!strings.HasPrefix(uri, "/files/aaaaaaaa"), "short: %s", uri)
		t := c.open()
		defer t.Close()
		t.request(8, "PATCH", uri, 10, "", patching(5, piece, "Expect: 100-continue")...)
		c.need(t.next("PATCH").status == 409, "a 100 before the refusal")
		m = c.say(8, 400, "POST", c.files(), data, whole, "Upload-Length: 37")
		c.need(strings.Contains(string(m.body), "inconsistent-upload-length"), "%s", m.body)
		c.say(8, 201, "POST", c.files(), data, whole, "Repr-Digest: x-own=:AAAA:")
	}},
	{"old client", nil, func(c *client) {
		t := c.open()
		defer t.Close()
		fmt.Fprintf(t, "POST %s HTTP/1.0\r\nAuthorization: Bearer a\r\nUpload-Draft-Interop-Version: 8\r\n%s\r\nContent-Length: 1\r\n\r\nx", c.files(), whole)
		c.need(t.next("POST").status == 201, "an interim response")
	}},
	{"told limits", nil, func(c *client) {
		t := c.open()
		defer t.Close()
		t.request(8, "OPTIONS", "*", 0, "")
		if general := t.next("OPTIONS").header; general.Get("Upload-Limit") != "" {
			c.limits(general)
		}
		uri := c.begun("")
		size := c.limits(c.at(uri, 0, "?0"))
		c.say(8, 201, "POST", c.files(), "", piece, fmt.Sprintf("Upload-Length: %d", size))
		first, second := c.age(uri), c.age(uri)
		c.need(second > first-30, "the lifetime went from %d to %d", first, second)
	}},
	{"ranges", nil, func(c *client) {
		place := c.say(8, 201, "POST", c.files(), data, whole).header.Get("Location")
		for _, first := range []int{5, 20} {
			r := c.do("GET", place, "", "Range", fmt.Sprintf("bytes=%d-", first))
			c.need(r.status == 206 && string(r.body) == data[first:], "%d: %d %q", first, r.status, r.body)
		}
		c.need(c.do("GET", place, "", "Range", "bytes=99-").status == 416, "past the end")
		r := c.do("GET", place, "", "Range", "bytes=-5")
		c.need(string(r.body) == data[len(data)-5:], "suffix %q", r.body)
		r = c.do("GET", place, "", "Range", "bytes=5-", "If-Range", `"stale"`)
		c.need(r.status == 200 && string(r.body) == data, "stale: %d %q", r.status, r.body)
	}},
	{"conventional", nil, func(c *client) {
		for _, line := range []string{"X: y", "Upload-Complete: 0", "Upload-Complete: 1"} {
			m := c.say(8, 201, "POST", c.files(), data, line)
			c.need(len(m.interim) == 0 && strings.HasPrefix(m.header.Get("Location"), "/items/"), "%v %v", m.interim, m.header)
		}
		c.processed(3)
	}},
	{"parts", nil, func(c *client) {
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
	{"empty", nil, func(c *client) {
		uri := c.begun("")
		c.at(uri, 0, "?0")
		c.stored(c.more(201, uri, 0, whole, ""), "")
		c.stored(c.say(8, 201, "POST", c.files(), "", whole), "")
	}},
	{"parameters", nil, func(c *client) {
		uri := c.begun("")
		c.say(8, 204, "PATCH", uri, data, "Upload-Complete: ?0;a", "Upload-Offset: 0;b=1", "Content-Type: application/partial-upload")
	}},
	{"before content", nil, func(c *client) {
		t := c.open()
		defer t.Close()
		t.request(8, "POST", c.files(), 36, "", whole, "Expect: 100-continue")
		r := t.next("POST")
		c.need(r.status == 104, "%d", r.status)
		c.need(t.next("POST").status == 100, "no 100")
		c.at(r.header.Get("Location"), 0, "?0")
	}},
	{"conflict", nil, func(c *client) {
		uri := c.begun(data[:10])
		for _, offset := range []int{0, 9, 11} {
			h := c.more(409, uri, offset, piece, "xxx").header
			c.need(h.Get("Upload-Offset") == "10" && h.Get("Upload-Complete") == "?0", "%v", h)
		}
		m := c.do("PATCH", uri, "x", "Upload-Complete", "?0", "Content-Type", "application/partial-upload")
		c.need(m.status == 400, "without an offset: %d", m.status)
		c.at(uri, 10, "?0")
	}},
	{"length", nil, func(c *client) {
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
	{"overflow", nil, func(c *client) {
		uri := c.begun(data[:10], "Upload-Length: 20")
		c.more(400, uri, 10, piece, data[10:21])
		c.gone(uri)
		uri = c.begun(data[:10], "Upload-Length: 20")
		m := c.chunked(8, "PATCH", uri, data[10:30], patching(10, piece)...)
		c.need(m.status == 400, "chunked: %d", m.status)
		c.gone(uri)
	}},
	{"limits", nil, func(c *client) {
		size := c.limits(c.say(8, 204, "OPTIONS", "/files", "").header)
		c.need(size >= 36, "max-size %d", size)
		uri := c.begun(data[:10])
		c.need(c.limits(c.at(uri, 10, "?0")) >= size, "max-size shrinks")
		c.limits(c.say(8, 413, "POST", c.files(), "", piece, "Upload-Length: 999999999999999").header)
	}},
	{"digests", nil, func(c *client) {
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
	{"cut", nil, func(c *client) {
		uri := c.begun(data[:10])
		_ = c.started(uri, 10, 26, data[10:15], whole).Close()
		c.at(uri, 15, "?0")
		c.processed(0)
		c.stored(c.more(201, uri, 15, whole, data[15:]), data)
	}},
	{"stalled", nil, func(c *client) {
		uri := c.begun(data[:10])
		t := c.started(uri, 10, 26, data[10:15], whole)
		defer t.Close()
		c.at(uri, 15, "?0")
		_, _ = io.WriteString(t, data[15:20]) // it may be cut off
		_, _ = io.Copy(io.Discard, t.r)       // until it is
		c.stored(c.more(201, uri, 15, whole, data[15:]), data)
	}},
	{"failure", nil, func(c *client) {
		m := c.say(8, 503, "POST", c.files()+"&fail=503", data, whole)
		c.need(m.header.Get("Upload-Complete") == "?1", "%v", m.header)
		c.processed(0)
	}},
	{"cancel", nil, func(c *client) {
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
	{"strangers", nil, func(c *client) {
		uri := c.begun(data[:10])
		const stranger = "Authorization: Bearer b"
		c.say(8, 404, "HEAD", uri, "", stranger)
		c.more(404, uri, 10, whole, data[10:], stranger)
		c.say(8, 404, "DELETE", uri, "", stranger)
		c.at(uri, 10, "?0")
	}},
	{"restart", nil, func(c *client) {
		uri := c.begun(data[:10])
		c.restart()
		c.at(uri, 10, "?0")
		c.stored(c.more(201, uri, 10, whole, data[10:]), data)
	}},
	{"coding", nil, func(c *client) {
		m := c.say(8, 201, "POST", c.files(), data, whole, "Content-Encoding: br")
		r := c.want(200, "GET", m.header.Get("Location"), "")
		c.need(r.header.Get("Content-Encoding") == "br", "%v", r.header)
		uri := c.begun(data[:10], "Content-Encoding: br")
		r = c.want(200, "GET", c.more(201, uri, 10, whole, data[10:]).header.Get("Location"), "")
		c.need(r.header.Get("Content-Encoding") == "br", "after an append: %v", r.header)
	}},
	{"versions", nil, func(c *client) {
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
			c.say(version, 204, "HEAD", uri, "")
			for _, r := range m.interim[1:] {
				c.need(version == 8 || r.header.Get("Location") == "", "%d: progress with %v", version, r.header)
			}
			m = c.say(version, appended, "PATCH", uri, data[10:20], patching(10, isNot)...)
			limit := m.header.Get("Upload-Limit")
			c.need(strings.Contains(limit, "expires=") == (version == 6), "%d: %q", version, limit)
			lines := patching(20, is)
			if version < 6 {
				lines = []string{is, "Upload-Offset: 20", "Content-Type: text/plain"}
			}
			m = c.say(version, 201, "PATCH", uri, data[20:], lines...)
			name, value, _ := strings.Cut(is, ": ")
			c.need(m.header.Get(name) == value, "%d: %v", version, m.header)
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
