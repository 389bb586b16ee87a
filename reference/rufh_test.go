package reference

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reference/store"
)

// versions are the texts, 0 for the newest one without a version.
var versions = []int{0, 8, 7, 6, 5, 4, 3}

// speaker is a client that speaks one of them.
type speaker struct {
	*fixture
	version int
}

// reply is a final response and the interim ones before it.
type reply struct {
	answer
	interim []answer
}

// head is the head of a request; header lines follow. length -1 is chunked, -2 is without content.
func (c speaker) head(method, path string, length int, header ...string) string {
	lines := append([]string{method + " " + path + " HTTP/1.1", "Host: x"}, header...)
	if c.version > 0 {
		lines = append(lines, fmt.Sprintf("Upload-Draft-Interop-Version: %d", c.version))
	}
	if c.auth != "" {
		lines = append(lines, "Authorization: "+c.auth)
	}
	switch {
	case length == -1:
		lines = append(lines, "Transfer-Encoding: chunked")
	case length >= 0:
		lines = append(lines, fmt.Sprintf("Content-Length: %d", length))
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// final reads interim responses, and the final one.
func (w *wire) final() (r reply) {
	w.f.Helper()
	for {
		a := w.head()
		if a.status >= 200 {
			r.answer = a
			return r
		}
		r.interim = append(r.interim, a)
	}
}

func (c speaker) ask(method, path string, header ...string) reply {
	c.Helper()
	w := c.dial()
	defer w.Close()
	w.send(c.head(method, path, -2, append(header, "Connection: close")...))
	if method == http.MethodHead {
		resp, err := http.ReadResponse(w.r, &http.Request{Method: method})
		if err != nil {
			c.Fatal(err)
		}
		return reply{answer: answer{resp.StatusCode, resp.Header, nil}}
	}
	return w.final()
}

// send sends a request with content.
func (c speaker) send(method, path string, body []byte, header ...string) reply {
	c.Helper()
	w := c.dial()
	defer w.Close()
	// In one piece: net/http closes on a head that it cannot read, and what comes behind would reset the connection. A long
	// body may be refused before it was sent.
	_, _ = io.WriteString(w, c.head(method, path, len(body), header...)+string(body))
	return w.final()
}

// chunked sends a request whose length is not announced.
func (c speaker) chunked(method, path string, body []byte, header ...string) reply {
	c.Helper()
	w := c.dial()
	defer w.Close()
	w.send(c.head(method, path, -1, header...))
	fmt.Fprintf(w, "%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	return w.final()
}

// complete is the field that says whether the upload is complete with a request.
func (c speaker) complete(is bool) string {
	switch {
	case c.version == 3 && is:
		return "Upload-Incomplete: ?0"
	case c.version == 3:
		return "Upload-Incomplete: ?1"
	case is:
		return "Upload-Complete: ?1"
	default:
		return "Upload-Complete: ?0"
	}
}

func (c speaker) says(h http.Header, is bool) bool {
	name, value, _ := strings.Cut(c.complete(is), ": ")
	return slices.Equal(h.Values(name), []string{value})
}

// resource is an upload resource.
type remote struct {
	speaker
	uri string
}

// create begins an upload with the first bytes of a representation.
func (c speaker) create(query string, body []byte, header ...string) remote {
	c.Helper()
	r := c.send("POST", "/files?"+query, body, append(header, c.complete(false))...)
	c.want(r.answer, 201)
	uri := r.header.Get("Location")
	if !strings.HasPrefix(uri, "/files/") || !c.says(r.header, false) || r.header.Get("Upload-Offset") != strconv.Itoa(len(body)) {
		c.Fatalf("version %d: %v", c.version, r.header)
	}
	return remote{c, uri}
}

// appendTo is a PATCH with its fields.
func (p remote) fields(offset int, complete bool, header ...string) []string {
	return append(header, "Content-Type: application/partial-upload", p.complete(complete), fmt.Sprintf("Upload-Offset: %d", offset))
}

func (p remote) patch(offset int, complete bool, body []byte, header ...string) reply {
	p.Helper()
	return p.send("PATCH", p.uri, body, p.fields(offset, complete, header...)...)
}

func (p remote) at(offset int) http.Header {
	p.Helper()
	r := p.ask("HEAD", p.uri)
	p.want(r.answer, 204)
	if got := r.header.Get("Upload-Offset"); got != strconv.Itoa(offset) {
		p.Fatalf("version %d: offset %s, want %d", p.version, got, offset)
	}
	return r.header
}

// files is how many representations with a tag have been processed.
func (f *fixture) files(tag string) (n int) {
	f.Helper()
	a := f.want(f.do("GET", "/files?tag="+tag, nil), 200)
	if _, err := fmt.Sscanf(string(a.body), `{"count":%d}`, &n); err != nil {
		f.Fatalf("count: %s", a.body)
	}
	return n
}

// processed checks a final response and what has become of the representation.
func (c speaker) processed(r reply, data []byte, tag string) {
	c.Helper()
	c.want(r.answer, 201)
	if !c.says(r.header, true) {
		c.Fatalf("version %d: %v", c.version, r.header)
	}
	item := r.header.Get("Location")
	if c.version >= 3 && c.version <= 7 {
		item = r.header.Get("Content-Location")
	}
	got := c.want(c.do("GET", item, nil), 200)
	if !strings.HasPrefix(item, "/items/") || !bytes.Equal(got.body, data) {
		c.Fatalf("version %d: %s has %d bytes, want %d, or they differ", c.version, item, len(got.body), len(data))
	}
	if n := c.files(tag); n != 1 {
		c.Fatalf("version %d: %d representations with the tag", c.version, n)
	}
}

func eachVersion(t *testing.T, o Options, run func(*testing.T, speaker)) {
	f := start(t, o)
	for _, v := range versions {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) {
			g := *f
			g.T = t
			run(t, speaker{&g, v})
		})
	}
}

func TestRufhWhole(t *testing.T) {
	t.Parallel()
	data := content(200_000)
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		tag := fmt.Sprint("w", c.version)
		r := c.send("POST", "/files?tag="+tag, data, c.complete(true))
		c.processed(r, data, tag)
		if c.version == 0 {
			if len(r.interim) != 0 {
				t.Error("interim without a version:", r.interim)
			}
			return
		}
		if len(r.interim) == 0 {
			t.Fatal("no 104")
		}
		first := r.interim[0].header.Get("Location")
		for i, a := range r.interim {
			if a.status != 104 || a.header.Get("Upload-Draft-Interop-Version") != strconv.Itoa(c.version) {
				t.Error(a)
			}
			if located := i == 0 || c.version == 8; located != (a.header.Get("Location") != "") || located && a.header.Get("Location") != first {
				t.Error(i, a.header)
			}
			if i == 0 != (a.header.Get("Upload-Offset") == "") {
				t.Error(i, a.header)
			}
		}
		if (len(r.interim) > 1) != (c.version > 3) || (r.interim[0].header.Get("Upload-Limit") != "") != (c.version >= 6) {
			t.Error(r.interim)
		}
		own := r.header.Get("Location") == first && r.header.Get("Upload-Offset") == "200000"
		if own != (c.version <= 6) {
			t.Error(r.header)
		}
		p := remote{c, first}
		if h := p.at(len(data)); !c.says(h, true) || c.version >= 6 && h.Get("Upload-Length") != "200000" {
			t.Error(h)
		}
	})
}

