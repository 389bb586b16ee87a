package birch

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

type answer struct {
	status int
	fields fields
	body   string
	cut    bool // the framing did not end properly
}

type peer struct {
	t  *testing.T
	nc net.Conn
	br *bufio.Reader
}

func dial(t *testing.T, base string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &peer{t, nc, bufio.NewReader(nc)}
}

func (p *peer) write(s string) *peer { p.nc.Write([]byte(s)); return p }

// read reads one response of any kind; status 0 when there is none.
func (p *peer) read(method string) (a answer) {
	budget := headLimit
	line, err := readLine(p.br, &budget)
	if err != nil {
		return a
	}
	if fmt.Sscanf(line, "HTTP/1.1 %d", &a.status); line != fmt.Sprintf("HTTP/1.1 %d ", a.status) {
		p.t.Errorf("status line %q", line)
	}
	if a.fields, err = readFields(p.br, &budget); err != nil {
		return answer{}
	}
	var b []byte
	switch n, err := strconv.ParseInt(a.fields.get("content-length"), 10, 64); {
	case a.status < 200 || a.status == 304 || method == "HEAD":
		return a
	case a.fields["transfer-encoding"] != nil:
		b, err = io.ReadAll(&body{br: p.br, chunked: true})
		a.cut = err != nil
	case err == nil:
		b, err = io.ReadAll(&body{br: p.br, left: n})
		a.cut = err != nil
	default:
		b, _ = io.ReadAll(p.br)
	}
	a.body = string(b)
	return a
}

// final skips interim responses, and gives the 100 if there was one.
func (p *peer) final(method string) (a, cont answer) {
	for a = p.read(method); a.status/100 == 1; a = p.read(method) {
		if a.status == 100 {
			cont = a
		}
	}
	return a, cont
}

func (p *peer) until100() answer {
	p.t.Helper()
	for {
		a := p.read("")
		if a.status == 100 {
			return a
		}
		if a.status/100 != 1 {
			p.t.Fatalf("%d instead of 100", a.status)
		}
	}
}

func do(t *testing.T, base, method, target, body string, lines ...string) answer {
	t.Helper()
	p := dial(t, base)
	p.write(method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(append(lines, ""), "\r\n"))
	if body != "" {
		p.write(fmt.Sprintf("Content-Length: %d\r\n", len(body)))
	}
	a, _ := p.write("\r\n" + body).final(method)
	p.nc.Close()
	return a
}

func patch(t *testing.T, base, target, cr, data string) answer {
	t.Helper()
	return do(t, base, "PATCH", target, "Content-Range: "+cr+"\r\n\r\n"+data, "Content-Type: message/byterange")
}

func serve(t *testing.T) string {
	t.Helper()
	s := New()
	base, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return base
}

// resolve gives the request target of a reference in an answer to a request of target.
func resolve(t *testing.T, target, ref string) string {
	t.Helper()
	u, err := url.Parse("http://x" + target)
	if err == nil {
		u, err = u.Parse(ref)
	}
	if err != nil || ref == "" {
		t.Fatal("reference", ref, err)
	}
	return u.RequestURI()
}

func random(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return string(b)
}

// begin starts a resumable upload of length n (chunked when negative) and gives the targets of its three resources.
func begin(t *testing.T, base, query string, n int, more ...string) (p *peer, content, message, out string) {
	t.Helper()
	p = dial(t, base)
	frame := fmt.Sprintf("Content-Length: %d", n)
	if n < 0 {
		frame = "Transfer-Encoding: chunked"
	}
	p.write("POST /items?" + query + " HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nPrefer: resume\r\n" +
		strings.Join(append(more, frame), "\r\n") + "\r\n\r\n")
	f := p.until100().fields
	return p, resolve(t, "/items", f.get("request-content-location")), resolve(t, "/items", f.get("response-message-location")),
		resolve(t, "/items", f.get("content-location"))
}

func offset(t *testing.T, base, content string) int {
	t.Helper()
	a := do(t, base, "HEAD", content, "")
	n, err := strconv.Atoi(a.fields.get("content-length"))
	if err != nil || a.status != 200 {
		t.Fatal("HEAD", a.status, err)
	}
	return n
}

