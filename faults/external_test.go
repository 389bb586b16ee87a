package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// startToxiproxy builds the real server, runs it on a free port, and gives its API's URL.
func startToxiproxy(t *testing.T, flags ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "toxiproxy-server")
	build := exec.Command("go", "build", "-o", binary, "github.com/Shopify/toxiproxy/v2/cmd/server")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build toxiproxy-server: %v\n%s", err, out)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	server := exec.Command(binary, append([]string{"-host", "127.0.0.1", "-port", port}, flags...)...)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Starting Toxiproxy HTTP server") {
				close(ready)
			}
		}
	}()
	t.Cleanup(func() {
		server.Process.Kill()
		<-read
		server.Wait()
	})
	if err := await(ready, "toxiproxy-server"); err != nil {
		t.Fatal(err)
	}
	return awaitAPI(t, "http://127.0.0.1:"+port)
}

// awaitAPI waits until the API answers: the server says that it starts just before it listens.
func awaitAPI(t *testing.T, api string) string {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		conn, err := net.Dial("tcp", strings.TrimPrefix(api, "http://"))
		if err == nil {
			conn.Close()
			return api
		}
	}
	t.Fatalf("the API at %s does not answer", api)
	return ""
}

// externalCut picks a cut that the external backend makes, with an exchange in which it lands.
func externalCut(r *rand.Rand, place Place, fault Fault) (Cut, *script) {
	for {
		cut, s := randomCut(r, place, fault)
		cut.Side = Both
		atBody := place == RequestBody && (cut.Offset == 0 || cut.FromEnd && int(cut.Offset) == s.request.size)
		if fault == Stall {
			cut.Side, atBody = "", false
		}
		if !atBody && (s.request.sized || place == RequestHead) {
			return cut, s
		}
	}
}

func TestExternalCutsLand(t *testing.T) {
	count := 150
	if testing.Short() || raceDetector {
		count = 40
	}
	for _, flags := range [][]string{{"-proxy-metrics"}, nil} {
		api := startToxiproxy(t, flags...)
		for _, place := range []Place{RequestHead, RequestBody, RequestEnd} {
			for _, fault := range Faults {
				t.Run(fmt.Sprintf("metrics=%v/%s/%s", flags != nil, place, fault), func(t *testing.T) {
					externalSweep(t, api, place, fault, count)
				})
			}
		}
	}
}

func externalSweep(t *testing.T, api string, place Place, fault Fault, count int) {
	base := rand.Uint64()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			ln, inj := openExternal(t, api)
			defer ln.Close()
			for i := next.Add(1); i <= int64(count); i = next.Add(1) {
				seed := base + uint64(i)
				cut, s := externalCut(rand.New(rand.NewPCG(seed, 0)), place, fault)
				if err := externalOnce(inj, ln, cut, s, seed); err != nil {
					t.Errorf("seed %d: %s: %v", seed, cut, err)
				}
			}
			if err := inj.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	if proxies, err := toxiproxy.NewClient(api).Proxies(); err != nil || len(proxies) > 0 {
		t.Errorf("%d proxies are left, %v", len(proxies), err)
	}
}

