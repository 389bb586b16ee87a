package reference

import (
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

func TestTusCreate(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1000, Limits: store.Limits{UserBytes: 500}})
	before := f.s.store.Operations()
	for _, c := range []struct {
		status int
		header string
		body   string
	}{
		{400, "", ""},
		{400, "Upload-Length: -1", ""},
		{400, "Upload-Length: 1.0", ""},
		{400, "Upload-Length: ", ""},
		{400, "Upload-Length: 5\nUpload-Length: 5", ""},
		{400, "Upload-Length: 99999999999999999999", ""},
		{413, "Upload-Length: 1001", ""},
		{413, "Upload-Length: 9223372036854775807", ""},
		{507, "Upload-Length: 501", ""},
		{400, "Upload-Defer-Length: 0", ""},
		{400, "Upload-Defer-Length: 2", ""},
		{400, "Upload-Defer-Length: ", ""},
		{400, "Upload-Defer-Length: 1\nUpload-Length: 5", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: ", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a %%%", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ==,a YQ==", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ==,,b", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ== YQ==", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a\nUpload-Metadata: b", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a " + strings.Repeat("AAAA", 2048), ""},
		{400, "Upload-Concat: final;" + strings.Repeat("/tus/a ", 257), ""},
		{400, "Upload-Length: 5\nUpload-Concat: other", ""},
		{400, "Upload-Length: 5\nUpload-Concat: final;", ""},
		{400, "Upload-Length: 5\nUpload-Concat: final", ""},
		{400, "Upload-Concat: final;/tus/" + strings.Repeat("a", 32), ""},
		{400, "Upload-Concat: final;/etc/passwd", ""},
		{415, "Upload-Length: 5", "hello"},
		{415, "Upload-Length: 5\nContent-Type: text/plain", "hello"},
		{415, "Upload-Length: 5\nContent-Encoding: gzip\n" + offsetType, "hello"},
		{413, "Upload-Length: 4\n" + offsetType, "hello"},
		{413, "Upload-Defer-Length: 1\n" + offsetType, string(content(1001))},
		{507, "Upload-Defer-Length: 1\n" + offsetType, string(content(501))},
		{460, "Upload-Length: 5\nUpload-Checksum: " + sha1Of([]byte("x")) + "\n" + offsetType, "hello"},
		{400, "Upload-Length: 5\nUpload-Checksum: sha512 AAAA\n" + offsetType, "hello"},
	} {
		if a := f.tus("POST", "/tus?tag=c", []byte(c.body), strings.Split(c.header, "\n")...); a.status != c.status || a.header.Get("Location") != "" {
			t.Errorf("%q: %d, want %d: %s", c.header, a.status, c.status, a.body)
		}
	}
	for _, query := range []string{"delay=11s", "fail=200", "tag=%", "keep=x", "keep=-1s", "keep=25h"} {
		f.want(f.tus("POST", "/tus?"+query, nil, "Upload-Length: 5"), 400)
	}
	f.want(f.tus("POST", "/tus?refuse=403", nil, "Upload-Length: 5"), 403)
	if n := f.s.store.Operations(); n != before {
		t.Error("refused creations have left", n-before)
	}
	f.tusCount("c", 0)
	a := f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5", "Content-Type: text/plain"), 201)
	if a.header.Get("Upload-Offset") != "" || a.header.Get("Upload-Expires") == "" || a.header.Get("Content-Length") != "0" {
		t.Error(a.header)
	}
	one, two := a.header.Get("Location"), f.create("", 5)
	if one == two {
		t.Error("twice the same")
	}
	if f.count("") != 0 {
		t.Error("an upload that nobody wrote counts")
	}
}

func TestTusMetadata(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, value := range []string{
		"filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
		"a,b ,c YQ==",
		"filetype dGV4dC9wbGFpbg==, x",
		"filetype " + sum64([]byte("text/html\r\nX: y")),
		"filetype " + sum64([]byte("multipart/mixed")),
	} {
		uri := f.create("", 5, "Upload-Metadata: "+value)
		if got := f.at(uri, 0).header.Get("Upload-Metadata"); got != strings.TrimSpace(value) {
			t.Errorf("%q: %q", value, got)
		}
		f.appended(uri, 0, []byte("hello"))
		if got := f.at(uri, 5).header.Get("Upload-Metadata"); got != value {
			t.Errorf("%q: %q", value, got)
		}
		want := "application/octet-stream"
		if strings.HasPrefix(value, "filetype dGV4dC9wbGFpbg==") {
			want = "text/plain"
		}
		if got := f.do("GET", uri, nil).header; got.Get("Content-Type") != want || got.Get("X") != "" {
			t.Errorf("%q: %v", value, got)
		}
	}
	if got := f.at(f.create("", 5), 0).header.Values("Upload-Metadata"); got != nil {
		t.Error(got)
	}
}

