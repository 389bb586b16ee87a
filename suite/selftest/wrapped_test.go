package selftest

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/suite/independent/alder"
	"github.com/resumespec/resumespec/suite/independent/birch"
)

// origins are the servers that proxies stand in front of. Each gives its base address, and is closed with
// the test.
var origins = []struct {
	name  string
	start func(*testing.T) string
}{
	{"reference", func(t *testing.T) string {
		s, base, err := reference.Listen("127.0.0.1:0", reference.Options{Data: t.TempDir(), Durability: reference.DurabilityNever})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return base
	}},
	{"alder", func(t *testing.T) string { return started(t, alder.New()) }},
	{"birch", func(t *testing.T) string { return started(t, birch.New()) }},
}

func started(t *testing.T, s server) string {
	t.Helper()
	base, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return base
}

// styles are the proxies.
var styles = []style{
	{name: "proxy that changes nothing"},
	{name: "a chunk for each byte", requests: inChunks, responses: inChunks, chunks: []int{1}},
	{name: "chunks of odd sizes", requests: inChunks, responses: inChunks, chunks: []int{7, 1023, 1, 4097, 16}},
	{name: "every response with its length", responses: byLength},
	{name: "every response ends with the connection", responses: byEnd},
	{name: "tiny segments", segments: []int{1, 23, 400}},
	{name: "bytes are gathered", gather: 16 << 10},
	{name: "field names in lower case, in another order, folded", lower: true, reverse: true, fold: true},
	{name: "more fields, and Connection: close", adorn: true, closing: true},
	{name: "102 and 103 of its own before every response", hints: true},
	{name: "heads byte by byte", segments: []int{16}, slowHead: time.Millisecond},
	{
		name: "all of it", requests: inChunks, responses: inChunks, chunks: []int{3, 501}, segments: []int{700, 90}, gather: 2000,
		lower: true, reverse: true, fold: true, adorn: true, closing: true, hints: true,
	},
}

// unhurried is the time limit of a case behind a proxy, which may take its time with each head.
const unhurried = 30 * time.Second

// passing are cases that see what a proxy does to each kind of message.
const passing = `offer\.(continue|http10|refusal) |before100\.lost .* fin|upload\.(patch-completes|unknown-length) .* (fin|stall)|` +
	`upload\.gap .* rst|response\.available .* fin|download\.range .* rst`

// TestProxied runs cases on servers behind a proxy that reframes: none of a server's promises may be taken
// for broken because of what an intermediary may do.
func TestProxied(t *testing.T) {
	t.Parallel()
	for i, s := range styles {
		for j, origin := range origins {
			if (i+j)%len(origins) != 0 && !*everything {
				continue // each proxy in front of one server, in turn
			}
			t.Run(s.name+"/"+origin.name, func(t *testing.T) {
				t.Parallel()
				base := startProxy(t, strings.TrimPrefix(origin.start(t), "http://"), s)
				results := judge(t, parse(t, fmt.Sprintf(wholeConfig, base)), unhurried, passing)
				legality.acquit(t, s.name+", in front of "+origin.name, results)
			})
		}
	}
}

// TestReverseProxied does so behind the reverse proxy of Go's library.
func TestReverseProxied(t *testing.T) {
	t.Parallel()
	for i, origin := range origins {
		if i > 0 && !*everything {
			continue
		}
		t.Run(origin.name, func(t *testing.T) {
			t.Parallel()
			base := startReverseProxy(t, origin.start(t))
			results := judge(t, parse(t, fmt.Sprintf(wholeConfig, base)), unhurried, passing)
			legality.acquit(t, "httputil.ReverseProxy, in front of "+origin.name, results)
		})
	}
}

func startReverseProxy(t *testing.T, upstream string) string {
	t.Helper()
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, ExpectContinueTimeout: 10 * time.Second}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host // what the server makes absolute must lead back here
		},
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			ordered := &inOrder{ResponseWriter: w, said: make(chan struct{}), old: !r.ProtoAtLeast(1, 1)}
			r = r.WithContext(r.Context()) // the server looks at the body of its own request
			w, r.Body = ordered, &heldBack{ReadCloser: r.Body, leave: ordered.said}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		transport.CloseIdleConnections()
	})
	return front.URL
}

// inOrder tells when the first 100 (Continue), or the final response, has been passed on.
//
// ReverseProxy needs it: its transport begins to read the body of the request a moment before it shows the 100 to the
// proxy, and that reading makes net/http's server send a 100 of its own, without any field, in front of the one
// that has them. A proxy must forward what it did not ask for itself (RFC 9110, 15.2).
type inOrder struct {
	http.ResponseWriter
	once sync.Once
	said chan struct{}
	old  bool // the client speaks HTTP/1.0, and is sent no interim response (RFC 9110, 15.2)
}

// WriteHeader writes the head of a response.
func (w *inOrder) WriteHeader(status int) {
	if !w.old || status >= 200 {
		w.ResponseWriter.WriteHeader(status)
	}
	if status == http.StatusContinue || status >= 200 {
		w.once.Do(func() { close(w.said) })
	}
}

// Unwrap lets the proxy flush.
func (w *inOrder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// heldBack is a body that is not read before there is leave to.
type heldBack struct {
	io.ReadCloser
	leave <-chan struct{}
}

// Read waits, and reads.
func (b *heldBack) Read(p []byte) (int, error) {
	<-b.leave
	return b.ReadCloser.Read(p)
}