// openExternal makes a listener and an injector for it. The proxy is in another process, so that a
// connection can only be known by its listener and its turn.
func openExternal(t *testing.T, api string) (net.Listener, Injector) {
	ln, err := listenConfig.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inj, err := External(t.Context(), api, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return ln, inj
}

// externalOnce plays one exchange and says what differs from the plan.
func externalOnce(inj Injector, ln net.Listener, cut Cut, s *script, seed uint64) error {
	link, err := inj.Open(context.Background(), cut)
	if err != nil {
		return err
	}
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	up, _ := s.plan(cut)
	server, client := newPlayer(conn, seed+1, up), newPlayer(link, seed+2, -1)
	serverOver, clientOver := make(chan struct{}), make(chan struct{})
	go func() { defer close(serverOver); server.serve(s) }()
	go func() { defer close(clientOver); client.ask(s) }()
	if err := await(link.Fired(), "the cut"); err != nil {
		return fmt.Errorf("%w: %+v", err, link.Evidence())
	}
	if cut.Fault == Stall {
		if err := await(server.reached, "the bytes before the stall"); err != nil {
			return err
		}
		link.Close()
		<-clientOver
		select {
		case <-serverOver:
			return fmt.Errorf("the server saw an end before the release")
		default:
		}
	}
	link.Release()
	for _, over := range []<-chan struct{}{serverOver, clientOver, link.Done()} {
		if err := await(over, "the end"); err != nil {
			return fmt.Errorf("%w: %+v", err, link.Evidence())
		}
	}
	link.Close()
	return judgeExternal(cut, s, link.Evidence(), server.view, client.view)
}

func judgeExternal(cut Cut, s *script, e Evidence, server, client view) error {
	up, _ := s.plan(cut)
	fault := cut.Fault
	if fault == Stall {
		fault = FIN
	}
	switch {
	case !e.Fired || e.Why != "" || e.ClosedBy != "cut" || e.Closed != cut.Fault:
		return fmt.Errorf("evidence %+v", e)
	case string(server.got) != string(s.request.wire[:up]):
		return fmt.Errorf("the server got %d bytes, the plan is %d", len(server.got), up)
	case e.Up.Forwarded != int64(up) || e.Down.Forwarded != int64(len(client.got)):
		return fmt.Errorf("evidence %+v, the client got %d", e, len(client.got))
	case !strings.HasPrefix(string(s.earlyBytes()), string(client.got)):
		return fmt.Errorf("the client got %q", client.got)
	case fault == RST && !server.sawFault(RST), !server.sawFault(FIN) && !server.sawFault(RST):
		return fmt.Errorf("the server saw %w", server.end)
	case cut.Fault != Stall && !client.sawFault(fault):
		return fmt.Errorf("the client saw %w", client.end)
	}
	return nil
}

func TestExternalRefuses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := ln.Addr().String()
	ln.Close()
	_, err = External(t.Context(), "http://"+dead, "127.0.0.1:1")
	want := fmt.Sprintf("reach the toxiproxy API at http://%s: connection refused (is toxiproxy-server running?)", dead)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := External(t.Context(), "ftp://x", "127.0.0.1:1"); err == nil {
		t.Error("an ftp URL was accepted")
	}
	x := &external{}
	for _, cut := range []Cut{
		{Place: Continue, Fault: FIN}, {Place: ResponseHead, Fault: FIN}, {Place: ResponseBody, Fault: RST},
		{Place: RequestBody, Fault: FIN}, {Place: RequestHead, Offset: 3, Fault: FIN, Side: ServerSide},
	} {
		if err := x.Supports(cut); err == nil || !strings.Contains(err.Error(), "the embedded one can") {
			t.Errorf("%s: %v", cut, err)
		}
	}
}

// TestExternalMisses checks what the evidence says of cuts that can't land.
func TestExternalMisses(t *testing.T) {
	api := startToxiproxy(t)
	ln, inj := openExternal(t, api)
	defer ln.Close()
	for _, c := range []struct {
		cut     Cut
		request string
		why     string
	}{
		{Cut{Place: RequestBody, Offset: 3, Fault: FIN}, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "needs a Content-Length"},
		{Cut{Place: RequestBody, Offset: 3, Fault: FIN}, "GET / HTTP/1.1\r\n\r\n", "the request has no body"},
		{Cut{Place: RequestHead, Offset: 300, Fault: RST}, "GET / HTTP/1.1\r\n\r\n", "the request head has only 18 bytes"},
		{Cut{Place: RequestHead, Offset: 300, Fault: Stall}, "\x16\x03\x01", "did not speak HTTP/1.1"},
	} {
		link, err := inj.Open(t.Context(), c.cut)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(link, c.request); err != nil {
			t.Error(err)
		}
		link.Close()
		<-link.Done()
		if e := link.Evidence(); e.Fired || !strings.Contains(e.Why, c.why) || e.Up.Forwarded != int64(len(c.request)) {
			t.Errorf("%s: %+v", c.cut, e)
		}
	}
	if err := inj.Close(); err != nil {
		t.Error(err)
	}
}
