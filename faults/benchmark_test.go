package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The upload of the benchmark and the byte of its body at which it is cut. Client and link send no
// byte more than the cut lets through, so that floor and cut move the same bytes.
const (
	benchBody = 32 << 10
	benchCut  = 16 << 10
)

// benchRequest gives what is sent; the server finds the number of the cut in it.
func benchRequest(id int64) []byte {
	return append(fmt.Appendf(nil, "PUT /%08d HTTP/1.1\r\nHost: target\r\nContent-Length: %d\r\n\r\n", id, benchBody),
		benchPayload...)
}

var benchPayload = bytes.Repeat([]byte("x"), benchCut)

// A witness is a server that tells the client of each cut how many bytes of the body it got, when
// its connection has ended. Both the floor and the cuts wait for that: a cut of which nobody knows
// whether the server saw it is worth nothing.
type witness struct {
	addr  string
	views [64]chan int64 // by worker
	close func()
}

func newWitness(b *testing.B, kind string) *witness {
	ln, err := listenConfig.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	w := &witness{addr: ln.Addr().String()}
	for i := range w.views {
		w.views[i] = make(chan int64, 1)
	}
	if kind == "http" {
		server := &http.Server{Handler: w}
		go server.Serve(ln)
		w.close = func() { server.Close() }
		return w
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.count(conn) })
		}
	})
	w.close = func() { ln.Close(); open.Wait() }
	return w
}

// ServeHTTP is the witness as a handler of net/http.
func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r.Body}, buf[:])
	if err != io.ErrUnexpectedEOF {
		n = -1
	}
	w.report(r.URL.Path[1:], n)
}

// count is the witness as the barest server there is.
func (w *witness) count(conn net.Conn) {
	defer conn.Close()
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	n, err := 0, error(nil)
	for err == nil {
		var k int
		k, err = conn.Read(buf[n:])
		n += k
	}
	head := bytes.Index(buf[:n], []byte("\r\n\r\n")) + 4
	if head < 4 {
		return // the injector trying whether somebody listens
	}
	if err != io.EOF {
		n = -1
	}
	w.report(string(buf[5:13]), int64(n-head))
}

func (w *witness) report(id string, n int64) {
	i, _ := strconv.Atoi(id)
	w.views[i] <- n
}

func (w *witness) verify(id int64) error {
	if n := <-w.views[id]; n != benchCut {
		return fmt.Errorf("the server got %d bytes of the body, want %d", n, benchCut)
	}
	return nil
}

// repeat runs cut by the workers, count times in all, and gives the time it took.
func repeat(b *testing.B, workers, count int, cut func(worker int64) error) time.Duration {
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for worker := range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(count) {
				if err := cut(int64(worker)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// floorCut is the cheapest cut there is: the client sends so much and closes its own socket.
func floorCut(dialer *net.Dialer, w *witness, id int64) error {
	conn, err := dialer.DialContext(context.Background(), "tcp", w.addr)
	if err != nil {
		return err
	}
	_, err = conn.Write(benchRequest(id))
	conn.Close()
	if err != nil {
		return err
	}
	return w.verify(id)
}

// linkCut cuts an upload through the injector.
func linkCut(inj Injector, w *witness, id int64) error {
	link, err := inj.Open(context.Background(), Cut{Place: RequestBody, Offset: benchCut, Fault: FIN})
	if err != nil {
		return err
	}
	defer link.Close()
	if _, err := link.Write(benchRequest(id)); err != nil {
		return err
	}
	<-link.Done()
	if e := link.Evidence(); !e.Fired || e.Up.BodyBytes != benchCut {
		return fmt.Errorf("the cut missed: %+v", e)
	}
	return w.verify(id)
}

// BenchmarkCuts gives mid-upload cuts per second, and how many times slower they are than the floor
// of the same run, against a server of net/http and against one that only counts bytes. The server
// verifies its view in both.
func BenchmarkCuts(b *testing.B) {
	for _, kind := range []string{"http", "raw"} {
		for _, workers := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/workers-%d", kind, workers), func(b *testing.B) { benchmarkCuts(b, kind, workers) })
		}
	}
}

func benchmarkCuts(b *testing.B, kind string, workers int) {
	w := newWitness(b, kind)
	defer w.close()
	inj, err := Embedded(w.addr)
	if err != nil {
		b.Fatal(err)
	}
	dialer := &net.Dialer{KeepAlive: -1}
	var floor, cuts time.Duration
	const slice = 400 // floor and cuts take turns, so that both meet the same noise
	b.ResetTimer()
	for done := 0; done < b.N; done += slice {
		n := min(slice, b.N-done)
		floor += repeat(b, workers, n, func(id int64) error { return floorCut(dialer, w, id) })
		cuts += repeat(b, workers, n, func(id int64) error { return linkCut(inj, w, id) })
	}
	b.StopTimer()
	if err := inj.Close(); err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/cuts.Seconds(), "cuts/s")
	b.ReportMetric(float64(b.N)/floor.Seconds(), "floor/s")
	b.ReportMetric(cuts.Seconds()/floor.Seconds(), "x-slower-than-floor")
	b.ReportMetric(0, "ns/op")
}
