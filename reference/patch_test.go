package reference

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPatchRefused(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	u := f.post("tag=a", 1000, "resume")
	u.send(string(body[:500]))
	u.Close()
	other := bytes.Repeat([]byte("x"), 1000)
	for name, c := range map[string]struct {
		status int
		part   string
		body   []byte
	}{
		"gap":                     {409, "Content-Range: bytes 501-999/1000", body[501:]},
		"overlap that differs":    {409, "Content-Range: bytes 499-999/1000", other[499:]},
		"overlap, late":           {409, "Content-Range: bytes 0-999/1000", append(append([]byte{}, body[:400]...), other[400:]...)},
		"other total":             {422, "Content-Range: bytes 500-999/1001", body[500:]},
		"total shorter than kept": {422, "Content-Range: bytes 100-199/200", body[100:200]},
		"past the end":            {422, "Content-Range: bytes 500-1000/*", append(body[500:], 1)},
		"past its own total":      {400, "Content-Range: bytes 500-1000/1000", append(body[500:], 1)},
		"last before first":       {400, "Content-Range: bytes 500-499/1000", nil},
		"malformed":               {400, "Content-Range: bytes 500-/1000", body[500:]},
		"negative":                {400, "Content-Range: bytes -1-5/1000", body[500:]},
		"overflow":                {400, "Content-Range: bytes 500-99999999999999999999/*", body[500:]},
		"other unit":              {422, "Content-Range: lines 500-999/1000", body[500:]},
		"none":                    {422, "Content-Type: text/plain", body[500:]},
		"two":                     {400, "Content-Range: bytes 500-999/1000\r\nContent-Range: bytes 500-999/1000", body[500:]},
		"wrong part length":       {400, "Content-Range: bytes 500-999/1000\r\nContent-Length: 499", body[500:]},
		"part too long":           {400, "Content-Range: bytes 500-998/1000", body[500:]},
		"end too early":           {409, "Content-Range: bytes */1000", nil},
		"end with a body":         {400, "Content-Range: bytes */500", body[500:]},
		"end elsewhere":           {422, "Content-Range: bytes */500", nil},
		"no colon":                {400, "Content-Range bytes 500-999/1000", body[500:]},
		"folded":                  {400, "Content-Range:\r\n bytes 500-999/1000", body[500:]},
	} {
		a := f.patch(u.request, c.part, c.body)
		if a.status != c.status {
			t.Errorf("%s: %d, want %d: %s", name, a.status, c.status, a.body)
		}
		if a.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: Cache-Control %q", name, a.header.Get("Cache-Control"))
		}
		if n := f.offset(u.request); n != 500 {
			t.Fatalf("%s: offset is now %d", name, n)
		}
		if got := f.do("GET", u.request, nil); !bytes.Equal(got.body, body[:500]) {
			t.Fatalf("%s: bytes have changed", name)
		}
	}
	a := f.want(f.do("PATCH", u.request, body[500:], "Content-Type: application/octet-stream"), 415)
	if a.header.Get("Accept-Patch") != "message/byterange" {
		t.Error("Accept-Patch", a.header)
	}
	for _, method := range []string{"PUT", "POST"} {
		if a := f.want(f.do(method, u.request, nil), 405); a.header.Get("Allow") != "DELETE, GET, HEAD, OPTIONS, PATCH" {
			t.Error("Allow", a.header)
		}
	}
	final := f.want(f.patch(u.request, "X-Unknown: 1\r\nContent-Length: 510\r\nContent-Range: bytes 490-999/1000", body[490:]), 201)
	f.stored(final, body)
	f.same(f.want(f.patch(u.request, "Content-Range: bytes 900-999/1000", body[900:]), 201), final)
	f.same(f.want(f.patch(u.request, "Content-Range: bytes */1000", nil), 201), final)
	f.want(f.patch(u.request, "Content-Range: bytes 999-999/1000", []byte{body[999] + 1}), 409)
	if f.count("a") != 1 {
		t.Error("count", f.count("a"))
	}
}

