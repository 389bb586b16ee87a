package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// place is an upload that POST /uploads began.
type place struct {
	*fixture
	status, content string
}

// status is the status document as a client reads it.
type statusDoc struct {
	State     string     `json:"state"`
	Length    *int64     `json:"length"`
	Received  [][2]int64 `json:"received"`
	Remaining *int64     `json:"remaining"`
	Errors    []struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
	} `json:"errors"`
	Result   string `json:"result"`
	Upload   string `json:"upload"`
	Parallel bool   `json:"parallel"`
}

// begin begins an upload of length bytes; -1: without a length.
func (f *fixture) begin(query string, length int, header ...string) *place {
	f.Helper()
	var body []byte
	if length >= 0 {
		body = fmt.Appendf(nil, `{"length":%d}`, length)
		header = append(header, "Content-Type: application/json")
	}
	a := f.want(f.do("POST", "/uploads?"+query, body, header...), 201)
	content := strings.TrimSuffix(strings.TrimPrefix(a.header.Get("Link"), "<"), `>; rel="upload"`)
	if doc := f.doc(a); doc.Upload != content {
		f.Fatalf("Link %q, upload %q", a.header.Get("Link"), doc.Upload)
	}
	return &place{f, a.header.Get("Location"), content}
}

func (f *fixture) doc(a answer) (d statusDoc) {
	f.Helper()
	if err := json.Unmarshal(a.body, &d); err != nil {
		f.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	if d.Received == nil || d.Errors == nil {
		f.Fatalf("null instead of a list: %s", a.body)
	}
	return d
}

func (p *place) read() statusDoc {
	p.Helper()
	return p.doc(p.want(p.do("GET", p.status, nil), 200))
}

// put sends the bytes of data from first up to end, with the complete length or "*".
func (p *place) put(data []byte, first, end int, complete any, header ...string) answer {
	p.Helper()
	return p.do("PUT", p.content, data[first:end],
		append(header, fmt.Sprintf("Content-Range: bytes %d-%d/%v", first, end-1, complete))...)
}

func (p *place) ask(complete int) answer {
	p.Helper()
	return p.do("PUT", p.content, nil, fmt.Sprintf("Content-Range: bytes */%d", complete))
}

// open sends the head of a PUT over a connection of its own, and waits for the 100.
func (p *place) open(first, end int, complete any) *wire {
	p.Helper()
	w := p.dial()
	auth := ""
	if p.auth != "" {
		auth = "Authorization: " + p.auth + "\r\n"
	}
	w.send(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\n%sExpect: 100-continue\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/%v\r\n\r\n",
		p.content, auth, end-first, first, end-1, complete))
	p.want(w.head(), 100)
	return w
}

// made checks the final response of an upload, and all that has become of it.
func (p *place) made(a answer, data []byte, tag string) {
	p.Helper()
	p.want(a, 201)
	p.stored(a, data)
	d := p.read()
	if d.State != "done" || d.Result != a.header.Get("Location") || d.Remaining == nil || *d.Remaining != 0 || len(d.Errors) != 0 {
		p.Fatalf("%+v", d)
	}
	if n := p.uploads(tag); n != 1 {
		p.Fatal("uploads of the tag:", n)
	}
}

func (f *fixture) uploads(tag string) (n int) {
	f.Helper()
	a := f.want(f.do("GET", "/uploads?tag="+tag, nil), 200)
	if _, err := fmt.Sscanf(string(a.body), `{"count":%d}`, &n); err != nil {
		f.Fatalf("count: %s", a.body)
	}
	return n
}

func (p *place) received(want ...[2]int64) {
	p.Helper()
	if got := p.read().Received; !reflect.DeepEqual(got, append([][2]int64{}, want...)) {
		p.Fatalf("received %v, want %v", got, want)
	}
}

