package faults

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var perKind = flag.Int("cuts", 0, "how often each place is cut with each fault; 0 for the default")

// cutsPerKind is how often each place is cut with each fault.
func cutsPerKind() int {
	switch {
	case *perKind > 0:
		return *perKind
	case testing.Short():
		return 200
	case raceDetector:
		return 800
	}
	return 10_000
}

// TestEveryCutLands cuts random exchanges in every kind of place with every fault, by 8 workers on
// one injector, and compares the plan, the evidence, and what server and client got.
func TestEveryCutLands(t *testing.T) {
	for _, place := range places {
		for _, fault := range Faults {
			t.Run(fmt.Sprintf("%s/%s", place, fault), func(t *testing.T) { sweep(t, place, fault, cutsPerKind()) })
		}
	}
}

func sweep(t *testing.T, place Place, fault Fault, count int) {
	rec := newRecorder(t)
	inj := openEmbedded(t, rec.addr())
	base := rand.Uint64()
	var next, misses atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(count) || misses.Load() > 3 {
					return
				}
				seed := base + uint64(i)
				r := rand.New(rand.NewPCG(seed, 0))
				cut, s := randomCut(r, place, fault)
				if err := cutOnce(inj, rec, cut, s, seed); err != nil {
					misses.Add(1)
					t.Errorf("seed %d: %s: %v", seed, cut, err)
				}
			}
		})
	}
	workers.Wait()
}

// cutOnce plays one exchange and says what differs from the plan.
func cutOnce(inj *embedded, rec *recorder, cut Cut, s *script, seed uint64) error {
	link, err := inj.Open(context.Background(), cut)
	if err != nil {
		return err
	}
	defer link.Close()
	defer link.Release()
	conn := rec.conn(link.impl.(*splice).server.conn.LocalAddr())
	defer conn.Close()
	up, down := s.plan(cut)
	server, client := newPlayer(conn, seed+1, up), newPlayer(link, seed+2, down)
	serverOver, clientOver := make(chan struct{}), make(chan struct{})
	go func() { defer close(serverOver); server.serve(s) }()
	go func() { defer close(clientOver); client.ask(s) }()

	if err := await(link.Fired(), "the cut"); err != nil {
		return fmt.Errorf("%w: %+v", err, link.Evidence())
	}
	hidden := map[Side]<-chan struct{}{ServerSide: serverOver, ClientSide: clientOver}
	for side, over := range hidden {
		if cut.shownTo(side) {
			if err := await(over, "the end at the "+string(side)); err != nil {
				return err
			}
			delete(hidden, side)
		}
	}
	if cut.Fault == Stall && seed%2 == 0 {
		if err := await(client.reached, "the bytes before the stall"); err != nil {
			return err
		}
		link.Close() // the server must not learn of it
		delete(hidden, ClientSide)
		<-clientOver
		client.view.end = io.EOF
	}
	for side, over := range hidden {
		select {
		case <-over:
			return fmt.Errorf("the %s saw an end before the release", side)
		default:
		}
	}
	link.Release()
	for _, over := range []<-chan struct{}{serverOver, clientOver, link.Done()} {
		if err := await(over, "the end after the release"); err != nil {
			return fmt.Errorf("%w: %+v", err, link.Evidence())
		}
	}
	return judge(cut, s, link.Evidence(), server.view, client.view)
}

func await(what <-chan struct{}, name string) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-what:
		return nil
	case <-timer.C:
		return fmt.Errorf("%s did not come within %s", name, patience)
	}
}

// judge compares the plan, the evidence and both views.
func judge(cut Cut, s *script, e Evidence, server, client view) error {
	up, down := s.plan(cut)
	interim := s.interimBefore(down)
	switch {
	case !e.Fired || e.Why != "":
		return fmt.Errorf("fired %v, %q", e.Fired, e.Why)
	case !bytes.Equal(server.got, s.request.wire[:up]):
		return fmt.Errorf("the server got %d bytes, the plan is %d", len(server.got), up)
	case !bytes.Equal(client.got, s.down()[:down]):
		return fmt.Errorf("the client got %d bytes, the plan is %d", len(client.got), down)
	case e.Up.Forwarded != int64(up) || e.Down.Forwarded != int64(down):
		return fmt.Errorf("evidence %d up, %d down; the plan is %d and %d", e.Up.Forwarded, e.Down.Forwarded, up, down)
	case e.RequestComplete != (up == len(s.request.wire)):
		return fmt.Errorf("request complete: %v with %d of %d bytes", e.RequestComplete, up, len(s.request.wire))
	case !slices.Equal(e.Interim, interim):
		return fmt.Errorf("interim %v, want %v", e.Interim, interim)
	case e.ClosedBy != "cut" || e.Closed != cut.Fault:
		return fmt.Errorf("closed by %s with %s", e.ClosedBy, e.Closed)
	case e.Up.HeadBytes != int64(min(up, s.request.head)):
		return fmt.Errorf("%d head bytes of the request", e.Up.HeadBytes)
	}
	fault := cut.Fault
	if fault == Stall {
		fault = FIN // after the release
	}
	if !server.sawFault(fault) {
		return fmt.Errorf("the server saw %w, %w", server.end, server.writeErr)
	}
	if !client.sawFault(fault) {
		return fmt.Errorf("the client saw %w, %w", client.end, client.writeErr)
	}
	return judgeParts(cut, s, e, down)
}

func judgeParts(cut Cut, s *script, e Evidence, down int) error {
	before := len(s.earlyBytes()) + len(s.lateBytes())
	head := int64(max(0, min(down-before, s.response.head)))
	status := 0
	if cut.Place == ResponseHead || cut.Place == ResponseBody {
		status = s.status
	}
	body := map[Place]int64{RequestBody: cut.Offset, ResponseBody: cut.Offset}[cut.Place]
	if cut.FromEnd {
		body = int64(s.size(cut.Place)) - body
	}
	switch {
	case e.Down.HeadBytes != head:
		return fmt.Errorf("%d head bytes of the response, want %d", e.Down.HeadBytes, head)
	case e.FinalStatus != status:
		return fmt.Errorf("final status %d, want %d", e.FinalStatus, status)
	case cut.Place == RequestBody && e.Up.BodyBytes != body, cut.Place == ResponseBody && e.Down.BodyBytes != body:
		return fmt.Errorf("body bytes %d up, %d down, want %d", e.Up.BodyBytes, e.Down.BodyBytes, body)
	}
	return nil
}
