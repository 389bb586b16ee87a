package reference

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

func TestTusExpiration(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, clock.Load()) }, KeepIncomplete: time.Hour})
	pass := func(d time.Duration) { clock.Add(int64(d)) }
	uri, short, whole := f.create("tag=x", 10), f.create("keep=10m", 10), f.create("tag=x", 2)
	f.appended(whole, 0, []byte("ab"))
	pass(50 * time.Minute)
	for _, method := range []string{"HEAD", "PATCH", "GET", "DELETE"} {
		a := f.tus(method, short, nil, offsetType, "Upload-Offset: 0")
		if a.status != 410 || a.header.Get("Upload-Offset") != "" {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
	}
	a := f.appended(uri, 0, []byte("hello"))
	at, err := http.ParseTime(a.header.Get("Upload-Expires"))
	if want := time.Unix(0, clock.Load()).Add(time.Hour); err != nil || at.After(want) || want.Sub(at) > time.Second {
		t.Error(at, want, err)
	}
	if n := f.s.sweep(); n != 1 {
		t.Error("swept", n)
	}
	f.want(f.tus("HEAD", short, nil), 404)
	pass(59 * time.Minute)
	f.at(uri, 5)
	pass(time.Minute)
	f.want(f.append(uri, 5, []byte("world")), 410)
	pass(30 * 24 * time.Hour)
	f.s.sweep()
	f.want(f.append(uri, 5, []byte("world")), 404)
	f.at(whole, 2) // what is complete does not expire
	f.has(whole, []byte("ab"))
	f.tusCount("x", 1)
	if n := f.s.store.Operations(); n != 1 {
		t.Error("operations:", n)
	}
}

// An upload that somebody writes to does not expire.
func TestTusExpirationInUse(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, clock.Load()) }})
	uri := f.create("", 10)
	w := f.openTus(uri, 0, 10)
	w.send("hello")
	f.keptTus(uri, 5)
	clock.Add(int64(25 * time.Hour))
	f.s.sweep()
	w.send("world")
	f.want(w.head(), 204)
	f.at(uri, 10)
}

func TestTusTermination(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 10}})
	for _, n := range []int{0, 5, 10} {
		uri := f.create("tag=t", 10)
		f.appended(uri, 0, content(10)[:n])
		a := f.want(f.tus("DELETE", uri, nil), 204)
		if len(a.body) != 0 {
			t.Error(a.header)
		}
		for _, method := range []string{"HEAD", "GET", "DELETE", "PATCH"} {
			if a := f.want(f.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 404); a.header.Get("Upload-Offset") != "" {
				t.Error(method, a.header)
			}
		}
	}
	f.tusCount("t", 1) // what has happened has happened
	if n := f.s.store.Operations(); n != 0 {
		t.Error("operations:", n)
	}
	uri := f.create("tag=t&delay=50ms", 5)
	w := f.openTus(uri, 0, 5)
	w.send("hello")
	f.keptTus(uri, 5)
	f.want(f.tus("DELETE", uri, nil), 204) // waits for the effect
	f.tusCount("t", 2)

	uri = f.create("tag=t", 10)
	w = f.openTus(uri, 0, 10)
	w.send("hello")
	f.keptTus(uri, 5)
	f.want(f.tus("DELETE", uri, nil), 204)
	w.Write([]byte("world")) // may fail already
	f.want(w.head(), 409)
	f.tusCount("t", 2)
	f.want(f.tus("HEAD", uri, nil), 404)
}

// The item of an upload that is deleted takes the upload with it.
func TestTusItemDeleted(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.tus("POST", "/tus?respond=200", []byte("hello"), "Upload-Length: 5", offsetType), 201)
	_, rest, _ := strings.Cut(string(a.body), `"id":"`)
	f.want(f.do("DELETE", "/items/"+rest[:store.IDLength], nil), 204)
	f.want(f.tus("HEAD", a.header.Get("Location"), nil), 404)
	if f.s.sweep(); f.s.store.Operations() != 0 {
		t.Error("the upload is still there")
	}
}