func TestRufhInParts(t *testing.T) {
	t.Parallel()
	data := content(150_000)
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		tag := fmt.Sprint("p", c.version)
		p := c.create("tag="+tag, data[:50_000], "Content-Type: image/png", "Content-Disposition: attachment; filename=\"../../a b.png\"")
		h := p.at(50_000)
		if !c.says(h, false) || h.Get("Cache-Control") != "no-store" || h.Get("Upload-Length") != "" {
			t.Error(h)
		}
		if limit := h.Get("Upload-Limit"); strings.Contains(limit, "max-size=") != (c.version == 0 || c.version >= 6) ||
			strings.Contains(limit, "expires=") != (c.version == 6) || strings.Contains(limit, "max-age=") != (c.version == 0 || c.version > 6) {
			t.Error(limit)
		}
		r := p.patch(50_000, false, data[50_000:100_000])
		status := 204
		if c.version >= 3 && c.version <= 6 {
			status = 201
		}
		if p.want(r.answer, status); !c.says(r.header, false) || r.header.Get("Upload-Offset") != "100000" || r.header.Get("Location") != "" {
			t.Error(r.header)
		}
		for _, a := range r.interim {
			if a.header.Get("Location") != "" || a.header.Get("Upload-Offset") == "" {
				t.Error(a)
			}
		}
		if c.files(tag) != 0 {
			t.Error("an incomplete upload counts")
		}
		r = p.patch(100_000, true, data[100_000:])
		c.processed(r, data, tag)
		item := r.header.Get("Location")
		if !strings.HasPrefix(item, "/items/") {
			item = r.header.Get("Content-Location")
		}
		got := c.do("GET", item, nil)
		if got.header.Get("Content-Type") != "image/png" || got.header.Get("Content-Disposition") != `inline; filename="a b.png"` {
			t.Error(got.header)
		}
		if h := p.at(len(data)); !c.says(h, true) {
			t.Error(h)
		}
		again := p.patch(len(data), true, nil)
		if c.version == 6 || c.version == 7 {
			p.want(again.answer, 400)
			if !strings.Contains(string(again.body), "#completed-upload") {
				t.Errorf("%s", again.body)
			}
		} else {
			c.same(again.answer, r.answer)
		}
		if c.want(p.patch(len(data), false, nil).answer, 400); c.files(tag) != 1 {
			t.Error("effects:", c.files(tag))
		}
		c.want(p.patch(len(data), true, []byte("x")).answer, 400)
		c.want(p.chunked("PATCH", p.uri, []byte("x"), p.fields(len(data), true)...).answer, 400)
	})
}

