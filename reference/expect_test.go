package reference

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// http-resumable-uploads, Option: Expect header with Range header.
func TestExpectRange(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	put := func(body string, header ...string) answer {
		f.Helper()
		return f.do("PUT", doc+"?tag=e", []byte(body), header...)
	}
	f.want(put("abcde", "Expect: Range", "Range: bytes 0-4/10"), 204)
	f.have(doc, []byte("abcde"))
	f.want(put("fghij", "Expect: range", "Range: BYTES 5-9/10"), 201)
	f.have(doc, []byte("abcdefghij"))
	f.want(put("fghij", "Expect: range", "Range: bytes 5-9/10"), 201) // again
	if n := f.completed("e"); n != 1 {
		t.Error("count", n)
	}
	f.want(put("XY", "Expect: Range", "Range: bytes=2-3"), 204)
	f.have(doc, []byte("abXYefghij"))
	for _, c := range []struct {
		status int
		body   string
		header []string
	}{
		{400, "abc", []string{"Expect: Range", "Range: bytes 0-4/10"}},
		{400, "abcdef", []string{"Expect: Range", "Range: bytes 0-4/10"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes 6-10/10"}},
		{422, "abcde", []string{"Expect: Range", "Range: bytes 0-4/5"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes=0-1,4-6"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes=-5"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes=5-"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes */5"}},
		{400, "abcde", []string{"Expect: Range", "Range: bytes 5-0/10"}},
		{422, "abcde", []string{"Expect: Range", "Range: lines 0-4/10"}},
		{422, "abcde", []string{"Expect: Range", "Range: lines=0-4"}},
		{422, "abcde", []string{"Expect: Range"}},
		{422, "abcde", []string{"Expect: Range", "Range: bytes=0-4", "Range: bytes=0-4"}},
		{409, "abcde", []string{"Expect: Range", "Range: bytes 20-24/25"}},
		{417, "abcde", []string{"Expect: Range, magic", "Range: bytes=0-4"}},
		{417, "abcde", []string{"Expect: magic", "Range: bytes=0-4"}},
		{417, "abcde", []string{"Expect: magic"}},
		{400, "abcde", []string{"Range: bytes=0-4"}},
	} {
		if a := put(c.body, c.header...); a.status != c.status {
			t.Errorf("%q: %d %s, want %d", c.header, a.status, a.body, c.status)
		}
		f.have(doc, []byte("abXYefghij"))
	}
	f.want(f.do("PUT", doc+"?range=0-1", []byte("ab"), "Expect: Range", "Range: bytes=0-1"), 400)
	f.want(f.do("PATCH", doc, nil, "Expect: Range"), 417)
	f.want(f.do("POST", "/items", []byte("abc"), "Expect: Range", "Range: bytes=0-2"), 417)
	if n := f.count(""); n != 0 {
		t.Error("items:", n)
	}
}

// The 100 comes after the head has been examined, and before the content.
func TestExpectBoth(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for i, expect := range []string{
		"Expect: 100-continue, Range\r\n", "Expect: Range,100-Continue\r\n",
		"Expect: 100-continue\r\nExpect: Range\r\n", "Expect: Range\r\nX: y\r\nExpect: 100-continue\r\n",
	} {
		path := fmt.Sprintf("/documents/b%d", i)
		w := f.dial()
		w.send("PUT " + path + " HTTP/1.1\r\nHost: x\r\n" + expect + "Range: bytes 0-4/5\r\nContent-Length: 5\r\n\r\n")
		f.want(w.head(), 100)
		w.send("abcde")
		f.want(w.head(), 201)
		w.send("PUT " + path + " HTTP/1.1\r\nHost: x\r\n" + expect + "Range: bytes 0-4/5, 6-7/9\r\nContent-Length: 5\r\n\r\n")
		f.want(w.head(), 400)
		f.have(path, []byte("abcde"))
	}
}

// What is expected belongs to its request, on a connection with many.
func TestExpectPipelined(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	w := f.dial()
	w.send("PUT /documents/p1 HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\nExpect: Range\r\nRange: bytes\r\n" +
		"PUT /documents/p2 HTTP/1.1\r\nHost: x\r\nExpect: range\r\nRange: bytes 0-1/4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" +
		"PUT /documents/p2 HTTP/1.1\r\nHost: x\r\nExpect: range\r\nRange: bytes 2-3/4\r\nContent-Length: 2\r\n\r\ncd" +
		"PUT /documents/p3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nzz")
	for _, status := range []int{201, 204, 201, 201} {
		f.want(w.head(), status)
	}
	f.have("/documents/p1", []byte("Expect: Range\r\nRange: bytes\r\n"))
	f.have("/documents/p2", []byte("abcd"))
	f.have("/documents/p3", []byte("zz"))
}

// scripted gives a stream in pieces of given sizes.
type scripted struct {
	net.Conn
	data  []byte
	sizes []byte
	calls int
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := 1
	if len(s.sizes) > 0 {
		n = int(s.sizes[s.calls%len(s.sizes)])%7 + 1
	}
	s.calls++
	n = copy(p, s.data[:min(n, len(s.data))])
	s.data = s.data[n:]
	return n, nil
}

// renamed is what a stream looks like behind a rangeConn, and which of its bytes differ.
func renamed(t *testing.T, stream, sizes []byte) []byte {
	t.Helper()
	out, err := io.ReadAll(&rangeConn{Conn: &scripted{data: bytes.Clone(stream), sizes: sizes}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// requests reads a stream as net/http does, up to what it cannot read.
func requests(stream []byte) (all []*http.Request, bodies [][]byte) {
	r := bufio.NewReader(bytes.NewReader(stream))
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return all, bodies
		}
		body, err := io.ReadAll(req.Body)
		all, bodies = append(all, req), append(bodies, body)
		if err != nil {
			return all, bodies
		}
	}
}

func checkRenamed(t *testing.T, stream, sizes []byte) {
	out := renamed(t, stream, sizes)
	if len(out) != len(stream) {
		t.Fatalf("%d bytes of %d", len(out), len(stream))
	}
	for i := 0; i < len(out); i++ {
		if out[i] == stream[i] {
			continue
		}
		at := bytes.LastIndex(stream[:i+1], []byte("\n")) + 1
		if end := at + len(fieldHandedOn); end > len(out) || string(out[at:end]) != fieldHandedOn || !strings.EqualFold(string(stream[at:end]), "expect") {
			t.Fatalf("byte %d of %q became %q", i, stream, out)
		}
		i = at + len(fieldHandedOn) - 1
	}
	before, bodies := requests(stream)
	after, bodies2 := requests(out)
	if len(before) != len(after) {
		t.Fatalf("%d requests became %d: %q", len(before), len(after), stream)
	}
	for i := range before {
		a, b := before[i], after[i]
		if !bytes.Equal(bodies[i], bodies2[i]) || a.Method != b.Method || a.URL.String() != b.URL.String() || a.ContentLength != b.ContentLength {
			t.Fatalf("request %d of %q became another", i, stream)
		}
		got, want := expectations(b), expectations(a)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("request %d expects %q, was %q", i, got, want)
		}
	}
}

var streams = []string{
	"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: Range\r\nContent-Length: 21\r\n\r\n\r\nExpect: Range\r\n\r\n\r\nPUT /b HTTP/1.1\r\nexpect:range\r\nHost: x\r\n\r\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: x, Range\r\nTransfer-Encoding: chunked\r\n\r\n11;a=b\r\n\r\nExpect: Range\r\n\r\n0\r\nExpect: Range\r\n\r\nGET / HTTP/1.1\r\nExpect: range\r\nHost: x\r\n\r\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, Range\r\nContent-Length: 0\r\n\r\nGET /b HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nExpectation: Range\r\nExpect : Range\r\n Expect: Range\r\n\r\n",
	"PUT /a HTTP/1.1\nHost: x\nExpect: Range\n\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nExpect: Range\r\n\r\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nabPUT /a HTTP/1.1\r\nHost: x\r\nExpect: Range\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nExpect: Range\r\n",
	"\r\nPUT /a HTTP/1.1\r\nHost: x\r\nExpect: Range\r\n\r\n",
	"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: Ran",
	"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nExpect: Range\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nExpect: Range\r\nHost: x\r\n\r\n",
}

func FuzzRangeConn(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s), []byte{})
		f.Add([]byte(s), []byte{6})
		f.Add([]byte(s), []byte{2, 5, 0, 3})
	}
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		if len(stream) > 2*maxScanLine {
			return
		}
		checkRenamed(t, stream, sizes)
	})
}

