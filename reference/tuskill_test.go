package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tusVictim is an upload by tus that a kill hits.
type tusVictim struct {
	tag    string
	body   []byte
	defers bool   // the length comes with the last PATCH
	sums   bool   // each PATCH has a checksum
	uri    string // "" while it is not told
	told   int    // the largest offset that was told
	done   bool   // the last PATCH was answered
}

const tusPieces = 4 // one PATCH after the other

// TestTusKill kills the server at random moments of uploads. After each restart what was told is there, the upload can be
// completed, and the effect happens once. Two uploads become the parts of a final one, for which the kill is as likely.
func TestTusKill(t *testing.T) {
	t.Parallel()
	const kills = 36
	finished, joins := 0, 0
	m := mortalServer(t, 5, 6)
	for i := range kills {
		v := &tusVictim{tag: "t" + strconv.Itoa(i), body: content(300_000 + i), defers: i%3 == 1, sums: i%3 == 2}
		m.killDuring(len(v.body), 0, func(sent *atomic.Int64) { v.run(m.addr, sent) })
		if v.done {
			finished++
		}
		v.check(m.fixture())
		if i%3 == 0 {
			m.killJoin(i)
			joins++
		}
	}
	m.kill()
	t.Logf("%d kills: %d after the last answer, %d uploads killed while they were put together", kills, finished, joins)
}

func (v *tusVictim) run(addr string, sent *atomic.Int64) {
	conn, ok := dialChild(addr)
	if !ok {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	length := fmt.Sprint("Upload-Length: ", len(v.body))
	if v.defers {
		length = "Upload-Defer-Length: 1"
	}
	fmt.Fprintf(conn, "POST /tus?tag=%s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n\r\n", v.tag, resumable, length)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return
	}
	v.uri = resp.Header.Get("Location")
	for step := len(v.body)/tusPieces + 1; v.told < len(v.body); {
		if !v.piece(conn, r, min(v.told+step, len(v.body)), sent) {
			return
		}
	}
	v.done = true
}

// piece sends one PATCH up to end. False: the connection is broken.
func (v *tusVictim) piece(conn net.Conn, r *bufio.Reader, end int, sent *atomic.Int64) bool {
	data := v.body[v.told:end]
	fields := ""
	if v.sums {
		fields = "Upload-Checksum: " + sha1Of(data) + "\r\n"
	}
	if v.defers && end == len(v.body) {
		fields += fmt.Sprintf("Upload-Length: %d\r\n", end)
	}
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n%sUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n",
		v.uri, resumable, offsetType, fields, v.told, len(data))
	if !sendCounted(conn, data, sent) {
		return false
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	told, nerr := strconv.Atoi(resp.Header.Get("Upload-Offset"))
	if resp.StatusCode != 204 || err != nil || nerr != nil {
		return false
	}
	v.told = told
	return true
}

// check resumes a killed upload as a client would.
func (v *tusVictim) check(f *fixture) {
	f.Helper()
	defer f.client.CloseIdleConnections()
	if v.uri == "" {
		f.tusCount(v.tag, 0)
		return
	}
	h := f.want(f.tus("HEAD", v.uri, nil), 200).header
	offset, err := strconv.Atoi(h.Get("Upload-Offset"))
	if err != nil || offset < v.told || offset > len(v.body) {
		f.Fatalf("%s: %d told, %v", v.tag, v.told, h)
	}
	f.has(v.uri, v.body[:offset])
	if h.Get("Upload-Defer-Length") != "" || offset < len(v.body) {
		f.tusCount(v.tag, 0)
		f.appended(v.uri, offset, v.body[offset:], fmt.Sprint("Upload-Length: ", len(v.body)))
	} else {
		f.appended(v.uri, offset, nil) // waits for the effect
	}
	f.at(v.uri, len(v.body))
	f.has(v.uri, v.body)
	f.tusCount(v.tag, 1)
}

// killJoin kills the server while a final upload is put together.
func (m *mortal) killJoin(i int) {
	m.t.Helper()
	f := m.fixture()
	data := content(2_000_000 + i)
	var parts []string
	for _, piece := range [][]byte{data[:1_500_000], data[1_500_000:]} {
		uri := f.create("", len(piece), "Upload-Concat: partial")
		parts = append(parts, uri)
		f.appended(uri, 0, piece[:len(piece)-1])
	}
	tag := "j" + strconv.Itoa(i)
	whole := f.create("tag="+tag, -2, "Upload-Concat: final;"+strings.Join(parts, " "))
	f.appended(parts[0], 1_499_999, data[1_499_999:1_500_000])
	f.appended(parts[1], 500_000+i-1, data[len(data)-1:])
	time.Sleep(time.Duration(m.rng.Int64N(int64(4 * time.Millisecond)))) // some of it is copied then
	f.client.CloseIdleConnections()
	m.restart()
	f = m.fixture()
	defer f.client.CloseIdleConnections()
	f.eventually(func() bool { return f.tus("HEAD", whole, nil).header.Get("Upload-Offset") == strconv.Itoa(len(data)) })
	f.has(whole, data)
	f.eventually(func() bool { return bytes.Contains(f.do("GET", "/tus?tag="+tag, nil).body, []byte(`"count":1`)) })
}
