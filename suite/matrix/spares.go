package matrix

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// spares are connections that persisted (RFC 9112, 9.3), for a case that makes very many exchanges. They are
// safe for concurrent use.
type spares struct {
	off atomic.Bool // none is kept any more

	mu    sync.Mutex
	conns []net.Conn
}

// put keeps a connection; nil is none.
func (p *spares) put(conn net.Conn) {
	if conn == nil {
		return
	}
	if p.off.Load() {
		_ = conn.Close() // nobody will use it
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conn)
}

// take gives the connection that was kept last, nil when there is none.
func (p *spares) take() net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) == 0 {
		return nil
	}
	conn := p.conns[len(p.conns)-1]
	p.conns = p.conns[:len(p.conns)-1]
	return conn
}

// drop closes what is kept, and keeps nothing from now on.
func (p *spares) drop() {
	p.off.Store(true)
	for conn := p.take(); conn != nil; conn = p.take() {
		_ = conn.Close() // nothing more is wanted of it
	}
}

// connect gives a connection for a clean exchange, and says whether it was used before.
func (s *Session) connect() (conn net.Conn, used bool, err error) {
	if s.spares != nil {
		if spare := s.spares.take(); spare != nil {
			return spare, true, nil
		}
	}
	conn, err = s.dial()
	return conn, false, err
}

// outlived says whether an exchange ended because its connection had: a server may close one that is idle
// at any time (RFC 9112, 9.5).
func outlived(x *exchange.Exchange, err error) bool {
	kind := exchange.KindOf(err)
	return (kind == exchange.Closed || kind == exchange.Reset) && x.Record().ReadAll == 0
}

// outlived does again what a connection has not outlived, over others. Only a request without an effect of its
// own may be sent again without asking (RFC 9110, 9.2.2); after any other the session is stale, and what it found
// out counts for nothing.
func (s *Session) outlived(req exchange.Request, user int, client Client) (*exchange.Response, []*exchange.Response, error) {
	s.spares.drop()
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		s.stale = true
		s.halt(catalog.Inconclusive, "a connection that persists", "it was closed under a "+req.Method)
	}
	return s.exchangeBy(req, user, client)
}