// Whatever the pieces, the same lines are renamed.
func TestRangeConnPieces(t *testing.T) {
	t.Parallel()
	for i, s := range streams {
		whole := renamed(t, []byte(s), []byte{6})
		for size := range byte(7) {
			checkRenamed(t, []byte(s), []byte{size})
			if got := renamed(t, []byte(s), []byte{size}); !bytes.Equal(got, whole) {
				t.Errorf("stream %d in pieces of %d: %q, want %q", i, size+1, got, whole)
			}
		}
	}
	if n := bytes.Count(renamed(t, []byte(streams[0]), nil), []byte(fieldHandedOn)); n != 2 {
		t.Error("renamed", n)
	}
	long := "PUT /a HTTP/1.1\r\nHost: x\r\nExpect: Range" + strings.Repeat(" ", maxScanLine) + "\r\n\r\n"
	if got := renamed(t, []byte(long), []byte{6}); string(got) != long {
		t.Error("a line that is too long is renamed")
	}
}

// flaky fails with a deadline between its bytes, as net/http's own waits for the next request do.
type flaky struct {
	scripted
	late bool
}

var errLate = errors.New("late")

func (f *flaky) Read(p []byte) (int, error) {
	if f.late = !f.late; f.late {
		return 0, errLate
	}
	return f.scripted.Read(p)
}