func TestUploadOffer(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.do("OPTIONS", "/uploads", nil), 204)
	if a.header.Get("Link") != `</uploads>; rel="upload"` || a.header.Get("Allow") != "GET, HEAD, OPTIONS, POST" {
		t.Error(a.header)
	}
	p, q := f.begin("tag=a", -1), f.begin("tag=a", 10)
	if p.status == q.status || !strings.HasPrefix(p.status, "/uploads/") || len(p.status) != len("/uploads/")+store.IDLength {
		t.Error(p.status, q.status)
	}
	if d := p.read(); d.State != "waiting" || d.Length != nil || d.Remaining != nil || d.Parallel || d.Result != "" {
		t.Errorf("%+v", d)
	}
	if d := q.read(); d.State != "waiting" || *d.Length != 10 || *d.Remaining != 10 || !d.Parallel {
		t.Errorf("%+v", d)
	}
	get, head := f.do("GET", q.status, nil), f.do("HEAD", q.status, nil)
	head.body = get.body
	f.same(head, get)
	if get.header.Get("Cache-Control") != "private, no-store" || get.header.Get("Content-Type") != "application/json" {
		t.Error(get.header)
	}
	if a := f.do("OPTIONS", q.content, nil); a.header.Get("Allow") != "OPTIONS, PUT" {
		t.Error(a.header)
	}
	f.want(f.do("GET", q.content, nil), 405)
	f.want(f.do("PUT", q.status, nil), 405)
	if f.uploads("a") != 0 || f.count("a") != 0 {
		t.Error("an upload that nobody wrote counts")
	}
}

func TestUploadBegin(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1000, Limits: store.Limits{UserBytes: 500}})
	for _, c := range []struct {
		query, body string
		header      string
		status      int
	}{
		{"", `{}`, "", 201},
		{"", "\r\n {\"length\":null,\"other\":[1]} ", "", 201},
		{"", `{"length":0,"type":"text/plain; charset=utf-8"}`, "", 201},
		{"", `{"length":501}`, "", 507},
		{"", `{"length":1001}`, "", 413},
		{"", `{"length":-1}`, "", 422},
		{"", `{"length":1.5}`, "", 400},
		{"", `{"length":"1"}`, "", 400},
		{"", `{"length":99999999999999999999}`, "", 400},
		{"", `{"type":"multipart/byteranges"}`, "", 422},
		{"", `{"type":"x\r\ny"}`, "", 422},
		{"", `{"type":7}`, "", 400},
		{"", `{"length":1`, "", 400},
		{"", `{"length":1}{}`, "", 400},
		{"", `[]`, "", 400},
		{"", `null`, "", 400},
		{"", " ", "", 400},
		{"", strings.Repeat("[", 60000), "", 400},
		{"", `{"x":"` + strings.Repeat("x", maxWish) + `"}`, "", 413},
		{"", `{}`, "Content-Type: text/plain", 415},
		{"", `{}`, "Content-Type: application/json\nContent-Encoding: gzip", 415},
		{"", ``, "Content-Type: text/plain", 201},
		{"", ``, "Idempotency-Key: " + strings.Repeat("x", 256), 400},
		{"delay=11s", ``, "", 400},
		{"refuse=403", ``, "", 403},
		{"fail=200", ``, "", 400},
		{"tag=%", ``, "", 400},
	} {
		header := strings.Split(c.header, "\n")
		if c.header == "" {
			header = []string{"Content-Type: application/json"}
		}
		if a := f.do("POST", "/uploads?"+c.query, []byte(c.body), header...); a.status != c.status {
			t.Errorf("%s %.80s: %d, want %d: %s", c.query, c.body, a.status, c.status, a.body)
		}
	}
	w := f.dial()
	w.send("POST /uploads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n10001\r\n" + strings.Repeat(" ", 0x10001) + "\r\n")
	f.want(w.head(), 413)
	w = f.dial()
	w.send("POST /uploads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
	f.want(w.head(), 415)
	before := f.s.store.Operations()
	w = f.dial()
	w.send("POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\nContent-Type: application/json\r\n\r\n{\"length\"")
	w.reset()
	if f.want(f.do("GET", "/healthz", nil), 200); f.s.store.Operations() != before {
		t.Error("a POST that was cut has begun an upload")
	}
}

