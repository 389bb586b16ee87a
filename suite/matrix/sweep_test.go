package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// withReplay is the toy protocol with a replay of the final response, at /response below the item.
type withReplay struct{ toy }

func (withReplay) Outcome(op *Operation) (exchange.Request, error) {
	return RequestTo("GET", op.URL.JoinPath("response")), nil
}

func (withReplay) ReadOutcome(_ *Operation, r *exchange.Response) (*exchange.Response, OutcomeState, error) {
	switch r.Status {
	case 404:
		return nil, Pending, nil
	case 200:
		message, _, err := exchange.ParseMessageHTTP(r.Body, "PUT")
		return message, Ready, err
	}
	return nil, Broken, fmt.Errorf("status %d", r.Status)
}

// replayServer is the toy server with the replay, and a count of effects of all items together.
type replayServer struct {
	*toyServer
	mu       sync.Mutex
	messages map[string]string
	effects  int

	// garble changes the body of an item that was cut after some bytes; nil changes nothing.
	garble func(data []byte)
	// lose forgets the response of the upload that is made next.
	lose atomic.Bool
}

func newReplayServer() *replayServer {
	return &replayServer{toyServer: newToy(), messages: map[string]string{}}
}

func (s *replayServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	item, asked := strings.CutSuffix(r.URL.Path, "/response")
	switch {
	case r.URL.Path == "/effects":
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(w, `{"count":%d}`, s.effects)
	case asked:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.messages[item] == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, s.messages[item])
	case r.Method == "PUT":
		s.upload(w, r, item)
	default:
		s.toyServer.ServeHTTP(w, r)
	}
}

func (s *replayServer) upload(w http.ResponseWriter, r *http.Request, item string) {
	answer := httptest.NewRecorder()
	s.put(answer, r, item)
	if answer.Code != http.StatusCreated {
		s.cut(item)
	} else {
		s.keep(item, answer)
	}
	answer.Header().Set("Content-Type", "text/plain")
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (s *replayServer) cut(item string) {
	s.toyServer.mu.Lock()
	defer s.toyServer.mu.Unlock()
	if s.garble != nil {
		s.garble(s.items[item])
	}
}

func (s *replayServer) keep(item string, answer *httptest.ResponseRecorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.effects++
	text := answer.Body.String()
	s.messages[item] = fmt.Sprintf("HTTP/1.1 201 Created\r\nLocation: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", item, len(text), text)
	if s.lose.Swap(false) {
		s.messages[item] = strings.Replace(s.messages[item], "201 Created", "500 Lost", 1)
	}
}

// tattler tells a server of a cut before it is made.
type tattler struct {
	faults.Injector
	tell func(Cut)
}

func (t tattler) Open(ctx context.Context, cut Cut) (*faults.Link, error) {
	t.tell(cut)
	return t.Injector.Open(ctx, cut)
}

// toySweep is the sweep of an upload by the toy protocol.
func toySweep(s *Session, d Driver, count bool) Sweep {
	w := Sweep{Driver: d, Witness: Witness{Readback: target.Readback{From: "location"}}, Salt: 1}
	if count {
		w.Witness.Count = &target.Count{Path: "/effects", Pointer: "/count"}
	}
	w.Shape = func(tag string, body []byte) *Operation {
		op := upload(s, tag, 0)
		op.Body = body
		return op
	}
	return w
}

func TestSweepPasses(t *testing.T) {
	for _, count := range []bool{false, true} {
		bench := serve(t, newReplayServer())
		bench.Sweep = 200
		s := run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, count)) })
		want(t, s, catalog.Pass)
		swept := s.Swept()
		if swept == nil || len(swept.Runs) != 1 || swept.Runs[0] != (SweptRun{0, swept.Bytes, 1, SweptPass}) || int64(swept.Cuts) != swept.Bytes+1 {
			t.Fatalf("%+v", swept)
		}
		if swept.Parts[0].From != 0 || swept.Parts[0].To != swept.Parts[1].From || swept.Parts[1].To != swept.Bytes {
			t.Errorf("parts %+v", swept.Parts)
		}
	}
}

