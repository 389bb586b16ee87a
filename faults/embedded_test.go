package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEmbeddedTellsThatNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := ln.Addr().String()
	ln.Close()
	_, err = Embedded(dead)
	if want := "dial target " + dead + ": connection refused (is the server running?)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOpenFailsWhenTheTargetIsGone(t *testing.T) {
	rec := newRecorder(t)
	inj := openEmbedded(t, rec.addr())
	rec.ln.Close()
	if _, err := inj.Open(t.Context(), Cut{}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := inj.Open(ctx, Cut{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSupportsRefusesWhatMakesNoSense(t *testing.T) {
	inj := &embedded{}
	for want, cut := range map[string]Cut{
		"unknown place":   {Place: "tail", Fault: FIN},
		"unknown fault":   {Place: RequestHead, Fault: "boom"},
		"without a place": {Fault: RST},
		"unknown side":    {Place: RequestHead, Fault: FIN, Side: "left"},
		"shown to nobody": {Place: RequestHead, Fault: Stall, Side: ServerSide},
		"negative":        {Place: RequestHead, Fault: FIN, Offset: -1},
		"no offset":       {Place: RequestEnd, Fault: FIN, Offset: 1},
		"held back":       {Place: RequestHead, Fault: FIN, Offset: 1 << 20, FromEnd: true},
	} {
		if err := inj.Supports(cut); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", cut, err, want)
		}
	}
}

// TestMissesAreToldWithTheReason plays exchanges in which the cut can't land: everything passes.
func TestMissesAreToldWithTheReason(t *testing.T) {
	const put = "PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"
	const putChunked = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, c := range []struct {
		cut           Cut
		request       string
		first, answer string // what the server sends before and after the client has sent its request
		why           string
	}{
		{Cut{Place: RequestHead, Offset: 99}, put, "", ok, "the request head has only 37 bytes"},
		{Cut{Place: RequestHead, Offset: 99, FromEnd: true}, put, "", ok, "the request head has only 37 bytes"},
		{Cut{Place: RequestBody, Offset: 5}, put, "", ok, "the request body ended after 4 bytes"},
		{Cut{Place: RequestBody, Offset: 5, FromEnd: true}, put, "", ok, "the request body has only 4 bytes"},
		{Cut{Place: RequestBody, Offset: 5}, putChunked, "", ok, "the request body ended after 4 bytes"},
		{Cut{Place: RequestBody, Offset: 1, FromEnd: true}, putChunked, "", ok, "a cut counted from the end needs a Content-Length, and the request has none"},
		{Cut{Place: RequestBody}, "GET / HTTP/1.1\r\n\r\n", "", ok, "the request has no body"},
		{Cut{Place: Continue}, put, "", ok, "the server sent a final response (200) before any 100"},
		{Cut{Place: Continue, Offset: 99}, put, "", "HTTP/1.1 100 Continue\r\n\r\n" + ok, "the 100 has only 25 bytes"},
		{Cut{Place: Continue}, put, "", "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 413 No\r\n\r\n", "the server sent a final response (413) before any 100"},
		{Cut{Place: RequestEnd}, put, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", "", "the server sent a final response (413) before the cut in the request was reached"},
		{Cut{Place: ResponseHead, Offset: 99}, put, "", ok, "the final response head has only 38 bytes"},
		{Cut{Place: ResponseBody, Offset: 3}, put, "", ok, "the response body ended after 2 bytes"},
		{Cut{Place: ResponseBody, Offset: 3}, put, "", "HTTP/1.1 204 No\r\n\r\n", "the response has no body"},
		{Cut{Place: ResponseBody, Offset: 3, FromEnd: true}, put, "", ok, "the response body has only 2 bytes"},
		{Cut{Place: ResponseBody, Offset: 1, FromEnd: true}, put, "", "HTTP/1.1 200 OK\r\n\r\nabc", "a cut counted from the end needs a Content-Length, and the response has none"},
		{Cut{Place: ResponseHead}, put, "", "", "the server closed the connection before the cut in the response-head was reached"},
		{Cut{Place: ResponseHead, Offset: 9}, put, "", "HTTP/1.1 2", "the server closed the connection before the cut in the response-head was reached"},
		{Cut{Place: ResponseHead, Offset: 9}, put, "", "220 mail\r\n", "the server did not answer in HTTP/1.1"},
		{Cut{Place: RequestHead, Offset: 9}, "\x16\x03\x01", "", "", "the client did not speak HTTP/1.1"},
		{Cut{Place: RequestHead, Offset: 3, FromEnd: true}, "PUT / HT", "", "", "the client closed the connection before the cut in the request-head was reached"},
		{Cut{}, put, "", ok, ""},
	} {
		for _, fault := range Faults {
			c.cut.Fault = fault
			if c.cut.IsZero() {
				c.cut.Fault = NoFault
			}
			t.Run(fmt.Sprintf("%s %q", c.cut, c.why), func(t *testing.T) {
				rec := newRecorder(t)
				link, e := playMiss(t, rec, c.cut, c.request, c.first, c.answer)
				if e.Fired || e.Why != c.why || e.Up.Forwarded != int64(len(c.request)) || e.Down.Forwarded != int64(len(c.first+c.answer)) {
					t.Errorf("evidence %+v", e)
				}
				select {
				case <-link.Fired():
					t.Error("Fired is closed")
				default:
				}
			})
		}
	}
}

// playMiss plays the exchange; both sides must get everything. The client closes its sending side
// after the request, the server closes after its answer.
func playMiss(t *testing.T, rec *recorder, cut Cut, request, first, answer string) (*Link, Evidence) {
	t.Helper()
	inj := openEmbedded(t, rec.addr())
	link, err := inj.Open(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	link.SetDeadline(time.Now().Add(patience))
	server := rec.conn(link.impl.(*splice).server.conn.LocalAddr())
	server.SetDeadline(time.Now().Add(patience))
	io.WriteString(server, first)
	got := make([]byte, len(first))
	if _, err := io.ReadFull(link, got); err != nil || string(got) != first {
		t.Errorf("the client got %q, %v", got, err)
	}
	io.WriteString(link, request)
	link.Conn.(*clientConn).CloseWrite()
	if body, err := io.ReadAll(server); err != nil || string(body) != request {
		t.Errorf("the server got %q, %v", body, err)
	}
	io.WriteString(server, answer)
	server.Close()
	if body, err := io.ReadAll(link); err != nil || string(body) != answer {
		t.Errorf("the client got %q, %v", body, err)
	}
	link.Close()
	if err := await(link.Done(), "the end"); err != nil {
		t.Fatal(err)
	}
	return link, link.Evidence()
}

// TestHTTPThroughAZeroCut lets a real client and server of net/http work through links.
func TestHTTPThroughAZeroCut(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })}
	go server.Serve(ln)
	defer server.Close()
	inj := openEmbedded(t, ln.Addr().String())
	var links []*Link
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		link, err := inj.Open(ctx, Cut{})
		links = append(links, link)
		return link, err
	}}}
	body := strings.Repeat("x", 1<<20)
	for range 3 {
		resp, err := client.Post("http://"+ln.Addr().String(), "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != body {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
	}
	client.CloseIdleConnections()
	for _, link := range links {
		if err := await(link.Done(), "the end"); err != nil {
			t.Fatal(err)
		}
		if e := link.Evidence(); e.ClosedBy == "cut" || e.Up.BodyBytes != 1<<20 || e.FinalStatus != 200 || !e.RequestComplete {
			t.Errorf("%+v", e)
		}
	}
}