func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status || a.cut {
		t.Fatalf("%d (cut %v), want %d: %.200q", a.status, a.cut, status, a.body)
	}
	return a
}

func one(t *testing.T, base, tag string, n int) {
	t.Helper()
	if a := do(t, base, "GET", "/items?tag="+tag, ""); a.body != fmt.Sprintf("{\"count\": %d}\n", n) {
		t.Fatalf("%q, want %d", a.body, n)
	}
}

func TestNormal(t *testing.T) {
	base, data := serve(t), random(100_000)
	p, content, _, _ := begin(t, base, "tag=a&respond=5000", len(data))
	a, _ := p.write(data).final("POST")
	a.want(t, 201)
	if len(a.body) < 5000 || a.fields["content-length"] != nil {
		t.Fatal("response of", len(a.body))
	}
	loc := resolve(t, "/items", a.fields.get("location"))
	if do(t, base, "GET", loc, "").want(t, 200).body != data {
		t.Fatal("other bytes")
	}
	for spec, want := range map[string]string{"7-9": data[7:10], "-5": data[len(data)-5:], "99990-": data[99990:]} {
		if do(t, base, "GET", loc, "", "Range: bytes="+spec).want(t, 206).body != want {
			t.Fatal("range", spec)
		}
	}
	do(t, base, "GET", loc, "", "Range: bytes=100000-").want(t, 416)
	do(t, base, "GET", loc, "", "Range: bytes=1-2,4-5").want(t, 200)
	if offset(t, base, content) != len(data) {
		t.Fatal("offset")
	}
	one(t, base, "a", 1)
	do(t, base, "POST", "/items?tag=plain", "abc").want(t, 201)
	one(t, base, "plain", 1)
}

func TestRefused(t *testing.T) {
	base := serve(t)
	do(t, base, "POST", "/items?fail=403", random(1<<20), "Expect: 100-continue").want(t, 403)
	do(t, base, "POST", "/items", "abc", "Expect: 200-ok").want(t, 417)
	do(t, base, "POST", "/items?fail=409&tag=x", "abc", "Expect: 100-continue").want(t, 409)
	one(t, base, "x", 0)
	_, content, message, out := begin(t, base, "", 5, "Authorization: me")
	for _, r := range []string{content, message, out} {
		do(t, base, "GET", r, "").want(t, 403)
		do(t, base, "GET", r[:len(r)-1]+"!", "").want(t, 404)
	}
	do(t, base, "GET", message, "", "Authorization: me").want(t, 503)
	p := dial(t, base)
	p.write("POST /items HTTP/1.0\r\nExpect: 100-continue\r\nPrefer: resume\r\nContent-Length: 1\r\n\r\nx")
	p.read("POST").want(t, 201)
}

func TestCut(t *testing.T) {
	base, data := serve(t), random(300_000)
	for _, how := range []string{"fin", "rst", "silence"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p, content, message, _ := begin(t, base, "tag="+how, len(data))
			p.write(data[:200_000])
			switch how {
			case "rst":
				p.nc.(*net.TCPConn).SetLinger(0)
				fallthrough
			case "fin":
				p.nc.Close()
			}
			n := offset(t, base, content)
			if n > 200_000 {
				t.Fatal("more than was sent")
			}
			do(t, base, "GET", message, "").want(t, 503)
			l := len(data)
			patch(t, base, content, fmt.Sprintf("bytes %d-%d/%d", 200_001, l-1, l), data[200_001:]).want(t, 416)
			patch(t, base, content, fmt.Sprintf("bytes %d-%d/%d", n, l-2, l-1), data[n:l-1]).want(t, 409)
			patch(t, base, content, "bytes x-2/3", "abc").want(t, 422)
			do(t, base, "PATCH", content, "abc").want(t, 415)
			one(t, base, how, 0)
			if how == "silence" {
				patch(t, base, content, fmt.Sprintf("bytes %d-%d/*", n, n), data[n:n+1]).want(t, 200)
				p.write(data[200_000:]) // too late
			}
			rest := fmt.Sprintf("bytes %d-%d/%d", n, l-1, l)
			a := patch(t, base, content, rest, data[n:]).want(t, 201)
			if patch(t, base, content, rest, data[n:]).want(t, 201).body != a.body {
				t.Fatal("another response")
			}
			if do(t, base, "GET", resolve(t, content, a.fields.get("location")), "").body != data {
				t.Fatal("other bytes")
			}
			one(t, base, how, 1)
		})
	}
}

