package reference

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// The 104 comes before the 100, which is not left out, and both before the content.
func TestRufhContinue(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		w := c.dial()
		w.send(c.head("POST", "/files", 6, c.complete(true), "Expect: 100-continue"))
		if c.version > 0 {
			c.want(w.head(), 104)
		}
		c.want(w.head(), 100)
		w.send("abc")
		if c.version >= 4 { // what has come is told while the client waits
			a := c.want(w.head(), 104)
			if a.header.Get("Upload-Offset") != "3" {
				t.Error(a.header)
			}
		}
		w.send("def")
		c.want(w.final().answer, 201)
		for _, refused := range []string{"/files?refuse=403", "/files?delay=1h"} {
			w := c.dial()
			w.send(c.head("POST", refused, 6, c.complete(true), "Expect: 100-continue"))
			if r := w.final(); len(r.interim) > 0 {
				t.Error("the content of a refused request is asked for:", r)
			} else if early := c.says(r.header, true); early != (r.status == 403 && (c.version == 0 || c.version == 8)) && r.status == 403 {
				t.Error(r.header)
			}
		}
		p := c.create("", []byte("abc"))
		for _, fields := range [][]string{p.fields(2, false), {"Content-Type: a/b"}, {"Content-Type: application/partial-upload"}} {
			w := c.dial()
			w.send(c.head("PATCH", p.uri, 6, append(fields, "Expect: 100-continue")...))
			if r := w.final(); len(r.interim) > 0 || r.status < 400 {
				t.Error(fields, r)
			}
		}
		p.at(3)
		w = c.dial()
		w.send(strings.Replace(c.head("POST", "/files", 3, c.complete(true)), "HTTP/1.1", "HTTP/1.0", 1) + "abc")
		if r := w.final(); r.status != 201 || len(r.interim) > 0 {
			t.Error("HTTP/1.0:", r)
		}
	})
}

// Wherever an upload is cut, what arrived is kept, and the rest completes it with the response of the whole.
func TestRufhCut(t *testing.T) {
	t.Parallel()
	data := content(70_000)
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		for i, cut := range []int{0, 1, 35_000, 69_999} {
			for _, reset := range []bool{false, true} {
				tag := fmt.Sprintf("c%d-%d-%v", c.version, i, reset)
				w := c.dial()
				var p remote
				if c.version > 0 {
					w.send(c.head("POST", "/files?tag="+tag, len(data), c.complete(true)))
					p = remote{c, c.want(w.head(), 104).header.Get("Location")}
				} else {
					p = c.create("tag="+tag, nil)
					w.send(c.head("PATCH", p.uri, len(data), p.fields(0, true)...))
				}
				w.send(string(data[:cut]))
				if reset {
					op, _ := c.s.store.RequestContent(p.uri[7:])
					p.eventually(func() bool { return op.Progress().Offset == int64(cut) && op.Progress().Writer != nil })
					w.reset()
				} else {
					w.Close()
				}
				if h := p.at(cut); !c.says(h, false) {
					t.Error(h)
				}
				c.processed(p.patch(cut, true, data[cut:]), data, tag)
			}
		}
	})
}

// A newer request is not held up by an older one that is stalled, which is ended; its late bytes are never written.
func TestRufhStalled(t *testing.T) {
	t.Parallel()
	data := content(1000)
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		for _, by := range []string{"HEAD", "PATCH", "GET", "DELETE"} {
			p := c.create("tag="+by+fmt.Sprint(c.version), data[:100])
			w := c.dial()
			w.send(c.head("PATCH", p.uri, 900, p.fields(100, false)...) + string(data[100:200]))
			op, _ := c.s.store.RequestContent(p.uri[7:])
			p.eventually(func() bool { return op.Progress().Offset == 200 })
			begin := time.Now()
			var status int
			if by == "PATCH" {
				status = p.patch(200, false, data[200:300]).status
			} else {
				status = p.ask(by, p.uri).status
			}
			if took := time.Since(begin); status >= 300 || took > 2*time.Second {
				t.Errorf("%s: %d after %v", by, status, took)
			}
			w.Write(bytes.Repeat([]byte("x"), 500)) // its connection may be gone
			w.ended()
			if by == "DELETE" {
				p.gone()
				continue
			}
			kept := map[string]int{"HEAD": 200, "GET": 200, "PATCH": 300}[by]
			p.at(kept)
			c.processed(p.patch(kept, true, data[kept:]), data, by+fmt.Sprint(c.version))
		}
	})
}

