package reference

import (
	"encoding/json"
	"fmt"
	"net/http"
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

func TestUploadProcessed(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	p := f.begin("tag=slow&delay=200ms", 100)
	a := f.want(p.put(data, 0, 100, 100), 202)
	if d := f.doc(a); d.State != "processing" || a.header.Get("Retry-After") != "0" || a.header.Get("Location") != p.status {
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

func FuzzWish(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"length":5,"type":"text/plain"}`, `{"length":-1}`, `{"length":1e3}`, `[1]`, `{"type":"message/http"}`, "\ufeff{}"} {
		f.Add([]byte(seed))
	}
	s := &Server{opts: Options{MaxBody: 100}}
	f.Fuzz(func(t *testing.T, content []byte) {
		wish, p := s.parseWish(http.Header{"Content-Type": {"application/json"}}, content)
		if p != nil {
			if p.Status < 400 || p.Status > 499 {
				t.Fatal(p)
			}
			return
		}
		if wish.Length != nil && (*wish.Length < 0 || *wish.Length > 100) || wish.Type != "" && !isStorable(wish.Type) {
			t.Fatalf("%s: %+v", content, wish)
		}
	})
}
