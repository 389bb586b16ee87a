package reference

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/resumespec/resumespec/reference/store"
)

func (f *fixture) part(data string) string {
	f.Helper()
	uri := f.create("tag=p", len(data), "Upload-Concat: partial")
	f.appended(uri, 0, []byte(data))
	return uri
}

func TestTusConcatenation(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a, b, empty := f.part("hello"), f.part(" world"), f.part("")
	for _, uri := range []string{a, b} {
		if h := f.tus("HEAD", uri, nil).header; h.Get("Upload-Concat") != "partial" || h.Get("Upload-Offset") == "" || h.Get("Upload-Length") == "" {
			t.Error(h)
		}
	}
	f.tusCount("p", 0)
	list := "final;" + a + " " + empty + " http://example.org" + b
	whole := f.create("tag=f", -2, "Upload-Concat: "+list, "Upload-Metadata: x YQ==")
	h := f.at(whole, 11).header
	if h.Get("Upload-Length") != "11" || h.Get("Upload-Concat") != list || h.Get("Upload-Metadata") != "x YQ==" || h.Get("Upload-Defer-Length") != "" {
		t.Error(h)
	}
	f.has(whole, []byte("hello world"))
	f.tusCount("f", 1)
	f.want(f.append(whole, 11, []byte("!")), 403)
	f.want(f.append(whole, 0, nil), 403)
	f.want(f.tus("PATCH", whole, nil), 403)
	f.has(whole, []byte("hello world"))

	again := f.create("tag=f", -2, "Upload-Concat: final;"+b+" "+a+" "+b) // used again, and more than once
	f.has(again, []byte(" worldhello world"))
	f.tusCount("f", 2)
	none := f.create("tag=f", -2, "Upload-Concat: final;"+empty)
	f.at(none, 0)
	f.tusCount("f", 3)
	f.want(f.tus("DELETE", a, nil), 204)
	f.has(whole, []byte("hello world"))
	f.want(f.tus("POST", "/tus", nil, "Upload-Concat: final;"+a), 400)
	f.appended(b, 6, nil)
	f.at(b, 6)
	f.tusCount("p", 0)
}

func TestTusConcatenationRefused(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 100, Limits: store.Limits{UserBytes: 150}})
	part, usual := f.part(strings.Repeat("x", 40)), f.create("", 5)
	whole := f.create("", -2, "Upload-Concat: final;"+part)
	before := f.s.store.Operations()
	for _, c := range []struct {
		status int
		header string
	}{
		{400, "Upload-Concat: final;" + usual},
		{400, "Upload-Concat: final;" + whole},
		{400, "Upload-Concat: final;" + part + " " + usual},
		{400, "Upload-Concat: final;" + part + "?x"},
		{400, "Upload-Concat: final;" + part + "#x"},
		{400, "Upload-Concat: final;" + part + "/"},
		{400, "Upload-Concat: final;ftp://x" + part},
		{400, "Upload-Concat: final; "},
		{400, "Upload-Concat: final:" + part},
		{400, "Upload-Concat: Partial\nUpload-Length: 5"},
		{400, "Upload-Concat: partial"},
		{400, "Upload-Concat: partial\nUpload-Concat: partial\nUpload-Length: 5"},
		{400, "Upload-Concat: final;" + part + "\nUpload-Length: 40"},
		{400, "Upload-Concat: final;" + part + "\nUpload-Defer-Length: 1"},
		{413, "Upload-Concat: final;" + part + " " + part + " " + part},
		{507, "Upload-Concat: final;" + part + " " + part},
		{403, "Upload-Concat: final;" + part + "\n" + offsetType},
	} {
		if a := f.tus("POST", "/tus", nil, strings.Split(c.header, "\n")...); a.status != c.status {
			t.Errorf("%s: %d, want %d: %s", c.header, a.status, c.status, a.body)
		}
	}
	f.want(f.tus("POST", "/tus", []byte("hello"), "Upload-Concat: final;"+part, offsetType), 403)
	if n := f.s.store.Operations(); n != before {
		t.Error("refused creations have left", n-before)
	}
}

func TestTusConcatenationUnfinished(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := bytes.Repeat([]byte("0123456789"), 60_000)
	for range 10 {
		var uris []string
		for i := range 3 {
			length := 200_000
			if i == 2 {
				length = -1
			}
			uris = append(uris, f.create("tag=p", length, "Upload-Concat: partial"))
		}
		known := f.create("tag=k", -2, "Upload-Concat: final;"+uris[0]+" "+uris[1])
		whole := f.create("tag=u", -2, "Upload-Concat: final;"+strings.Join(uris, " "))
		if h := f.want(f.tus("HEAD", known, nil), 200).header; h.Get("Upload-Offset") != "" || h.Get("Upload-Length") != "400000" {
			t.Error(h)
		}
		if h := f.want(f.tus("HEAD", whole, nil), 200).header; h.Get("Upload-Offset") != "" || h.Get("Upload-Length") != "" || h.Get("Upload-Defer-Length") != "" {
			t.Error(h)
		}
		f.has(whole, nil)
		f.want(f.append(whole, 0, nil), 403)
		var wg sync.WaitGroup
		for i, uri := range uris {
			wg.Go(func() { f.appended(uri, 0, data[i*200_000:(i+1)*200_000], "Upload-Length: 200000") })
		}
		wg.Wait()
		f.eventually(func() bool { return f.tus("HEAD", whole, nil).header.Get("Upload-Offset") == "600000" })
		f.has(whole, data)
		f.eventually(func() bool { return f.tus("HEAD", known, nil).header.Get("Upload-Offset") == "400000" })
		f.has(known, data[:400_000])
		for _, uri := range append(uris, known, whole) {
			f.want(f.tus("DELETE", uri, nil), 204)
		}
	}
	f.tusCount("u", 10)
	f.tusCount("k", 10)
	f.tusCount("p", 0)

	a, b := f.create("", 5, "Upload-Concat: partial"), f.part("world") // one that is terminated leaves what waits unfinished
	whole := f.create("tag=gone", -2, "Upload-Concat: final;"+a+" "+b)
	f.want(f.tus("DELETE", a, nil), 204)
	if h := f.want(f.tus("HEAD", whole, nil), 200).header; h.Get("Upload-Offset") != "" || h.Get("Upload-Length") != "" || h.Get("Upload-Expires") == "" {
		t.Error(h)
	}
	f.want(f.tus("DELETE", whole, nil), 204)
	f.tusCount("gone", 0)
}

// A final upload for which there is no room any more is forgotten.
func TestTusConcatenationNoRoom(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 100}})
	part := f.create("", 60, "Upload-Concat: partial")
	whole := f.create("tag=n", -2, "Upload-Concat: final;"+part)
	f.appended(part, 0, content(60))
	f.eventually(func() bool { return f.tus("HEAD", whole, nil).status == 404 })
	f.tusCount("n", 0)
	f.at(part, 60)
}