func TestTusOwners(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}})
	a, b := f.as("Bearer a"), f.as("Bearer b")
	uri := a.create("", 10)
	for _, method := range []string{"HEAD", "PATCH", "GET", "DELETE", "OPTIONS"} {
		f.want(b.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 404)
		f.want(f.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 401)
	}
	part := a.create("", 5, "Upload-Concat: partial")
	a.appended(part, 0, []byte("hello"))
	f.want(b.tus("POST", "/tus", nil, "Upload-Concat: final;"+part), 400)
	f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5"), 401)
	a.at(uri, 0)
	id := strings.TrimPrefix(uri, "/tus/")
	for _, path := range []string{"/requests/", "/uploads/", "/messages/", "/responses/", "/items/"} {
		f.want(a.do("GET", path+id, nil), 404)
	}
	op, _ := f.s.tusUpload(id)
	f.want(a.do("GET", "/messages/"+op.ResponseMessage, nil), 404)
	f.want(a.do("GET", "/responses/"+op.ResponseContent, nil), 404)
	p := a.begin("", 10)
	f.want(a.tus("HEAD", "/tus/"+strings.TrimPrefix(p.status, "/uploads/"), nil), 404)
}

func TestTusQuota(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 100, UserOperations: 2}})
	one, two := f.create("", -1), f.create("", -1)
	f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5"), 429)
	f.appended(one, 0, content(60))
	f.want(f.append(two, 0, content(60), "Upload-Checksum: "+sha1Of(content(60))), 507)
	f.at(two, 0)
	f.want(f.append(two, 0, content(60)), 507)
	f.at(two, 0)
	f.want(f.tus("DELETE", one, nil), 204)
	f.appended(two, 0, content(60), "Upload-Checksum: "+sha1Of(content(60)))
	f.want(f.tus("DELETE", two, nil), 204)
	f.create("", 100)
}

func TestTusRestart(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Data: t.TempDir(), KeepDone: time.Hour})
	restart := func() {
		t.Helper()
		next, err := f.s.Restart()
		if err != nil {
			t.Fatal(err)
		}
		f.s = next
		f.client.CloseIdleConnections()
		t.Cleanup(func() { next.Close() })
	}
	data := content(100)
	a := f.create("tag=a&keep=10h", 100, "Upload-Metadata: a YQ==")
	b := f.create("tag=a", -1)
	part, other := f.create("tag=a", 5, "Upload-Concat: partial"), f.create("tag=a", 5, "Upload-Concat: partial")
	whole := f.create("tag=a", -2, "Upload-Concat: final;"+part+" "+other)
	done := f.create("tag=a", 5)
	f.appended(done, 0, data[:5])
	f.appended(a, 0, data[:50])
	f.appended(b, 0, data[:50])
	f.appended(part, 0, []byte("hello"))
	restart()
	if h := f.at(a, 50).header; h.Get("Upload-Length") != "100" || h.Get("Upload-Metadata") != "a YQ==" {
		t.Error(h)
	}
	if at, err := http.ParseTime(f.at(a, 50).header.Get("Upload-Expires")); err != nil || time.Until(at) > 10*time.Hour {
		t.Error(at)
	}
	f.at(done, 5)
	f.at(part, 5)
	f.appended(b, 50, data[50:], "Upload-Length: 100")
	restart()
	f.has(b, data)
	f.appended(a, 50, data[50:])
	f.tusCount("a", 3)
	f.appended(other, 0, []byte("world"))
	f.eventually(func() bool { return f.tus("HEAD", whole, nil).header.Get("Upload-Offset") == "10" })
	f.eventually(func() bool { return f.s.store.CountOf(protocolTus, "a") == 4 })
	restart()
	f.has(whole, []byte("helloworld"))
	f.has(a, data)
	f.tusCount("a", 4)
	f.want(f.tus("DELETE", whole, nil), 204)
	restart()
	f.want(f.tus("HEAD", whole, nil), 404)
	f.has(part, []byte("hello"))
}
