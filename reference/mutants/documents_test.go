package mutants

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference"
)

// session plays a fixed series of requests to documents, and writes down what a client sees.
type session struct {
	t    *testing.T
	addr string
	log  bytes.Buffer
	tags []string // entity tags by their first appearance
}

// request sends a request on a connection of its own. {tagN} in the head is an entity tag that was seen before. With cut the
// connection is closed after the body, of which more was announced.
func (s *session) request(head, body string, cut bool) {
	s.t.Helper()
	fmt.Fprintf(&s.log, "> %s\n", strings.ReplaceAll(head, "\r\n", " | "))
	for i, tag := range s.tags {
		head = strings.ReplaceAll(head, fmt.Sprintf("{tag%d}", i), tag)
	}
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	length := len(body)
	if cut {
		length += 10
	}
	if !strings.Contains(head, "Content-Length:") {
		head += fmt.Sprintf("\r\nContent-Length: %d", length)
	}
	r := bufio.NewReader(conn)
	method := strings.Fields(head)[0]
	waits := strings.Contains(strings.ToLower(head), "100-continue")
	io.WriteString(conn, head+"\r\nHost: x\r\n\r\n")
	if waits && s.response(r, method) >= 200 {
		return
	}
	io.WriteString(conn, body)
	if cut {
		return
	}
	for status := 100; status >= 100 && status < 200; {
		status = s.response(r, method)
	}
}

var volatile = regexp.MustCompile(`"detail":"[^"]*"`)

func (s *session) response(r *bufio.Reader, method string) int {
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		fmt.Fprintf(&s.log, "nothing\n")
		return 0
	}
	fmt.Fprintf(&s.log, "%d", resp.StatusCode)
	for _, name := range []string{"Content-Type", "Content-Range", "Accept-Patch", "Accept-Expect", "Link-Template", "Preference-Applied"} {
		fmt.Fprintf(&s.log, " %s", resp.Header.Get(name))
	}
	if tag := resp.Header.Get("ETag"); tag != "" {
		fmt.Fprintf(&s.log, " tag%d", s.tag(tag))
	}
	if resp.StatusCode >= 200 {
		body, err := io.ReadAll(resp.Body)
		fmt.Fprintf(&s.log, " %d %q %v", resp.ContentLength, volatile.ReplaceAll(body, nil), err)
	}
	fmt.Fprintln(&s.log)
	return resp.StatusCode
}

func (s *session) tag(tag string) int {
	if i := slices.Index(s.tags, tag); i >= 0 {
		return i
	}
	s.tags = append(s.tags, tag)
	return len(s.tags) - 1
}

func (s *session) read(path string) {
	s.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	s.request("GET "+path+" HTTP/1.1", "", false)
}

func (s *session) patch(path, header, fields, body string, cut bool) {
	s.t.Helper()
	s.request("PATCH "+path+" HTTP/1.1\r\nContent-Type: message/byterange\r\n"+header, fields+"\r\n\r\n"+body, cut)
	s.read(path)
}

func (s *session) put(path, header, body string, cut bool) {
	s.t.Helper()
	s.request("PUT "+path+" HTTP/1.1\r\n"+header, body, cut)
	s.read(path)
}

const x = "X: y"

// play is the series.
func (s *session) play() {
	s.request("OPTIONS /documents/a HTTP/1.1", "", false)
	s.segments()
	s.modifications()
	s.severalParts()
	s.transactions()
	s.ranges("/documents/e", func(path, r, length string) (string, string) {
		return path, "Expect: Range\r\nRange: bytes " + r + "/" + length
	})
	s.expectations()
	s.ranges("/documents/q", func(path, r, length string) (string, string) {
		if length == "*" {
			return path + "&range=" + r, x
		}
		return path + "&range=" + r + "&length=" + length, x
	})
	s.queries()
	s.request("GET /documents?tag=t HTTP/1.1", "", false)
}

