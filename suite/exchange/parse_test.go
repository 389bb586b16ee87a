package exchange

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// parsed is all that a parser made of some bytes.
type parsed struct {
	Interims []*Response
	Final    *Response
	Err      string
	Kind     ErrorKind
	Taken    int64
}

func parseAll(r io.Reader, method string, limits Limits) (out parsed) {
	p := &parser{src: newSource(r, nil), limits: limits.withDefaults(), method: method}
	var err error
	for out.Final == nil && err == nil && len(out.Interims) < 100 {
		var resp *Response
		if resp, err = p.head(); err != nil {
			break
		}
		if resp.Interim() {
			out.Interims = append(out.Interims, resp)
			continue
		}
		out.Final, err = resp, p.body(resp)
	}
	if err != nil {
		out.Err, out.Kind = err.Error(), KindOf(err)
	}
	out.Taken = p.src.taken
	return out
}

func TestLegalForms(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct{ name, method, in, body string }{
		{"length", "GET", ok + "Content-Length: 3\r\n\r\nabc", "abc"},
		{"length, any case", "GET", ok + "cONTENT-lENGTH:3\r\n\r\nabc", "abc"},
		{"equal lengths", "GET", ok + "Content-Length: 3, 3\r\nContent-Length: 3 \r\n\r\nabc", "abc"},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ""},
		{"empty reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", ""},
		{"LF only", "GET", "HTTP/1.1 200 OK\nContent-Length: 1\n\na", "a"},
		{"empty line before", "GET", "\r\n" + ok + "Content-Length: 1\r\n\r\na", "a"},
		{"folded", "GET", ok + "A: b\r\n \t c\r\nContent-Length: 1\r\n\r\na", "a"},
		{"chunks", "GET", ok + "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0A ;x=\"y\"\r\n0123456789\r\n000\r\n\r\n", "a0123456789"},
		{"chunks, trailers", "GET", ok + "Transfer-Encoding: gzip,chunked,\r\n\r\n1\na\n0\nT: 1\n\n", "a"},
		{"until close", "GET", "HTTP/1.0 200 OK\r\n\r\nabc", "abc"},
		{"until close, empty", "GET", ok + "\r\n", ""},
		{"until close, coding", "GET", ok + "Transfer-Encoding: gzip\r\n\r\nabc", "abc"},
		{"HEAD", "HEAD", ok + "Content-Length: 100\r\n\r\n", ""},
		{"204", "GET", "HTTP/1.1 204 No\r\nContent-Length: 100\r\n\r\n", ""},
		{"304", "GET", "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		{"status 999", "GET", "HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n", ""},
		{"control characters", "GET", ok + "A: \x1b[1m\x07\xff\r\nContent-Length: 0\r\n\r\n", ""},
		{"interims", "GET", "HTTP/1.1 100\r\n\r\n\r\nHTTP/1.1 103 E\r\nA: b\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := parseAll(strings.NewReader(c.in), c.method, Limits{})
			if got.Err != "" || !got.Final.SameBody([]byte(c.body)) || got.Taken != int64(len(c.in)) {
				t.Fatalf("%+v %+v", got, got.Final)
			}
			if c.name == "folded" && got.Final.Fields.Get("a") != "b c" {
				t.Errorf("folded value %q", got.Final.Fields.Get("a"))
			}
			if c.name == "chunks, trailers" && got.Final.Trailers.Get("t") != "1" {
				t.Errorf("trailers %v", got.Final.Trailers)
			}
			if c.name == "control characters" && got.Final.Fields.Get("a") != "\x1b[1m\x07\xff" {
				t.Errorf("value %q", got.Final.Fields.Get("a"))
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	chunked := ok + "Transfer-Encoding: chunked\r\n\r\n"
	for _, in := range []string{
		"SSH-2.0-x\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.11 200 OK\r\n\r\n",
		"http/1.1 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n", "\r\n\r\n" + ok,
		ok + "A\r\n\r\n", ok + "A : b\r\n\r\n", ok + ": b\r\n\r\n", ok + " A: b\r\n\r\n", ok + "A\x01: b\r\n\r\n",
		ok + "A: b\rc\r\n\r\n", ok + "A: \x00\r\n\r\n", "HTTP/1.1 200 O\x00K\r\n\r\n",
		ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\naa", ok + "Content-Length: 1, 2\r\n\r\naa",
		ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: +1\r\n\r\na", ok + "Content-Length: \r\n\r\n", ok + "Content-Length: 0x1\r\n\r\na",
		ok + "Content-Length: 9223372036854775808\r\n\r\n", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		ok + "Transfer-Encoding: chunked, gzip\r\n\r\n", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		chunked + "\r\n", chunked + "x\r\n", chunked + "-1\r\n", chunked + "1 1\r\na\r\n", chunked + "8000000000000000\r\n",
		chunked + "1\r\nab", chunked + "1\r\na\rb", chunked + "1\r\na\r\r\n", chunked + "0\r\nT\r\n\r\n", chunked + " 1\r\na\r\n",
	} {
		got := parseAll(strings.NewReader(in), "GET", Limits{})
		if got.Kind != Syntax || got.Final != nil && got.Final.Complete {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

func TestHTTP10AndHEADOverAConnection(t *testing.T) {
	x := open(t, get, Limits{}, func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n"+strings.Repeat("a", 100000))
	})
	if resp := mustDo(t, x); resp.BodyBytes != 100000 || !resp.Complete || resp.Proto != "HTTP/1.0" {
		t.Errorf("%+v", resp)
	}
	head := get
	head.Method = "HEAD"
	x = open(t, head, Limits{}, answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
	if resp := mustDo(t, x); resp.BodyBytes != 0 || !resp.Complete {
		t.Errorf("%+v", resp)
	}
}

// randomly gives between 1 and 7 bytes at a time, sometimes with the end of file at once.
type randomly struct {
	b   []byte
	rnd *rand.Rand
}

func (r *randomly) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+r.rnd.IntN(7))], r.b)
	if r.b = r.b[n:]; len(r.b) == 0 && r.rnd.IntN(2) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func FuzzResponses(f *testing.F) {
	ok := "HTTP/1.1 200 OK\r\n"
	for i, seed := range []string{
		ok + "Content-Length: 3\r\n\r\nabcd", ok + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n", ok + "\r\nabc",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 104 U\nA: b\n c\n\nHTTP/1.0 204\r\n\r\n", "\r\n" + ok, "HTTP/1.1 2",
	} {
		f.Add([]byte(seed), i%2 == 1, uint64(i), uint16(1000))
	}
	f.Fuzz(func(t *testing.T, b []byte, head bool, seed uint64, room uint16) {
		limits := Limits{Head: int64(room) + 1, Body: int64(room)/2 + 1}
		method := "GET"
		if head {
			method = "HEAD"
		}
		whole := parseAll(bytes.NewReader(b), method, limits)
		for name, r := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(bytes.NewReader(b)),
			"split":        &randomly{b, rand.New(rand.NewPCG(seed, 1))},
			"end at once":  iotest.DataErrReader(bytes.NewReader(b)),
		} {
			if got := parseAll(r, method, limits); !reflect.DeepEqual(got, whole) {
				t.Fatalf("%s: %+v\nwhole: %+v", name, got, whole)
			}
		}
		if r := whole.Final; r != nil {
			if r.BodyBytes != int64(len(r.Body)) || r.BodyBytes > limits.Body || r.HeadBytes > limits.Head || r.Complete != (whole.Err == "") {
				t.Fatalf("%+v %+v", r, whole)
			}
		}
	})
}

// TestAnyGates releases the body in random steps; the server must read what was to be sent.
func TestAnyGates(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req := post(rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(rt, "body"))
		req.Chunked = rapid.Bool().Draw(rt, "chunked")
		req.ChunkSize = rapid.IntRange(0, 600).Draw(rt, "chunk")
		gates := rapid.SliceOfN(rapid.Int64Range(0, 6000), 0, 8).Draw(rt, "gates")
		client, server := net.Pipe()
		got := make(chan string, 1)
		go func() {
			_, body, err := parsedRequest(server)
			got <- fmt.Sprint(string(body), err)
			_, _ = io.WriteString(server, "HTTP/1.1 204 \r\n\r\n")
			server.Close()
		}()
		x := New(client, req, Limits{})
		defer x.Close()
		ctx := background(t)
		err := x.SendHead(ctx)
		for _, gate := range gates {
			if err == nil {
				err = x.SendBody(ctx, gate)
			}
		}
		if err == nil {
			err = x.SendEnd(ctx)
		}
		if err != nil && KindOf(err) != Answered {
			rt.Fatal(err)
		}
		if _, err := x.Final(ctx); err != nil {
			rt.Fatal(err)
		}
		if body := <-got; body != fmt.Sprint(string(req.Body), nil) {
			rt.Fatalf("the server read %q", body)
		}
		x.Close()
		checkRecord(t, x.Record())
	})
}
