package reference

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

func (p remote) gone() {
	p.Helper()
	p.want(p.ask("HEAD", p.uri).answer, 404)
	p.want(p.ask("DELETE", p.uri).answer, 404)
}

func (c speaker) inconsistent(r reply) {
	c.Helper()
	if c.want(r.answer, 400); !strings.Contains(string(r.body), "#inconsistent-upload-length") || !c.says(r.header, false) {
		c.Fatalf("%s %v", r.body, r.header)
	}
}

// Lengths that contradict each other change nothing.
func TestRufhLength(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, v := range []int{0, 8, 7, 6} {
		c := speaker{f, v}
		before := f.s.store.Operations()
		c.inconsistent(c.send("POST", "/files", []byte("abc"), c.complete(true), "Upload-Length: 4"))
		c.inconsistent(c.send("POST", "/files", []byte("abc"), c.complete(false), "Upload-Length: 2"))
		c.inconsistent(c.send("POST", "/files", nil, c.complete(true), "Upload-Length: 1"))
		if n := f.s.store.Operations(); n != before {
			t.Error("a refused creation leaves something")
		}
		tag := fmt.Sprint("l", v)
		p := c.create("tag="+tag, []byte("0123456789"), "Upload-Length: 20")
		if h := p.at(10); h.Get("Upload-Length") != "20" {
			t.Error(h)
		}
		c.inconsistent(p.patch(10, true, []byte("abc")))
		c.inconsistent(p.patch(10, true, content(11)))
		c.inconsistent(p.patch(10, false, []byte("abc"), "Upload-Length: 21"))
		c.inconsistent(p.patch(10, true, content(10), "Upload-Length: 21"))
		p.at(10)
		c.inconsistent(p.chunked("PATCH", p.uri, []byte("abc"), p.fields(10, true)...))
		if h := p.at(13); !c.says(h, false) {
			t.Error("complete without its last bytes:", h)
		}
		if c.want(p.patch(13, false, content(7), "Upload-Length: 20").answer, map[bool]int{true: 201, false: 204}[v == 6]); !c.says(p.at(20), false) {
			t.Error("complete by its length")
		}
		final := p.patch(20, true, nil)
		c.processed(final, slices.Concat([]byte("0123456789abc"), content(7)), tag)

		q := c.create("", []byte("abc"))
		c.inconsistent(q.patch(3, false, nil, "Upload-Length: 2"))
		c.want(q.patch(3, false, nil, "Upload-Length: 5").answer, map[bool]int{true: 201, false: 204}[v == 6])
		if h := q.at(3); h.Get("Upload-Length") != "5" {
			t.Error(h)
		}
		c.want(q.chunked("PATCH", q.uri, []byte("de"), q.fields(3, true)...).answer, 201)
	}
}

// An upload that brings more than its length is refused, and in newer texts gone.
func TestRufhOverflow(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, v := range []int{0, 8, 7, 6} {
		c := speaker{f, v}
		fresh := func() remote { return c.create("", []byte("0123456789"), "Upload-Length: 20") }
		for name, over := range map[string]func(remote) reply{
			"announced": func(p remote) reply { return p.patch(10, false, content(11)) },
			"chunked":   func(p remote) reply { return p.chunked("PATCH", p.uri, content(11), p.fields(10, false)...) },
			"ending":    func(p remote) reply { return p.chunked("PATCH", p.uri, content(300_000), p.fields(10, true)...) },
		} {
			p := fresh()
			c.want(over(p).answer, 400)
			if v == 6 {
				p.at(map[string]int{"announced": 10, "chunked": 20, "ending": 20}[name])
			} else {
				p.gone()
			}
		}
		r := c.chunked("POST", "/files", content(300), c.complete(false), "Upload-Length: 200")
		c.want(r.answer, 400)
		if uri := r.header.Get("Location"); v == 6 {
			remote{c, uri}.at(200)
		} else {
			remote{c, uri}.gone()
		}
	}
	for _, v := range []int{5, 4, 3} { // the length is known from an interrupted request
		c := speaker{f, v}
		p := c.create("", []byte("0123456789"))
		w := f.dial()
		w.send(c.head("PATCH", p.uri, 10, p.fields(10, true)...) + "abc")
		w.Close()
		h := p.at(13)
		if h.Get("Upload-Length") != "" {
			t.Error(h)
		}
		c.want(p.patch(13, true, content(8)).answer, 400)
		c.want(p.patch(13, false, content(8)).answer, 400)
		p.at(13)
		c.want(p.patch(13, true, content(7)).answer, 201)
	}
}

// An upload that asks for a min-append-size has it, and others have not.
func TestRufhLeast(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, v := range []int{0, 8, 7, 6} {
		c := speaker{f, v}
		c.want(c.send("POST", "/files?least=x", nil, c.complete(false)).answer, 400)
		least, none := c.create("least=100", nil), c.create("tag=x", nil)
		if told := least.at(0).Get("Upload-Limit"); !strings.Contains(told, "min-append-size=100") {
			t.Errorf("version %d: %q", v, told)
		}
		if told := none.at(0).Get("Upload-Limit"); strings.Contains(told, "min-append-size") {
			t.Errorf("version %d: %q", v, told)
		}
		c.want(least.patch(0, false, content(99)).answer, 400)
		least.at(0)
		if r := none.patch(0, false, content(99)); r.status/100 != 2 {
			t.Error(v, r.status)
		}
		if r := least.patch(0, false, content(100)); r.status/100 != 2 {
			t.Error(v, r.status)
		}
		if r := least.patch(100, true, content(1)); r.status/100 != 2 {
			t.Error(v, r.status)
		}
	}
}

