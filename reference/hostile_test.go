package reference

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

func TestSlowClients(t *testing.T) {
	t.Parallel()
	f := start(t, Options{HeaderTimeout: 100 * time.Millisecond, ReadIdle: 100 * time.Millisecond})
	w := f.dial()
	w.send("POST /items HTTP/1.1\r\nHost: x\r\n")
	w.ended()
	w = f.dial()
	w.send("POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	w.ended()
	u := f.post("", 100, "resume")
	u.send("abc")
	u.ended()
	if n := f.offset(u.request); n != 3 {
		t.Error("kept", n)
	}
	w = f.dial()
	w.send("PATCH " + u.request + " HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: 100\r\n\r\nContent-Ra")
	w.ended()
}

// A client that sends a byte now and then is closed as well.
func TestTrickle(t *testing.T) {
	t.Parallel()
	const idle = 200 * time.Millisecond
	f := start(t, Options{ReadIdle: idle})
	began := time.Now()
	u := f.post("", 100, "resume")
	closed := make(chan struct{})
	go func() { defer close(closed); io.Copy(io.Discard, u.r) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last, silent := time.Now(), time.Duration(0) // on a busy machine a tick comes late, and the client is cut off for that
	for i := range 100 {
		select {
		case <-closed:
			silent = max(silent, time.Since(last))
			if took := time.Since(began); took < 2*idle && silent < idle/2 {
				t.Errorf("closed after %d bytes and %s, with no pause above %s", i, took, silent)
			}
			return
		case <-tick.C:
			u.Write([]byte("x"))
			silent, last = max(silent, time.Since(last)), time.Now()
		}
	}
	t.Error("100 bytes in 5 s were accepted")
}

func TestHeadTooLarge(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	w := f.dial()
	w.send("GET /items HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 100<<10) + "\r\n\r\n")
	f.want(w.head(), 431)
}

func TestPathsAreNotFileNames(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	u := f.post("", 5, "resume")
	u.send("hello")
	item := f.want(u.head(), 201).header.Get("Location")
	id := strings.TrimPrefix(item, "/items/")
	for _, path := range []string{
		"/items/../lock", "/items/..%2flock", "/items/%2e%2e/lock", "/items/" + id + ".data", "/items/" + id + "/",
		"/items//" + id, "/items/" + strings.ToUpper(id), "/items/%" + id, "/items/./" + id, "//items/" + id, "/items/" + id + "%00",
		"/requests/" + id, "/messages/../requests/x", "/", "", "*x", "/items/", "/healthz/", "/requests/" + strings.Repeat("a", 32),
	} {
		w := f.dial()
		w.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
		if a := w.head(); a.status != 404 && a.status != 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	f.want(f.do("GET", item, nil), 200)
}

func TestQuotasAndLimits(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 100, Limits: store.Limits{UserBytes: 50, UserOperations: 2}})
	w := f.dial()
	w.send("POST /items HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nPrefer: resume\r\nContent-Length: 101\r\n\r\n")
	f.want(w.head(), 413)
	f.want(f.do("POST", "/items", make([]byte, 51)), 507)
	u := f.post("", -1, "resume")
	u.send("65\r\n" + strings.Repeat("x", 101))
	f.want(u.head(), 413)
	f.want(f.do("DELETE", u.message, nil), 404) // such an upload can never be completed
	u = f.post("", -1, "resume")
	u.send("3c\r\n" + strings.Repeat("x", 60))
	f.want(u.head(), 507)
	f.want(f.do("DELETE", u.message, nil), 204)
	f.post("", 10, "resume")
	u = f.post("", 10, "resume")
	a := f.want(f.do("POST", "/items", []byte("x"), "Prefer: resume"), 429)
	if a.header.Get("Content-Type") != mediaProblem {
		t.Error(a.header)
	}
	f.want(f.do("POST", "/items", []byte("x")), 201) // needs no operation
	f.want(f.patch(u.request, "Content-Range: bytes 0-9/1000", make([]byte, 10)), 413)
	f.want(f.as("Bearer other").do("POST", "/items", []byte("x"), "Prefer: resume"), 201)
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, now.Load()) }})
	u := f.post("tag=a", 10, "resume")
	u.send("abc")
	u.Close()
	v := f.post("tag=a", 3, "resume")
	v.send("abc")
	f.want(v.head(), 201)
	f.offset(u.request)
	now.Add(int64(24*time.Hour) - 1e9)
	if n := f.s.sweep(); n != 0 {
		t.Fatal("swept", n)
	}
	now.Add(2e9)
	if n := f.s.sweep(); n != 2 {
		t.Fatal("swept", n)
	}
	for _, path := range []string{u.request, u.message, u.response, v.request, v.message, v.response} {
		f.want(f.do("GET", path, nil), 404)
	}
	if f.count("a") != 1 {
		t.Error("the item has gone")
	}
}

// zeros is a body of n bytes that needs no memory.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	k := min(int64(len(p)), z.n)
	z.n -= k
	return int(k), nil
}

func TestMemoryDoesNotGrowWithTheBody(t *testing.T) {
	const size = 512 << 20
	c := startChild(t, t.TempDir())
	defer c.kill()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, length := range []int64{size, -1} {
		req, _ := http.NewRequest("POST", "http://"+c.addr+"/items", io.NopCloser(&zeros{size}))
		req.ContentLength = length
		req.Header.Set("Prefer", "resume")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 201 || !bytes.Contains(body, []byte(fmt.Sprintf(`"length":%d`, size))) {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	if runtime.GOOS == "linux" {
		if mib := peakMiB(t, c.cmd.Process.Pid); mib > 64 {
			t.Errorf("%.1f MiB of resident memory", mib)
		}
	}
}

func TestCloseWithHangingConnections(t *testing.T) {
	t.Parallel()
	for _, embedded := range []bool{false, true} {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{T: t, s: s, client: &http.Client{Transport: &http.Transport{}}}
		stop := f.serve(s, embedded)
		u := f.post("", 100, "resume")
		u.send("abc")
		v := f.post("delay=10s", 3, "resume")
		v.send("abc")
		f.offset(u.request)
		f.client.CloseIdleConnections()
		begin := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Error("close took", d)
		}
		u.ended()
		v.ended()
		stop()
		if err := s.Close(); err != nil {
			t.Error("second close:", err)
		}
	}
}

func TestRestartFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := start(t, Options{Data: dir})
	u := f.post("tag=a&delay=300ms", 3, "resume", "Idempotency-Key: k")
	u.send("abc")
	f.want(f.do("GET", u.message, nil), 503)
	if err := f.s.Close(); err != nil {
		t.Fatal(err)
	}
	g := start(t, Options{Data: dir})
	g.want(g.await(u.message), 201)
	a := g.do("POST", "/items?tag=a&delay=300ms", []byte("abc"), "Idempotency-Key: k")
	g.same(a, g.await(u.message))
	if g.count("a") != 1 {
		t.Error("count", g.count("a"))
	}
	if g.s.Data() != dir {
		t.Error(g.s.Data())
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	if _, _, err := Listen(f.addr, Options{}); err == nil {
		t.Error("two on one port")
	}
	if _, _, err := Listen("127.0.0.1:0", Options{Data: f.s.Data()}); err == nil {
		t.Error("two on one folder")
	}
	if err := errors.Join(f.s.Close(), f.s.Close()); err != nil {
		t.Error(err)
	}
}
