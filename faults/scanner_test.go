package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// borders is what a scanner tells of a whole stream: runs of parts, whatever the pieces were.
type borders struct {
	runs     []segment
	statuses []int
	complete bool
	bad      string
}

// scan feeds the stream in pieces; a piece of 0 stands for all that is left.
func scan(s scanner, stream []byte, piece func() int) (b borders) {
	for len(stream) > 0 {
		n := piece()
		if n <= 0 || n > len(stream) {
			n = len(stream)
		}
		for rest := stream[:n]; len(rest) > 0; {
			seg := s.next(rest)
			rest = rest[seg.n:]
			b.add(&s, seg)
		}
		stream = stream[n:]
	}
	b.complete, b.bad = s.complete, s.bad
	return b
}

func (b *borders) add(s *scanner, seg segment) {
	if seg.ended && seg.part == partStart {
		b.statuses = append(b.statuses, s.status)
	}
	if k := len(b.runs) - 1; k >= 0 && b.runs[k].part == seg.part && !b.runs[k].ended {
		b.runs[k].n += seg.n
		b.runs[k].ended = seg.ended
		return
	}
	b.runs = append(b.runs, seg)
}

func all() int    { return 0 }
func bytely() int { return 1 }

func TestScannerFindsBorders(t *testing.T) {
	for _, c := range []struct {
		name     string
		response bool
		method   string
		stream   string // parts divided by |
		parts    []part
		complete bool
		bad      string
	}{
		{name: "request without a body", stream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n|GET", parts: []part{partHead, partRest}, complete: true},
		{name: "LF only", stream: "\r\n\nPUT / HTTP/1.1\nContent-Length: 3\n\n|abc|x", parts: []part{partHead, partBody, partRest}, complete: true},
		{name: "chunked with extension and trailer", stream: "PUT / HTTP/1.1\r\ntransfer-encoding: gzip, Chunked\r\n\r\n|003;a=\"b\"\r\n|abc|\r\nA\n|0123456789|\r\n0\r\nT: x\r\n\r\n|x",
			parts: []part{partHead, partFraming, partBody, partFraming, partBody, partFraming, partRest}, complete: true},
		{name: "equal lengths", stream: "PUT / HTTP/1.1\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\n|ab", parts: []part{partHead, partBody}, complete: true},
		{name: "unequal lengths", stream: "PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n|ab", parts: []part{partHead, partRest}, bad: "the message length"},
		{name: "length and chunked", stream: "PUT / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n|0\r\n\r\n", parts: []part{partHead, partFraming}, complete: true},
		{name: "bad chunk size", stream: "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n|xyz\r\n|abc", parts: []part{partHead, partFraming, partRest}, bad: "hexadecimal"},
		{name: "TLS", stream: "\x16\x03\x01\x02", parts: []part{partRest}, bad: "the client did not speak HTTP/1.1"},
		{name: "HTTP/2", stream: "PRI * HTTP/2.0\r\n|\r\nSM\r\n\r\n", parts: []part{partHead, partRest}, bad: "the client speaks HTTP/2"},
		{name: "interim and final", response: true, stream: "HTTP/1.1 103|\r\nLink: x\r\n\r\n|HTTP/1.1 100| Continue\n\n|HTTP/1.0 200| OK\r\nContent-Length: 1\r\n\r\n|a",
			parts: []part{partStart, partInterim, partStart, partInterim, partStart, partHead, partBody}, complete: true},
		{name: "until close", response: true, stream: "HTTP/1.1 200|\r\n\r\n|abc", parts: []part{partStart, partHead, partBody}},
		{name: "HEAD", response: true, method: "HEAD", stream: "HTTP/1.1 200|\r\nContent-Length: 9\r\n\r\n|x", parts: []part{partStart, partHead, partRest}, complete: true},
		{name: "204", response: true, stream: "HTTP/1.1 204|\r\nContent-Length: 9\r\n\r\n|x", parts: []part{partStart, partHead, partRest}, complete: true},
		{name: "304", response: true, stream: "HTTP/1.1 304|\r\nTransfer-Encoding: chunked\r\n\r\n|x", parts: []part{partStart, partHead, partRest}, complete: true},
		{name: "101", response: true, stream: "HTTP/1.1 101|\r\nUpgrade: x\r\n\r\n|HTTP/1.1 200", parts: []part{partStart, partHead, partRest}, complete: true},
		{name: "not HTTP", response: true, stream: "HTTP/1.1 2x|x", parts: []part{partStart, partRest}, bad: "the server did not answer in HTTP/1.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newRequestScanner()
			if c.response {
				s = newResponseScanner()
				s.method = c.method
			}
			for _, piece := range []func() int{all, bytely} {
				b := scan(s, []byte(strings.ReplaceAll(c.stream, "|", "")), piece)
				var sizes []int
				for _, run := range strings.Split(c.stream, "|") {
					sizes = append(sizes, len(run))
				}
				for i, run := range b.runs {
					if i >= len(c.parts) || run.part != c.parts[i] || run.n != sizes[i] {
						t.Fatalf("run %d is %+v, want part %v of %v bytes", i, run, c.parts, sizes)
					}
				}
				if len(b.runs) != len(c.parts) || b.complete != c.complete || !strings.Contains(b.bad, c.bad) || (c.bad == "") != (b.bad == "") {
					t.Errorf("%+v", b)
				}
			}
		})
	}
}

