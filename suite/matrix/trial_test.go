package matrix

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// TestAnotherProtocol interrupts and recovers uploads of a protocol of which the matrix knows nothing, with
// every fault and at several bytes.
func TestAnotherProtocol(t *testing.T) {
	const length = 100_000
	for _, fault := range faults.Faults {
		for _, at := range []int64{0, 1, length / 2, length - 1} {
			t.Run(fmt.Sprintf("%s at %d", fault, at), func(t *testing.T) {
				server := newToy()
				bench := serve(t, server)
				var op *Operation
				s := run(t, bench, func(s *Session) {
					op = upload(s, s.Tag, length)
					trial := s.Interrupt(toy{}, op, faults.Cut{Place: faults.RequestBody, Offset: at, Fault: fault})
					if trial.Evidence.Up.BodyBytes != at || op.Sent != at || trial.Final != nil {
						t.Errorf("sent %d, evidence %+v, final %v", op.Sent, trial.Evidence.Up, trial.Final)
					}
					outcome := s.Recover(toy{}, op)
					if outcome.Response.Status != 201 || outcome.Via != "the last part" || op.Facts["token"] != "t/"+op.Tag {
						t.Errorf("%d via %s, learnt %v", outcome.Response.Status, outcome.Via, op.Facts)
					}
					s.Intact(Witness{Readback: target.Readback{From: "location"}}, op, outcome)
				})
				recovered(t, s)
				if !server.holds("/"+s.Tag, op.Body) {
					t.Error("other bytes are stored")
				}
				if _, ok := s.Figures()["time to resume"]; !ok {
					t.Error("the time to resume is no figure")
				}
				checkSteps(t, s, 1)
			})
		}
	}
}

// recovered asks for a pass, or for the warning that a server deserves whose old connection wrote on after it had
// told its offset.
func recovered(t *testing.T, s *Session) {
	t.Helper()
	if s.Finding.Verdict != catalog.Warn {
		want(t, s, catalog.Pass)
	}
}

// checkSteps asks for a transcript of every exchange and evidence of so many cuts.
func checkSteps(t *testing.T, s *Session, cuts int) {
	t.Helper()
	for i, step := range s.Steps() {
		if step.Record.Label == "" || step.Record.Began.IsZero() || len(step.Record.Events) == 0 {
			t.Errorf("step %d: %+v", i, step.Record)
		}
		if step.Evidence != nil {
			cuts--
		}
	}
	if cuts != 0 {
		t.Errorf("%d cuts without evidence", cuts)
	}
}

// TestPiecesAreCutAsWell cuts the part that should complete an upload, and resumes that.
func TestPiecesAreCutAsWell(t *testing.T) {
	server := newToy()
	s := run(t, serve(t, server), func(s *Session) {
		op := upload(s, s.Tag, 9000)
		s.Interrupt(toy{}, op, faults.Cut{Place: faults.RequestBody, Offset: 1000, Fault: faults.FIN})
		at := settled(s, op, 1000)
		piece, _ := toy{}.Resume(op, at, op.Len())
		trial := s.InterruptPiece(toy{}, op, piece, faults.Cut{Place: faults.RequestBody, Offset: 500, Fault: faults.RST})
		if trial.Evidence.Up.BodyBytes != 500 || op.Sent != at+500 {
			t.Errorf("sent %d, evidence %+v", op.Sent, trial.Evidence.Up)
		}
		if o := s.Recover(toy{}, op); !server.holds("/"+op.Tag, op.Body) {
			t.Errorf("%d, and other bytes are stored", o.Response.Status)
		}
	})
	recovered(t, s)
}

// settled waits until the server has all n bytes that were sent before a FIN.
func settled(s *Session, op *Operation, n int64) int64 {
	for at := s.Offset(toy{}, op); ; at = s.Offset(toy{}, op) {
		if at == n || !s.Wait(time.Millisecond) {
			return at
		}
	}
}

// TestNoReplay: in a protocol without replay a client whose whole upload arrived has no way to its response.
func TestNoReplay(t *testing.T) {
	s := run(t, serve(t, newToy()), func(s *Session) {
		op := upload(s, s.Tag, 100)
		s.Interrupt(toy{}, op, faults.Cut{Place: faults.ResponseHead, Offset: 0, Fault: faults.FIN})
		s.Recover(toy{}, op)
	})
	want(t, s, catalog.Unsupported, "replays no response")
}

