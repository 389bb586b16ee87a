package exchange

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestParseURIReference(t *testing.T) {
	for _, s := range []string{
		"", "/", "/a", "a", "a/b:c", "./a:b", "?q", "#f", "//host", "//host:80/a", "http://h", "http://h:/", "http:a", "urn:a:b:c",
		"http://u:p@h/%41?a=b?c/#d?/", "http://[::1]:80/", "http://[v1.a:b]/", "http://1.2.3.4", "http:", "a+b-c.d:x", "/a//b", "http://a/,http://b/",
		"http:///a", "/a:b@c;d=e,f!$&'()*", "http://%41/", "mailto:a@b",
	} {
		if err := ParseURIReference(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{
		" ", "/a b", "http://a/, http://b/", "/a\x00", "/a\n", "/\x7f", "/é", "/%", "/%4", "/%zz", "1a:b", ":a", "a_b:c", "<http://a/>", "/a|b",
		"/a\\b", "/{a}", "/a\"", "/a^b", "/`", "#a#b", "http://h:a/", "http://[::1", "http://[::1]a/", "http://[1.2.3.4]/", "http://[fe80::1%25eth0]/",
		"http://a@b@c/", "http://[]/", "http://[v.a]/", "http://[v1.]/", "http://a:1:2/", "/[a]", "http://::1/",
	} {
		if err := ParseURIReference(s); err == nil {
			t.Errorf("%q passes", s)
		}
	}
}

// TestResolve has examples of RFC 3986, 5.4.
func TestResolve(t *testing.T) {
	for ref, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "": "http://a/b/c/d;p?q", "..": "http://a/b/",
		"../../g": "http://a/g", "../../../g": "http://a/g", "g;x=1/../y": "http://a/b/c/y", "g?y/../x": "http://a/b/c/g?y/../x",
	} {
		if got, err := Resolve("http://a/b/c/d;p?q", ref); err != nil || got.String() != want {
			t.Errorf("%q: %v %v, want %s", ref, got, err, want)
		}
	}
	for _, c := range [][2]string{{"/a", "b"}, {"http://a/", "b c"}, {"http://a b/", "c"}, {"http://a/", "//b:1:2"}} {
		if got, err := Resolve(c[0], c[1]); err == nil {
			t.Errorf("%q: %v", c, got)
		}
	}
}

func FuzzURIReference(f *testing.F) {
	for _, s := range []string{"", "http://u@[::1]:80/a%20b?c#d", "//h", "a:b", "1:b", "http://a/, http://b/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ParseURIReference(s) != nil {
			return
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("%q passes", s)
		}
		if u, err := Resolve("http://example.org/a/b", s); err == nil && u.Scheme == "" {
			t.Fatalf("%q resolves to %q", s, u)
		}
		if u, err := url.Parse(s); err == nil && ParseURIReference(u.String()) != nil && s == u.String() {
			t.Fatalf("%q passes only once", s)
		}
	})
}