func TestUploadInOrder(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	for name, length := range map[string]int{"announced": 1000, "later": -1} {
		p := f.begin("tag="+name, length, "Idempotency-Key: "+name)
		if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "" || len(a.body) != 0 {
			t.Error("Range of nothing:", a.header)
		}
		if a := f.want(p.put(data, 0, 300, "*"), 308); a.header.Get("Range") != "bytes=0-299" {
			t.Error(a.header)
		}
		if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "bytes=0-299" {
			t.Error(a.header)
		}
		p.received([2]int64{0, 299})
		if d := p.read(); d.State != "receiving" || (d.Length == nil) != (length < 0) {
			t.Errorf("%+v", d)
		}
		if a := f.want(p.put(data, 200, 600, 1000), 308); a.header.Get("Range") != "bytes=0-599" {
			t.Error("a part that overlaps:", a.header)
		}
		if d := p.read(); d.Length == nil || *d.Length != 1000 || *d.Remaining != 400 || d.Parallel != (length > 0) {
			t.Errorf("%+v", d)
		}
		last := p.put(data, 600, 1000, "*")
		p.made(last, data, name)
		for _, again := range []answer{p.put(data, 600, 1000, 1000), p.put(data, 0, 300, 1000), p.put(data, 0, 1000, "*"), p.ask(1000)} {
			f.same(again, last)
		}
		f.want(p.put(content(1001), 0, 300, 1000), 409)
		f.want(p.ask(999), 422)
		p.made(last, data, name)
	}
}

// An upload without a length is ended by saying it.
func TestUploadEnds(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(500)
	p := f.begin("tag=a", -1)
	f.want(p.put(data, 0, 500, "*"), 308)
	f.want(p.ask(499), 422)
	if f.want(p.ask(501), 308); p.read().Length != nil {
		t.Error("asking has told the length")
	}
	p.made(p.ask(500), data, "a")

	for i, length := range []int{0, -1} {
		tag := fmt.Sprint("empty", i)
		p = f.begin("tag="+tag, length)
		if d := p.read(); d.State != "waiting" || f.uploads(tag) != 0 {
			t.Errorf("%+v", d)
		}
		p.made(p.ask(0), nil, tag)
	}
}

// What is refused changes nothing, and gets no 100.
func TestPartRefused(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 5000})
	data := content(1000)
	sparse, ordered := f.begin("tag=a", 1000), f.begin("tag=a", -1)
	f.want(sparse.put(data, 500, 600, 1000), 308)
	f.want(ordered.put(data, 0, 200, "*"), 308)
	for _, c := range []struct {
		p      *place
		fields string
		length int
		status int
	}{
		{sparse, "X: y", 100, 422},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Range: bytes 0-99/1000", 100, 400},
		{sparse, "Content-Range: ", 100, 400},
		{sparse, "Content-Range: bytes=0-99/1000", 100, 400},
		{sparse, "Content-Range: bytes 99-0/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99", 100, 400},
		{sparse, "Content-Range: bytes 0-99/50", 100, 400},
		{sparse, "Content-Range: bytes -99/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-/1000", 100, 400},
		{sparse, "Content-Range: bytes +0-99/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99,200-299/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99999999999999999999/*", 100, 400},
		{sparse, "Content-Range: bytes */*", 0, 400},
		{sparse, "Content-Range: bytes */1000", 5, 400},
		{sparse, "Content-Range: items 0-99/1000", 100, 422},
		{sparse, "Content-Range: bytes 0-98/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-100/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99/999", 100, 422},
		{sparse, "Content-Range: bytes 0-99/2000", 100, 422},
		{sparse, "Content-Range: bytes */999", 0, 422},
		{sparse, "Content-Range: bytes 950-1049/*", 100, 422},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Encoding: gzip", 100, 415},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Type: multipart/byteranges; boundary=x", 100, 415},
		{sparse, "Content-Range: bytes 0-99/1000\r\nIf-Match: \"x\"", 100, 412},
		{ordered, "Content-Range: bytes 300-399/1000", 100, 409},
		{ordered, "Content-Range: bytes 300-399/*", 100, 409},
		{ordered, "Content-Range: bytes 100-199/150", 100, 400},
		{ordered, "Content-Range: bytes 0-99/150", 100, 422},
		{ordered, "Content-Range: bytes */199", 0, 422},
		{ordered, "Content-Range: bytes 200-5100/*", 4901, 413},
		{ordered, "Content-Range: bytes 200-299/5001", 100, 413},
	} {
		for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
			before := c.p.read()
			w := f.dial()
			w.send(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n%s\r\n\r\n", c.p.content, expect, c.length, c.fields))
			if expect == "" {
				w.send(strings.Repeat("x", c.length))
			}
			a := w.head()
			if a.status != c.status || a.header.Get("Content-Type") != mediaProblem {
				t.Errorf("%s: %d, want %d: %s", c.fields, a.status, c.status, a.body)
			}
			if after := c.p.read(); !reflect.DeepEqual(after, before) {
				t.Errorf("%s: %+v, before %+v", c.fields, after, before)
			}
		}
	}
	if f.uploads("a") != 0 {
		t.Error("a refused part had an effect")
	}
	f.want(sparse.put(data, 0, 500, 1000), 308)
	sparse.made(sparse.put(data, 600, 1000, 1000), data, "a")
}

