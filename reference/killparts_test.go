package reference

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// scattered is an upload in parts that a kill hits.
type scattered struct {
	tag     string
	body    []byte
	status  string
	content string

	mu    sync.Mutex
	told  [][2]int64 // ranges that the server said it kept
	final *answer
}

const (
	scatteredParts  = 4
	scatteredPieces = 5 // of each part, one request after the other
)

// TestKillParts kills the server while parts come over several connections. After each restart every range that
// was told is there, the upload can be completed, and the effect happens once.
func TestKillParts(t *testing.T) {
	t.Parallel()
	const kills = 40
	finished, told := 0, 0
	m := mortalServer(t, 3, 4)
	for i := range kills {
		v := &scattered{tag: "s" + strconv.Itoa(i), body: content(400_000 + i)}
		v.begin(m.fixture(), i%4 == 3)
		late := time.Duration(0)
		if i%2 == 0 { // let it come a little further than into the buffers
			late = 80 * time.Millisecond
		}
		m.killDuring(len(v.body), late, func(sent *atomic.Int64) {
			var wg sync.WaitGroup
			for part := range scatteredParts {
				wg.Go(func() { v.send(m.addr, part, sent) })
			}
			wg.Go(func() { v.look(m.addr) })
			wg.Wait()
		})
		told += len(v.told)
		if v.final != nil {
			finished++
		}
		v.check(m.fixture())
	}
	m.kill()
	t.Logf("%d kills: %d after the final response, %d ranges told", kills, finished, told)
}

// begin begins an upload, with a delayed effect if slow.
func (v *scattered) begin(f *fixture, slow bool) {
	defer f.client.CloseIdleConnections()
	query := "tag=" + v.tag
	if slow {
		query += "&delay=3ms"
	}
	p := f.begin(query, len(v.body))
	v.status, v.content = p.status, p.content
}

func (v *scattered) bounds(part int) (first, end int) {
	size := len(v.body)/scatteredParts + 1
	return part * size, min(len(v.body), (part+1)*size)
}

// send sends one part in pieces, until the connection breaks.
func (v *scattered) send(addr string, part int, sent *atomic.Int64) {
	conn, ok := dialChild(addr)
	if !ok {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	first, end := v.bounds(part)
	for step := (end-first)/scatteredPieces + 1; first < end; first += step {
		if !v.piece(conn, r, first, min(first+step, end), sent) {
			return
		}
	}
}

// piece sends one range, and notes what is said to it. False: the connection is broken.
func (v *scattered) piece(conn net.Conn, r *bufio.Reader, first, end int, sent *atomic.Int64) bool {
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/%d\r\n\r\n",
		v.content, end-first, first, end-1, len(v.body))
	if !sendCounted(conn, v.body[first:end], sent) {
		return false
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(resp.Body)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.told = append(v.told, [2]int64{int64(first), int64(end) - 1}) // for none of them may be refused
	switch {
	case resp.StatusCode == 308:
		var last int64
		if _, err := fmt.Sscanf(resp.Header.Get("Range"), "bytes=0-%d", &last); err == nil {
			v.told = append(v.told, [2]int64{0, last})
		}
	case resp.StatusCode == 202:
		v.told = append(v.told, [2]int64{0, int64(len(v.body)) - 1})
	case resp.StatusCode == 201 && err == nil:
		v.final = &answer{resp.StatusCode, resp.Header, body}
	}
	return err == nil
}

// look reads the status document again and again, until the server is gone or the upload is complete.
func (v *scattered) look(addr string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		resp, err := client.Get("http://" + addr + v.status)
		if err != nil {
			return
		}
		var d statusDoc
		err = json.NewDecoder(resp.Body).Decode(&d)
		resp.Body.Close()
		if err != nil {
			return
		}
		v.mu.Lock()
		v.told = append(v.told, d.Received...)
		v.mu.Unlock()
		if d.State != "waiting" && d.State != "receiving" {
			return
		}
	}
}

// check resumes a killed upload as a client would.
func (v *scattered) check(f *fixture) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	p := &place{f, v.status, v.content}
	var kept store.Extents
	for _, r := range p.read().Received {
		kept = kept.Add(r[0], r[1]+1)
	}
	for _, r := range v.told {
		if kept.Within(r[0], r[1]+1) != r[1]+1-r[0] {
			f.Fatalf("%s: %v was told, %v is kept", v.tag, r, kept)
		}
	}
	for pos := int64(0); ; {
		there, end := kept.At(pos)
		if pos == int64(len(v.body)) {
			break
		}
		end = min(end, int64(len(v.body)))
		if !there {
			if a := p.put(v.body, int(pos), int(end), len(v.body)); a.status != 308 && a.status != 201 && a.status != 202 {
				f.Fatalf("%s: part %d-%d: %d %s", v.tag, pos, end-1, a.status, a.body)
			}
		}
		pos = end
	}
	f.want(f.do("GET", p.status, nil, "Prefer: wait=10"), 200)
	final := p.ask(len(v.body))
	p.made(final, v.body, v.tag)
	if v.final != nil {
		f.same(final, *v.final)
	}
}
