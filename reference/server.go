package reference

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// Server is the reference server. It is made by New and used until Close.
type Server struct {
	opts     Options
	seams    Seams
	store    *store.Store
	data     string
	temp     bool   // data was made by New
	addr     string // of Listen
	users    map[[32]byte]string
	http     *http.Server
	doors    doors[*store.Operation]
	gates    doors[store.Place] // of documents
	arrivals arrivals

	ctx    context.Context // ends when the server closes
	stop   context.CancelFunc
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup // handlers, effects, sweep
}

// New opens the data folder, finishes what a killed process left behind, and returns a server that is
// ready to serve. It fails when the folder cannot be used.
func New(o Options) (*Server, error) {
	s := &Server{data: o.Data}
	s.opts = o.withDefaults()
	s.seams = s.decisions()
	if s.data == "" {
		dir, err := os.MkdirTemp("", "resumespec-reference-")
		if err != nil {
			return nil, fmt.Errorf("make temporary data folder: %w", err)
		}
		s.data, s.temp = dir, true
	}
	st, err := store.Open(store.Options{Dir: s.data, Sync: o.sync(), Clock: s.opts.Clock, Limits: s.opts.Limits, Seams: &s.seams.Store})
	if err != nil {
		if s.temp {
			_ = os.RemoveAll(s.data) // the error that matters is the other one
		}
		return nil, err
	}
	s.store = st
	s.users = userTable(o.Users)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = s.newHTTPServer()
	for _, op := range st.Pending() {
		s.process(op, nil)
	}
	for _, op := range st.Unjoined() {
		s.begin(func() { s.joinLater(op) })
	}
	for _, d := range st.Unfinished() {
		s.processDocument(d, nil)
	}
	s.begin(s.sweepLoop)
	return s, nil
}

func (s *Server) newHTTPServer() *http.Server {
	server := &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		ReadHeaderTimeout: s.opts.HeaderTimeout,
		IdleTimeout:       s.opts.ConnIdle,
		MaxHeaderBytes:    s.opts.MaxHeaderBytes,
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(s.opts.Logger.Handler(), slog.LevelDebug),
	}
	s.seams.HTTP.Server(server)
	return server
}

// Listen makes a server and lets it serve on a TCP address such as "127.0.0.1:0". It returns the URL
// of the server, without a slash at its end.
func Listen(addr string, o Options) (*Server, string, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	s, err := New(o)
	if err != nil {
		ln.Close()
		return nil, "", err
	}
	s.addr = ln.Addr().String()
	s.begin(func() {
		if err := s.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.opts.Logger.Error("serve", "error", err)
		}
	})
	return s, "http://" + ln.Addr().String(), nil
}

// Handler returns the handler, for embedding in another server. That server has to set its own
// timeouts for the head of a request.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve accepts connections until Close, and then returns http.ErrServerClosed.
func (s *Server) Serve(ln net.Listener) error { return s.http.Serve(rangeListener{ln, &s.arrivals}) }

// Data is the folder of the state.
func (s *Server) Data() string { return s.data }

// closeLimit is how long Close waits for what is still running.
const closeLimit = 2500 * time.Millisecond

// Close stops the server at once: connections are closed, uploads are interrupted as by a cut, effects
// that wait are left for the next start. It removes nothing but a temporary data folder.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	err := s.http.Close()
	s.store.Interrupt() // uploads that another server's connections carry
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	timer := time.NewTimer(closeLimit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		err = errors.Join(err, errors.New("close: a request is still running"))
	}
	err = errors.Join(err, s.store.Close())
	if s.temp {
		err = errors.Join(err, os.RemoveAll(s.data))
	}
	return err
}

// Restart closes a server that Listen made, keeps its data, also in a temporary folder, and gives a new server
// at the same address that goes on with them.
func (s *Server) Restart() (*Server, error) {
	temp := s.temp
	s.temp = false // the data belong to the next one
	o := s.opts
	o.Data = s.data
	if temp && o.Durability == DurabilityAuto {
		o.Durability = DurabilityNever
	}
	if err := s.Close(); err != nil {
		return nil, fmt.Errorf("restart: %w", err)
	}
	next, _, err := Listen(s.addr, o)
	if err != nil {
		return nil, fmt.Errorf("restart: %w", err)
	}
	next.temp = temp
	return next, nil
}

// begin runs f in the background, and Close waits for it. A closed server begins nothing: what is left
// to do is done when the folder is opened again.
func (s *Server) begin(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Go(f)
	}
}

// enter counts a request; leave must follow. False when the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

func (s *Server) leave() { s.work.Done() }

func (s *Server) sweepLoop() {
	t := time.NewTicker(s.opts.SweepEvery)
	defer t.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-t.C:
			s.sweep()
		}
	}
}

// sweep closes the operations that have expired.
func (s *Server) sweep() int {
	n, err := s.store.Sweep(s.opts.KeepIncomplete, s.opts.KeepDone)
	if err != nil {
		s.opts.Logger.Error("sweep", "error", err)
	}
	return n
}
