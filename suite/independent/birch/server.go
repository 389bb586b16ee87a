package birch

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	headLimit = 64 << 10
	bodyLimit = 64 << 20
)

// Server keeps items and unfinished operations in memory. The two durations may be changed before Start.
type Server struct {
	Idle   time.Duration // a connection without progress for this long is given up
	Retain time.Duration // an operation that nobody asked for in this long is forgotten

	mu    sync.Mutex
	ln    net.Listener
	conns map[net.Conn]bool
	shut  bool
	items map[string]*item
	tags  map[string]int
	ops   map[string]*operation
	quit  chan struct{}
	wg    sync.WaitGroup
}

// New returns a server that is not listening yet.
func New() *Server {
	return &Server{
		Idle:   10 * time.Second,
		Retain: time.Hour,
		conns:  map[net.Conn]bool{},
		items:  map[string]*item{},
		tags:   map[string]int{},
		ops:    map[string]*operation{},
		quit:   make(chan struct{}),
	}
}

// Start listens on a free port of 127.0.0.1 and returns the base address, without a slash at its end.
func (s *Server) Start() (baseURL string, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	if s.shut || s.ln != nil {
		s.mu.Unlock()
		ln.Close()
		return "", errors.New("birch: started twice or closed")
	}
	s.ln = ln
	s.wg.Add(1)
	s.mu.Unlock()
	go s.accept(ln)
	return "http://" + ln.Addr().String(), nil
}

// Close drops every connection, abandons what is being processed and waits for all of it to end.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.shut {
		s.shut = true
		close(s.quit)
		if s.ln != nil {
			s.ln.Close()
		}
		for nc := range s.conns {
			nc.Close()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Server) accept(ln net.Listener) {
	defer s.wg.Done()
	for {
		nc, err := ln.Accept()
		born := time.Now()
		if err != nil {
			select {
			case <-s.quit:
				return
			case <-time.After(5 * time.Millisecond): // out of descriptors, a connection reset too early
				continue
			}
		}
		s.mu.Lock()
		if s.shut {
			s.mu.Unlock()
			nc.Close()
			return
		}
		s.conns[nc] = true
		s.wg.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.wg.Done()
			defer func() {
				nc.Close()
				s.mu.Lock()
				delete(s.conns, nc)
				s.mu.Unlock()
			}()
			c := &conn{s: s, nc: nc, born: born}
			c.br = bufio.NewReaderSize(timed{c}, 32<<10)
			c.serve()
		}()
	}
}

// conn is one connection, which carries one request.
type conn struct {
	s    *Server
	nc   net.Conn
	br   *bufio.Reader
	hard time.Time // when not zero, no read goes on after it
	req  *request

	born    time.Time // when it was accepted
	arrived time.Time // when the request came, for the order of the writers of an upload
}

// await waits for the first byte. Goroutines may wake in another order than their requests came, connections are accepted in order:
// so the time of that counts, unless the connection was really opened in advance. To be wrong here is to break a PATCH off, no more.
func (c *conn) await() {
	start := time.Now()
	c.br.Peek(1)
	if c.arrived = c.born; time.Since(start) > 250*time.Millisecond {
		c.arrived = time.Now()
	}
}

// timed puts the idle deadline on each read and each piece of a write.
type timed struct{ c *conn }

func (t timed) Read(p []byte) (int, error) {
	d := time.Now().Add(t.c.s.Idle)
	if !t.c.hard.IsZero() && t.c.hard.Before(d) {
		d = t.c.hard
	}
	t.c.nc.SetReadDeadline(d)
	return t.c.nc.Read(p)
}

func (t timed) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		k := min(len(p), 32<<10)
		t.c.nc.SetWriteDeadline(time.Now().Add(t.c.s.Idle))
		k, err = t.c.nc.Write(p[:k])
		p, n = p[k:], n+k
	}
	return n, err
}

// serve answers the one request. A nil response means that there is nobody to answer, or that the request was broken off: the
// connection is then simply closed, for a final status would say that the operation is over, which it may not be.
func (c *conn) serve() {
	c.hard = time.Now().Add(c.s.Idle)
	c.await()
	req, err := readRequest(c.br)
	c.hard = time.Time{}
	c.req = req
	var res *response
	var ref *refusal
	switch {
	case err == nil:
		res = c.s.route(c)
	case errors.As(err, &ref):
		res = ref.response()
	}
	if res == nil {
		return
	}
	if c.send(res) == nil {
		c.linger()
	}
}

// linger ends our direction and reads what the client is still sending, so that no reset overtakes the response.
func (c *conn) linger() {
	if t, ok := c.nc.(*net.TCPConn); !ok || t.CloseWrite() != nil {
		return
	}
	end := time.Now().Add(15 * time.Second)
	buf := make([]byte, 16<<10)
	for total := 0; total < 2*bodyLimit && time.Now().Before(end); {
		c.nc.SetReadDeadline(time.Now().Add(2 * time.Second))
		n, err := c.nc.Read(buf)
		if total += n; err != nil {
			return
		}
	}
}
