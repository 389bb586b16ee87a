package selftest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// partServer is a server of the profiles expect-range and range-query, in memory, written from their definitions so that
// each of its steps can be spoilt on its own. Without any quirk it is correct: it writes what comes in place and keeps it,
// refuses gaps, and lets a later write take over from one that hangs.
type partServer struct {
	quirks map[quirk]bool
	conns  *Conns
	quit   chan struct{}

	mu     sync.Mutex
	docs   map[string]*partDoc // by path
	counts map[string]int      // effects by tag
	serial int                 // of entity tags and of writers
	idle   *sync.Cond          // told when a request is over
	busy   map[int]string      // the document of each write at work
}

// partDoc is a document, or what there is of one.
type partDoc struct {
	data     []byte
	have     []bool // of a server that takes writes beyond the end: which bytes have come
	length   int64  // the complete length that it was told; 0: none
	kind     string
	complete bool
	claimed  bool // a write has taken the effect upon itself
	etag     int
	modified time.Time
	writer   int // the request that may write; the one before has lost its turn
	writes   int // that were whole
}

// startPart gives a listening server; it is closed with the test.
func startPart(t *testing.T, quirks ...quirk) *partServer {
	t.Helper()
	s := &partServer{
		quirks: map[quirk]bool{}, conns: Listen(t), quit: make(chan struct{}),
		docs: map[string]*partDoc{}, counts: map[string]int{}, busy: map[int]string{},
	}
	s.idle = sync.NewCond(&s.mu)
	for _, q := range quirks {
		s.quirks[q] = true
	}
	s.conns.Serve(func(c net.Conn) func() { return func() { s.serve(c) } })
	t.Cleanup(s.close)
	return s
}

func (s *partServer) has(q quirk) bool { return s.quirks[q] }

func (s *partServer) base() string { return s.conns.URL() }

func (s *partServer) close() {
	close(s.quit)
	s.conns.Close()
	s.conns.Wait()
}

// restart ends every connection, and waits until no write is at work. What is kept is in memory all the same.
func (s *partServer) restart(context.Context) error {
	s.conns.HangUp()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.busy) > 0 {
		s.idle.Wait()
	}
	for path, d := range s.docs {
		switch {
		case d.complete:
		case s.has(partRestartDrops):
			delete(s.docs, path)
		case s.has(partRestartZeros) && len(d.data) > 0:
			d.data = append(d.data, 0)
		}
	}
	return nil
}

// serve answers the requests of a connection, one after another.
func (s *partServer) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body := &counted{Reader: r.Body, over: r.ContentLength == 0}
		r.Body = body
		x := &partCall{s: s, c: c, r: r}
		a := x.answer()
		if a == nil {
			return // nobody to answer, or the request was broken off
		}
		closing := !body.over || !r.ProtoAtLeast(1, 1) || s.has(partCloses)
		if x.send(a, closing) != nil {
			return
		}
		if closing {
			(&call{c: c, in: in}).linger(body.over)
			return
		}
	}
}

// partCall is one request while it is answered.
type partCall struct {
	s *partServer
	c net.Conn
	r *http.Request
}

// send writes a final response.
func (x *partCall) send(a *answer, closing bool) error {
	fields := append([]string{"Date", time.Now().UTC().Format(http.TimeFormat)}, a.fields...)
	length, body := len(a.body), a.body
	if a.length >= 0 {
		length = a.length
	}
	if a.status != 204 {
		fields = append(fields, "Content-Length", strconv.Itoa(length))
	}
	if x.r.Method == "HEAD" || a.status == 204 {
		body = nil
	}
	if closing {
		fields = append(fields, "Connection", "close")
	}
	_, err := x.c.Write(append([]byte(head(a.status, fields)+"\r\n"), body...))
	return err
}

func (x *partCall) answer() *answer {
	path, isPart := x.s.document(x.r)
	switch {
	case x.r.URL.Path == "/documents":
		return x.count()
	case path == "":
		return reply(404, "nothing here\n")
	case x.r.Method == "OPTIONS":
		return x.advertise(path, "OPTIONS", reply(204, "", "Allow", "GET, HEAD, OPTIONS, PUT"))
	case x.r.Method == "PUT":
		return x.put(path, isPart)
	case x.r.Method == "GET" || x.r.Method == "HEAD":
		return x.read(path)
	}
	return reply(405, "method not allowed\n", "Allow", "GET, HEAD, OPTIONS, PUT")
}