func TestParseContentRange(t *testing.T) {
	for s, want := range map[string][3]int64{
		"bytes 0-9/10": {0, 9, 10}, "bytes 5-5/*": {5, 5, -1}, "BYTES 0-0/1": {0, 0, 1}, "bytes */10": {-1, -1, 10}, "bytes */0": {-1, -1, 0},
		"bytes 0-9223372036854775806/9223372036854775807": {0, 9223372036854775806, 9223372036854775807},
	} {
		first, last, complete, unsatisfied, err := ParseContentRange(s)
		if err != nil || want != [3]int64{first, last, complete} || unsatisfied != strings.Contains(s, "*/") {
			t.Errorf("%q: %d-%d/%d %v %v", s, first, last, complete, unsatisfied, err)
		}
	}
	for _, s := range []string{
		"", "bytes", "bytes 0-9", "0-9/10", "items 0-9/10", "bytes=0-9/10", "bytes  0-9/10", "bytes 0-9/10 ", "bytes 9-0/10", "bytes 0-10/10", "bytes */*",
		"bytes -9/10", "bytes 0-/10", "bytes +0-9/10", "bytes 0-9/-1", "bytes 0-9/9223372036854775808", "bytes 0-9/", "bytes 0-9/10/11", "bytes 0 - 9/10", "bytes 1-2-3/10",
	} {
		if first, last, complete, _, err := ParseContentRange(s); err == nil {
			t.Errorf("%q: %d-%d/%d", s, first, last, complete)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-9/10")
	f.Add("bytes */10")
	f.Add("bytes 1-2/*")
	f.Fuzz(func(t *testing.T, s string) {
		first, last, complete, unsatisfied, err := ParseContentRange(s)
		if err != nil {
			return
		}
		if unsatisfied != (first < 0) || last < first || complete >= 0 && last >= complete && !unsatisfied || unsatisfied && complete < 0 {
			t.Fatalf("%q: %d-%d/%d %v", s, first, last, complete, unsatisfied)
		}
	})
}

func TestParseMessageHTTP(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, method, in, body string
		complete               bool
		interims               int
	}{
		{"length", "GET", ok + "Content-Length: 3\r\n\r\nabc", "abc", true, 0},
		{"rest", "GET", ok + "\r\nabc", "abc", true, 0},
		{"chunked", "GET", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc", true, 0},
		{"missing", "GET", ok + "Content-Length: 3\r\n\r\n", "", false, 0},
		{"short", "GET", ok + "Content-Length: 3\r\n\r\nab", "ab", false, 0},
		{"short chunked", "GET", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nab", "ab", false, 0},
		{"HEAD", "HEAD", ok + "Content-Length: 3\r\n\r\n", "", true, 0},
		{"interims", "GET", "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 104 U\r\n\r\n" + ok + "\r\n", "", true, 2},
	} {
		resp, interims, err := ParseMessageHTTP([]byte(c.in), c.method)
		if err != nil || string(resp.Body) != c.body || resp.Complete != c.complete || len(interims) != c.interims || resp.BodyBytes != int64(len(c.body)) {
			t.Errorf("%s: %+v %v", c.name, resp, err)
		}
	}
	for _, in := range []string{
		"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 C\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", ok + "Content-Length: 1\r\n\r\nab", "HTTP/1.1 204 N\r\n\r\na",
		ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
	} {
		if _, _, err := ParseMessageHTTP([]byte(in), "GET"); KindOf(err) != Syntax {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, _, err := ParseMessageHTTP([]byte(strings.Repeat("HTTP/1.1 103 E\r\n\r\n", 100)), "GET"); KindOf(err) != Limit {
		t.Error(err)
	}
}

func FuzzMessageHTTP(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "GET")
	f.Add([]byte("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), "HEAD")
	f.Fuzz(func(t *testing.T, b []byte, method string) {
		resp, _, err := ParseMessageHTTP(b, method)
		if err == nil && (resp == nil || resp.BodyBytes != int64(len(resp.Body)) || len(resp.Body) > len(b)) {
			t.Fatalf("%+v", resp)
		}
		if kind := KindOf(err); err != nil && kind != Syntax && kind != Limit {
			t.Fatal(err)
		}
	})
}

func byteranges(parts ...string) []byte {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("\r\n--B\r\n" + p)
	}
	return []byte(b.String() + "\r\n--B--\r\n")
}

func TestParseMultipartByteranges(t *testing.T) {
	const kind = "Multipart/Byteranges; boundary=B"
	first := "Content-Type: text/plain\r\nContent-Range: bytes 0-2/10\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=b"
	parts, err := ParseMultipartByteranges(kind, byteranges(first, "content-range: bytes 9-9/*\r\n\r\nz"))
	if err != nil || len(parts) != 2 {
		t.Fatal(parts, err)
	}
	if p := parts[0]; p.First != 0 || p.Last != 2 || p.Complete != 10 || p.Type != "text/plain" || string(p.Body) != "a=b" {
		t.Errorf("%+v", p)
	}
	if p := parts[1]; p.First != 9 || p.Last != 9 || p.Complete != -1 || p.Type != "" || string(p.Body) != "z" {
		t.Errorf("%+v", p)
	}
	for name, c := range map[string]struct {
		kind string
		body []byte
	}{
		"type":         {"multipart/mixed; boundary=B", byteranges(first)},
		"boundary":     {"multipart/byteranges", byteranges(first)},
		"no type":      {"", byteranges(first)},
		"no part":      {kind, byteranges()},
		"empty":        {kind, nil},
		"cut":          {kind, byteranges(first)[:20]},
		"no end":       {kind, []byte("--B\r\n" + first)},
		"no range":     {kind, byteranges("Content-Type: a/b\r\n\r\na")},
		"two ranges":   {kind, byteranges("Content-Range: bytes 0-0/1\r\nContent-Range: bytes 0-0/1\r\n\r\na")},
		"bad range":    {kind, byteranges("Content-Range: bytes 1-0/1\r\n\r\na")},
		"unsatisfied":  {kind, byteranges("Content-Range: bytes */1\r\n\r\na")},
		"short":        {kind, byteranges("Content-Range: bytes 0-1/5\r\n\r\na")},
		"long":         {kind, byteranges("Content-Range: bytes 0-1/5\r\n\r\nabc")},
		"many":         {kind, byteranges(strings.Split(strings.Repeat(",Content-Range: bytes 0-0/5\r\n\r\na", maxParts+1), ",")[1:]...)},
		"second fails": {kind, byteranges(first, "Content-Range: x\r\n\r\n")},
	} {
		if parts, err := ParseMultipartByteranges(c.kind, c.body); err == nil {
			t.Errorf("%s: %v", name, parts)
		} else if name == "second fails" && len(parts) != 1 {
			t.Errorf("%s: %v", name, parts)
		}
	}
}

func FuzzMultipartByteranges(f *testing.F) {
	f.Add("multipart/byteranges; boundary=B", byteranges("Content-Range: bytes 0-0/1\r\n\r\na"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		parts, err := ParseMultipartByteranges(kind, body)
		if err == nil && len(parts) == 0 {
			t.Fatal("no part and no error")
		}
		for _, p := range parts {
			if int64(len(p.Body)) != p.Last-p.First+1 {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func TestParsePreferenceApplied(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  map[string]string
	}{
		{nil, map[string]string{}},
		{[]string{""}, map[string]string{}},
		{[]string{"respond-async"}, map[string]string{"respond-async": ""}},
		{[]string{"Return=minimal, wait = 10 ; a=b"}, map[string]string{"return": "minimal", "wait": "10"}},
		{[]string{"a", "b=\"x, \\\"y\\\"; z\";p=\"q,r\";s, c=\"\""}, map[string]string{"a": "", "b": `x, "y"; z`, "c": ""}},
		{[]string{"a=1, A=2", "a=3"}, map[string]string{"a": "1"}},
		{[]string{",, a ,,b,", " "}, map[string]string{"a": "", "b": ""}},
		{[]string{"a b, c=, =d, e=f g, h=\"i, j", "k"}, map[string]string{"k": ""}},
		{[]string{"a;b=\"c"}, map[string]string{"a": ""}},
	} {
		if got := ParsePreferenceApplied(c.lines); !maps.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.lines, got, c.want)
		}
	}
}

func FuzzPreferenceApplied(f *testing.F) {
	f.Add(`a=b; c="d,e", f = "g\"h"`, "i")
	f.Fuzz(func(t *testing.T, one, two string) {
		for name := range ParsePreferenceApplied([]string{one, two}) {
			if !isToken(name) || name != strings.ToLower(name) {
				t.Fatalf("name %q", name)
			}
		}
		value := "x" + two
		got := ParsePreferenceApplied([]string{"n=" + strconv.Quote("x") + ";" + `p="1,2"`, "m=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + "\""})
		if got["n"] != "x" || got["m"] != value || len(got) != 2 {
			t.Fatalf("%q: %v", value, got)
		}
	})
}