func TestChunked(t *testing.T) {
	base := serve(t)
	p, content, _, _ := begin(t, base, "tag=c", -1)
	p.write("5\r\nhello\r\n")
	p.nc.Close()
	for offset(t, base, content) < 5 {
		time.Sleep(time.Millisecond)
	}
	patch(t, base, content, "bytes 3-7/*", "lo wo").want(t, 200)
	patch(t, base, content, "bytes 3-7/*", "xx wo").want(t, 409)
	q := dial(t, base).write("PATCH " + content + " HTTP/1.1\r\nHost: x\r\nContent-Type: message/byterange\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n23\r\nContent-Range: bytes 8-10/11\r\n\r\nrld\r\n")
	for offset(t, base, content) < 10 {
		time.Sleep(time.Millisecond)
	}
	q.nc.Close()
	one(t, base, "c", 0)
	patch(t, base, content, "bytes */11", "").want(t, 416)
	patch(t, base, content, "bytes 10-10/*", "d").want(t, 200)
	one(t, base, "c", 0)
	patch(t, base, content, "bytes */11", "").want(t, 201)
	one(t, base, "c", 1)
}

func TestLostResponse(t *testing.T) {
	base := serve(t)
	p, _, message, out := begin(t, base, "tag=l&respond=40000&delay=30ms", 3)
	p.write("abc")
	p.nc.Close()
	a := do(t, base, "GET", message, "")
	for ; a.status == 503 && a.fields["retry-after"] != nil; a = do(t, base, "GET", message, "") {
		time.Sleep(5 * time.Millisecond)
	}
	m := &peer{t, nil, bufio.NewReader(strings.NewReader(a.want(t, 200).body))}
	final := m.read("HEAD").want(t, 201)
	if resolve(t, message, final.fields.get("content-location")) != out {
		t.Fatal("another place of the body")
	}
	whole := do(t, base, "GET", out, "").want(t, 200).body
	if final.fields.get("content-length") != strconv.Itoa(len(whole)) || len(whole) < 40000 {
		t.Fatal("length of the body")
	}
	b := do(t, base, "GET", out, "", "Range: bytes=39000-").want(t, 206)
	if b.body != whole[39000:] {
		t.Fatal("range of the body")
	}
	one(t, base, "l", 1)
}

func TestIgnoreIncomplete(t *testing.T) {
	base := serve(t)
	p, content, message, _ := begin(t, base, "tag=i", 5, "Prefer: x", "prefer: respond-async")
	p.nc.Close()
	offset(t, base, content) // Prefer: resume came first
	p = dial(t, base).write("POST /items?tag=i HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" +
		"Prefer: wait=3, resume = \"ignore-incomplete\";a\r\n\r\n")
	content = resolve(t, "/items", p.until100().fields.get("request-content-location"))
	offset(t, base, content)
	patch(t, base, content, "bytes 0-4/5", "hello").want(t, 405)
	p.write("he").nc.Close()
	for do(t, base, "HEAD", content, "").status != 410 {
		time.Sleep(time.Millisecond)
	}
	do(t, base, "GET", message, "").want(t, 503)
	one(t, base, "i", 0)
}

func TestOnceUnderConcurrency(t *testing.T) {
	base, data := serve(t), random(50_000)
	p, content, _, _ := begin(t, base, "tag=o&delay=5ms", len(data))
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for range 8 {
		wg.Go(func() {
			a := patch(t, base, content, fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)), data)
			mu.Lock()
			defer mu.Unlock()
			got[a.fields.get("location")]++
		})
	}
	wg.Go(func() {
		for i := 0; i < len(data); i += 1000 {
			p.write(data[i : i+1000])
		}
	})
	wg.Wait()
	patch(t, base, content, fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)), data).want(t, 201)
	if delete(got, ""); len(got) != 1 {
		t.Fatal(got)
	}
	one(t, base, "o", 1)
	if !bytes.Equal([]byte(do(t, base, "GET", content, "").body), []byte(data)) {
		t.Fatal("other bytes")
	}
}