// TestSweepFindsTheByteOfTheRequest: a server that spoils what it has when 17 bytes have come.
func TestSweepFindsTheByteOfTheRequest(t *testing.T) {
	server := newReplayServer()
	server.garble = func(data []byte) {
		if len(data) == 17 {
			data[3] ^= 1
		}
	}
	bench := serve(t, server)
	bench.Sweep = 300
	s := run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) })
	want(t, s, catalog.Fail, "byte 17 of the request body", "the first difference is at byte 3", "1 of")
	onlyAt(t, s, "request body", 17)
}

// TestSweepFindsTheByteOfTheResponse: a server that loses the response when 17 bytes of it have gone out, in its head
// and in its body.
func TestSweepFindsTheByteOfTheResponse(t *testing.T) {
	for place, part := range map[Place]string{faults.ResponseHead: "response head", faults.ResponseBody: "response body"} {
		server := newReplayServer()
		bench := serve(t, server)
		bench.Sweep = 100
		at := map[Place]int64{faults.ResponseHead: 17, faults.ResponseBody: 5}[place]
		bench.Injector = tattler{bench.Injector, func(cut Cut) { server.lose.Store(cut.Place == place && cut.Offset == at) }}
		s := run(t, bench, func(s *Session) { s.SweepResponse(toySweep(s, withReplay{}, true)) })
		want(t, s, catalog.Fail, fmt.Sprintf("byte %d of the %s", at, part), "status 500")
		onlyAt(t, s, part, at)
	}
}

// onlyAt asks that a sweep failed at one byte alone.
func onlyAt(t *testing.T, s *Session, part string, at int64) {
	t.Helper()
	swept := s.Swept()
	if swept == nil || len(swept.Failures) != 1 || swept.More != 0 {
		t.Fatalf("%+v", swept)
	}
	if f := swept.Failures[0]; f.Part != part || f.From != at || f.To != at || s.Finding.Byte != at || s.Finding.Where != part {
		t.Errorf("%+v, byte %d of the %s", f, s.Finding.Byte, s.Finding.Where)
	}
	if len(s.Steps()) == 0 {
		t.Error("no transcript of the cut that failed")
	}
}

// mum is the toy protocol of a server that tells nothing: neither how much it has nor what became of it.
type mum struct{ toy }

func (mum) Offset(*Operation) (exchange.Request, error) {
	return exchange.Request{}, ErrNotOffered("this server tells no offset")
}

// TestSweepUnoffered: no replay is no failure; where there is no offset either, nothing can be swept.
func TestSweepUnoffered(t *testing.T) {
	bench := serve(t, newToy())
	bench.Sweep = 200
	want(t, run(t, bench, func(s *Session) { s.SweepResponse(toySweep(s, toy{}, false)) }), catalog.Pass)
	want(t, run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, toy{}, false)) }), catalog.Pass)
	want(t, run(t, bench, func(s *Session) { s.SweepResponse(toySweep(s, mum{}, false)) }), catalog.Unsupported, "tells no offset")
	want(t, run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, mum{}, false)) }), catalog.Unsupported, "tells no offset")
}

func TestSweepNotAskedFor(t *testing.T) {
	s := run(t, serve(t, newReplayServer()), func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) })
	want(t, s, catalog.Unsupported, "not asked for")
}

// TestSweepGivesUp: a server that fails everywhere is not asked for ever, and one that has died is not failed.
func TestSweepGivesUp(t *testing.T) {
	server := newReplayServer()
	server.garble = func(data []byte) {
		if len(data) > 0 {
			data[0] ^= 1
		}
	}
	bench := serve(t, server)
	bench.Sweep = 1500
	s := run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) })
	want(t, s, catalog.Fail, "byte 1 of the request body")
	swept := s.Swept()
	if swept.Cuts > 1000 || len(swept.Failures) != 1 || swept.Runs[len(swept.Runs)-1].Outcome != SweptUnmade {
		t.Errorf("%d cuts, failures %+v, runs %+v", swept.Cuts, swept.Failures, swept.Runs)
	}

	bench, stop := serveUntil(t, newReplayServer())
	bench.Sweep = 4096
	bench.Progress = func(_ catalog.Case, _ catalog.Variant, made, _ int) {
		if made == 100 {
			stop()
		}
	}
	s = run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) })
	if s.Finding.Verdict != catalog.Error || s.Swept().Cuts > 1000 {
		t.Errorf("%+v after %d cuts", s.Finding, s.Swept().Cuts)
	}
}