func TestRangeConnDeadlines(t *testing.T) {
	t.Parallel()
	c := &rangeConn{Conn: &flaky{scripted: scripted{data: []byte(streams[0])}}}
	var out []byte
	for p := make([]byte, 3); ; {
		n, err := c.Read(p)
		out = append(out, p[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, errLate) {
			t.Fatal(err)
		}
	}
	if want := renamed(t, []byte(streams[0]), nil); !bytes.Equal(out, want) {
		t.Fatalf("%q, want %q", out, want)
	}
}

func BenchmarkRangeConn(b *testing.B) {
	head := []byte("POST /items HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\nContent-Type: text/plain\r\nContent-Length: 1048576\r\nPrefer: resume\r\n\r\n")
	stream := append(head, make([]byte, 1<<20)...)
	b.SetBytes(int64(len(stream)))
	var s headScanner
	for b.Loop() {
		for at := 0; at < len(stream); at += 64 << 10 {
			s.feed(stream[at:min(len(stream), at+64<<10)], nil)
		}
	}
}

// http-resumable-uploads, Option: URI query parameter.
func TestRangeQuery(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.do("PUT", doc+"?range=0-4&length=10&tag=q", []byte("abcde")), 204)
	f.have(doc, []byte("abcde"))
	f.want(f.do("PUT", doc+"?tag=q&length=10&range=5-9", []byte("fghij")), 201)
	a := f.have(doc, []byte("abcdefghij"))
	if a.header.Get("Link-Template") == "" {
		t.Error("no template")
	}
	if n := f.completed("q"); n != 1 {
		t.Error("count", n)
	}
	f.want(f.do("PUT", doc+"?range=2-3", []byte("XY")), 204)
	for _, q := range []string{
		"range=", "range=0", "range=0-", "range=-1", "range=1-0", "range=a-b", "range=0-1-2", "range=0-1,3-4", "range=%2B0-1",
		"range=0-1&range=0-1", "range=0-1&length=1", "range=0-1&length=x", "range=0-1&length=", "range=0-1&length=10&length=10", "length=2",
		"range=0-99999999999999999999", "range=0-4", "range=20-21", "range=0-1&length=5", "range=0-1&ranges=0-1", "Range=0-1", "range=0-1&x=y",
		"range=bytes%3D0-1", "range=0x0-1",
	} {
		if a := f.do("PUT", doc+"?"+q, []byte("ZZ")); a.status/100 != 4 {
			t.Errorf("%s: %d", q, a.status)
		}
		f.have(doc, []byte("abXYefghij"))
	}
	f.want(f.do("PUT", "/documents/self?tag=self&range=0-1", []byte("ab")), 201) // complete in itself
	f.want(f.do("PUT", "/documents/self?tag=self&range=2-3", []byte("cd")), 204)
	f.have("/documents/self", []byte("abcd"))
	if n := f.completed("self"); n != 1 {
		t.Error("count", n)
	}
}

