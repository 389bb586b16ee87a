package reference

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// A client that stops sending, or sends a byte now and then, is cut off; what it brought stays.
func TestRufhIdle(t *testing.T) {
	t.Parallel()
	f := start(t, Options{ReadIdle: 50 * time.Millisecond})
	c := speaker{f, 8}
	p := c.create("", []byte("0123456789"))
	w := f.dial()
	w.send(c.head("PATCH", p.uri, 10, p.fields(10, true)...) + "abc")
	w.ended()
	if h := p.at(13); h.Get("Upload-Complete") != "?0" {
		t.Error(h)
	}
}

// Malformed chunks, and chunks without an end, are interruptions: nothing is complete by them.
func TestRufhBrokenChunks(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	for i, body := range []string{"3\r\nabc\r\n", "3\r\nabc\r\nzz\r\n", "3\r\nabc\r\n0\r\nx", "3\r\nabcd\r\n0\r\n\r\n", "ffffffffffffffff\r\nabc"} {
		tag := fmt.Sprint("chunks", i)
		p := c.create("tag="+tag, []byte("0123456789"))
		w := f.dial()
		w.send(c.head("PATCH", p.uri, -1, p.fields(10, true)...) + body)
		w.Conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, w.r) // it may be a refusal
		h := p.ask("HEAD", p.uri).header
		if h.Get("Upload-Complete") != "?0" || f.files(tag) != 0 {
			t.Errorf("%q: %v", body, h)
		}
		kept := 0
		fmt.Sscan(h.Get("Upload-Offset"), &kept)
		if kept < 10 || kept > 13 {
			t.Errorf("%q: offset %d", body, kept)
		}
		c.processed(p.patch(kept, true, []byte("0123456789abc")[kept:]), []byte("0123456789abc"), tag)
	}
}

// Heads that nobody should send are refused, and leave nothing behind.
func TestRufhHostile(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	p := c.create("", []byte("0123456789"))
	before := f.s.store.Operations()
	for _, line := range []string{
		"Upload-Length: 1", "Upload-Length: 999999999999999", "Content-Type: /", "Content-Encoding: \x7f", "Content-Encoding: a b",
		"Content-Disposition: x; filename=\"" + strings.Repeat("y", 5000) + "\"\r\nUpload-Length: 1",
	} {
		if r := c.send("POST", "/files", []byte("abc"), "Upload-Complete: ?1", line); r.status < 400 || r.status >= 500 {
			t.Errorf("%.60q: %d", line, r.status)
		}
	}
	for _, query := range []string{"delay=11s", "respond=99999999999", "fail=200", "tag=%", "refuse=1"} {
		c.want(c.send("POST", "/files?"+query, []byte("abc"), "Upload-Complete: ?0").answer, 400)
	}
	for _, path := range []string{"/files/", "/files/..", "/files/%2e%2e", "/files/" + strings.ToUpper(p.uri[7:]), p.uri + "/", p.uri + "/content", "/files/" + store.NewID()} {
		if r := c.ask("HEAD", path); r.status != 404 {
			t.Error(path, r.status)
		}
	}
	if n := f.s.store.Operations(); n != before {
		t.Error("operations:", n)
	}
	p.at(10)
}

// The server keeps up with a client that never reads what it is told.
func TestRufhDeaf(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	data := content(4 << 20)
	p := c.create("tag=deaf", nil)
	w := f.dial()
	w.send(c.head("PATCH", p.uri, len(data), p.fields(0, true)...))
	w.send(string(data))
	c.processed(w.final(), data, "deaf")
}