func TestRufhLimits(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Uploads: UploadLimits{MaxSize: 1000, MinSize: 10, MaxAppend: 400, MinAppend: 5}, KeepIncomplete: time.Hour})
	const limits = "max-size=1000, min-size=10, max-append-size=400, min-append-size=5, "
	for _, v := range []int{0, 8, 7, 6} {
		c := speaker{f, v}
		lifetime := map[bool]string{true: "expires=", false: "max-age="}[v == 6]
		said := func(r reply) {
			t.Helper()
			if l := r.header.Get("Upload-Limit"); !strings.HasPrefix(l, limits+lifetime) {
				t.Errorf("version %d: %d %q", v, r.status, l)
			}
		}
		refused := func(r reply, status int) {
			t.Helper()
			c.want(r.answer, status)
			said(r)
		}
		if r := c.ask("OPTIONS", "/files"); r.header.Get("Upload-Limit") != limits+lifetime+"3600" {
			t.Error(r.header)
		}
		refused(c.send("POST", "/files", content(20), c.complete(false), "Upload-Length: 1001"), 413)
		refused(c.send("POST", "/files", content(1001), c.complete(true)), 413)
		refused(c.send("POST", "/files", nil, c.complete(false)), 400)
		refused(c.send("POST", "/files", nil, c.complete(false), "Upload-Length: 9"), 400)
		small := c.send("POST", "/files?tag=small", content(9), c.complete(true))
		if c.want(small.answer, 201); len(small.interim) > 0 || !strings.HasPrefix(small.header.Get("Location"), "/items/") {
			t.Error("a small representation is given an upload resource:", small)
		}
		if v == 0 || v == 8 {
			refused(c.send("POST", "/files", content(401), c.complete(false), "Upload-Length: 1000"), 413)
			refused(c.send("POST", "/files", content(4), c.complete(false), "Upload-Length: 1000"), 400)
		} else {
			c.want(c.send("POST", "/files", content(4), c.complete(false), "Upload-Length: 1000").answer, 201)
		}
		p := c.create("", nil, "Upload-Length: 1000")
		refused(p.patch(0, false, content(401)), 413)
		refused(p.patch(0, false, content(4)), 400)
		refused(p.patch(0, false, nil), 400)
		p.at(0)
		refused(p.chunked("PATCH", p.uri, content(401), p.fields(0, false)...), 413)
		h := p.ask("HEAD", p.uri).header
		if kept := h.Get("Upload-Offset"); v == 0 && kept != "0" || v > 0 && kept != "400" && kept != "0" { // told in a 104 before
			t.Error(h)
		}
		q := c.create("", nil, "Upload-Length: 22")
		c.want(q.patch(0, false, content(20)).answer, map[bool]int{true: 201, false: 204}[v == 6])
		c.want(q.patch(20, true, content(2)).answer, 201) // not too small: it is the end
	}
	g := start(t, Options{Uploads: UploadLimits{MaxSize: 1000}})
	c := speaker{g, 8}
	p := c.create("", content(900))
	c.want(p.chunked("PATCH", p.uri, content(101), p.fields(900, false)...).answer, 413)
	p.gone()
	p = c.create("", content(900))
	c.want(p.patch(900, false, content(101)).answer, 413)
	c.want(p.patch(900, true, content(100)).answer, 201)
}

// The end of the lifetime that is told never comes earlier, but for what a second's fraction makes.
func TestRufhLifetime(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	forward := func(d time.Duration) { now.Add(int64(d)) }
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, now.Load()) }, KeepIncomplete: time.Hour, KeepDone: 10 * time.Minute})
	c := speaker{f, 8}
	p := c.create("", []byte("abc"))
	age := func(r http.Header, want int) {
		t.Helper()
		if limit := r.Get("Upload-Limit"); !strings.HasSuffix(limit, fmt.Sprintf("max-age=%d", want)) {
			t.Error(limit, want)
		}
	}
	age(p.at(3), 3600)
	forward(10 * time.Minute)
	age(p.at(3), 3000)
	age(p.patch(3, false, []byte("d")).header, 3600)
	forward(59 * time.Minute)
	f.s.sweep()
	age(p.at(4), 60)
	c.want(p.patch(4, true, nil).answer, 201)
	age(p.at(4), 600)
	forward(10 * time.Minute)
	f.s.sweep()
	p.gone()
	q := c.create("", []byte("abc"))
	forward(time.Hour)
	f.s.sweep()
	q.gone()
	if n := f.s.store.Operations(); n != 0 {
		t.Error(n, "operations are left")
	}
}

func TestRufhQuota(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1 << 30, Limits: store.Limits{UserBytes: 1000}})
	c := speaker{f, 8}
	c.want(c.send("POST", "/files", nil, "Upload-Complete: ?0", "Upload-Length: 1001").answer, 507)
	p := c.create("", content(600))
	if r := p.patch(600, false, content(600)); r.status != 507 || r.header.Get("Upload-Complete") != "?0" {
		t.Error(r)
	}
	p.at(600)
	c.want(p.ask("DELETE", p.uri).answer, 204)
	c.want(c.send("POST", "/files", content(1000), "Upload-Complete: ?1").answer, 201)
}
