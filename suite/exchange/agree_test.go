package exchange

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// theirs reads the interim responses and the final one as net/http does. The body is what came of it.
func theirs(b []byte, method string) (resp *http.Response, interims int, body []byte, err error) {
	in := bufio.NewReader(bytes.NewReader(b))
	for {
		resp, err = http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return nil, interims, nil, err
		}
		if resp.StatusCode >= 200 {
			body, err = io.ReadAll(resp.Body)
			return resp, interims, body, err
		}
		interims++
	}
}

// FuzzAgreement holds the reading of responses, on a connection and in a message/http document, against net/http: what
// both take for a whole response has the same status, fields, body and trailers in both.
func FuzzAgreement(f *testing.F) {
	ok := "HTTP/1.1 200 OK\r\n"
	for _, seed := range []string{
		ok + "Content-Length: 3\r\nA: b\r\na: c\r\n\r\nabc", ok + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n", ok + "Connection: close\r\n\r\nabc",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n", ok + "Content-Length: 1, 1\r\n\r\na",
		ok + "A: b\r\n c\r\n\r\n", ok + "Content-Length: +1\r\n\r\na", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		resp, interims, body, err := theirs(b, method)
		if err != nil || resp.StatusCode == http.StatusNotModified {
			return
		}
		ours := parseAll(bytes.NewReader(b), method, Limits{})
		if ours.Err == "" {
			agree(t, ours.Final, resp, body, len(ours.Interims), interims)
		}
		if document, between, err := ParseMessageHTTP(b, method); err == nil && document.Complete {
			agree(t, document, resp, body, len(between), interims)
		}
	})
}

func agree(t *testing.T, ours *Response, theirs *http.Response, body []byte, interims, theirInterims int) {
	t.Helper()
	if ours.Status != theirs.StatusCode || interims != theirInterims {
		t.Fatalf("status %d after %d interims, net/http has %d after %d", ours.Status, interims, theirs.StatusCode, theirInterims)
	}
	if !bytes.Equal(ours.Body, body) {
		t.Fatalf("body %q, net/http has %q", ours.Body, body)
	}
	for name, values := range theirs.Header {
		got := ours.Fields.Values(name)
		for i := range got { // net/http leaves in what it trims at folds
			got[i] = strings.Join(strings.Fields(got[i]), " ")
		}
		for i := range values {
			values[i] = strings.Join(strings.Fields(values[i]), " ")
		}
		if !slices.Equal(got, values) {
			t.Fatalf("%s: %q, net/http has %q", name, got, values)
		}
	}
}

// FuzzChunks cuts any body into chunks by net/http's writer, with extensions and a trailer, and reads it back.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("hello, world"), uint8(3), "a=b", "c")
	f.Add([]byte{}, uint8(0), "", "")
	f.Fuzz(func(t *testing.T, body []byte, size uint8, extension, trailer string) {
		extension, trailer = oneLine(extension), oneLine(trailer)
		var b bytes.Buffer
		b.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for part := range slices.Chunk(body, int(size)+1) {
			fmt.Fprintf(&b, "%X;%s\r\n%s\r\n", len(part), extension, part)
		}
		fmt.Fprintf(&b, "0\r\nX-Trailer: %s\r\n\r\n", trailer)
		got := parseAll(bytes.NewReader(b.Bytes()), "GET", Limits{Head: 1 << 30})
		if got.Err != "" || !bytes.Equal(got.Final.Body, body) || got.Final.Trailers.Get("x-trailer") != strings.Trim(trailer, " \t") || got.Taken != int64(b.Len()) {
			t.Fatalf("%q: %+v, body %q", b.Bytes(), got, got.Final.Body)
		}
		again, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b.Bytes()[bytes.Index(b.Bytes(), []byte("\r\n\r\n"))+4:])))
		if err == nil && !bytes.Equal(again, body) {
			t.Fatalf("net/http reads %q", again)
		}
	})
}

// oneLine takes out what cannot stand in one line, or is longer than a line may be.
func oneLine(s string) string {
	s = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(s)
	return s[:min(len(s), 1000)]
}