// Of many that append at the same offset one wins; the others are told the right one, or are ended.
func TestRufhConcurrent(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	p := c.create("tag=many", nil)
	size, pieces := 5000, 8
	for offset := range pieces {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				w := p.dial()
				defer w.Close()
				w.send(p.head("PATCH", p.uri, size, p.fields(offset*size, false, "Connection: close")...))
				w.Write(bytes.Repeat([]byte{byte(i)}, size))
				_, _ = io.ReadAll(w.r)
			})
			wg.Go(func() { p.ask("HEAD", p.uri) })
		}
		wg.Wait()
		h := p.ask("HEAD", p.uri).header
		var kept int
		fmt.Sscan(h.Get("Upload-Offset"), &kept)
		if kept < offset*size || kept > (offset+1)*size {
			t.Fatal("offset", kept)
		}
		if rest := (offset+1)*size - kept; rest > 0 {
			c.want(p.patch(kept, false, bytes.Repeat([]byte{7}, rest)).answer, 204)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			w := p.dial()
			defer w.Close()
			w.send(p.head("PATCH", p.uri, 0, p.fields(size*pieces, true)...))
			_, _ = io.ReadAll(io.LimitReader(w.r, 10))
		})
	}
	wg.Wait()
	c.want(p.patch(size*pieces, true, nil).answer, 201)
	if n := f.files("many"); n != 1 {
		t.Error("effects:", n)
	}
}

func digestField(alg string, data []byte) string {
	sum := sha256.Sum256(data)
	out := sum[:]
	if alg == "sha-512" {
		long := sha512.Sum512(data)
		out = long[:]
	}
	return alg + "=:" + base64.StdEncoding.EncodeToString(out) + ":"
}

func TestRufhDigests(t *testing.T) {
	t.Parallel()
	data := content(100_000)
	half, rest := data[:60_000], data[60_000:]
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		tag := fmt.Sprint("d", c.version)
		p := c.create("tag="+tag, half, "Repr-Digest: "+digestField("sha-256", data)+", md5=:AA==:", "Want-Repr-Digest: sha-256=1, sha-512=9, md5=10",
			"Content-Digest: "+digestField("sha-512", half))
		r := p.patch(60_000, false, rest, "Content-Digest: "+digestField("sha-256", half))
		if c.want(r.answer, 400); r.header.Get("Upload-Offset") != "60000" || !c.says(r.header, false) || len(r.interim) > 0 {
			t.Error(r)
		}
		p.at(60_000)
		c.want(p.patch(60_000, false, rest, "Content-Digest: sha-256=1, sha-512=:AA==:").answer, map[bool]int{true: 201, false: 204}[c.version >= 3 && c.version <= 6])
		r = p.patch(100_000, true, nil, "Content-Digest: "+digestField("sha-256", nil))
		c.processed(r, data, tag)
		if got := r.header.Get("Repr-Digest"); got != digestField("sha-512", data) {
			t.Error(got)
		}
		bad := c.send("POST", "/files?tag=bad"+tag, data, c.complete(true), "Repr-Digest: "+digestField("sha-512", half))
		if c.want(bad.answer, 400); !c.says(bad.header, true) || c.files("bad"+tag) != 0 {
			t.Error(bad)
		}
		if len(bad.interim) > 0 {
			q := remote{c, bad.interim[0].header.Get("Location")}
			if !c.says(q.at(100_000), true) {
				t.Error("it can be resumed")
			}
		}
		part := c.send("POST", "/files", half, c.complete(false), "Want-Repr-Digest: sha-256=3")
		if got := part.header.Get("Repr-Digest"); got != digestField("sha-256", half) {
			t.Error(got)
		}
		lost := c.send("POST", "/files", half, c.complete(false), "Content-Digest: "+digestField("sha-256", rest))
		if c.want(lost.answer, 400); lost.header.Get("Location") == "" {
			t.Error(lost.header)
		}
		again := remote{c, lost.header.Get("Location")}
		again.at(0)
		plain := c.send("POST", "/files?tag=plain"+tag, data, "Repr-Digest: "+digestField("sha-256", half))
		if c.want(plain.answer, 400); c.files("plain"+tag) != 0 {
			t.Error(plain)
		}
	})
}

