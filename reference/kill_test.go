package reference

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// childData names the variable that makes the test binary a server of that data folder.
const childData = "RESUMESPEC_REFERENCE_DATA"

// serveAsChild serves until it is killed. It tells its address on the standard output.
func serveAsChild() {
	o := Options{Data: os.Getenv(childData)}
	_, url, err := Listen("127.0.0.1:0", o)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println(url)
	io.Copy(io.Discard, os.Stdin) // ends with the parent
}

// child is a server in a process of its own.
type child struct {
	cmd  *exec.Cmd
	addr string
}

func startChild(t testing.TB, dir string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childData+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "http://")
	if err != nil || !ok {
		t.Fatalf("server process: %q, %v", line, err)
	}
	return &child{cmd, addr}
}

func (c *child) kill() {
	c.cmd.Process.Kill() // SIGKILL
	c.cmd.Wait()
}

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
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	var during [3]int // where the kill hit: before the end of the body, before the response, after it
	c := startChild(t, dir)
	for i := range kills {
		v := &victim{tag: "k" + strconv.Itoa(i), body: content(200_000 + i)}
		done := make(chan struct{})
		var sent atomic.Int64
		go func() {
			defer close(done)
			v.run(c.addr, i%3 == 0, &sent)
		}()
		awaitMoment(rng, &sent, len(v.body), done)
		c.kill()
		<-done
		during[v.phase()]++
		c = startChild(t, dir)
		v.check(t, c.addr)
	}
	c.kill()
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

// awaitMoment returns when a random number of bytes has been sent and a random time, shorter than a
// small effect, has gone by.
func awaitMoment(rng *rand.Rand, sent *atomic.Int64, length int, done <-chan struct{}) {
	moment := rng.Int64N(int64(length) * 2)
	late := time.Duration(rng.Int64N(int64(4 * time.Millisecond)))
	tick := time.NewTicker(50 * time.Microsecond)
	defer tick.Stop()
	for sent.Load() < min(moment, int64(length)) {
		select {
		case <-done:
			return
		case <-tick.C:
		}
	}
	if moment >= int64(length) {
		select {
		case <-done:
		case <-time.After(late):
		}
	}
}

// run uploads until the connection breaks, and notes what it was told.
func (v *victim) run(addr string, chunked bool, sent *atomic.Int64) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
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
func (v *victim) check(t *testing.T, addr string) {
	t.Helper()
	f := &fixture{T: t, url: "http://" + addr, addr: addr, client: &http.Client{Transport: &http.Transport{}}}
	defer f.client.CloseIdleConnections()
	if v.request == "" { // nothing was promised
		if n := f.count(v.tag); n != 0 {
			t.Fatalf("%s: %d effects of a request without a body", v.tag, n)
		}
		return
	}
	offset := f.offset(v.request)
	if int64(offset) < v.acked {
		t.Fatalf("%s: %d bytes kept, %d acknowledged", v.tag, offset, v.acked)
	}
	if got := f.want(f.do("GET", v.request, nil), 200); !bytes.Equal(got.body, v.body[:offset]) {
		t.Fatalf("%s: the %d bytes kept are not those that were sent", v.tag, offset)
	}
	final, err := v.complete(f, offset)
	if err != nil {
		t.Fatalf("%s: %v", v.tag, err)
	}
	f.stored(final, v.body)
	if v.final != nil {
		f.same(final, *v.final)
	}
	if n := f.count(v.tag); n != 1 {
		t.Fatalf("%s: %d effects", v.tag, n)
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

// peakMiB is the peak of the resident memory of a process.
func peakMiB(tb testing.TB, pid int) float64 {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatal("VmHWM:", err)
	}
	return kib / 1024
}
