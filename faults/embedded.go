package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/rs/zerolog"
)

// How long the target may take to accept the first connection, and the links to end.
const (
	dialTimeout  = 3 * time.Second
	closeTimeout = 3 * time.Second
)

// maxListeners bounds the idle listeners that are kept for the next links.
const maxListeners = 32

// embedded is the injector that runs Toxiproxy in this process.
//
// One long-lived Toxiproxy proxy, with one toxic for each direction, carries all its links. The
// sockets are made here and given to the proxy's own links: so Open reports what went wrong, the
// target is dialled under the caller's context (Toxiproxy's accept loop has no time limit), no
// preamble is needed to find the plan, and FIN or RST is chosen at the moment of the cut.
type embedded struct {
	target    string
	dialer    net.Dialer
	server    *toxiproxy.ApiServer
	proxy     *toxiproxy.Proxy
	id        int64
	listeners chan *net.TCPListener

	mu       sync.Mutex
	starting *splice // the splice that start gives to Toxiproxy
	live     map[*splice]struct{}
	serial   int64
	closed   bool
	idle     chan struct{} // closed when the injector is closed and no splice is left
	idleOnce sync.Once
}

// Embedded makes an injector that cuts connections to the target (host:port) inside this process.
// It fails when the target does not accept a connection within 3 seconds.
//
// Limits: cuts are exact to the byte on Linux; elsewhere an RST cut is exact only while the bytes
// before it fit the receiver's buffer (64 KiB is safe). An RST on a path with packet loss may
// overtake bytes that were sent before it.
func Embedded(target string) (Injector, error) {
	registerToxics()
	e := &embedded{
		target: target, dialer: net.Dialer{KeepAlive: -1}, id: lastEngine.Add(1),
		listeners: make(chan *net.TCPListener, maxListeners),
		live:      make(map[*splice]struct{}), idle: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	probe, err := e.dial(ctx)
	if err != nil {
		return nil, err
	}
	probe.Close()
	e.server = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	e.proxy = toxiproxy.NewProxy(e.server, fmt.Sprintf("resumespec-%d", e.id), "127.0.0.1:0", target)
	engines.Store(e.id, e)
	for direction, kind := range map[string]string{"upstream": requestToxicType, "downstream": responseToxicType} {
		spec := fmt.Sprintf(`{"type":%q,"stream":%q,"toxicity":1,"attributes":{"engine":%d}}`, kind, direction, e.id)
		if _, err := e.proxy.Toxics.AddToxicJson(strings.NewReader(spec)); err != nil {
			engines.Delete(e.id)
			return nil, fmt.Errorf("add the %s toxic to the embedded proxy: %w", direction, err)
		}
	}
	return e, nil
}

// Supports tells whether the cut is well formed; the embedded proxy makes every such cut.
func (e *embedded) Supports(cut Cut) error { return cut.check() }

var errInjectorClosed = errors.New("open a link: the injector is closed")

// Open makes one link to the target.
func (e *embedded) Open(ctx context.Context, cut Cut) (*Link, error) {
	if err := e.Supports(cut); err != nil {
		return nil, err
	}
	server, err := e.dial(ctx)
	if err != nil {
		return nil, err
	}
	client, inner, err := e.pair(ctx)
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("open a link to %s: %w", e.target, err)
	}
	s := newSplice(cut, inner, server, e.leave)
	if !e.start(s) {
		client.Close()
		inner.Close()
		server.Close()
		return nil, errInjectorClosed
	}
	return &Link{Conn: &clientConn{client, s}, impl: s}, nil
}

// start hands the splice to Toxiproxy.
func (e *embedded) start(s *splice) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.serial++
	name := strconv.FormatInt(e.serial, 10)
	e.live[s] = struct{}{}
	e.starting = s
	e.proxy.Toxics.StartLink(e.server, name+"upstream", laneReader{&s.up}, laneWriter{&s.up}, stream.Upstream)
	e.proxy.Toxics.StartLink(e.server, name+"downstream", laneReader{&s.down}, laneWriter{&s.down}, stream.Downstream)
	e.starting = nil
	return true
}

func (e *embedded) leave(s *splice) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.live, s)
	e.checkIdle()
}

func (e *embedded) checkIdle() {
	if e.closed && len(e.live) == 0 {
		e.idleOnce.Do(func() { close(e.idle) })
	}
}

// Close ends every link. It returns within 3 seconds, with an error if a link did not end.
func (e *embedded) Close() error {
	e.mu.Lock()
	e.closed = true
	for s := range e.live {
		s.kill()
	}
	e.checkIdle()
	e.mu.Unlock()
	watchdog := time.NewTimer(closeTimeout)
	defer watchdog.Stop()
	select {
	case <-e.idle:
		engines.Delete(e.id)
		e.closeListeners()
		return nil
	case <-watchdog.C:
		e.mu.Lock()
		defer e.mu.Unlock()
		return fmt.Errorf("close the links to %s: %d of them did not end within %s", e.target, len(e.live), closeTimeout)
	}
}

func (e *embedded) closeListeners() {
	for {
		select {
		case ln := <-e.listeners:
			ln.Close()
		default:
			return
		}
	}
}

func (e *embedded) dial(ctx context.Context) (*net.TCPConn, error) {
	conn, err := e.dialer.DialContext(ctx, "tcp", e.target)
	if err != nil {
		return nil, dialError(e.target, err)
	}
	return conn.(*net.TCPConn), nil
}

// dialError tells in one line what went wrong and what to look at.
func dialError(target string, err error) error {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return fmt.Errorf("dial target %s: %w (is the server running?)", target, errno)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("dial target %s: no answer in time (is the server running?): %w", target, err)
	}
	return fmt.Errorf("dial target %s: %w", target, err)
}