// TestLargeCuts moves much more than the socket buffers hold before the cut, to a slow reader.
func TestLargeCuts(t *testing.T) {
	const size = 4 << 20
	for _, fault := range Faults {
		t.Run(string(fault), func(t *testing.T) {
			rec := newRecorder(t)
			inj := openEmbedded(t, rec.addr())
			link, err := inj.Open(t.Context(), Cut{Place: RequestBody, Offset: size, Fault: fault})
			if err != nil {
				t.Fatal(err)
			}
			defer link.Close()
			head := fmt.Sprintf("PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", 2*size)
			server := newPlayer(rec.conn(link.impl.(*splice).server.conn.LocalAddr()), rand.Uint64(), -1)
			defer server.conn.Close()
			over := make(chan struct{})
			go func() {
				defer close(over)
				io.WriteString(link, head)
				link.Write(make([]byte, size+100))
			}()
			server.receive(len(head) + 10)
			want := len(head) + size
			if fault == Stall {
				server.receive(want)
				if err := await(link.Fired(), "the cut"); err != nil {
					t.Fatal(err)
				}
				link.Release()
			}
			server.receiveAll()
			if err := await(link.Done(), "the end"); err != nil {
				t.Fatal(err)
			}
			<-over
			e := link.Evidence()
			shown := map[Fault]Fault{FIN: FIN, RST: RST, Stall: FIN}[fault]
			if !e.Fired || e.Up.Forwarded != int64(want) || len(server.view.got) != want || !server.view.sawFault(shown) {
				t.Errorf("the server got %d bytes and %v, want %d: %+v", len(server.view.got), server.view.end, want, e)
			}
		})
	}
}