// TestSweepEndsWithTheRun: what was not cut any more is told, and is no failure.
func TestSweepEndsWithTheRun(t *testing.T) {
	bench := serve(t, newReplayServer())
	bench.Sweep = 4096
	ctx, cancel := context.WithCancel(t.Context())
	bench.Progress = func(_ catalog.Case, _ catalog.Variant, made, _ int) {
		if made == 50 {
			cancel()
		}
	}
	c := catalog.Case{ID: "toy.sweep.request", Level: catalog.Must, Requires: "What the test asks for."}
	s := Run(ctx, bench, Check{Case: c, Run: func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) }}, catalog.Variant{Fault: "rst", Transport: "h1"})
	want(t, s, catalog.Inconclusive)
	runs := s.Swept().Runs
	if s.Swept().Cuts > 1000 || runs[len(runs)-1].Outcome != SweptUnmade {
		t.Errorf("%d cuts, runs %+v", s.Swept().Cuts, runs)
	}
}

// TestSweepOverDyingConnections: a server that ends connections which it said would persist is in its right.
func TestSweepOverDyingConnections(t *testing.T) {
	var idle atomic.Int64
	server := httptest.NewUnstartedServer(newReplayServer())
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateIdle && idle.Add(1)%7 == 0 {
			_ = c.Close()
		}
	}
	server.Start()
	bench, _ := benchFor(t, server)
	bench.Sweep = 400
	s := run(t, bench, func(s *Session) { s.SweepRequest(toySweep(s, withReplay{}, false)) })
	want(t, s, catalog.Pass)
	if s.spares.off.Load() != true {
		t.Error("connections are kept to the end")
	}
}

func TestPositions(t *testing.T) {
	every := positions([]int64{0, 200, 200, 4096})
	if len(every) != 4097 || every[0] != 0 || every[4096] != 4096 {
		t.Errorf("%d positions of 4096 bytes", len(every))
	}
	for _, length := range []int64{4600, 5000, 65536, 1 << 20, 1 << 30} {
		borders := []int64{0, 196, 196, length}
		at := positions(borders)
		if len(at) < 3000 || len(at) > 7200 {
			t.Errorf("%d positions of %d bytes", len(at), length)
		}
		for _, border := range borders {
			for near := max(0, border-64); near <= min(length, border+64); near++ {
				if _, there := slices.BinarySearch(at, near); !there {
					t.Fatalf("%d is missing, near the border %d of %d bytes", near, border, length)
				}
			}
		}
	}
}

// TestAlike: numbers and digests do not make two failures different; words do.
func TestAlike(t *testing.T) {
	f := func(got string) catalog.Finding { return catalog.Finding{Expected: "1 effect", Got: got} }
	if !alike(f("offset 17, SHA-256 00ffab12"), f("offset 18, SHA-256 c0ffee99")) || alike(f("offset 17"), f("status 17")) {
		t.Error("alike is wrong")
	}
}

var errSpare = errors.New("closed")

// TestSparesAreBounded: what is dropped is closed, and nothing is kept afterwards.
func TestSparesAreDropped(t *testing.T) {
	p := &spares{}
	a, b := &closing{}, &closing{}
	p.put(nil)
	p.put(a)
	p.drop()
	p.put(b)
	if p.take() != nil || !a.closed || !b.closed {
		t.Errorf("kept %v, closed %v and %v", p.conns, a.closed, b.closed)
	}
}

// closing is a connection that notes that it was closed.
type closing struct {
	faults.Link
	closed bool
}

func (c *closing) Close() error { c.closed = true; return errSpare }
