package faults

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
)

// payload counts the bytes of the parts.
func (b borders) payload(parts ...part) (n int) {
	for _, run := range b.runs {
		if slices.Contains(parts, run.part) {
			n += run.n
		}
	}
	return n
}

// FuzzRequestAgreement holds the borders of requests against net/http: a request that it reads to its end has its end at
// the same byte here, and as much payload.
func FuzzRequestAgreement(f *testing.F) {
	for _, seed := range []string{
		"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\nGET", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcde",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST", "POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "POST /a HTTP/1.1\nhost: a\ncontent-length:1\n\na",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bufio.NewReader(bytes.NewReader(stream))
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		got := scan(newRequestScanner(), stream, all)
		if got.bad != "" {
			return // it refuses more than net/http does
		}
		if n := got.payload(partBody); !got.complete || n != len(body) {
			t.Fatalf("%d bytes of payload, complete %v; net/http has %d", n, got.complete, len(body))
		}
		rest, _ := io.ReadAll(in)
		if n := got.payload(partRest); n != len(rest) {
			t.Fatalf("%d bytes behind the request; net/http leaves %d", n, len(rest))
		}
	})
}

// FuzzResponseAgreement does so for responses, with the interim ones before them.
func FuzzResponseAgreement(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 104 x\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\nx", "HTTP/1.0 200 OK\r\n\r\nabc", "HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 304 Not Modified\nContent-Length: 5\n\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		in := bufio.NewReader(bytes.NewReader(stream))
		var statuses []int
		for len(statuses) == 0 || statuses[len(statuses)-1]/100 == 1 {
			r, err := http.ReadResponse(in, &http.Request{Method: method})
			if err != nil || r.StatusCode < 100 || r.StatusCode == http.StatusSwitchingProtocols {
				return
			}
			statuses = append(statuses, r.StatusCode)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			if r.StatusCode/100 == 1 {
				continue
			}
			s := newResponseScanner()
			s.method = method
			got := scan(s, stream, all)
			if got.bad != "" {
				return // it refuses more than net/http does
			}
			if n := got.payload(partBody); n != len(body) || !slices.Equal(got.statuses, statuses) {
				t.Fatalf("%d bytes of payload after %v; net/http has %d after %v", n, got.statuses, len(body), statuses)
			}
		}
	})
}