// The content coding belongs to the representation: it is kept, and named again where it is read.
func TestRufhContentCoding(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	p := c.create("", []byte("not really gzip"), "Content-Encoding: gzip, br", "Content-Type: text/plain")
	c.want(p.patch(15, true, []byte("!"), "Content-Encoding: gzip").answer, 415)
	r := c.want(p.patch(15, true, []byte("!")).answer, 201)
	for _, header := range []string{"Accept-Encoding: gzip, br", "Range: bytes=0-2"} {
		got := f.do("GET", r.header.Get("Location"), nil, header, "Accept-Encoding: br")
		want := "not really gzip!"
		if header[0] == 'R' {
			want = "not"
		}
		if got.header.Get("Content-Encoding") != "gzip, br" || got.header.Get("Content-Length") != fmt.Sprint(len(want)) || string(got.body) != want {
			t.Errorf("%v %q", got.header, got.body)
		}
	}
	c.want(c.send("POST", "/files", nil, "Upload-Complete: ?1", "Content-Encoding: g zip").answer, 415)
	c.want(c.send("POST", "/files", nil, "Upload-Complete: ?1", "Content-Type: text").answer, 415)
}

func TestRufhOutcome(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		tag := fmt.Sprint("o", c.version)
		p := c.create("fail=503&tag="+tag, []byte("abc"))
		r := p.patch(3, true, []byte("d"))
		if c.want(r.answer, 503); !c.says(r.header, true) || c.files(tag) != 0 {
			t.Error(r)
		}
		if h := p.at(4); !c.says(h, true) {
			t.Error(h)
		}
		r = c.send("PUT", "/files?respond=70000&tag="+tag, []byte("abc"), c.complete(true), "Incremental: ?1")
		if c.processed(r, []byte("abc"), tag); len(r.body) != 70000 {
			t.Error(len(r.body))
		}
	})
}

func TestRufhRestart(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	p := c.create("tag=restart", []byte("0123456789"), "Upload-Length: 10", "Content-Type: text/plain")
	done := c.create("tag=done", []byte("abc"))
	final := done.patch(3, true, nil)
	slow := c.create("tag=slow&delay=10s", []byte("abc"))
	w := f.dial()
	w.send(c.head("PATCH", slow.uri, 0, slow.fields(3, true)...))
	f.eventually(func() bool { op, _ := f.s.store.RequestContent(slow.uri[7:]); return op.State() == store.Complete })
	next, err := f.s.Restart()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { next.Close() })
	f.s = next
	f.client.CloseIdleConnections()
	if h := p.at(10); h.Get("Upload-Complete") != "?0" || h.Get("Upload-Length") != "10" {
		t.Error("a known length makes it complete:", h)
	}
	if f.files("restart") != 0 {
		t.Error("processed before it was complete")
	}
	f.same(done.patch(3, true, nil).answer, final.answer)
	if h := slow.at(3); h.Get("Upload-Complete") != "?0" {
		t.Error(h)
	}
	c.want(slow.patch(3, false, []byte("x")).answer, 400)
	c.processed(p.patch(10, true, nil), []byte("0123456789"), "restart")
}

func TestRufhHTTP2(t *testing.T) {
	t.Parallel()
	f := startHTTP2(t)
	var interim []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		interim = append(interim, fmt.Sprint(code, header.Get("Location") != "", header.Get("Upload-Offset")))
		return nil
	}}
	req, _ := http.NewRequest("POST", f.url+"/files?tag=h2", strings.NewReader("hello"))
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
	req.Header.Set("Upload-Complete", "?0")
	req.Header.Set("Upload-Draft-Interop-Version", "8")
	resp, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 201 || fmt.Sprint(interim) != "[104 true 104 true5]" {
		t.Error(resp.Status, interim)
	}
	a := f.do("PATCH", resp.Header.Get("Location"), []byte(" world"), "Content-Type: application/partial-upload", "Upload-Complete: ?1", "Upload-Offset: 5")
	f.stored(f.want(a, 201), []byte("hello world"))
}