// The whole field is ignored where it is not of the type that it has to have: the upload is a conventional one then.
func TestRufhFieldsIgnored(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	c := speaker{f, 8}
	for _, value := range []string{"1", "?2", "true", "\"?1\"", "?0, ?1", "?0;=", "(?0)", "", ":AA==:", "?0.0"} {
		r := c.send("POST", "/files?tag=i", []byte("abc"), "Upload-Complete: "+value)
		if f.want(r.answer, 201); len(r.interim) > 0 || r.header.Get("Upload-Complete") != "" || !strings.HasPrefix(r.header.Get("Location"), "/items/") {
			t.Errorf("%q: %v", value, r)
		}
	}
	p := c.create("", nil)
	for _, value := range []string{"-1", "0.0", "a", "\"0\"", "0, 0", "?0", "1000000000000000", "(0)", "@0"} {
		r := c.send("PATCH", p.uri, []byte("abc"), "Content-Type: application/partial-upload", "Upload-Complete: ?0", "Upload-Offset: "+value)
		f.want(r.answer, 400)
		r = c.send("POST", "/files", []byte("abc"), "Upload-Complete: ?0", "Upload-Length: "+value)
		f.want(r.answer, 201)
		if h := (remote{c, r.header.Get("Location")}).at(3); h.Get("Upload-Length") != "" {
			t.Errorf("%q is taken for a length: %v", value, h)
		}
	}
	p.at(0)
	r := c.send("PATCH", p.uri, []byte("abc"), "Content-Type: application/partial-upload; x=y", "Upload-Complete: ?0;a=1;b", "Upload-Offset: 0;c")
	f.want(r.answer, 204)
	f.want(c.send("PATCH", p.uri, nil, "Content-Type: application/partial-upload", "Upload-Offset: 3").answer, 400)
	p.at(3)
	for _, version := range []string{"2", "9", "x", "8.0", "\"8\"", "8, 8", "-8"} {
		r := f.want(speaker{f, 0}.send("POST", "/files", []byte("abc"), "Upload-Complete: ?0", "Upload-Draft-Interop-Version: "+version).answer, 201)
		if r.header.Get("Upload-Complete") != "?0" {
			t.Error(version, r.header)
		}
	}
}