// The length of a chunked part shows at its end only.
func TestPartChunked(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(300)
	p := f.begin("tag=a", 300)
	chunked := func(first, last int, body []byte) answer {
		w := f.dial()
		w.send(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes %d-%d/300\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", p.content, first, last, len(body), body))
		return w.head()
	}
	f.want(chunked(0, 99, data[:50]), 400)
	p.received([2]int64{0, 49})
	f.want(chunked(50, 99, data[50:101]), 400)
	p.received([2]int64{0, 99})
	f.want(chunked(100, 199, data[100:200]), 308)
	if a := f.want(chunked(200, 299, append(data[200:300:300], 'x')), 400); f.uploads("a") != 0 {
		t.Errorf("a part that is too long has completed the upload: %s", a.body)
	}
	p.made(p.ask(300), data, "a")
}

func TestPartsAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	const parts, size = 8, 100_000
	data := content(parts * size)
	p := f.begin("tag=a&respond=5000", len(data))
	var wg sync.WaitGroup
	answers := make([]answer, parts)
	for i := range parts {
		wg.Go(func() { answers[i] = p.put(data, i*size, (i+1)*size, len(data)) })
	}
	wg.Wait()
	var final []answer
	for _, a := range answers {
		if a.status != 308 {
			final = append(final, a)
		}
	}
	if len(final) == 0 {
		t.Fatal("no part was the last")
	}
	for _, a := range final {
		f.same(a, final[0])
	}
	if len(final[0].body) != 5000 {
		t.Error("response of", len(final[0].body), "bytes")
	}
	p.made(final[0], data, "a")
}

// Parts that lie between others, and one that overlaps several.
func TestPartsOutOfOrder(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	f.want(p.put(data, 900, 1000, 1000), 308)
	f.want(p.put(data, 300, 400, "*"), 308)
	if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "" {
		t.Error("what is kept behind a gap is told as a prefix:", a.header)
	}
	p.received([2]int64{300, 399}, [2]int64{900, 999})
	wrong := bytes.Clone(data)
	wrong[950]++
	f.want(p.put(wrong, 900, 1000, 1000), 409)
	if a := f.want(p.put(data, 0, 500, 1000), 308); a.header.Get("Range") != "bytes=0-499" {
		t.Error(a.header)
	}
	p.made(p.put(data, 400, 1000, 1000), data, "a")
}

// A part that is at work keeps others out of its range, and only there.
func TestPartsMeet(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: 50 * time.Millisecond})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	slow := p.open(0, 400, 1000)
	slow.send(string(data[:100]))
	f.eventually(func() bool { return len(p.read().Received) == 1 })
	f.want(p.put(data, 400, 1000, 1000), 308)
	p.received([2]int64{0, 99}, [2]int64{400, 999})
	if err := f.alive(slow); err != nil {
		t.Fatal("a part elsewhere was broken off:", err)
	}
	slow.send(string(data[100:200]))
	f.eventually(func() bool { return p.read().Received[0] == [2]int64{0, 199} })
	final := p.put(data, 200, 400, 1000) // the client has looked: it has given the old connection up
	p.made(final, data, "a")
	slow.Write([]byte("late bytes"))
	if a := slow.head(); a.status != 409 && a.status != 201 {
		t.Error("the late part:", a.status)
	}
	p.made(final, data, "a")
}

// alive tells whether the server still holds the connection.
func (f *fixture) alive(w *wire) error {
	w.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	defer w.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err := w.r.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("it says something, or has ended: %w", err)
}

