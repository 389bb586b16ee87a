package faults

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen; nothing is expected to take so long.
const patience = 20 * time.Second

// A recorder is a raw TCP server. It hands its connections to the tests, which play the server.
type recorder struct {
	ln    net.Listener
	mu    sync.Mutex
	conns map[string]chan *net.TCPConn
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	ln, err := listenConfig.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{ln: ln, conns: make(map[string]chan *net.TCPConn)}
	over := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-over; rec.closeUnused() })
	go func() {
		defer close(over)
		first := true // is the injector trying whether somebody listens
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if first {
				first = false
				c.Close()
				continue
			}
			rec.slot(c.RemoteAddr().String()) <- c.(*net.TCPConn)
		}
	}()
	return rec
}

func (rec *recorder) closeUnused() {
	for _, slot := range rec.conns {
		select {
		case c := <-slot:
			c.Close()
		default:
		}
	}
}

func (rec *recorder) addr() string { return rec.ln.Addr().String() }

// slot holds the connection that came from the address.
func (rec *recorder) slot(from string) chan *net.TCPConn {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	slot, ok := rec.conns[from]
	if !ok {
		slot = make(chan *net.TCPConn, 4)
		rec.conns[from] = slot
	}
	return slot
}

// conn gives the server's end of a connection by the address of the dialler's end. Only one of the
// same address can be open at a time.
func (rec *recorder) conn(from net.Addr) *net.TCPConn { return <-rec.slot(from.String()) }

func openEmbedded(t testing.TB, target string) *embedded {
	t.Helper()
	inj, err := Embedded(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inj.Close(); err != nil {
			t.Error(err)
		}
	})
	return inj.(*embedded)
}

// A view is what one side got, and how its connection ended for it.
type view struct {
	got      []byte
	end      error // of reading
	writeErr error
}

// sawFault says whether the end looks like the fault. Linux reports a reset once, to the first who
// asks: when a write was told, a read sees an end of stream.
func (v view) sawFault(f Fault) bool {
	if f == RST {
		return errors.Is(v.end, syscall.ECONNRESET) || errors.Is(v.writeErr, syscall.ECONNRESET) ||
			errors.Is(v.writeErr, syscall.EPIPE)
	}
	return v.end == io.EOF
}

// A player reads and writes one side of a script.
type player struct {
	conn    net.Conn
	r       *rand.Rand
	view    view
	want    int // when so many bytes have come, reached is closed
	reached chan struct{}
	buf     [8 << 10]byte
}

func newPlayer(conn net.Conn, seed uint64, want int) *player {
	conn.SetDeadline(time.Now().Add(patience))
	p := &player{conn: conn, r: rand.New(rand.NewPCG(seed, 1)), want: want, reached: make(chan struct{})}
	p.checkReached()
	return p
}

// send writes in pieces of random size.
func (p *player) send(wire []byte) {
	for len(wire) > 0 && p.view.writeErr == nil {
		n := len(wire)
		if p.r.IntN(2) == 0 {
			n = 1 + p.r.IntN(n)
		}
		_, p.view.writeErr = p.conn.Write(wire[:n])
		wire = wire[n:]
	}
}

// receive reads until n bytes have come in all, or the end. It says whether they came.
func (p *player) receive(n int) bool {
	for len(p.view.got) < n && p.view.end == nil {
		k, err := p.conn.Read(p.buf[:min(len(p.buf), n-len(p.view.got))])
		p.view.got = append(p.view.got, p.buf[:k]...)
		p.view.end = err
		p.checkReached()
	}
	return len(p.view.got) >= n
}

func (p *player) checkReached() {
	if p.want >= 0 && len(p.view.got) >= p.want {
		p.want = -1
		close(p.reached)
	}
}

// receiveAll reads to the end.
func (p *player) receiveAll() { p.receive(1 << 40) }

// serve plays the server.
func (p *player) serve(s *script) {
	if p.receive(s.request.head) {
		p.send(s.earlyBytes())
	}
	if p.receive(len(s.request.wire)) {
		p.send(s.lateBytes())
		p.send(s.response.wire)
	}
	p.receiveAll()
}

// ask plays the client, which waits for the interim responses before it sends the body.
func (p *player) ask(s *script) {
	p.send(s.request.wire[:s.request.head])
	if p.receive(len(s.earlyBytes())) {
		p.send(s.request.wire[s.request.head:])
	}
	p.receiveAll()
}
