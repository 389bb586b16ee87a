package reference

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

// serve starts s, in a server of its own or embedded in another one, and sets the address.
func (f *fixture) serve(s *Server, embedded bool) (stop func()) {
	f.Helper()
	if embedded {
		h := httptest.NewServer(s.Handler())
		f.url, f.addr = h.URL, strings.TrimPrefix(h.URL, "http://")
		return h.Close
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.addr = ln.Addr().String()
	f.url = "http://" + f.addr
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	return func() {
		if err := <-done; err != http.ErrServerClosed {
			f.Error(err)
		}
	}
}

func TestRefusedByTheHead(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"alice": "Bearer a"}})
	for name, c := range map[string]struct {
		status int
		head   string
	}{
		"401":              {401, "POST /items HTTP/1.1"},
		"401 other":        {401, "POST /items HTTP/1.1\r\nAuthorization: Bearer b"},
		"401 twice":        {401, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer a"},
		"403":              {403, "POST /items?refuse=403 HTTP/1.1\r\nAuthorization: bearer a"},
		"404":              {404, "POST /nowhere HTTP/1.1\r\nAuthorization: Bearer a"},
		"405":              {405, "POST /items/" + strings.Repeat("a", 32) + " HTTP/1.1\r\nAuthorization: Bearer a"},
		"413":              {413, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nContent-Length: 99999999999"},
		"415":              {415, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nContent-Type: multipart/form-data; boundary=x"},
		"415 malformed":    {415, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nContent-Type: x"},
		"415 coding":       {415, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nContent-Encoding: gzip"},
		"417":              {417, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nExpect: magic"},
		"400 query":        {400, "POST /items?delay=1h HTTP/1.1\r\nAuthorization: Bearer a"},
		"400 respond":      {400, "POST /items?respond=16777217 HTTP/1.1\r\nAuthorization: Bearer a"},
		"400 fail":         {400, "POST /items?fail=399 HTTP/1.1\r\nAuthorization: Bearer a"},
		"400 tag":          {400, "POST /items?tag=" + strings.Repeat("a", 257) + " HTTP/1.1\r\nAuthorization: Bearer a"},
		"400 key too long": {400, "POST /items HTTP/1.1\r\nAuthorization: Bearer a\r\nIdempotency-Key: " + strings.Repeat("a", 256)},
	} {
		head := c.head + "\r\nHost: x\r\nPrefer: resume"
		if !strings.Contains(head, "Expect") {
			head += "\r\nExpect: 100-continue"
		}
		if !strings.Contains(head, "Content-Length") {
			head += "\r\nContent-Length: 10"
		}
		w := f.dial()
		w.send(head + "\r\n\r\n")
		if a := w.head(); a.status != c.status {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if n := f.s.store.Operations(); n != 0 {
		t.Error("operations kept:", n)
	}
}

func TestOffer(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for name, c := range map[string]struct {
		head    string
		interim int // 0: none
		fields  bool
	}{
		"resume, expect":    {"HTTP/1.1\r\nExpect: 100-continue\r\nPrefer: resume", 100, true},
		"case of expect":    {"HTTP/1.1\r\nExpect: 100-Continue\r\nPrefer: a\r\nPrefer: Resume", 100, true},
		"resume, no expect": {"HTTP/1.1\r\nPrefer: resume", 104, true},
		"no preference":     {"HTTP/1.1\r\nExpect: 100-continue", 100, false},
		"unknown value":     {"HTTP/1.1\r\nExpect: 100-continue\r\nPrefer: resume=x", 100, false},
		"neither":           {"HTTP/1.1", 0, false},
		"http/1.0":          {"HTTP/1.0\r\nExpect: 100-continue\r\nPrefer: resume", 0, true},
		"http/1.0, ack":     {"HTTP/1.0\r\nPrefer: resume, acknowledge", 0, true},
	} {
		w := f.dial()
		w.send("POST /items " + c.head + "\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		if c.interim != 0 {
			a := w.head()
			if a.status != c.interim || (a.header.Get(fieldRequestContent) != "") != c.fields ||
				(a.header.Get(fieldContentLocation) != "") != c.fields || (a.header.Get(fieldResponseMessage) != "") != c.fields {
				t.Errorf("%s: interim %d %v", name, a.status, a.header)
			}
		}
		w.send("hello")
		a := f.want(w.head(), 201)
		if (a.header.Get(fieldResponseMessage) != "") != c.fields || (a.header.Get(fieldApplied) == "resume") != c.fields {
			t.Errorf("%s: final %v", name, a.header)
		}
		f.stored(a, []byte("hello"))
		// The connection goes on, and nothing of this request sticks to it.
		if !strings.HasPrefix(c.head, "HTTP/1.0") {
			w.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			if a := f.want(w.head(), 200); a.header.Get(fieldResponseMessage) != "" || a.header.Get(fieldAcknowledge) != "" {
				t.Errorf("%s: leaked %v", name, a.header)
			}
		}
	}
}

func TestEmptyBody(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a", 0, "resume")
	final := f.want(u.head(), 201)
	f.stored(final, nil)
	if n := f.offset(u.request); n != 0 {
		t.Error(n)
	}
	f.same(f.await(u.message), final)
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Durability: DurabilityAlways})
	body := content(400_000)
	u := f.post("tag=a", len(body), "acknowledge, resume")
	sent, last, acks := 0, 0, 0
	for sent < len(body) {
		u.send(string(body[sent : sent+100_000]))
		sent += 100_000
		a := u.head()
		n, ok := parseDigits(a.header.Get(fieldAcknowledge))
		if a.status != 100 || !ok || int(n) > sent || int(n) < last || len(a.header) != 1 {
			t.Fatalf("sent %d: %d %v", sent, a.status, a.header)
		}
		last = int(n)
		acks++
		for last < sent { // the next steps of this piece may come apart
			if n = u.more(last); n < 0 {
				break
			}
			last = int(n)
		}
	}
	if acks < 4 {
		t.Error(acks, "acknowledgements")
	}
	final := u.head()
	for final.status == 100 {
		final = u.head()
	}
	f.want(final, 201)
	if final.header.Get(fieldAcknowledge) != "" {
		t.Error("Acknowledge leaked into the final response")
	}
	f.stored(final, body)
}

// more reads an acknowledgement that has arrived already; -1 when there is none.
func (u *upload) more(last int) int64 {
	if u.r.Buffered() == 0 {
		return -1
	}
	n, _ := parseDigits(u.head().header.Get(fieldAcknowledge))
	return n
}

func TestOtherUser(t *testing.T) {
	t.Parallel()
	for _, users := range []map[string]string{nil, {"alice": "Bearer a", "bob": "Bearer b"}} {
		f := start(t, Options{Users: users})
		alice, bob := f.as("Bearer a"), f.as("Bearer b")
		body := content(1000)
		u := alice.post("tag=a", len(body), "resume")
		u.send(string(body[:500]))
		u.Close()
		alice.offset(u.request)
		for _, path := range []string{u.request, u.message, u.response} {
			for _, method := range []string{"GET", "HEAD", "PATCH", "PUT", "POST", "DELETE", "OPTIONS"} {
				bob.want(bob.do(method, path, nil), 404)
			}
			if users != nil {
				f.want(f.do("GET", path, nil), 401)
			} else {
				f.want(f.do("GET", path, nil), 404)
			}
		}
		bob.want(bob.patch(u.request, "Content-Range: bytes 500-999/1000", body[500:]), 404)
		if n := alice.offset(u.request); n != 500 {
			t.Error("offset", n)
		}
		final := alice.want(alice.patch(u.request, "Content-Range: bytes 500-999/1000", body[500:]), 201)
		alice.stored(final, body)
		bob.want(bob.do("DELETE", final.header.Get("Location"), nil), 403)
		alice.want(alice.do("DELETE", final.header.Get("Location"), nil), 204)
		alice.want(alice.do("GET", final.header.Get("Location"), nil), 404)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	key := "Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\""
	u := f.post("tag=a", len(body), "resume", key)
	u.send(string(body[:500]))
	u.Close()
	v := f.post("tag=a", len(body), "resume", key) // the first is superseded
	f.want(f.do("HEAD", u.request, nil), 404)
	v.send(string(body))
	final := f.want(v.head(), 201)
	f.same(f.do("POST", "/items?tag=a", body, key), final)
	f.same(f.do("POST", "/items?tag=a", body, key, "Prefer: resume", "Expect: 100-continue"), final)
	f.want(f.do("POST", "/items?tag=b", body, key), 422)
	f.want(f.as("Bearer b").do("POST", "/items?tag=a", body, key), 201) // another user's key
	if f.count("a") != 2 {
		t.Error("count", f.count("a"))
	}
	var wg sync.WaitGroup
	locations := make(chan string, 20)
	for range 20 {
		wg.Go(func() {
			a := f.do("POST", "/items?tag=c", body, "Idempotency-Key: same")
			if a.status == 201 {
				locations <- a.header.Get("Location")
			} else if a.status != 409 {
				t.Error(a.status, string(a.body))
			}
		})
	}
	wg.Wait()
	close(locations)
	one := <-locations
	for l := range locations {
		if l != one {
			t.Error("two items:", l, one)
		}
	}
	if f.count("c") != 1 {
		t.Error("count", f.count("c"))
	}
}

func TestMethodsAndItems(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.do("POST", "/items?tag=a&respond=1000", []byte("hello"), "Content-Type: text/plain"), 201)
	item, receipt := a.header.Get("Location"), a.header.Get("Content-Location")
	if len(a.body) != 1000 || a.header.Get(fieldResponseMessage) != "" {
		t.Error(len(a.body), a.header)
	}
	if b := f.want(f.do("GET", receipt, nil), 200); string(b.body) != string(a.body) {
		t.Error("the receipt differs from the response")
	}
	got := f.want(f.do("GET", item, nil, "Range: bytes=1-2,4-4"), 206)
	if !strings.HasPrefix(got.header.Get("Content-Type"), "multipart/byteranges") {
		t.Error(got.header)
	}
	got = f.want(f.do("GET", item, nil, "If-None-Match: "+a.header.Get("ETag")), 304)
	if got.header.Get("ETag") != a.header.Get("ETag") {
		t.Error(got.header)
	}
	for path, allow := range map[string]string{
		"/items": "GET, HEAD, OPTIONS, POST", item: "DELETE, GET, HEAD, OPTIONS", receipt: "GET, HEAD, OPTIONS", "/healthz": "GET, HEAD, OPTIONS",
	} {
		if got := f.want(f.do("PATCH", path, nil), 405); got.header.Get("Allow") != allow {
			t.Error(path, got.header.Get("Allow"))
		}
		if got := f.want(f.do("OPTIONS", path, nil), 204); got.header.Get("Allow") != allow {
			t.Error(path, got.header.Get("Allow"))
		}
	}
	if total := f.want(f.do("GET", "/items", nil), 200); string(total.body) != "{\"count\":1}\n" {
		t.Errorf("%s", total.body)
	}
	f.want(f.do("HEAD", "/items?tag=a", nil), 200)
	f.want(f.do("GET", "/healthz", nil), 200)
	f.want(f.do("DELETE", item, nil), 204)
	f.want(f.do("DELETE", item, nil), 404)
	f.want(f.do("GET", receipt, nil), 404)
	if f.count("a") != 1 {
		t.Error("creations are counted, not items")
	}
	if n := f.s.store.Operations(); n != 0 {
		t.Error("operations left:", n)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("", 10, "resume")
	u.send("01234")
	u.Close()
	tag := f.do("HEAD", u.request, nil).header.Get("ETag")
	f.want(f.patch(u.request, "Content-Range: bytes 5-9/10", []byte("56789"), `If-Match: "x"`), 412)
	f.want(f.patch(u.request, "Content-Range: bytes 5-8/10", []byte("5678"), `If-Match: "x", `+tag), 204)
	f.want(f.patch(u.request, "Content-Range: bytes 9-9/10", []byte("9"), `If-Match: *`), 201)
}

func TestTemporaryFolder(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Data()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Data()); !os.IsNotExist(err) {
		t.Error("left behind:", err)
	}
}