func TestPartBusy(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: 10 * time.Second})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	slow := p.open(0, 400, 1000)
	slow.send(string(data[:100]))
	f.want(p.put(data, 300, 400, 1000), 409) // nobody has looked, and the other is not silent for long enough
	slow.send(string(data[100:400]))
	f.want(slow.head(), 308)
	p.made(p.put(data, 400, 1000, 1000), data, "a")
}

func TestPartCut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100_000)
	for name, cut := range map[string]func(*wire){
		"fin":   func(w *wire) { w.Close() },
		"rst":   (*wire).reset,
		"stall": func(*wire) {},
	} {
		for _, length := range []int{len(data), -1} {
			tag := fmt.Sprint(name, length)
			p := f.begin("tag="+tag, length)
			w := p.open(0, len(data), len(data))
			w.send(string(data[:60_000]))
			f.eventually(func() bool { return len(p.read().Received) == 1 })
			cut(w)
			d := p.read()
			n := int(d.Received[0][1]) + 1
			if len(d.Received) != 1 || n > 60_000 || name != "rst" && n != 60_000 || d.State != "receiving" {
				t.Fatalf("%s: %+v", tag, d)
			}
			if a := f.want(p.ask(len(data)), 308); a.header.Get("Range") != fmt.Sprintf("bytes=0-%d", n-1) {
				t.Error(tag, a.header)
			}
			p.made(p.put(data, n, len(data), len(data)), data, tag)
		}
	}
}

// The answer to the last part is lost: who asks again gets it, and there is one effect.
func TestLastAnswerLost(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	for i, again := range []func(*place) answer{
		func(p *place) answer { return p.ask(1000) },
		func(p *place) answer { return p.put(data, 900, 1000, 1000) },
		func(p *place) answer { return p.put(data, 0, 1000, "*") },
	} {
		tag := fmt.Sprint("t", i)
		p := f.begin("tag="+tag, 1000)
		w := p.open(0, 1000, 1000)
		w.send(string(data))
		w.reset()
		p.made(again(p), data, tag)
	}
}

func TestUploadProcessed(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	p := f.begin("tag=slow&delay=200ms", 100)
	a := f.want(p.put(data, 0, 100, 100), 202)
	if d := f.doc(a); d.State != "processing" || a.header.Get("Retry-After") != "1" || a.header.Get("Location") != p.status {
		t.Errorf("%+v %v", d, a.header)
	}
	a = f.want(f.do("GET", p.status, nil), 200)
	if d := f.doc(a); d.State != "processing" || a.header.Get("Retry-After") == "" || *d.Remaining != 0 || f.uploads("slow") != 0 {
		t.Errorf("%+v %v", d, a.header)
	}
	f.want(f.do("DELETE", p.status, nil), 409)
	a = f.want(f.do("GET", p.status, nil, "Prefer: wait=10"), 200)
	if d := f.doc(a); d.State != "done" || a.header.Get("Retry-After") != "" {
		t.Errorf("%+v %v", d, a.header)
	}
	p.made(p.ask(100), data, "slow")

	p = f.begin("tag=bad&fail=422", 100)
	failed := f.want(p.put(data, 0, 100, 100), 422)
	f.same(p.ask(100), failed)
	d := p.read()
	if d.State != "failed" || len(d.Errors) != 1 || d.Errors[0].Status != 422 || d.Errors[0].Title == "" || d.Result != "" {
		t.Errorf("%+v", d)
	}
	if f.uploads("bad") != 0 {
		t.Error("a failure counts")
	}
}

func TestUploadCancel(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	p := f.begin("tag=a", 1000, "Idempotency-Key: k")
	w := p.open(0, 1000, 1000)
	w.send(string(data[:500]))
	f.eventually(func() bool { return len(p.read().Received) == 1 })
	f.want(f.do("DELETE", p.status, nil), 204)
	if a := w.head(); a.status != 409 && a.status != 404 {
		t.Error("the part at work:", a.status)
	}
	for _, a := range []answer{f.do("GET", p.status, nil), f.do("HEAD", p.status, nil), f.do("DELETE", p.status, nil),
		p.put(data, 0, 1000, 1000), p.ask(1000), f.do("OPTIONS", p.content, nil)} {
		f.want(a, 404)
	}
	if q := f.begin("tag=a", 1000, "Idempotency-Key: k"); q.status == p.status {
		t.Error("a key leads to an upload that was cancelled")
	}
	if f.uploads("a") != 0 || f.s.store.Operations() != 1 {
		t.Error("something is left:", f.uploads("a"), f.s.store.Operations())
	}
	p = f.begin("tag=b", -1)
	final := p.put(data, 0, 1000, 1000)
	p.made(final, data, "b")
	f.want(f.do("DELETE", p.status, nil), 204)
	f.stored(final, data)
	if f.uploads("b") != 1 {
		t.Error("the effect is gone")
	}
}