func TestRufhEmpty(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		tag := fmt.Sprint("e", c.version)
		c.processed(c.send("POST", "/files?tag="+tag, nil, c.complete(true)), nil, tag)
		c.processed(c.ask("PUT", "/files?tag="+tag+"u", c.complete(true)), nil, tag+"u")
		p := c.create("tag="+tag+"x", nil)
		c.want(p.patch(0, false, nil).answer, map[bool]int{true: 201, false: 204}[c.version >= 3 && c.version <= 6])
		if !c.says(p.at(0), false) {
			t.Error("an empty upload is complete before anybody says so")
		}
		c.processed(p.patch(0, true, nil), nil, tag+"x")
		p = c.create("tag="+tag+"y", []byte("all"))
		c.processed(p.patch(3, true, nil), []byte("all"), tag+"y")
		c.processed(c.chunked("PATCH", "/files?tag="+tag+"z", []byte("all"), c.complete(true)), []byte("all"), tag+"z")
	})
}

func TestRufhConflict(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		p := c.create("", []byte("0123456789"))
		for _, offset := range []int{0, 9, 11, 1 << 40} {
			r := p.patch(offset, false, []byte("xxx"))
			if p.want(r.answer, 409); r.header.Get("Upload-Offset") != "10" || !c.says(r.header, false) {
				t.Error(r.header)
			}
			want := fmt.Sprintf(`"expected-offset":10,"provided-offset":%d`, offset)
			if c.version == 0 || c.version >= 6 {
				if !strings.Contains(string(r.body), want) || !strings.Contains(string(r.body), "#mismatching-upload-offset") ||
					r.header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s", r.body)
				}
			}
		}
		p.at(10)
	})
}

func TestRufhEarlyTexts(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		bare := c.version >= 3 && c.version <= 6
		p := c.create("", []byte("0123456789"))
		for _, method := range []string{"HEAD", "DELETE"} {
			for _, line := range []string{"Upload-Offset: 10", c.complete(false), "Upload-Offset: x"} {
				if bare {
					c.want(c.ask(method, p.uri, line).answer, 400)
				} else if method == "HEAD" {
					c.want(c.ask(method, p.uri, line).answer, 204)
				}
			}
		}
		plain := c.send("PATCH", p.uri, []byte("abc"), "Content-Type: text/plain", c.complete(false), "Upload-Offset: 10")
		if c.version >= 3 && c.version <= 5 {
			c.want(plain.answer, 201)
		} else if c.want(plain.answer, 415); plain.header.Get("Accept-Patch") != mediaPartialUpload {
			t.Error(plain.header)
		}
		offset := map[int]int{415: 10, 201: 13}[plain.status]
		said := c.send("PATCH", p.uri, []byte("de"), "Content-Type: application/partial-upload", fmt.Sprintf("Upload-Offset: %d", offset))
		switch c.version {
		case 3:
			if c.want(said.answer, 201); !c.says(said.header, true) {
				t.Error(said.header)
			}
		case 4, 5, 6:
			if c.want(said.answer, 201); !c.says(said.header, false) {
				t.Error(said.header)
			}
		default:
			c.want(said.answer, 400)
			p.at(offset)
		}
		get := c.ask("GET", p.uri)
		if c.version == 3 {
			if c.want(get.answer, 200); string(get.body) != "0123456789abcde" || get.header.Get("Upload-Offset") != "15" {
				t.Errorf("%s %v", get.body, get.header)
			}
		} else {
			c.want(get.answer, 204)
		}
	})
}