// TestCutThatDoesNotLand: the case is inconclusive, and says why.
func TestCutThatDoesNotLand(t *testing.T) {
	for name, cut := range map[string]faults.Cut{
		"beyond the body": {Place: faults.RequestBody, Offset: 5000, Fault: faults.FIN},
		"no 100 to lose":  {Place: faults.Continue, Offset: 0, Fault: faults.FIN},
		"short response":  {Place: faults.ResponseBody, Offset: 5000, Fault: faults.RST},
	} {
		t.Run(name, func(t *testing.T) {
			s := run(t, serve(t, newToy()), func(s *Session) {
				s.Interrupt(toy{}, upload(s, s.Tag, 100), cut)
				t.Error("the case went on")
			})
			want(t, s, catalog.Inconclusive, "to be cut", cut.String())
			checkSteps(t, s, 1)
		})
	}
}

// TestRefusedBeforeTheCut: the server answers before the byte at which it was to be cut.
func TestRefusedBeforeTheCut(t *testing.T) {
	s := run(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
	})), func(s *Session) {
		op := upload(s, s.Tag, 0)
		op.Body = make([]byte, 32<<20) // more than lies in buffers on the way
		s.Interrupt(toy{}, op, faults.Cut{Place: faults.RequestBody, Offset: op.Len() - 1, Fault: faults.FIN})
	})
	want(t, s, catalog.Inconclusive)
}

// TestManyAtOnce: the sessions of one bench do not disturb each other.
func TestManyAtOnce(t *testing.T) {
	server := newToy()
	bench := serve(t, server)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 5 {
				fault := faults.Faults[(worker+i)%3]
				s := run(t, bench, func(s *Session) {
					op := upload(s, s.Tag, 3000+worker)
					s.Interrupt(toy{}, op, faults.Cut{Place: faults.RequestBody, Offset: int64(100*i + worker), Fault: fault})
					s.Recover(toy{}, op)
					if !server.holds("/"+op.Tag, op.Body) {
						s.Broken("the bytes of the upload", "others")
					}
				})
				recovered(t, s)
			}
		})
	}
	all.Wait()
}

// TestMeter: who waits for n bytes is told as soon as they were read, whichever comes first.
func TestMeter(t *testing.T) {
	for range 200 {
		here, there := net.Pipe()
		m := &meter{Conn: here}
		var all sync.WaitGroup
		marks := []int64{0, 1, 10, 99, 100}
		all.Go(func() {
			data := make([]byte, 100)
			for len(data) > 0 {
				n := 1 + rand.IntN(len(data))
				_, _ = there.Write(data[:n])
				data = data[n:]
			}
		})
		for _, n := range marks {
			all.Go(func() {
				if !m.await(t.Context(), n) {
					t.Errorf("%d bytes never came", n)
				}
			})
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(m, 100)); n != 100 {
			t.Fatal(n, err)
		}
		all.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		all.Go(func() {
			if m.await(ctx, 101) {
				t.Error("101 bytes of 100")
			}
		})
		cancel()
		all.Wait()
		_ = here.Close()
		_ = there.Close()
	}
}

// TestStalledResponse: of a stalled response the client has exactly what was forwarded.
func TestStalledResponse(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 3000)
	bench := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body) }))
	for _, at := range []int64{0, 1, 15000, 29999} {
		s := run(t, bench, func(s *Session) {
			trial := s.Cut(exchange.Request{Method: "GET", Target: "/"}, faults.Cut{Place: faults.ResponseBody, Offset: at, Fault: faults.Stall})
			if trial.Final == nil || !bytes.Equal(trial.Final.Body, body[:at]) || exchange.KindOf(trial.Err) != exchange.Canceled {
				t.Errorf("final %+v, error %v", trial.Final, trial.Err)
			}
			marks := func(e exchange.Event) bool { return e.Kind == exchange.Marked && contains(e.Note, "cut: stall") }
			if record := s.Steps()[0].Record; !slices.ContainsFunc(record.Events, marks) {
				t.Errorf("no mark of the cut in %+v", record.Events)
			}
		})
		want(t, s, catalog.Pass)
	}
}