func TestUploadAgain(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	twin := f.begin("tag=a", 100) // its 201 was lost
	p := f.begin("tag=a", 100)
	p.made(p.put(data, 0, 100, 100), data, "a")
	if d := twin.read(); d.State != "waiting" {
		t.Errorf("%+v", d)
	}
	p = f.begin("tag=b", 100, "Idempotency-Key: k")
	f.want(p.put(data, 0, 50, 100), 308)
	if q := f.begin("tag=b", 100, "Idempotency-Key: k"); q.status != p.status || q.content != p.content {
		t.Error(p, q)
	}
	p.received([2]int64{0, 49})
	f.want(f.do("POST", "/uploads?tag=b", []byte(`{"length":101}`), "Content-Type: application/json", "Idempotency-Key: k"), 422)
	f.want(f.do("POST", "/uploads?tag=c", nil, "Idempotency-Key: k"), 422)
	f.want(f.do("POST", "/items?tag=b", data, "Idempotency-Key: k"), 422)
	if q := f.as("Bearer b").begin("tag=b", 100, "Idempotency-Key: k"); q.status == p.status {
		t.Error("the key of another user")
	}
	var same sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { same.Store(f.begin("tag=c", 5, "Idempotency-Key: c").status, true) })
	}
	wg.Wait()
	n := 0
	same.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Error(n, "uploads of one key")
	}
}

func TestUploadOwners(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}})
	a, b := f.as("Bearer a"), f.as("Bearer b")
	data := content(100)
	p := a.begin("tag=a", 100)
	u := a.post("", 100, "resume")
	for _, method := range []string{"GET", "HEAD", "DELETE", "PUT", "OPTIONS"} {
		for _, path := range []string{p.status, p.content} {
			f.want(b.do(method, path, nil), 404)
			if got := f.do(method, path, nil); got.status != 401 {
				t.Error(method, path, got.status)
			}
		}
	}
	f.want(f.do("POST", "/uploads", nil), 401)
	f.want(f.do("GET", "/uploads", nil), 401)
	id := strings.TrimPrefix(p.status, "/uploads/")
	f.want(a.do("GET", "/requests/"+id, nil), 404)
	f.want(a.do("GET", "/uploads/"+strings.TrimPrefix(u.request, "/requests/"), nil), 404)
	for _, path := range []string{p.status + "/", p.content + "/", "/uploads/", "/uploads/x", "/uploads/../uploads/" + id, "/uploads/" + strings.ToUpper(id)} {
		f.want(a.do("GET", path, nil), 404)
	}
	p.made(p.put(data, 0, 100, 100), data, "a")
}

func TestUploadQuota(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 150, UserOperations: 2}})
	data := content(200)
	p, q := f.begin("", 100), f.begin("", -1)
	f.want(f.do("POST", "/uploads", nil), 429)
	f.want(p.put(data, 50, 100, 100), 308)
	f.want(q.put(data, 0, 101, "*"), 507)
	f.want(q.put(data, 0, 100, "*"), 308)
	f.want(f.do("DELETE", q.status, nil), 204)
	p.put(data, 0, 50, 100)
	if d := p.read(); d.State != "done" {
		t.Errorf("%+v", d)
	}
}

func TestUploadExpires(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, now.Load()) }})
	data := content(100)
	untouched, begun, done := f.begin("", 100), f.begin("", 100), f.begin("tag=a", 100)
	f.want(begun.put(data, 50, 100, 100), 308)
	final := done.put(data, 0, 100, 100)
	now.Add(int64(24*time.Hour) - 1e9)
	if n := f.s.sweep(); n != 0 {
		t.Fatal("swept", n)
	}
	now.Add(2e9)
	if n := f.s.sweep(); n != 3 {
		t.Fatal("swept", n)
	}
	for _, p := range []*place{untouched, begun, done} {
		f.want(f.do("GET", p.status, nil), 404)
	}
	f.stored(final, data)
}

