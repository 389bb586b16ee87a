package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dunglas/httpsfv"
)

// resumed is a resumable upload that a kill hits, and what the server said of it before.
type resumed struct {
	tag    string
	body   []byte
	length bool // named when it is created
	uri    string
	told   int // the largest offset that was told
	final  *answer
}

// TestKillRufh kills the server at random moments of uploads in several requests. After each restart what was told is
// there, the upload can be completed, and the effect happens once.
func TestKillRufh(t *testing.T) {
	t.Parallel()
	const kills = 40
	finished, told := 0, 0
	m := mortalServer(t, 5, 6)
	for i := range kills {
		v := &resumed{tag: "r" + strconv.Itoa(i), body: content(300_000 + i), length: i%2 == 0}
		m.killDuring(len(v.body), 0, func(sent *atomic.Int64) { v.run(m.addr, i, sent) })
		if v.final != nil {
			finished++
		}
		told += v.told
		v.check(m.fixture())
	}
	m.kill()
	t.Logf("%d kills: %d after the final response, %d bytes were told", kills, finished, told)
}

// run uploads in a creation and one or two appends, until the connection breaks.
func (v *resumed) run(addr string, i int, sent *atomic.Int64) {
	conn, ok := dialChild(addr)
	if !ok {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	first, fields := len(v.body)/3*(i%3), ""
	if v.length {
		fields = fmt.Sprintf("Upload-Length: %d\r\n", len(v.body))
	}
	query := "tag=" + v.tag
	if i%4 == 3 {
		query += "&delay=3ms"
	}
	if !v.request(conn, r, "POST /files?"+query, 0, first, fields, sent) {
		return
	}
	const typed = "Content-Type: application/partial-upload\r\n"
	middle := first + (len(v.body)-first)/2
	if v.request(conn, r, "PATCH "+v.uri, first, middle, typed, sent) {
		v.request(conn, r, "PATCH "+v.uri, middle, len(v.body), typed, sent)
	}
}

// request sends the bytes from first up to end, and notes what is said. False: the connection is broken, or it was the last.
func (v *resumed) request(conn net.Conn, r *bufio.Reader, line string, first, end int, fields string, sent *atomic.Int64) bool {
	complete := "?0"
	if end == len(v.body) {
		complete = "?1"
	}
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nUpload-Draft-Interop-Version: 8\r\nUpload-Complete: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n%s\r\n",
		line, complete, first, end-first, fields)
	more := make(chan bool)
	go func() { more <- v.listen(r) }()
	sendCounted(conn, v.body[first:end], sent)
	return <-more
}

func (v *resumed) listen(r *bufio.Reader) bool {
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return false
		}
		if v.uri == "" {
			v.uri = resp.Header.Get("Location")
		}
		if n, err := strconv.Atoi(resp.Header.Get("Upload-Offset")); err == nil {
			v.told = max(v.told, n)
		}
		if resp.StatusCode < 200 {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return false
		}
		if resp.Header.Get("Upload-Complete") == "?1" {
			v.final = &answer{resp.StatusCode, resp.Header, body}
			return false
		}
		return true
	}
}

// check resumes a killed upload as a client would.
func (v *resumed) check(f *fixture) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	if v.uri == "" {
		if n := f.files(v.tag); n != 0 {
			f.Fatalf("%s: %d effects of an upload that was not announced", v.tag, n)
		}
		return
	}
	p := remote{speaker{f, 8}, v.uri}
	h := f.want(p.ask("HEAD", p.uri).answer, 204).header
	var offset int
	if fmt.Sscan(h.Get("Upload-Offset"), &offset); offset < v.told {
		f.Fatalf("%s: %d was told, %d is kept", v.tag, v.told, offset)
	}
	if named := h.Get("Upload-Length") != ""; v.length && !named {
		f.Fatalf("%s: the length is forgotten: %v", v.tag, h)
	}
	if offset < len(v.body) && h.Get("Upload-Complete") == "?1" {
		f.Fatalf("%s: complete too early: %v", v.tag, h)
	}
	final := p.patch(offset, true, v.body[offset:])
	p.processed(final, v.body, v.tag)
	if v.final != nil {
		f.same(final.answer, *v.final)
	}
}

var (
	integerForm = regexp.MustCompile(`^ *-?[0-9]{1,15} *(;|$)`)
	booleanForm = regexp.MustCompile(`^ *\?[01] *(;|$)`)
)