func (s *session) segments() {
	s.patch("/documents/a?tag=t", "If-None-Match: *", "Content-Range: bytes 0-2/9\r\nContent-Type: text/x\r\nX-Other: z", "abc", false)
	s.patch("/documents/a?tag=t", x, "Content-Range: bytes 3-5/8", "def", false)
	s.patch("/documents/a?tag=t", x, "Content-Range: bytes */9", "", false)
	s.patch("/documents/a?tag=t", x, "Content-Range: bytes 6-8/9", "ghi", false)
	s.patch("/documents/a?tag=t", x, "Content-Range: bytes 3-5/9", "def", false)
	s.patch("/documents/a?tag=t", x, "Content-Range: bytes 3-8/9", "defghi", false)
	s.patch("/documents/f?tag=t&fail=422", x, "Content-Range: bytes 0-2/3", "abc", false)
	s.patch("/documents/f?tag=t", x, "Content-Range: bytes 0-2/3", "abc", false)
	s.patch("/documents/o?tag=t", x, "Content-Offset: 0", "abc", false)
	s.patch("/documents/o?tag=t", x, "Content-Offset: 3;complete-length=6", "def", false)
	s.patch("/documents/h?tag=t", x, "Content-Range: bytes 0-2/99999999999999", "abc", false)
	s.patch("/documents/end?tag=t", x, "Content-Range: bytes 0-2/*", "abc", false)
	s.patch("/documents/end?tag=t", x, "Content-Range: bytes */6", "", false)
	s.patch("/documents/end?tag=t", x, "Content-Range: bytes */3", "", false)
	s.patch("/documents/cut?tag=t", x, "Content-Range: bytes 0-12/13", "abc", true)
	s.patch("/documents/cut?tag=t", x, "Content-Range: bytes 3-12/13", "defghijklm", false)
	s.stalled()
}

// stalled has a connection that brings a part and no more, and another that goes on.
func (s *session) stalled() {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "PATCH /documents/stall?tag=t HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nContent-Length: 36\r\n\r\nContent-Range: bytes 0-5/6\r\n\r\nabc")
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		resp, err := http.Head("http://" + s.addr + "/documents/stall")
		if err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == 200 {
			break
		}
	}
	s.patch("/documents/stall?tag=t", x, "Content-Range: bytes 3-5/6", "def", false)
}

func (s *session) modifications() {
	s.put("/documents/m", "Content-Type: text/plain", "0123456789", false)
	first := len(s.tags) - 1
	s.patch("/documents/m", x, "Content-Range: bytes 2-3/10\r\nContent-Type: text/y", "XY", false)
	now := len(s.tags) - 1
	s.patch("/documents/m", fmt.Sprintf("If-Match: {tag%d}", first), "Content-Range: bytes 4-4/*", "Z", false)
	s.patch("/documents/m", fmt.Sprintf("If-Match: {tag%d}", now), "Content-Range: bytes 4-4/*", "Z", false)
	s.patch("/documents/m", "If-None-Match: *", "Content-Range: bytes 5-5/*", "N", false)
	s.patch("/documents/m", "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT", "Content-Range: bytes 5-5/*", "U", false)
	for _, fields := range []string{
		"X: y", "Content-Range: lines 6-7/10", "Content-Range: bytes 6-7/*\r\nContent-Range: bytes 6-7/*", "Content-Offset: 6;unit=lines",
		"Content-Range: bytes 6-7/*\r\nContent-Length: 9", "Content-Range: bytes 20-21/*", "Content-Range: bytes 6-6/*", "Content-Range: bytes 6-9/*",
	} {
		s.patch("/documents/m", x, fields, "PQ", false)
	}
	s.request("PATCH /documents/m HTTP/1.1\r\nContent-Type: text/plain", "x", false)
	s.request("PATCH /documents/m HTTP/1.1\r\nContent-Type: text/plain\r\nExpect: 100-continue", "", false)
	s.patch("/documents/m", x, "Content-Range: bytes */4", "", false)
	s.patch("/documents/m", x, "Content-Range: bytes */6", "", false)
	s.request("GET /documents/m HTTP/1.1\r\nRange: bytes=1-2", "", false)
	s.request(fmt.Sprintf("GET /documents/m HTTP/1.1\r\nRange: bytes=1-2\r\nIf-Range: {tag%d}", first), "", false)
}

func (s *session) severalParts() {
	send := func(path, kind, body string, cut bool) {
		s.request("PATCH "+path+" HTTP/1.1\r\nContent-Type: "+kind, body, cut)
		s.read(path)
	}
	two := "--B\r\nContent-Range: bytes 0-1/*\r\n\r\n%s\r\n--B\r\nContent-Range: bytes 3-4/*\r\n\r\n%s\r\n"
	send("/documents/m", "multipart/byteranges; boundary=B", fmt.Sprintf(two, "ab", "cd")+"--B--\r\n", false)
	send("/documents/m", "multipart/byteranges; boundary=B", fmt.Sprintf(two, "ef", "gh"), true)
	send("/documents/b?tag=t", "application/byteranges", "\x08\x1d\x0dcontent-range\x0ebytes 0-2/6   \x03abc", false)
	send("/documents/b?tag=t", "application/byteranges", "\x0a\x0econtent-offset\x013\x00\x03def\x00", false)
}

