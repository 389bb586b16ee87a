package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// docVictim is a write to a document that a kill hits, and what the server said about it before.
type docVictim struct {
	path, tag string
	old, body []byte
	acked     atomic.Int64
	final     *answer
}

// TestKillDocuments kills the server at random moments of segmented creations. After each restart what HEAD told is
// there, the document can be completed, and the effect happens once.
func TestKillDocuments(t *testing.T) {
	t.Parallel()
	const kills = 25
	m := mortalServer(t, 3, 4)
	var partly, whole int
	for i := range kills {
		v := &docVictim{path: "/documents/k" + strconv.Itoa(i), tag: "k" + strconv.Itoa(i), body: content(4_000_000 + i)}
		head := fmt.Sprintf("PUT %s?tag=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", v.path, v.tag, len(v.body))
		if i%2 == 0 {
			part := fmt.Sprintf("Content-Range: bytes 0-%d/%d\r\n\r\n", len(v.body)-1, len(v.body))
			head = fmt.Sprintf("PATCH %s?tag=%s HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: %d\r\n\r\n%s",
				v.path, v.tag, len(part)+len(v.body), part)
		}
		v.killed(m, head, v.body)
		switch n := v.checkCreated(m.fixture()); {
		case n == len(v.body):
			whole++
		case n > 0:
			partly++
		}
	}
	m.kill()
	t.Logf("%d kills: %d left a part, %d all", kills, partly, whole)
}

// TestKillPatches kills the server at random moments of patches with several parts: all of them are there, or none.
func TestKillPatches(t *testing.T) {
	t.Parallel()
	const kills = 25
	m := mortalServer(t, 5, 6)
	var done int
	for i := range kills {
		v := &docVictim{path: "/documents/p" + strconv.Itoa(i), old: content(300_000), body: bytes.Clone(content(300_000))}
		f := m.fixture()
		f.want(f.do("PUT", v.path, v.old), 201)
		f.client.CloseIdleConnections()
		a, b := content(50_000+i), content(60_000+i)
		copy(v.body[1000:], a)
		copy(v.body[200_000:], b)
		patch := multi(fmt.Sprintf("Content-Range: bytes 1000-%d/300000\r\n\r\n%s", 1000+len(a)-1, a),
			fmt.Sprintf("Content-Range: bytes 200000-%d/300000\r\n\r\n%s", 200_000+len(b)-1, b))
		head := fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n", v.path, multiType, len(patch))
		v.killed(m, head, patch)
		if v.checkPatched(m.fixture()) {
			done++
		}
	}
	m.kill()
	t.Logf("%d kills: %d patches applied", kills, done)
}

// killed sends a request, and kills the server in the middle of it or after it.
func (v *docVictim) killed(m *mortal, head string, body []byte) {
	done := make(chan struct{})
	watched := make(chan struct{})
	addr := m.addr
	go func() { defer close(watched); v.watch(addr, done) }()
	m.killDuring(len(body), 0, func(sent *atomic.Int64) { defer close(done); v.run(addr, head, body, sent) })
	<-watched
}

func (v *docVictim) run(addr, head string, body []byte, sent *atomic.Int64) {
	conn, ok := dialChild(addr)
	if !ok {
		return
	}
	defer conn.Close()
	io.WriteString(conn, head)
	if !sendCounted(conn, body, sent) {
		return
	}
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		if data, err := io.ReadAll(resp.Body); err == nil {
			v.final = &answer{resp.StatusCode, resp.Header, data}
		}
	}
}

// watch asks for the offset again and again, and notes the largest that was told.
func (v *docVictim) watch(addr string, done <-chan struct{}) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-done:
			return
		default:
		}
		resp, err := client.Head("http://" + addr + v.path)
		if err != nil {
			return
		}
		resp.Body.Close()
		if resp.StatusCode == 200 {
			v.acked.Store(resp.ContentLength)
		}
	}
}