// uriReference is the grammar of RFC 3986, Appendix A, but for IP literals.
var uriReference = func() *regexp.Regexp {
	const (
		pct   = `%[0-9A-Fa-f]{2}`
		plain = `A-Za-z0-9\-._~!$&'()*+,;=`
		pchar = `(?:[` + plain + `:@]|` + pct + `)`
		auth  = `(?:(?:[` + plain + `:]|` + pct + `)*@)?(?:[` + plain + `]|` + pct + `)*(?::[0-9]*)?`
		more  = `(?:/` + pchar + `*)*`
		hier  = `(?://` + auth + more + `|/(?:` + pchar + `+` + more + `)?|` + pchar + `+` + more + `|)`
		noscm = `(?:[` + plain + `@]|` + pct + `)+` + more
		rel   = `(?://` + auth + more + `|/(?:` + pchar + `+` + more + `)?|` + noscm + `|)`
		tail  = `(?:\?(?:` + pchar + `|[/?])*)?(?:#(?:` + pchar + `|[/?])*)?`
	)
	return regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+\-.]*:` + hier + `|` + rel + `)` + tail + `$`)
}()

// FuzzURIGrammar holds ParseURIReference against the grammar as it is printed.
func FuzzURIGrammar(f *testing.F) {
	for _, s := range []string{"", "/a/b;c?d=e#f", "http://u:p@h:80/a%20b", "a:b", "./a:b", "1:b", "//h", "//", "http://", "a b", "%", "/%zz", "\n", "/a\n", "///", "#a#b", "a//b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "[]") {
			return
		}
		if err := ParseURIReference(s); (err == nil) != uriReference.MatchString(s) {
			t.Fatalf("%q: %v, the grammar says %v", s, err, err != nil)
		}
	})
}

// FuzzResolve holds Resolve against what it is for: the result goes into a request line, and leads to where net/url says.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"", "..", "../../x?y#z", "//other/x", "?q", "http:g", "http://a/b", "/a b", "g;x=1/../y", "/%2e%2e/x", "mailto:a@b"} {
		f.Add(s)
	}
	const base = "http://example.org:8080/a/b/c?d"
	f.Fuzz(func(t *testing.T, ref string) {
		u, err := Resolve(base, ref)
		if err != nil {
			return
		}
		want, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if want, err = want.Parse(ref); err != nil || want.String() != u.String() {
			t.Fatalf("%q: %s, net/url has %s, %v", ref, u, want, err)
		}
		if target := u.RequestURI(); target == "" || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("%q gives the request target %q", ref, target)
		}
		if u.Host == want.Host && u.Opaque == "" && u.Scheme == "http" && !strings.HasPrefix(u.RequestURI(), "/") {
			t.Fatalf("%q gives the request target %q", ref, u.RequestURI())
		}
	})
}

// contentRangeForm is the grammar of RFC 9110, 14.4, for the unit bytes.
var contentRangeForm = regexp.MustCompile(`^(?i:bytes) (?:([0-9]+)-([0-9]+)/([0-9]+|\*)|\*/([0-9]+))$`)

// FuzzContentRangeGrammar holds ParseContentRange against the grammar, and writes back what was read.
func FuzzContentRangeGrammar(f *testing.F) {
	for _, s := range []string{"bytes 0-9/10", "bytes */10", "BYTES 1-2/*", "bytes 9-0/10", "bytes 00-01/02", "bytes 0-0/99999999999999999999", "bytes  0-9/10", "bytes 0-9/10\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, complete, unsatisfied, err := ParseContentRange(s)
		m := contentRangeForm.FindStringSubmatch(s)
		if err == nil && m == nil {
			t.Fatalf("%q passes", s)
		}
		if err != nil {
			if m != nil && lawfulRange(m) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		length := "*"
		if complete >= 0 {
			length = strconv.FormatInt(complete, 10)
		}
		text := fmt.Sprintf("bytes %d-%d/%s", first, last, length)
		if unsatisfied {
			text = "bytes */" + length
		}
		a, b, c, d, err := ParseContentRange(text)
		if err != nil || a != first || b != last || c != complete || d != unsatisfied {
			t.Fatalf("%q is written %q, which reads %d-%d/%d %v %v", s, text, a, b, c, d, err)
		}
	})
}

// lawfulRange says whether the numbers of a match fit 63 bits, and each other.
func lawfulRange(m []string) bool {
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return 1 << 63
		}
		return n
	}
	if m[4] != "" {
		return number(m[4]) < 1<<63
	}
	first, last := number(m[1]), number(m[2])
	return first <= last && last < 1<<63 && (m[3] == "*" || last < number(m[3]) && number(m[3]) < 1<<63)
}

// FuzzByterangesRoundTrip lets mime/multipart write parts, and reads them back.
func FuzzByterangesRoundTrip(f *testing.F) {
	f.Add([]byte("hello, world"), uint8(2), uint16(100), "text/plain")
	f.Add([]byte("\r\n--B--\r\n"), uint8(4), uint16(0), "")
	f.Fuzz(func(t *testing.T, body []byte, size uint8, at uint16, kind string) {
		if len(body) == 0 || len(body)/(int(size)+1) >= maxParts {
			return
		}
		kind = strings.Trim(oneLine(kind), " \t")
		if strings.ContainsFunc(kind, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			return
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		var want [][]byte
		for part := range slices.Chunk(body, int(size)+1) {
			first := int(at) + len(want)*(int(size)+1)
			out, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {kind}, "Content-Range": {fmt.Sprintf("bytes %d-%d/*", first, first+len(part)-1)}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := out.Write(part); err != nil {
				t.Fatal(err)
			}
			want = append(want, part)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		parts, err := ParseMultipartByteranges("multipart/byteranges; boundary="+w.Boundary(), b.Bytes())
		if err != nil || len(parts) != len(want) {
			t.Fatalf("%d parts of %d: %v", len(parts), len(want), err)
		}
		for i, p := range parts {
			if !bytes.Equal(p.Body, want[i]) || p.First != int64(int(at)+i*(int(size)+1)) || p.Complete != -1 || p.Type != kind {
				t.Fatalf("part %d: %+v, want %q", i, p, want[i])
			}
		}
	})
}
