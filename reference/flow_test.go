package reference

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// cuts are the ways in which a client's connection ends.
var cuts = map[string]func(*upload){
	"fin":   func(u *upload) { u.Close() },
	"rst":   func(u *upload) { u.offsetAtLeastOnce(); u.reset() },
	"stall": func(*upload) {},
}

// offsetAtLeastOnce makes sure that what was sent has arrived: RST may drop what is in flight.
func (u *upload) offsetAtLeastOnce() { u.f.offset(u.request) }

func TestResumeAfterCut(t *testing.T) {
	t.Parallel()
	const length = 300_000
	body := content(length)
	for name, cut := range cuts {
		for _, n := range []int{0, 1, 16383, 16384, 65537, length / 2, length - 1} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				f := start(t, Options{})
				u := f.post("tag=a", length, "resume")
				u.send(string(body[:n]))
				cut(u)
				if got := f.offset(u.request); got != n {
					t.Fatalf("kept %d of %d", got, n)
				}
				if f.count("a") != 0 {
					t.Fatal("an effect before the body was complete")
				}
				got := f.want(f.do("GET", u.request, nil), 200)
				if !bytes.Equal(got.body, body[:n]) {
					t.Fatal("prefix differs")
				}
				f.want(f.do("GET", u.message, nil), 503)
				f.want(f.do("GET", u.response, nil), 503)
				final := f.want(f.patch(u.request, fmt.Sprintf("Content-Range: bytes %d-%d/%d", n, length-1, length), body[n:]), 201)
				f.stored(final, body)
				f.same(f.await(u.message), final)
				if f.count("a") != 1 {
					t.Fatal("count", f.count("a"))
				}
				if got := f.offset(u.request); got != length {
					t.Fatal("offset of the complete upload", got)
				}
			})
		}
	}
}

func TestManyPiecesEachCut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(170_000)
	u := f.post("tag=a", len(body), "resume=save-incomplete")
	u.send(string(body[:10_000]))
	u.Close()
	offset := f.offset(u.request)
	for offset < len(body)-10_000 {
		part := fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n\r\n", offset, len(body)-1, len(body))
		w := f.dial()
		w.send(fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
			u.request, len(part)+len(body)-offset))
		f.want(w.head(), 100)
		w.send(part)
		w.send(string(body[offset : offset+10_000]))
		w.Close()
		next := f.offset(u.request)
		if next != offset+10_000 {
			t.Fatalf("offset %d after %d", next, offset)
		}
		offset = next
	}
	f.want(f.patch(u.request, fmt.Sprintf("content-range:bytes %d-%d/*", offset, offset+99), body[offset:offset+100]), 204)
	offset += 100
	final := f.want(f.patch(u.request, fmt.Sprintf("Content-Range: bytes %d-%d/*", offset, len(body)-1), body[offset:]), 201)
	f.stored(final, body)
	f.same(f.await(u.message), final)
}

func TestUnknownLength(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	for name, finish := range map[string]func(u *upload) answer{
		"total with the last bytes": func(u *upload) answer {
			return f.patch(u.request, "Content-Range: bytes 500-999/1000", body[500:])
		},
		"total of its own": func(u *upload) answer {
			f.want(f.patch(u.request, "Content-Range: bytes 500-999/*", body[500:]), 204)
			f.want(f.patch(u.request, "Content-Range: bytes */1001", nil), 409)
			f.want(f.patch(u.request, "Content-Range: bytes */999", nil), 422)
			return f.patch(u.request, "Content-Range: bytes */1000", nil)
		},
	} {
		u := f.post("tag=chunked", -1, "resume")
		u.send("1f4\r\n" + string(body[:500]) + "\r\n")
		u.Close()
		if n := f.offset(u.request); n != 500 {
			t.Fatalf("%s: kept %d", name, n)
		}
		if n := f.count("chunked"); n != 0 {
			t.Fatalf("%s: a truncated chunked body had an effect", name)
		}
		final := f.want(finish(u), 201)
		f.stored(final, body)
		f.want(f.do("DELETE", u.message, nil), 204)
		f.want(f.do("GET", u.message, nil), 404)
		f.want(f.do("GET", u.request, nil), 404)
		f.want(f.do("DELETE", final.header.Get("Location"), nil), 204)
		f = start(t, Options{})
	}
}