// FuzzUploadField: a field is an Integer or a Boolean as RFC 9651 has it, or it is ignored as a whole.
func FuzzUploadField(f *testing.F) {
	for _, s := range []string{"0", "12;a=1", "-1", "?1", "?0;x", "1.0", "1, 2", "", "00", "999999999999999", "1000000000000000", "?1, ?0", "@1", `%"x"`, "(1)", "?2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := integerField([]string{s}); ok && (n < 0 || n > 999_999_999_999_999 || !integerForm.MatchString(s)) {
			t.Errorf("%q is %d", s, n)
		}
		if _, ok := booleanField([]string{s}); ok && !booleanForm.MatchString(s) {
			t.Errorf("%q is a Boolean", s)
		}
		if plain, err := strconv.ParseUint(s, 10, 63); err == nil && len(s) <= 15 {
			if n, ok := integerField([]string{s}); !ok || n != int64(plain) {
				t.Errorf("%q: %d, %v", s, n, ok)
			}
		}
	})
}

// FuzzDigest: what is told as a digest can be read again, and is the same.
func FuzzDigest(f *testing.F) {
	for _, s := range []string{"sha-256=:AA==:", "sha-256=1, sha-512=10", "sha-256=11", "md5=:AA==:", "sha-256=(:AA==:)", "sha-256", "sha-512=0", ", ="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		digests := parseDigests([]string{s})
		dict := httpsfv.NewDictionary()
		for name, sum := range digests {
			if hashes[name] == nil {
				t.Errorf("%q: %s is not known", s, name)
			}
			dict.Add(name, httpsfv.NewItem(sum))
		}
		if value, err := httpsfv.Marshal(dict); err != nil || len(digests) > 0 && !digests.agrees(parseDigests([]string{value})) {
			t.Errorf("%q: %q, %v", s, value, err)
		}
		if name := wantedAlgorithm([]string{s}); name != "" && (hashes[name] == nil || !strings.Contains(s, name)) {
			t.Errorf("%q wants %q", s, name)
		}
	})
}

// FuzzFileName: a name is one segment of a path, and can be printed.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"a.txt", "../../etc/passwd", `c:\x\y`, "a\x00b", "\u202egnp.exe", ".", "..", "/", strings.Repeat("x", 300), "ä b", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := fileName(s)
		if name == "" {
			return
		}
		if name != path.Base(name) || strings.ContainsAny(name, "/\\\r\n\x00") || len(name) > 255 || name == "." || name == ".." {
			t.Errorf("%q: %q", s, name)
		}
	})
}

// FuzzUploadRequest: whatever a request says, it is answered, never with a 5xx, and a refusal changes nothing.
func FuzzUploadRequest(f *testing.F) {
	for _, s := range [][5]string{
		{"8", "?1", "0", "3", "sha-256=:AA==:"}, {"3", "?0", "3", "", ""}, {"6", "", "-1", "4", "x"}, {"", "?1", "3", "6", ""}, {"99", "?0", "3", "999999999999999", ""},
	} {
		f.Add(s[0], s[1], s[2], s[3], s[4], []byte("def"))
	}
	s, err := New(Options{MaxBody: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, version, complete, offset, length, digest string, body []byte) {
		call := func(method, path string, fields map[string]string, body []byte) *http.Response {
			return serveOnce(s, method, path, fields, body)
		}
		made := call("POST", "/files", map[string]string{fieldUploadComplete: "?0"}, []byte("abc"))
		uri := made.Header.Get("Location")
		fields := map[string]string{fieldInterop: version, fieldUploadComplete: complete, fieldUploadIncomplete: complete, fieldUploadOffset: offset,
			fieldUploadLength: length, fieldContentDigest: digest, fieldReprDigest: digest, "Content-Type": mediaPartialUpload}
		if resp := call("PATCH", uri, fields, body); resp.StatusCode >= 500 {
			t.Errorf("%v: %s", fields, resp.Status)
		} else if resp.StatusCode >= 400 {
			if h := call("HEAD", uri, nil, nil); h.StatusCode == 204 && h.Header.Get(fieldUploadOffset) != "3" && resp.StatusCode != 400 {
				t.Errorf("%v: %s changed something: %v", fields, resp.Status, h.Header)
			}
		}
		if resp := call("POST", "/files", fields, body); resp.StatusCode >= 500 {
			t.Errorf("%v: %s", fields, resp.Status)
		}
		call("DELETE", uri, nil, nil)
	})
}

func serveOnce(s *Server, method, path string, fields map[string]string, body []byte) *http.Response {
	w, r := recorded(method, path, bytes.NewReader(body))
	for name, value := range fields {
		r.Header.Set(name, value)
	}
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

// recorded is a request that comes over no connection.
func recorded(method, path string, body io.Reader) (*httptest.ResponseRecorder, *http.Request) {
	return httptest.NewRecorder(), httptest.NewRequest(method, path, body)
}
