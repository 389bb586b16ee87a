package reference

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
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

func childFixture(t *testing.T, addr string) *fixture {
	return &fixture{T: t, url: "http://" + addr, addr: addr, client: &http.Client{Transport: &http.Transport{}}}
}

// dialChild connects to a server that may be gone.
func dialChild(addr string) (conn net.Conn, ok bool) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, false
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn, true
}

// sendCounted sends data in small steps, and counts the bytes. False: the connection is broken.
func sendCounted(w io.Writer, data []byte, sent *atomic.Int64) bool {
	for len(data) > 0 {
		n, err := w.Write(data[:min(4096, len(data))])
		if err != nil {
			return false
		}
		sent.Add(int64(n))
		data = data[n:]
	}
	return true
}

// mortal is a server that is killed again and again, and finds its data folder each time.
type mortal struct {
	*child // the process that serves now
	t      *testing.T
	dir    string
	rng    *rand.Rand
}

// mortalServer starts one; the moments of its deaths follow from the seeds.
func mortalServer(t *testing.T, seed1, seed2 uint64) *mortal {
	t.Helper()
	dir := t.TempDir()
	return &mortal{startChild(t, dir), t, dir, rand.New(rand.NewPCG(seed1, seed2))}
}

func (m *mortal) fixture() *fixture { return childFixture(m.t, m.addr) }

// killDuring kills the server in the middle of a run that sends length bytes, or after it, and up to late later than
// awaitMoment says. When the run has ended the server is started again.
func (m *mortal) killDuring(length int, late time.Duration, run func(sent *atomic.Int64)) {
	m.t.Helper()
	var sent atomic.Int64
	done := make(chan struct{})
	go func() { defer close(done); run(&sent) }()
	awaitMoment(m.rng, &sent, length, done)
	if late > 0 {
		select {
		case <-done:
		case <-time.After(time.Duration(m.rng.Int64N(int64(late)))):
		}
	}
	m.kill()
	<-done
	m.child = startChild(m.t, m.dir)
}

func (m *mortal) restart() {
	m.t.Helper()
	m.kill()
	m.child = startChild(m.t, m.dir)
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
