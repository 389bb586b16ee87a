package reference

import (
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
)

// Over HTTP/2 it is the same.
func TestTusHTTP2(t *testing.T) {
	t.Parallel()
	f := startHTTP2(t)
	uri := f.create("tag=h2", 10)
	f.appended(uri, 0, []byte("hello"))
	f.want(f.append(uri, 0, []byte("hello")), 409) // which leaves the connection to the others
	f.want(f.append(uri, 5, []byte("world"), "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	for _, sum := range []string{sha1Of([]byte("x")), sha1Of([]byte("world"))} {
		req, _ := http.NewRequest("PATCH", f.url+uri, struct{ *strings.Reader }{strings.NewReader("world")})
		req.ContentLength = -1
		req.Header.Set("Tus-Resumable", "1.0.0")
		req.Header.Set("Content-Type", mediaOffset)
		req.Header.Set("Upload-Offset", "5")
		req.Trailer = http.Header{"Upload-Checksum": {sum}}
		reused := false
		req = req.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
		}))
		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := map[bool]int{true: 460, false: 204}[sum == sha1Of([]byte("x"))]; resp.StatusCode != want || resp.ProtoMajor != 2 {
			t.Fatal(resp.Proto, resp.Status)
		}
		if !reused {
			t.Error("a refusal has ended the connection")
		}
	}
	f.at(uri, 10)
	f.has(uri, []byte("helloworld"))
	f.tusCount("h2", 1)
	a, b := f.part("hello"), f.part("world")
	f.has(f.create("", -2, "Upload-Concat: final;"+a+" "+b), []byte("helloworld"))
	f.want(f.tus("POST", uri, nil, "X-HTTP-Method-Override: DELETE"), 204)
}