func TestChunkedWhole(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a", -1, "resume")
	u.send("5\r\nhello\r\n0\r\n\r\n")
	final := f.want(u.head(), 201)
	f.stored(final, []byte("hello"))
}

// Somebody who only looks does not disturb an upload.
func TestHeadDoesNotDisturb(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	u := f.post("tag=a", 1000, "resume")
	for i := 0; i < 1000; i += 100 {
		u.send(string(body[i : i+100]))
		if n := f.offset(u.request); n != i+100 {
			t.Fatal("offset", n)
		}
	}
	f.stored(f.want(u.head(), 201), body)
}

func TestLostResponse(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(1000)
	for query, status := range map[string]int{
		"tag=a": 201, "tag=b&fail=422": 422, "tag=c&fail=503": 503, "tag=d&delay=100ms": 201, "tag=e&respond=65536": 201,
	} {
		t.Run(query, func(t *testing.T) {
			twin := f.post(query, len(body), "resume")
			twin.send(string(body))
			want := f.want(twin.head(), status)
			u := f.post(query, len(body), "resume")
			u.send(string(body))
			u.Close()
			got := f.await(u.message)
			f.want(got, status)
			if len(got.body) != len(want.body) || len(got.header) != len(want.header) {
				t.Errorf("not like the twin: %v %d bytes, %v %d bytes", got.header, len(got.body), want.header, len(want.body))
			}
			one, two := f.do("GET", u.message, nil), f.do("GET", u.message, nil)
			if !bytes.Equal(one.body, two.body) || one.header.Get("Content-Type") != "message/http" {
				t.Error("message is not stable")
			}
			part := f.want(f.do("GET", u.message, nil, "Range: bytes=10-19"), 206)
			if !bytes.Equal(part.body, one.body[10:20]) {
				t.Error("range of the message")
			}
			items := 2
			if status >= 400 {
				items = 0
			}
			if n := f.count(query[4:5]); n != items {
				t.Errorf("count %d, want %d", n, items)
			}
		})
	}
}

func TestNotYet(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a&delay=400ms", 5, "resume")
	u.send("hello")
	a := f.want(f.do("GET", u.message, nil), 503)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	f.want(f.do("DELETE", u.message, nil), 409)
	f.want(u.head(), 201)
	f.want(f.do("GET", u.message, nil), 200)
}

func TestPartialDownload(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a&respond=65536", 5, "resume")
	u.send("hello")
	final := f.want(u.head(), 201)
	if len(final.body) != 65536 {
		t.Fatal("response of", len(final.body))
	}
	tag := final.header.Get("ETag")
	for _, c := range []struct {
		header []string
		status int
		body   []byte
		rng    string
	}{
		{nil, 200, final.body, ""},
		{[]string{"Range: bytes=0-0"}, 206, final.body[:1], "bytes 0-0/65536"},
		{[]string{"Range: bytes=32768-", "If-Range: " + tag}, 206, final.body[32768:], "bytes 32768-65535/65536"},
		{[]string{"Range: bytes=32768-", `If-Range: "stale"`}, 200, final.body, ""},
		{[]string{"Range: bytes=-5"}, 206, final.body[65531:], "bytes 65531-65535/65536"},
		{[]string{"Range: bytes=65536-"}, 416, nil, "bytes */65536"},
	} {
		a := f.want(f.do("GET", u.response, nil, c.header...), c.status)
		if c.body != nil && !bytes.Equal(a.body, c.body) || a.header.Get("Content-Range") != c.rng {
			t.Errorf("%v: %d bytes, Content-Range %q", c.header, len(a.body), a.header.Get("Content-Range"))
		}
		if a.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%v: Cache-Control %q", c.header, a.header.Get("Cache-Control"))
		}
	}
	a := f.want(f.do("HEAD", u.response, nil, "Range: bytes=0-0"), 200)
	if a.header.Get("Content-Length") != "65536" {
		t.Error("HEAD", a.header)
	}
}