func (s *session) transactions() {
	for _, value := range []string{"atomic", "persist", "magic"} {
		s.patch("/documents/t-"+value, "Prefer: transaction="+value, "Content-Range: bytes 0-12/13", "abc", true)
		s.patch("/documents/m", "Prefer: transaction="+value, "Content-Range: bytes 0-0/*", value[:1], false)
	}
	s.patch("/documents/m", "Prefer: transaction=atomic", "Content-Range: bytes 0-11/*", "QQ", true)
}

// ranges writes ranges by PUT in one of the two ways.
func (s *session) ranges(path string, how func(path, r, length string) (string, string)) {
	put := func(name, r, length, body string) {
		p, header := how(path+name+"?tag=t", r, length)
		s.put(p, header, body, false)
	}
	put("", "0-2", "9", "abc")
	put("", "3-5", "9", "def")
	put("", "8-8", "9", "i")
	put("", "6-8", "9", "ghi")
	put("", "6-8", "9", "ghi")
	put("", "2-3", "*", "XY")
	put("", "0-2", "9", "ab")
	put("", "0-2", "9", "abcd")
	put("", "2-0", "9", "abc")
	put("", "7-9", "9", "abc")
	put("", "20-22", "23", "abc")
	put("self", "0-2", "*", "abc")
	put("self", "3-5", "*", "def")
	put("past", "0-2", "6", "abc")
	put("past", "6-8", "9", "ghi")
	put("past", "6-8", "*", "ghi")
	p, header := how(path+"?tag=t", "0-0", "*")
	s.put(p, header+"\r\nIf-Match: \"stale\"", "Z", false)
	p, header = how(path+"cut?tag=t", "0-12", "13")
	s.put(p, header, "abc", true)
}

func (s *session) expectations() {
	for _, header := range []string{
		"Expect: range\r\nRange: bytes=0-1", "Expect: Range\r\nRange: lines=0-1", "Expect: Range\r\nRange: bytes=0-1,4-5",
		"Expect: Range\r\nRange: bytes=0-1\r\nRange: bytes=0-1", "Expect: Range, magic\r\nRange: bytes=0-1",
		"Expect: 100-continue, Range\r\nRange: bytes=4-5", "Expect: 100-continue, Range\r\nRange: lines=4-5",
	} {
		s.put("/documents/e?tag=t", header, "PQ", false)
	}
}

func (s *session) queries() {
	for _, q := range []string{"range=abc", "range=5-4", "range=0-1&range=4-5", "range=0-1&length=1", "range=4-5&what=1", "what=1"} {
		s.put("/documents/q?"+q, x, "PQ", false)
	}
}

// played is what a client sees of a server, also after a restart.
func played(t *testing.T, seams func(*reference.Seams)) string {
	t.Helper()
	server, url, err := reference.Listen("127.0.0.1:0", reference.Options{Seams: seams, MaxBody: 1 << 20, Data: t.TempDir(), Durability: reference.DurabilityNever})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, addr: strings.TrimPrefix(url, "http://")}
	s.play()
	s.request("HEAD /documents/a HTTP/1.1", "", false)
	s.request("PATCH /documents/r HTTP/1.1\r\nContent-Type: message/byterange", "Content-Range: bytes 0-6999/10000\r\n\r\n"+strings.Repeat("r", 7000), false)
	next, err := server.Restart()
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	s.request("HEAD /documents/r HTTP/1.1", "", false)
	return s.log.String()
}

// TestDocumentMutants: each mutant of documents can be told from the server without a bug, which is always the same.
func TestDocumentMutants(t *testing.T) {
	t.Parallel()
	right := played(t, nil)
	if again := played(t, nil); again != right {
		t.Fatalf("the server is not always the same:\n%s", difference(right, again))
	}
	for _, m := range All() {
		switch profile, _, _ := strings.Cut(m.Breaks[0], "."); profile {
		case "byterange", "expect-range", "range-query":
		default:
			continue // the others do without documents
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			got := played(t, m.Apply)
			if got == right {
				t.Errorf("%s: nothing of it is seen", m.Sentence)
			}
			t.Logf("%s\n%s", m.Sentence, difference(right, got))
		})
	}
}

// difference shows the first line in which two logs differ, with the request before.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	request := ""
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("%s\n  right %s\n  wrong %s", request, x[i], y[i])
		}
		if strings.HasPrefix(x[i], "> ") {
			request = x[i]
		}
	}
	return "one is longer"
}