func TestRufhCancel(t *testing.T) {
	t.Parallel()
	eachVersion(t, Options{}, func(t *testing.T, c speaker) {
		p := c.create("tag=c", []byte("0123456789"))
		w := c.dial()
		w.send(c.head("PATCH", p.uri, 10, p.fields(10, true)...) + "abc")
		p.eventually(func() bool { op, _ := c.s.store.RequestContent(p.uri[7:]); return op.Progress().Offset == 13 })
		c.want(c.ask("DELETE", p.uri).answer, 204)
		w.ended()
		for _, method := range []string{"HEAD", "GET", "DELETE"} {
			c.want(c.ask(method, p.uri).answer, 404)
		}
		if r := p.patch(13, true, []byte("x")); r.status != 404 || !c.says(r.header, false) {
			t.Error(r)
		}
		done := c.send("POST", "/files?tag=c", []byte("x"), c.complete(true))
		if len(done.interim) > 0 {
			c.want(c.ask("DELETE", done.interim[0].header.Get("Location")).answer, 204)
		}
	})
	f := start(t, Options{})
	c := speaker{f, 8}
	p := c.create("tag=slow&delay=300ms", []byte("abc"))
	w := f.dial()
	w.send(c.head("PATCH", p.uri, 0, p.fields(3, true)...))
	f.eventually(func() bool { op, _ := f.s.store.RequestContent(p.uri[7:]); return op.State() == store.Complete })
	if h := p.at(3); h.Get("Upload-Complete") != "?0" {
		t.Error("there is no final response yet:", h)
	}
	if r := c.ask("DELETE", p.uri); r.status != 409 || r.header.Get("Retry-After") == "" {
		t.Error(r)
	}
	waits := p.patch(3, true, nil)
	c.processed(waits, []byte("abc"), "slow")
	f.same(w.final().answer, waits.answer)
}

func TestRufhOffer(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}, Limits: store.Limits{UserOperations: 3}}).as("Bearer a")
	for _, v := range versions {
		c := speaker{f, v}
		r := c.ask("OPTIONS", "/files")
		f.want(r.answer, 204)
		if limit := r.header.Get("Upload-Limit"); (limit != "") != (v == 0 || v >= 6) || r.header.Get("Allow") != "GET, HEAD, OPTIONS, PATCH, POST, PUT" {
			t.Error(v, r.header)
		}
		if c.ask("OPTIONS", "/files", c.complete(true)).header.Get("Upload-Limit") != "" {
			t.Error("limits for a creation")
		}
	}
	c := speaker{f, 8}
	p, q := c.create("", nil), c.create("", nil)
	if len(p.uri) != len("/files/")+store.IDLength || p.uri[:20] == q.uri[:20] {
		t.Error(p.uri, q.uri)
	}
	if a := c.ask("OPTIONS", p.uri); a.header.Get("Accept-Patch") != mediaPartialUpload || a.header.Get("Allow") != "DELETE, GET, HEAD, OPTIONS, PATCH" {
		t.Error(a.header)
	}
	stranger := remote{speaker{f.as("Bearer b"), 8}, p.uri}
	for _, a := range []reply{stranger.ask("HEAD", p.uri), stranger.ask("DELETE", p.uri), stranger.patch(0, true, nil)} {
		f.want(a.answer, 404)
	}
	f.want(speaker{f.as(""), 8}.ask("HEAD", p.uri).answer, 401)
	c.create("", nil)
	f.want(c.send("POST", "/files", nil, "Upload-Complete: ?0").answer, 429)
	for _, path := range []string{"/requests/", "/messages/", "/responses/", "/uploads/"} {
		f.want(f.do("GET", path+p.uri[7:], nil), 404)
	}
	f.want(f.do("DELETE", "/files", nil), 405)
	f.want(f.do("POST", p.uri, nil), 405)
	f.want(f.do("GET", "/files/x", nil), 404)
}