// TestStallMovesNothing sees to it that neither bytes nor ends get through a stall.
func TestStallMovesNothing(t *testing.T) {
	rec := newRecorder(t)
	inj := openEmbedded(t, rec.addr())
	link, err := inj.Open(t.Context(), Cut{Place: RequestEnd, Fault: Stall})
	if err != nil {
		t.Fatal(err)
	}
	server := rec.conn(link.impl.(*splice).server.conn.LocalAddr())
	const request = "GET / HTTP/1.1\r\n\r\n"
	io.WriteString(link, request)
	if err := await(link.Fired(), "the cut"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(request))
	if _, err := io.ReadFull(server, got); err != nil {
		t.Fatal(err)
	}
	io.WriteString(server, "HTTP/1.1 200 OK\r\n\r\nbody")
	io.WriteString(link, "more")
	for name, conn := range map[string]net.Conn{"server": server, "client": link} {
		conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
		if n, err := conn.Read(make([]byte, 9)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the %s read %d bytes, %v", name, n, err)
		}
	}
	link.Close()
	server.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if _, err := server.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server saw the client close: %v", err)
	}
	select {
	case <-link.Done():
		t.Error("the link ended before its release")
	default:
	}
	link.Release()
	link.Release()
	server.SetReadDeadline(time.Now().Add(patience))
	if _, err := server.Read(make([]byte, 9)); err != io.EOF {
		t.Errorf("after the release: %v", err)
	}
	server.Close()
	if err := await(link.Done(), "the end"); err != nil {
		t.Fatal(err)
	}
	if e := link.Evidence(); !e.Fired || e.Closed != Stall || e.Down.Forwarded != 0 || e.Up.Forwarded != int64(len(request)) {
		t.Errorf("%+v", e)
	}
}

// TestServerResetIsPassedOn checks that an abort by the server looks like one to the client.
func TestServerResetIsPassedOn(t *testing.T) {
	rec := newRecorder(t)
	inj := openEmbedded(t, rec.addr())
	link, err := inj.Open(t.Context(), Cut{Place: ResponseHead, Fault: FIN})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	server := rec.conn(link.impl.(*splice).server.conn.LocalAddr())
	server.SetLinger(0)
	server.Close()
	if _, err := link.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	if err := await(link.Done(), "the end"); err != nil {
		t.Fatal(err)
	}
	if e := link.Evidence(); e.Fired || e.ClosedBy != "server" || e.Closed != RST || e.Why == "" {
		t.Errorf("%+v", e)
	}
}

// TestCloseEndsEverything closes an injector with links in every state.
func TestCloseEndsEverything(t *testing.T) {
	rec := newRecorder(t)
	inj := openEmbedded(t, rec.addr())
	var links []*Link
	for i, cut := range []Cut{{}, {Place: RequestHead, Offset: 1, Fault: Stall}, {Place: RequestHead, Offset: 1, Fault: RST, Side: ClientSide},
		{Place: ResponseBody, Fault: FIN}, {Place: RequestBody, Offset: 1 << 30, Fault: FIN}} {
		link, err := inj.Open(t.Context(), cut)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(link, "PUT / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n")
		if i == 1 || i == 2 {
			<-link.Fired()
		}
		if i == 4 { // nobody reads this: the link is full when it is closed
			link.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			link.Write(make([]byte, 32<<20))
		}
		links = append(links, link)
	}
	if err := inj.Close(); err != nil {
		t.Error(err)
	}
	for _, link := range links {
		if err := await(link.Done(), "the end"); err != nil {
			t.Errorf("%s: %v", link.Evidence().Cut, err)
		}
		link.Close()
	}
	if _, err := inj.Open(t.Context(), Cut{}); !errors.Is(err, errInjectorClosed) {
		t.Errorf("got %v", err)
	}
}