func TestIgnoreIncomplete(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a", 1000, "resume=ignore-incomplete")
	if u.request != "" || u.message == "" || u.response == "" {
		t.Fatal("offer", u.request, u.message, u.response)
	}
	u.send("some")
	u.Close()
	f.want(f.do("GET", u.message, nil), 404)
	if n := f.s.store.Operations(); n != 0 {
		t.Error("operations kept:", n)
	}
	u = f.post("tag=a", 4, "resume=ignore-incomplete")
	u.send("some")
	f.same(f.await(u.message), f.want(u.head(), 201))
	if f.count("a") != 1 {
		t.Error("count")
	}
}

func TestDeleteCancels(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a", 10, "resume")
	u.send("01234")
	f.want(f.do("DELETE", u.request, nil), 204)
	u.ended()
	for _, path := range []string{u.request, u.message, u.response} {
		f.want(f.do("GET", path, nil), 404)
	}
	f.want(f.patch(u.request, "Content-Range: bytes 5-9/10", []byte("56789")), 404)
	if f.count("a") != 0 || f.s.store.Operations() != 0 {
		t.Error("something is left")
	}
}

func TestMalformedChunk(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("tag=a", -1, "resume")
	u.send("5\r\nhello\r\nZ\r\n")
	u.ended()
	if n := f.offset(u.request); n != 5 {
		t.Error("kept", n)
	}
	if f.count("a") != 0 {
		t.Error("an effect")
	}
}

func TestIsolated(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a, b := content(1000), content(1001)
	u, v := f.post("tag=a", 1000, "resume"), f.post("tag=a", 1001, "resume")
	u.send(string(a[:300]))
	v.send(string(b[:700]))
	u.Close()
	v.reset()
	f.offset(v.request)
	f.stored(f.want(f.patch(u.request, "Content-Range: bytes 300-999/1000", a[300:]), 201), a)
	n := f.offset(v.request)
	f.stored(f.want(f.patch(v.request, fmt.Sprintf("Content-Range: bytes %d-1000/1001", n), b[n:]), 201), b)
}

// An effect that fails is tried again until it is there; the client waits.
func TestEffectIsRetried(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	items := filepath.Join(f.s.Data(), "items")
	if err := os.Remove(items); err != nil {
		t.Fatal(err)
	}
	u := f.post("tag=a", 5, "resume")
	u.send("hello")
	f.want(f.do("GET", u.message, nil), 503)
	if err := os.Mkdir(items, 0o700); err != nil {
		t.Fatal(err)
	}
	f.stored(f.want(u.head(), 201), []byte("hello"))
	if f.count("a") != 1 {
		t.Error("count", f.count("a"))
	}
}

// 1 MiB and more cross the steps of write-back and deadlines.
func TestLargeAndDurable(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Durability: DurabilityAlways, HashLimit: 1 << 20})
	body := content(20 << 20)
	u := f.post("tag=a&respond=3000000", len(body), "resume, acknowledge")
	go func() {
		u.Write(body[:15<<20])
		u.Conn.(*net.TCPConn).CloseWrite()
	}()
	u.ended()
	n := f.offset(u.request)
	if n != 15<<20 {
		t.Error("kept", n)
	}
	final := f.want(f.patch(u.request, fmt.Sprintf("Content-Range: bytes %d-%d/%d", n, len(body)-1, len(body)), body[n:]), 201)
	f.stored(final, body)
	if len(final.body) != 3000000 || bytes.Contains(final.body[:300], []byte("sha256")) {
		t.Errorf("%d bytes: %.200s", len(final.body), final.body)
	}
	f.same(f.await(u.message), final)
}