func TestShortPartIsAnInterruption(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	u := f.post("", 1000, "resume")
	u.Close()
	f.want(f.patch(u.request, "Content-Range: bytes 0-999/1000", body[:300]), 400)
	if n := f.offset(u.request); n != 300 {
		t.Fatal("offset", n)
	}
	f.want(f.patch(u.request, "Content-Range: bytes 300-999/1000", body[300:]), 201)
}

func TestConcurrentPatches(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	const length = 200_000
	a, b := bytes.Repeat([]byte("a"), length), bytes.Repeat([]byte("b"), length)
	u := f.post("tag=a", length, "resume")
	u.Close()
	f.offset(u.request)
	answers := make(chan answer, 2)
	for _, body := range [][]byte{a, b} {
		go func() {
			answers <- f.patch(u.request, fmt.Sprintf("Content-Range: bytes 0-%d/%d", length-1, length), body)
		}()
	}
	one, two := <-answers, <-answers
	if one.status != 201 {
		one, two = two, one
	}
	f.want(one, 201)
	f.want(two, 409)
	got := f.do("GET", one.header.Get("Location"), nil).body
	if !bytes.Equal(got, a) && !bytes.Equal(got, b) {
		t.Error("the two are mixed")
	}
	if f.count("a") != 1 {
		t.Error("count", f.count("a"))
	}
}

// A connection that hangs is fenced by a newer request: what it brings later never gets in.
func TestStalledWriterIsFenced(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: 50 * time.Millisecond})
	body := content(1000)
	u := f.post("tag=a", 1000, "resume")
	u.send(string(body[:400]))
	n := f.offset(u.request)
	f.want(f.patch(u.request, fmt.Sprintf("Content-Range: bytes %d-599/1000", n), body[n:600]), 204)
	u.send("late bytes that must not get in")
	f.want(u.head(), 409)
	// And without a HEAD: the newer one waits until the older is silent.
	w := f.dial()
	part := "Content-Range: bytes 600-999/1000\r\n\r\n"
	w.send(fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: %d\r\n\r\n%s%s",
		u.request, len(part)+400, part, body[600:610]))
	op, _ := f.s.store.RequestContent(strings.TrimPrefix(u.request, pathRequests))
	f.eventually(func() bool { return op.Progress().Offset == 610 })
	final := f.want(f.patch(u.request, "Content-Range: bytes 600-999/1000", body[600:]), 201)
	f.want(w.head(), 409)
	f.stored(final, body)
}

func TestLostResponseOfPatch(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	u := f.post("tag=a", len(body), "resume")
	u.send(string(body[:500]))
	u.Close()
	f.offset(u.request)
	w := f.dial()
	part := "Content-Range: bytes 500-999/1000\r\n\r\n"
	w.send(fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: %d\r\n\r\n%s%s",
		u.request, len(part)+500, part, body[500:]))
	w.Close()
	f.stored(f.want(f.await(u.message), 201), body)
	if f.count("a") != 1 {
		t.Error("count", f.count("a"))
	}
}

// A PATCH may be chunked. Its own last chunk does not matter once the upload is complete.
func TestChunkedPatch(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	const head = "PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	u := f.post("tag=a", 10, "resume")
	u.Close()
	w := f.dial()
	w.send(fmt.Sprintf(head, u.request) + chunk("Content-Range: byt") + chunk("es 0-3/10\r\n\r\n01") + chunk("23") + "0\r\n\r\n")
	f.want(w.head(), 204)
	w = f.dial()
	w.send(fmt.Sprintf(head, u.request) + chunk("Content-Range: bytes 4-5/10\r\n\r\n45x") + "0\r\n\r\n")
	f.want(w.head(), 400)
	w = f.dial()
	w.send(fmt.Sprintf(head, u.request) + chunk("Content-Range: bytes 6-9/10\r\n\r\n6789"))
	w.Close()
	f.stored(f.want(f.await(u.message), 201), []byte("0123456789"))
	// An end that is not whole itself ends nothing.
	u = f.post("", -1, "resume")
	u.Close()
	w = f.dial()
	w.send(fmt.Sprintf(head, u.request) + chunk("Content-Range: bytes */0\r\n\r\n"))
	w.Close()
	f.want(f.do("GET", u.message, nil), 503)
	f.want(f.patch(u.request, "Content-Range: bytes */0", nil), 201)
}