func (v *docVictim) checkCreated(f *fixture) (kept int) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	a := f.do("GET", v.path, nil)
	if a.status == 200 {
		kept = len(a.body)
		if !bytes.Equal(a.body, v.body[:kept]) {
			f.Fatalf("%s: the %d bytes kept are not those that were sent", v.path, kept)
		}
	}
	if int64(kept) < v.acked.Load() || v.final != nil && kept < len(v.body) {
		f.Fatalf("%s: %d bytes kept, %d acknowledged", v.path, kept, v.acked.Load())
	}
	part := fmt.Sprintf("Content-Range: bytes %d-%d/%d", kept, len(v.body)-1, len(v.body))
	if kept == len(v.body) {
		part = fmt.Sprintf("Content-Range: bytes */%d", kept)
	}
	final := f.want(f.patch(v.path+"?tag="+v.tag, part, v.body[kept:]), 201)
	if v.final != nil {
		f.same(final, *v.final)
	}
	f.have(v.path, v.body)
	if n := f.completed(v.tag); n != 1 {
		f.Fatalf("%s: %d effects", v.path, n)
	}
	return kept
}

func (v *docVictim) checkPatched(f *fixture) (applied bool) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	a := f.want(f.do("GET", v.path, nil), 200)
	applied = bytes.Equal(a.body, v.body)
	if !applied && (v.final != nil || !bytes.Equal(a.body, v.old)) {
		f.Fatalf("%s: neither the old nor the new, or an answered patch is gone (%v)", v.path, v.final != nil)
	}
	return applied
}

// TestDocumentRestart: a closed server's documents are there again, their entity tags too.
func TestDocumentRestart(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Data: t.TempDir()})
	f.want(f.do("PUT", "/documents/whole?tag=w", []byte("whole"), "Content-Type: text/plain"), 201)
	f.want(f.segment("/documents/whole", "Content-Range: bytes 0-0/*", "W"), 204)
	f.want(f.segment("/documents/holes?tag=w", "Content-Range: bytes 6-8/9", "ghi"), 204)
	f.want(f.do("PUT", "/documents/gone?tag=w", []byte("x")), 201)
	f.want(f.do("DELETE", "/documents/gone", nil), 204)
	w := f.dial()
	w.send("PUT /documents/cut?tag=w HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("c", 50_000))
	f.eventually(func() bool { return f.do("HEAD", "/documents/cut", nil).header.Get("Content-Length") == "50000" })
	before := map[string]answer{}
	paths := []string{"/documents/whole", "/documents/holes", "/documents/cut", "/documents/gone"}
	for _, p := range paths {
		before[p] = f.do("GET", p, nil)
		before[p].header.Del("Date")
	}
	s, err := f.s.Restart()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	f.client.CloseIdleConnections()
	for _, p := range paths {
		f.same(f.do("GET", p, nil), before[p])
	}
	if n := f.completed("w"); n != 2 {
		t.Error("count", n)
	}
	f.want(f.segment("/documents/whole", "Content-Range: bytes 0-0/*", "w", "If-Match: "+before["/documents/whole"].header.Get("ETag")), 204)
	f.want(f.segment("/documents/holes?tag=w", "Content-Range: bytes 0-5/9", "abcdef"), 201)
	f.have("/documents/holes", []byte("abcdefghi"))
}

// TestDocumentMemory: a large document in one request, in parts and as a patch takes no more memory than a small one.
func TestDocumentMemory(t *testing.T) {
	t.Parallel()
	const size, limit = 256 << 20, 96 // bytes, MiB
	c := startChild(t, t.TempDir())
	defer c.kill()
	f := childFixture(t, c.addr)
	defer f.client.CloseIdleConnections()
	send := func(method, path string, head string, status int, header ...string) {
		t.Helper()
		body := io.MultiReader(strings.NewReader(head), io.LimitReader(zeroReader{}, size))
		req, _ := http.NewRequest(method, f.url+path, body)
		req.ContentLength = int64(len(head)) + size
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			req.Header.Set(name, value)
		}
		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Fatal(method, path, resp.Status)
		}
	}
	send("PUT", "/documents/big", "", 201)
	send("PATCH", "/documents/big", fmt.Sprintf("Content-Range: bytes 5-%d/*\r\n\r\n", size+4), 204, "Content-Type: message/byterange")
	if mib := peakMiB(t, c.cmd.Process.Pid); mib > limit {
		t.Errorf("%.0f MiB", mib)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
