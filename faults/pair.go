package faults

import (
	"context"
	"fmt"
	"net"
)

// pair makes a real loopback connection: its outer end is for the client, the inner one for the
// proxy. A client behind net.Pipe would never see an RST. Each caller has a listener for itself
// meanwhile, so that accepting needs no goroutine and no table of who waits for what.
func (e *embedded) pair(ctx context.Context) (outer, inner *net.TCPConn, err error) {
	ln, err := e.listener()
	if err != nil {
		return nil, nil, err
	}
	conn, err := e.dialer.DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		ln.Close()
		return nil, nil, err
	}
	outer = conn.(*net.TCPConn)
	for {
		inner, err = ln.AcceptTCP()
		if err != nil {
			ln.Close()
			outer.Close()
			return nil, nil, fmt.Errorf("accept the client's end: %w", err)
		}
		if sameAddress(inner.RemoteAddr().(*net.TCPAddr), outer.LocalAddr().(*net.TCPAddr)) {
			e.putListener(ln)
			return outer, inner, nil
		}
		inner.Close() // a stranger on this machine
	}
}

func sameAddress(a, b *net.TCPAddr) bool { return a.Port == b.Port && a.IP.Equal(b.IP) }

// listenConfig makes plain TCP listeners: since Go 1.24 they speak Multipath TCP unless told not to.
var listenConfig = func() (c net.ListenConfig) {
	c.KeepAlive = -1
	c.SetMultipathTCP(false)
	return c
}()

func (e *embedded) listener() (*net.TCPListener, error) {
	select {
	case ln := <-e.listeners:
		return ln, nil
	default:
	}
	ln, err := listenConfig.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return ln.(*net.TCPListener), nil
}

func (e *embedded) putListener(ln *net.TCPListener) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		select {
		case e.listeners <- ln:
			return
		default:
		}
	}
	ln.Close()
}