// A stalled connection is fenced by who looks at the document and goes on; what it sends late never gets in.
func TestDocumentFencing(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(100_000)
	old := f.dial()
	old.send(fmt.Sprintf("PUT %s?tag=f HTTP/1.1\r\nHost: x\r\nExpect: Range\r\nRange: bytes 0-99999/100000\r\nContent-Length: 100000\r\n\r\n%s", doc, body[:60_000]))
	f.eventually(func() bool { return f.do("HEAD", doc, nil).header.Get("Content-Length") == "60000" })
	n := f.offset(doc)
	a := f.do("PUT", doc+"?tag=f", body[n:], "Expect: Range", fmt.Sprintf("Range: bytes %d-99999/100000", n))
	f.want(a, 201)
	old.Write([]byte(strings.Repeat("late", 10_000))) // the server may have closed it
	old.Close()
	f.have(doc, body)
	if n := f.completed("f"); n != 1 {
		t.Error("count", n)
	}
}

// Parts of one document come at the same time; the last one completes it.
func TestParallelParts(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(800_000)
	const parts = 8
	size := len(body) / parts
	status := make(chan int, parts)
	for i := range parts {
		go func() {
			p := body[i*size : (i+1)*size]
			fields := fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n\r\n", i*size, (i+1)*size-1, len(body))
			req, _ := http.NewRequest("PATCH", f.url+doc+"?tag=pp", io.MultiReader(strings.NewReader(fields), bytes.NewReader(p)))
			req.Header.Set("Content-Type", mediaByterange)
			resp, err := f.client.Do(req)
			if err != nil {
				status <- 0
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			status <- resp.StatusCode
		}()
	}
	got := map[int]int{}
	for range parts {
		got[<-status]++
	}
	if got[201] != 1 || got[204] != parts-1 {
		t.Error("status:", got)
	}
	f.have(doc, body)
	if n := f.completed("pp"); n != 1 {
		t.Error("count", n)
	}
}

// Processing takes long, fails, or is interrupted: the outcome is the same whoever asks.
func TestDocumentOutcome(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.segment(doc+"?fail=422&tag=o", "Content-Range: bytes 0-4/5", "abcde"), 422)
	f.have(doc, []byte("abcde"))
	f.want(f.segment(doc, "Content-Range: bytes 0-4/5", "abcde"), 422) // the same again
	if n := f.completed("o"); n != 0 {
		t.Error("count", n)
	}
	w := f.dial()
	w.send("PUT /documents/slow?tag=slow&delay=200ms HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde")
	f.eventually(func() bool { return f.do("HEAD", "/documents/slow", nil).status == 200 })
	w.Close()
	f.want(f.segment("/documents/slow?tag=slow", "Content-Range: bytes 4-4/5", "e"), 201)
	if n := f.completed("slow"); n != 1 {
		t.Error("count", n)
	}
}

// A document that is created in segments and left alone goes; what is complete stays. Quotas hold.
func TestDocumentLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := Options{Clock: func() time.Time { return now }}
	o.Limits.UserBytes, o.Limits.UserOperations = 1000, 2
	f := start(t, o)
	f.want(f.segment("/documents/a", "Content-Range: bytes 0-9/20", "0123456789"), 204)
	f.want(f.segment("/documents/b", "Content-Range: bytes 0-9/10", "0123456789"), 201)
	f.want(f.segment("/documents/c", "Content-Range: bytes 0-9/20", "0123456789"), 204)
	f.want(f.segment("/documents/d", "Content-Range: bytes 0-9/20", "0123456789"), 429)
	f.want(f.do("PUT", "/documents/b", content(995)), 507)
	f.want(f.do("DELETE", "/documents/c", nil), 204)
	f.want(f.segment("/documents/b", "Content-Offset: 10", string(content(990))), 507)
	f.have("/documents/b", []byte("0123456789"))
	now = now.Add(25 * time.Hour)
	f.s.sweep()
	f.want(f.do("HEAD", "/documents/a", nil), 404)
	f.have("/documents/b", []byte("0123456789"))
	f.want(f.do("PUT", "/documents/b", content(990)), 200)
	f.have("/documents/b", content(990))
}