func TestTusEmpty(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=e", 0)
	f.tusCount("e", 1)
	if a := f.at(uri, 0); a.header.Get("Upload-Length") != "0" || a.header.Get("Upload-Expires") != "" {
		t.Error(a.header)
	}
	f.has(uri, nil)
	f.appended(uri, 0, nil)
	a := f.want(f.tus("POST", "/tus?tag=e", nil, "Upload-Length: 0", offsetType), 201)
	if a.header.Get("Upload-Offset") != "0" {
		t.Error(a.header)
	}
	f.tusCount("e", 2)
}

func TestTusDeferred(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(30)
	uri := f.create("tag=d", -1)
	if a := f.at(uri, 0); a.header.Get("Upload-Defer-Length") != "1" || a.header.Get("Upload-Length") != "" {
		t.Error(a.header)
	}
	f.appended(uri, 0, data[:10])
	if a := f.at(uri, 10); a.header.Get("Upload-Defer-Length") != "1" {
		t.Error(a.header)
	}
	f.appended(uri, 10, data[10:20], "Upload-Length: 30")
	if a := f.at(uri, 20); a.header.Get("Upload-Defer-Length") != "" || a.header.Get("Upload-Length") != "30" {
		t.Error(a.header)
	}
	f.want(f.append(uri, 20, data[20:], "Upload-Length: 31"), 400)
	f.appended(uri, 20, data[20:], "Upload-Length: 30")
	f.has(uri, data)
	f.tusCount("d", 1)

	uri = f.create("tag=d", -1)
	f.appended(uri, 0, data)
	f.tusCount("d", 1)
	f.appended(uri, 30, nil, "Upload-Length: 30") // with nothing but the length it is complete
	f.tusCount("d", 2)
	f.has(uri, data)

	uri = f.create("tag=d", -1) // the length comes with a request that is cut
	w := f.openTus(uri, 0, 20, "Upload-Length: 20")
	w.send(string(data[:7]))
	f.keptTus(uri, 7)
	w.Close()
	if a := f.at(uri, 7); a.header.Get("Upload-Length") != "20" {
		t.Error(a.header)
	}
	f.appended(uri, 7, data[7:20])
	f.tusCount("d", 3)
}

func TestTusCreateWithUpload(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Length: 10", offsetType), 201)
	if a.header.Get("Upload-Offset") != "5" || a.header.Get("Upload-Expires") == "" {
		t.Error(a.header)
	}
	uri := a.header.Get("Location")
	f.at(uri, 5)
	f.appended(uri, 5, []byte("world"))
	f.tusCount("w", 1)
	a = f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("hello")), offsetType), 201)
	if a.header.Get("Upload-Offset") != "5" || a.header.Get("Upload-Expires") != "" {
		t.Error(a.header)
	}
	f.has(a.header.Get("Location"), []byte("hello"))
	f.tusCount("w", 2)
	a = f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Defer-Length: 1", offsetType), 201)
	f.at(a.header.Get("Location"), 5)

	a = f.want(f.tus("POST", "/tus?tag=big&respond=70000", []byte("hello"), "Upload-Length: 5", offsetType), 201)
	if len(a.body) != 70000 || a.header.Get("Content-Length") != "70000" || a.header.Get("Location") == "" {
		t.Error(len(a.body), a.header)
	}
	before := f.s.store.Operations()
	w := f.dial()
	w.send("POST /tus?tag=w HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 5\r\nContent-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
	f.want(w.head(), 100)
	w.send("5\r\nhello\r\n")
	f.eventually(func() bool { return f.s.store.Operations() == before+1 })
	w.reset()
	f.eventually(func() bool { return f.s.store.Operations() == before }) // nobody could come back to it
	f.tusCount("w", 2)
}

func TestTusOutcome(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=slow&delay=60ms", 5)
	began := time.Now()
	f.appended(uri, 0, []byte("hello"))
	if time.Since(began) < 60*time.Millisecond {
		t.Error("answered before it was processed")
	}
	f.tusCount("slow", 1)

	uri = f.create("tag=bad&fail=422", 5)
	a := f.want(f.append(uri, 0, []byte("hello")), 422)
	if a.header.Get("Upload-Offset") != "5" {
		t.Error(a.header)
	}
	f.want(f.append(uri, 5, nil), 422)
	f.at(uri, 5)
	f.tusCount("bad", 0)
	a = f.want(f.tus("POST", "/tus?tag=bad&fail=503", []byte("hello"), "Upload-Length: 5", offsetType), 503)
	f.at(a.header.Get("Location"), 5)
	f.tusCount("bad", 0)
}
