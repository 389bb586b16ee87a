package faults

import (
	"io"
	"net"
	"testing"
)

// sockets gives one connection to each side of a splice, whose peers stay silent.
func sockets(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	ends := make([]*net.TCPConn, 2)
	for i := range ends {
		outer, inner, err := new(embedded).pair(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { outer.Close(); inner.Close() })
		ends[i] = inner
	}
	return ends[0], ends[1]
}

// TestFiresWhenBothLanesHaveCounted plays a server that answers before the proxy has counted what it gave
// to the server: the cut must not be reported before, or the evidence would know less than the server.
func TestFiresWhenBothLanesHaveCounted(t *testing.T) {
	const request, response = "PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 200 OK\r\n\r\n"
	client, server := sockets(t)
	s := newSplice(Cut{Place: ResponseHead, Offset: 8, Fault: Stall}, client, server, nil)
	out, _ := s.up.take([]byte(request))
	answer, mine := s.down.take([]byte(response))
	if !mine || len(answer) != 8 {
		t.Fatalf("%d bytes of the response let through, %v", len(answer), mine)
	}
	s.wrote(&s.down, len(answer), nil)
	select {
	case <-s.firedCh:
		t.Fatalf("fired before the request was counted: %+v", s.evidence())
	default:
	}
	s.wrote(&s.up, len(out), nil)
	<-s.firedCh
	if e := s.evidence(); e.Up.BodyBytes != 4 || !e.RequestComplete {
		t.Errorf("%+v", e)
	}
}

// TestFiresThoughTheServerReadsNoMore cuts the answer of a server that never takes the request's body: what it
// did take is counted exactly.
func TestFiresThoughTheServerReadsNoMore(t *testing.T) {
	for _, fault := range []Fault{FIN, RST, Stall} {
		rec := newRecorder(t)
		inj := openEmbedded(t, rec.addr())
		link, err := inj.Open(t.Context(), Cut{Place: ResponseHead, Offset: 8, Fault: fault})
		if err != nil {
			t.Fatal(err)
		}
		server := rec.conn(link.impl.(*splice).server.conn.LocalAddr())
		written := make(chan struct{})
		go func() {
			defer close(written)
			io.WriteString(link, "PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
			link.Write(make([]byte, 32<<20)) // ends with the link, at the latest
		}()
		if _, err := io.ReadFull(server, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		io.WriteString(server, "HTTP/1.1 413 \r\n\r\n")
		if err := await(link.Fired(), "the cut"); err != nil {
			t.Fatal(err)
		}
		sent := link.Evidence().Up.Forwarded
		link.Close()
		link.Release()
		rest, _ := io.Copy(io.Discard, server)
		if got := 1<<20 + rest; fault != RST && got != sent || got > sent {
			t.Errorf("%s: the server got %d bytes, the evidence says %d", fault, got, sent)
		}
		server.Close()
		<-written
	}
}
