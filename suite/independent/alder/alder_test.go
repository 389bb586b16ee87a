package alder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T) (*Server, string) {
	t.Helper()
	s := New()
	base, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, base
}

// raw is one connection of a client.
type raw struct {
	*testing.T
	*net.TCPConn
	br *bufio.Reader
}

func dial(t *testing.T, base string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &raw{t, c.(*net.TCPConn), bufio.NewReader(c)}
}

func (c *raw) send(s string) {
	if _, err := io.WriteString(c.TCPConn, s); err != nil {
		c.Helper()
		c.Fatal(err)
	}
}

// begin sends the header of a resumable POST and reads up to the 100.
func (c *raw) begin(query, length, extra string) http.Header {
	c.Helper()
	if length == "chunked" {
		extra += "Transfer-Encoding: chunked\r\n"
	} else {
		extra += "Content-Length: " + length + "\r\n"
	}
	if !strings.Contains(extra, "Prefer:") {
		extra += "Prefer: resume\r\n"
	}
	c.send("POST /items" + query + " HTTP/1.1\r\nHost: " + c.RemoteAddr().String() + "\r\nExpect: 100-continue\r\n" + extra + "\r\n")
	all := http.Header{}
	tp := textproto.NewReader(c.br)
	for _, want := range []string{"HTTP/1.1 102 Processing", "HTTP/1.1 100 Continue"} {
		line, err := tp.ReadLine()
		if err != nil || line != want {
			c.Fatalf("got %q, %v; want %q", line, err, want)
		}
		h, err := tp.ReadMIMEHeader()
		if err != nil || len(h) == 0 || len(h) > 2 {
			c.Fatalf("%s: %v, %v", want, h, err)
		}
		for k, v := range h {
			all[k] = append(all[k], v...)
		}
	}
	for _, k := range []string{"Request-Content-Location", "Response-Message-Location", "Content-Location"} {
		if len(all[k]) != 1 || !strings.HasPrefix(all.Get(k), "http://"+c.RemoteAddr().String()+"/") {
			c.Fatalf("%s: %q", k, all[k])
		}
	}
	return all
}

func (c *raw) response() (*http.Response, string) {
	c.Helper()
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		c.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	return res, string(b)
}

func (c *raw) reset() {
	c.SetLinger(0)
	c.Close()
}