func (x *partCall) count() *answer {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	n := x.s.counts[x.r.URL.Query().Get("tag")]
	return &answer{status: 200, fields: []string{"Content-Type", "application/json"}, body: fmt.Appendf(nil, `{"count":%d}`, n), length: -1}
}

// advertise adds to an answer what tells that ranges can be written.
func (x *partCall) advertise(path, method string, a *answer) *answer {
	s := x.s
	if method == "OPTIONS" && !s.has(partSilent) && !s.has(partTried) {
		a = a.with("Accept-Expect", "range")
	}
	s.mu.Lock()
	_, there := s.docs[path]
	s.mu.Unlock()
	if s.has(partUnadvertised) || s.has(partAdvertisedLate) && !there || s.has(partOnlyOptions) && method != "OPTIONS" || s.has(partOnlyHead) && method == "OPTIONS" ||
		s.has(partNotByGet) && method == "GET" {
		return a
	}
	if s.has(partBadByGet) && method == "GET" {
		return a.with("Link-Template", "<"+path+"{?range}>; rel=range")
	}
	return a.with("Link-Template", s.shape().advertised(path))
}

// read serves the document, or a range of it.
func (x *partCall) read(path string) *answer {
	s := x.s
	if s.has(partLocked) {
		s.mu.Lock()
		for s.writing(path) {
			s.idle.Wait()
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	d := s.docs[path]
	if d == nil || s.has(partHidden) && !d.complete {
		s.mu.Unlock()
		return x.advertise(path, x.r.Method, reply(404, "nothing here\n"))
	}
	data, fields := append([]byte{}, d.shown()...), []string{
		"Content-Type", d.kind, "Accept-Ranges", "bytes", "Last-Modified", d.modified.UTC().Format(http.TimeFormat),
	}
	tag, complete := fmt.Sprintf(`"v%d"`, d.etag), d.complete
	s.mu.Unlock()
	if s.has(partWeakTags) {
		tag = "W/" + tag
	}
	if !s.has(partNoTags) {
		fields = append(fields, "ETag", tag)
	}
	a := x.advertise(path, x.r.Method, &answer{status: 200, fields: fields, body: data, length: -1})
	if x.r.Method == "HEAD" {
		switch {
		case s.has(partHeadMore) && !complete:
			a.length = len(data) + 1
		case s.has(partHeadLess) && !complete:
			a.length = max(0, len(data)-1)
		case s.has(partHead204) && len(data) == 0:
			a.status = 204
		}
		return a
	}
	return x.ranged(a, tag)
}

// ranged answers a Range request (RFC 9110, 14).
func (x *partCall) ranged(a *answer, tag string) *answer {
	spec, isRange := strings.CutPrefix(x.r.Header.Get("Range"), "bytes=")
	condition := x.r.Header.Get("If-Range")
	if !isRange || x.s.has(partNoDownloadRanges) || condition != "" && condition != tag && !x.s.has(partIfRangeIgnored) {
		return a
	}
	first, last, _ := strings.Cut(spec, "-")
	size := len(a.body)
	from, errFrom := strconv.Atoi(first)
	to, errTo := strconv.Atoi(last)
	switch {
	case first == "":
		from, to = max(0, size-to), size-1
	case errFrom != nil:
		return a
	case errTo != nil || to >= size:
		to = size - 1
	}
	if from >= size {
		return reply(416, "", "Content-Range", fmt.Sprintf("bytes */%d", size))
	}
	part := a.with("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, size))
	part.status = 206
	if x.s.has(partDownloadShift) {
		from = max(0, from-1)
	}
	part.body = a.body[from : to+1]
	return part
}

// writing says whether a write to a document is at work. The caller holds mu.
func (s *partServer) writing(path string) bool {
	for _, one := range s.busy {
		if one == path {
			return true
		}
	}
	return false
}

// shown are the bytes that are shown of a document: up to its first hole while it is incomplete.
func (d *partDoc) shown() []byte {
	if hole := slices.Index(d.have, false); hole >= 0 && !d.complete {
		return d.data[:hole]
	}
	return d.data
}

// came notes that the bytes from at on have come.
func (d *partDoc) came(at, n int64) {
	for int64(len(d.have)) < at+n {
		d.have = append(d.have, false)
	}
	for i := at; i < at+n; i++ {
		d.have[i] = true
	}
}