// same says whether two readings of one stream agree.
func same(a, b borders) bool {
	return slices.Equal(a.runs, b.runs) && slices.Equal(a.statuses, b.statuses) && a.complete == b.complete && a.bad == b.bad
}

func checkSplits(t *testing.T, s scanner, stream []byte, seed uint64) {
	whole := scan(s, stream, all)
	r := rand.New(rand.NewPCG(seed, 3))
	for _, piece := range []func() int{bytely, func() int { return 1 + r.IntN(9) }, func() int { return 1 + r.IntN(300) }} {
		if split := scan(s, stream, piece); !same(whole, split) {
			t.Fatalf("in one piece %+v, split %+v", whole, split)
		}
	}
}

func FuzzRequestScanner(f *testing.F) {
	f.Add([]byte("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\nGET"), uint64(1))
	f.Add([]byte("\r\nPOST / HTTP/1.1\nContent-Length: 4\n\nabcde"), uint64(2))
	f.Add([]byte("GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 400)+"\r\n\r\n"), uint64(3))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) { checkSplits(t, newRequestScanner(), stream, seed) })
}

func FuzzResponseScanner(f *testing.F) {
	f.Add([]byte("HTTP/1.1 100\r\n\r\nHTTP/1.1 104 x\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc"), "PUT", uint64(1))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"), "HEAD", uint64(2))
	f.Fuzz(func(t *testing.T, stream []byte, method string, seed uint64) {
		s := newResponseScanner()
		s.method = method
		checkSplits(t, s, stream, seed)
	})
}

// FuzzLanes checks that every split of both streams is cut at the same byte, that what is forwarded
// is a prefix, and that little is held back.
func FuzzLanes(f *testing.F) {
	f.Add([]byte("PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"), []byte("HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"), uint8(3), uint16(1), false, uint64(1))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 204 No\r\n\r\n"), uint8(0), uint16(2), true, uint64(2))
	f.Fuzz(func(t *testing.T, up, down []byte, place uint8, offset uint16, fromEnd bool, seed uint64) {
		cut := Cut{Place: places[int(place)%len(places)], Offset: int64(offset), FromEnd: fromEnd, Fault: FIN}
		if cut.Place == RequestEnd {
			cut.Offset, cut.FromEnd = 0, false
		}
		r := rand.New(rand.NewPCG(seed, 4))
		want := ""
		for _, piece := range []func() int{all, bytely, func() int { return 1 + r.IntN(50) }} {
			s := newSplice(cut, nil, nil, nil)
			runLane(t, &s.up, up, piece)
			runLane(t, &s.down, down, piece)
			e := s.evidence()
			e.Up.Received, e.Down.Received, e.Protocol = 0, 0, "" // these know of bytes behind the cut, piece by piece
			got := fmt.Sprintf("%+v, reached %v", e, s.sealed)
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("%s:\n%s\n%s", cut, want, got)
			}
		}
	})
}

func runLane(t *testing.T, ln *lane, stream []byte, piece func() int) {
	var out []byte
	for rest := stream; len(rest) > 0; {
		n := piece()
		if n <= 0 || n > len(rest) {
			n = len(rest)
		}
		p, _ := ln.take(rest[:n])
		out = append(out, p...)
		rest = rest[n:]
		if limit := max(len(statusPattern), int(ln.splice.cut.Offset)); len(ln.held) > limit {
			t.Fatalf("%d bytes are held back, at most %d are needed", len(ln.held), limit)
		}
	}
	if held, ok := ln.splice.sourceEnded(ln); ok {
		out = append(out, held...)
	}
	if !bytes.HasPrefix(stream, out) || ln.allow != int64(len(out)) {
		t.Fatalf("%q is not the start of %q, %d allowed", out, stream, ln.allow)
	}
	ln.written = ln.allow
}
