package reference

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
)

// victim is an upload that a kill hits, and what the server said about it before.
type victim struct {
	tag              string
	body             []byte
	request, message string
	acked            int64 // the largest Acknowledge and Content-Length that were told
	final            *answer
}

// TestKill kills the server at random moments of uploads. After each restart what was acknowledged is
// there, the upload can be completed, and the effect happens once.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 200
	var during [3]int // where the kill hit: before the end of the body, before the response, after it
	m := mortalServer(t, 1, 2)
	for i := range kills {
		v := &victim{tag: "k" + strconv.Itoa(i), body: content(200_000 + i)}
		m.killDuring(len(v.body), 0, func(sent *atomic.Int64) { v.run(m.addr, i%3 == 0, sent) })
		during[v.phase()]++
		v.check(m.fixture())
	}
	m.kill()
	t.Logf("%d kills: %d during the body, %d before the response, %d after it", kills, during[0], during[1], during[2])
}

func (v *victim) phase() int {
	switch {
	case v.final != nil:
		return 2
	case v.acked == int64(len(v.body)):
		return 1
	}
	return 0
}

// run uploads until the connection breaks, and notes what it was told.
func (v *victim) run(addr string, chunked bool, sent *atomic.Int64) {
	conn, ok := dialChild(addr)
	if !ok {
		return
	}
	defer conn.Close()
	framing := fmt.Sprintf("Content-Length: %d", len(v.body))
	if chunked {
		framing = "Transfer-Encoding: chunked"
	}
	fmt.Fprintf(conn, "POST /items?tag=%s HTTP/1.1\r\nHost: x\r\nPrefer: resume, acknowledge\r\nExpect: 100-continue\r\n%s\r\n\r\n", v.tag, framing)
	r := bufio.NewReader(conn)
	ready := make(chan bool, 1)
	ended := make(chan struct{})
	go func() { defer close(ended); v.listen(r, ready) }()
	if <-ready {
		v.send(conn, chunked, sent)
	}
	<-ended
}

func (v *victim) send(w io.Writer, chunked bool, sent *atomic.Int64) {
	const step = 4096
	for rest := v.body; len(rest) > 0; {
		piece := rest[:min(step, len(rest))]
		rest = rest[len(piece):]
		data := piece
		if chunked {
			data = []byte(fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece))
		}
		if _, err := w.Write(data); err != nil {
			return
		}
		sent.Add(int64(len(piece)))
	}
	if chunked {
		io.WriteString(w, "0\r\n\r\n")
	}
}

func (v *victim) listen(r *bufio.Reader, ready chan<- bool) {
	defer close(ready)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return
		}
		if resp.StatusCode >= 200 {
			body, err := io.ReadAll(resp.Body)
			if err == nil {
				v.final = &answer{resp.StatusCode, resp.Header, body}
			}
			return
		}
		if v.request == "" {
			v.request, v.message = resp.Header.Get(fieldRequestContent), resp.Header.Get(fieldResponseMessage)
			ready <- true
		}
		if n, err := strconv.ParseInt(resp.Header.Get(fieldAcknowledge), 10, 64); err == nil {
			v.acked = n
		}
	}
}

// check resumes a killed upload as a client would, and looks at the outcome.
func (v *victim) check(f *fixture) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	if v.request == "" { // nothing was promised
		if n := f.count(v.tag); n != 0 {
			f.Fatalf("%s: %d effects of a request without a body", v.tag, n)
		}
		return
	}
	offset := f.offset(v.request)
	if int64(offset) < v.acked {
		f.Fatalf("%s: %d bytes kept, %d acknowledged", v.tag, offset, v.acked)
	}
	if got := f.want(f.do("GET", v.request, nil), 200); !bytes.Equal(got.body, v.body[:offset]) {
		f.Fatalf("%s: the %d bytes kept are not those that were sent", v.tag, offset)
	}
	final, err := v.complete(f, offset)
	if err != nil {
		f.Fatalf("%s: %v", v.tag, err)
	}
	f.stored(final, v.body)
	if v.final != nil {
		f.same(final, *v.final)
	}
	if n := f.count(v.tag); n != 1 {
		f.Fatalf("%s: %d effects", v.tag, n)
	}
}

func (v *victim) complete(f *fixture, offset int) (answer, error) {
	if a := f.do("GET", v.message, nil); a.status == 200 {
		return f.parse(a.body), nil
	}
	n := len(v.body)
	part := fmt.Sprintf("Content-Range: bytes %d-%d/%d", offset, n-1, n)
	if offset == n {
		part = fmt.Sprintf("Content-Range: bytes */%d", n)
	}
	a := f.patch(v.request, part, v.body[offset:])
	if a.status != 201 {
		return a, errors.New("completing PATCH: " + string(a.body))
	}
	f.same(f.await(v.message), a)
	return a, nil
}