func do(t *testing.T, method, uri, body string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func patch(t *testing.T, uri, contentRange, body string, fields ...string) (int, *http.Response) {
	t.Helper()
	doc := fmt.Sprintf("Content-Range: bytes %s\r\n\r\n%s", contentRange, body)
	res, _ := do(t, "PATCH", uri, doc, append([]string{"Content-Type", "message/byterange"}, fields...)...)
	return res.StatusCode, res
}

func wantStatus(t *testing.T, got, want int) {
	t.Helper()
	if got != want {
		t.Fatalf("status %d, want %d", got, want)
	}
}

func wantCount(t *testing.T, base, tag string, want int) {
	t.Helper()
	_, b := do(t, "GET", base+"/items?tag="+tag, "")
	var v struct{ Count int }
	if json.Unmarshal([]byte(b), &v); v.Count != want {
		t.Fatalf("%d items, want %d", v.Count, want)
	}
}

// offset waits until the server has told at least want.
func offset(t *testing.T, uri string, want int64) int64 {
	t.Helper()
	var last int64
	for range 400 {
		res, _ := do(t, "HEAD", uri, "")
		wantStatus(t, res.StatusCode, 200)
		n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64)
		if err != nil || n < last {
			t.Fatalf("offset %d after %d, %v", n, last, err)
		}
		if last = n; n >= want {
			return n
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("offset %d, want %d", last, want)
	return 0
}

// message waits for the response message.
func message(t *testing.T, uri string) (*http.Response, string) {
	t.Helper()
	for range 400 {
		res, b := do(t, "GET", uri, "")
		switch {
		case res.StatusCode == 202 && res.Header.Get("Retry-After") != "":
			time.Sleep(5 * time.Millisecond)
			continue
		case res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "message/http"):
			t.Fatalf("message: %s %v", res.Status, res.Header)
		}
		m, err := http.ReadResponse(bufio.NewReader(strings.NewReader(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		return m, string(body)
	}
	t.Fatal("no response message")
	return nil, ""
}

func content(n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%07d\n", i)
	}
	return b.String()[:n]
}

func TestNormalUpload(t *testing.T) {
	_, base := start(t)
	data := content(100000)
	c := dial(t, base)
	for range 2 { // the connection persists
		uris := c.begin("?tag=a", strconv.Itoa(len(data)), "")
		c.send(data)
		res, body := c.response()
		wantStatus(t, res.StatusCode, 201)
		if res.Header.Get("Request-Content-Location")+res.Header.Get("Response-Message-Location") != "" {
			t.Fatal("leaked", res.Header)
		}
		if _, got := do(t, "GET", res.Header.Get("Location"), ""); got != data {
			t.Fatal("content differs")
		}
		m, mb := message(t, uris.Get("Response-Message-Location"))
		if m.StatusCode != 201 || mb != body || m.Header.Get("Location") != res.Header.Get("Location") {
			t.Fatal("message differs", m)
		}
		get, _ := do(t, "GET", uris.Get("Request-Content-Location"), "")
		if wantStatus(t, get.StatusCode, 405); get.Header.Get("Allow") != "HEAD, PATCH" {
			t.Fatal(get.Header)
		}
	}
	wantCount(t, base, "a", 2)
	res, _ := do(t, "POST", base+"/items?tag=a", data)
	wantStatus(t, res.StatusCode, 201)
	res, _ = do(t, "POST", base+"/items?tag=a&fail=503", data)
	wantStatus(t, res.StatusCode, 503)
	wantCount(t, base, "a", 3)
}

func TestCutUpload(t *testing.T) {
	for name, cut := range map[string]func(*raw){
		"fin": func(c *raw) { c.Close() }, "rst": (*raw).reset, "silence": func(*raw) {}, "half": func(c *raw) { c.CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			_, base := start(t)
			data := content(50000)
			c := dial(t, base)
			uris := c.begin("?tag=a", "50000", "")
			uri := uris.Get("Request-Content-Location")
			c.send(data[:20000])
			n := offset(t, uri, 20000)
			cut(c)
			res, _ := do(t, "GET", uris.Get("Response-Message-Location"), "")
			wantStatus(t, res.StatusCode, 202)
			for _, bad := range []struct {
				rg   string
				body string
				want int
			}{
				{fmt.Sprintf("%d-49999/50000", n-1), data[n-1:], 409},
				{fmt.Sprintf("%d-49999/50000", n+1), data[n+1:], 409},
				{fmt.Sprintf("%d-49999/50001", n), data[n:], 409},
				{"*/20000", "", 409},
				{"*/50000", "x", 400},
				{"*/*", "", 400},
				{"5-4/50000", "", 400},
			} {
				code, _ := patch(t, uri, bad.rg, bad.body)
				wantStatus(t, code, bad.want)
			}
			wantCount(t, base, "a", 0)
			code, _ := patch(t, uri, "20000-20009/50000", data[20000:20010])
			wantStatus(t, code, 204)
			code, _ = patch(t, uri, "20010-49999/50000", data[20010:]+"x") // too long: not the end
			wantStatus(t, code, 400)
			n = offset(t, uri, 49999)
			code, res = patch(t, uri, fmt.Sprintf("%d-49999/50000", n), data[n:])
			wantStatus(t, code, 201)
			if _, got := do(t, "GET", res.Header.Get("Location"), ""); got != data {
				t.Fatal("content differs")
			}
			code, _ = patch(t, uri, "0-49999/50000", data)
			wantStatus(t, code, 409)
			code, _ = patch(t, uri, "*/50000", "")
			wantStatus(t, code, 201)
			wantCount(t, base, "a", 1)
		})
	}
}

// The offset that was told counts, though the first connection goes on or even ends well.
func TestToldOffset(t *testing.T) {
	_, base := start(t)
	data := content(3000)
	for _, more := range []int{2000, 3000} {
		c := dial(t, base)
		uri := c.begin(fmt.Sprintf("?tag=t%d", more), "3000", "").Get("Request-Content-Location")
		c.send(data[:1000])
		offset(t, uri, 1000)
		c.send(data[1000:more])
		time.Sleep(20 * time.Millisecond)
		code, _ := patch(t, uri, "1000-2999/3000", data[1000:])
		wantStatus(t, code, 201)
		wantCount(t, base, fmt.Sprintf("t%d", more), 1)
	}
}

func TestChunked(t *testing.T) {
	_, base := start(t)
	c := dial(t, base)
	uris := c.begin("?tag=a", "chunked", "")
	uri := uris.Get("Request-Content-Location")
	c.send("5\r\nhello\r\n0\r\n") // the end is not there
	c.Close()
	offset(t, uri, 5)
	code, _ := patch(t, uri, "5-10/*", " world")
	wantStatus(t, code, 204)
	wantCount(t, base, "a", 0)
	code, res := patch(t, uri, "*/11", "")
	wantStatus(t, code, 201)
	if _, got := do(t, "GET", res.Header.Get("Location"), ""); got != "hello world" {
		t.Fatal(got)
	}
	wantCount(t, base, "a", 1)
}

func TestCutPatch(t *testing.T) {
	_, base := start(t)
	c := dial(t, base)
	uri := c.begin("?tag=a", "10", "").Get("Request-Content-Location")
	c.send("0123")
	offset(t, uri, 4)
	c.reset()
	p := dial(t, base) // all bytes of the range, but the chunked request is not ended; and the connection stays
	p.send("PATCH " + strings.TrimPrefix(uri, base) + " HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"25\r\nContent-Range: bytes 4-9/10\r\n\r\n456789\r\n")
	n := offset(t, uri, 9)
	code, _ := patch(t, uri, fmt.Sprintf("%d-9/10", n), "0123456789"[n:])
	wantStatus(t, code, 201)
	res, _ := p.response()
	wantStatus(t, res.StatusCode, 409)
	wantCount(t, base, "a", 1)
}

func TestLostResponse(t *testing.T) {
	_, base := start(t)
	data := content(1000)
	for _, q := range []string{"respond=100000", "respond=100000&fail=422"} {
		c := dial(t, base)
		uris := c.begin("?tag=a&delay=50ms&"+q, "1000", "")
		res, _ := do(t, "GET", uris.Get("Content-Location"), "")
		wantStatus(t, res.StatusCode, 404)
		c.send(data)
		c.CloseRead()
		offset(t, uris.Get("Request-Content-Location"), 1000)
		c.Close()
		m, body := message(t, uris.Get("Response-Message-Location"))
		if strings.Contains(q, "fail") != (m.StatusCode == 422) || len(body) < 100000 {
			t.Fatal(m.Status, len(body))
		}
		res, part := do(t, "GET", uris.Get("Content-Location"), "", "Range", "bytes=60000-")
		wantStatus(t, res.StatusCode, 206)
		if part != body[60000:] || res.Header.Get("Accept-Ranges")+res.Header.Get("ETag") != "" || res.Header.Get("Cache-Control") != "private" {
			t.Fatal(len(part), res.Header)
		}
	}
	wantCount(t, base, "a", 1)
}

func TestOwnerAndIgnore(t *testing.T) {
	_, base := start(t)
	c := dial(t, base)
	uris := c.begin("?tag=a", "10", "Authorization: Basic YTpi\r\nPrefer: wait=1, Resume=\"ignore-incomplete\"; x=y\r\n")
	uri := uris.Get("Request-Content-Location")
	for _, u := range uris {
		res, _ := do(t, "HEAD", u[0], "", "Authorization", "Basic eDp5")
		wantStatus(t, res.StatusCode, 404)
	}
	c.send("01234")
	time.Sleep(20 * time.Millisecond)
	c.Close()
	for range 400 {
		if res, _ := do(t, "HEAD", uri, "", "Authorization", "Basic YTpi"); res.StatusCode == 410 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	code, _ := patch(t, uri, "5-9/10", "56789", "Authorization", "Basic YTpi")
	wantStatus(t, code, 410)
	wantCount(t, base, "a", 0)
}
