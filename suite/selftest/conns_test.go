package selftest

import (
	"net"
	"sync"
	"testing"
)

// Conns takes the connections of a server of these tests, and knows those that are open. It is exported for the tests that
// are a package of their own.
type Conns struct {
	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// Listen gives the connections of a free port of the loopback interface. The server closes them.
func Listen(t *testing.T) *Conns {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &Conns{listener: listener, open: map[net.Conn]bool{}}
}

// URL is the base address.
func (s *Conns) URL() string { return "http://" + s.listener.Addr().String() }

// Serve begins to take connections. came is told of each in the order in which they come, and gives what serves it, in a
// goroutine of its own; the connection ends with that.
func (s *Conns) Serve(came func(c net.Conn) (serve func())) {
	s.work.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.hold(c)
			serve := came(c)
			s.work.Go(func() {
				defer s.release(c)
				serve()
			})
		}
	})
}

// hold makes a connection one that HangUp ends.
func (s *Conns) hold(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = true
	if s.closed {
		_ = c.Close()
	}
}

func (s *Conns) release(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Count is the number of connections that are open.
func (s *Conns) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// HangUp ends every connection.
func (s *Conns) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

// Close closes the listener and every connection, as the end of a process does. It does not wait for who serves them.
func (s *Conns) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.HangUp()
}

// Wait waits for all that serves, after Close.
func (s *Conns) Wait() { s.work.Wait() }