func TestUploadRestarts(t *testing.T) {
	t.Parallel()
	for _, durability := range []Durability{DurabilityNever, DurabilityAlways} {
		o := Options{Data: t.TempDir(), Durability: durability}
		f := start(t, o)
		data := content(1000)
		sparse, ordered, empty, bad := f.begin("tag=a", 1000, "Idempotency-Key: k"), f.begin("tag=b", -1), f.begin("tag=c", 0), f.begin("fail=500", 1000)
		slow := f.begin("tag=d&delay=300ms", 1000)
		f.want(sparse.put(data, 100, 200, 1000), 308)
		f.want(sparse.put(data, 500, 600, 1000), 308)
		cut := sparse.open(600, 1000, 1000)
		cut.send(string(data[600:700]))
		f.eventually(func() bool { return sparse.read().Received[1] == [2]int64{500, 699} })
		f.want(ordered.put(data, 0, 300, 1000), 308)
		failed := f.want(bad.put(data, 0, 1000, 1000), 500)
		f.want(slow.put(data, 0, 1000, 1000), 202)
		if err := f.s.Close(); err != nil {
			t.Fatal(err)
		}
		g := start(t, o)
		for _, p := range []*place{sparse, ordered, empty, bad, slow} {
			p.fixture = g
		}
		sparse.received([2]int64{100, 199}, [2]int64{500, 699})
		ordered.received([2]int64{0, 299})
		if d := empty.read(); d.State != "waiting" {
			t.Errorf("%+v", d)
		}
		if again := g.begin("tag=a", 1000, "Idempotency-Key: k"); again.status != sparse.status {
			t.Error("the key is forgotten")
		}
		g.same(bad.ask(1000), failed)
		bad.received([2]int64{0, 999})
		g.want(ordered.put(data, 300, 400, 999), 422) // the length is kept as well
		ordered.made(ordered.put(data, 300, 1000, "*"), data, "b")
		empty.made(empty.ask(0), nil, "c")
		g.want(sparse.put(data, 0, 500, "*"), 308)
		sparse.made(sparse.put(data, 600, 1000, 1000), data, "a")
		g.want(g.do("GET", slow.status, nil, "Prefer: wait=10"), 200)
		slow.made(slow.ask(1000), data, "d")
	}
}

// What is scattered too widely is refused, and can still be completed.
func TestUploadScattered(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(4000)
	p := f.begin("tag=a", 4000)
	op, _ := f.s.store.RequestContent(strings.TrimPrefix(p.status, "/uploads/"))
	for i := range int64(1024) { // not as requests, which take longer
		w, err := op.AcquireRange(nil, &peer{}, store.Extent{From: 2 * i, To: 2*i + 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(data[2*i : 2*i+1]); err != nil {
			t.Fatal(err)
		}
		w.Release()
	}
	f.want(p.put(data, 3000, 3001, 4000), 409)
	if d := p.read(); len(d.Received) != 1024 {
		t.Fatal("received", len(d.Received))
	}
	p.made(p.put(data, 0, 4000, 4000), data, "a")
}

func TestPartMemory(t *testing.T) {
	const size = 256 << 20
	c := startChild(t, t.TempDir())
	defer c.kill()
	f := &fixture{T: t, url: "http://" + c.addr, addr: c.addr, client: &http.Client{Transport: &http.Transport{}}}
	defer f.client.CloseIdleConnections()
	p := f.begin("", 2*size)
	for _, first := range []int64{size, 0} {
		req, err := http.NewRequest("PUT", f.url+p.content, &zeros{size})
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		req.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+size-1, 2*size))
		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := map[int64]int{size: 308, 0: 201}[first]; resp.StatusCode != want {
			t.Fatal(first, resp.StatusCode)
		}
	}
	if mib := peakMiB(t, c.cmd.Process.Pid); mib > 64 {
		t.Errorf("%.1f MiB of resident memory", mib)
	}
}
