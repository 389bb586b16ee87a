package matrix

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// TestLawfulOffsets: 0 <= offset <= sent, and never less than before.
func TestLawfulOffsets(t *testing.T) {
	server := newToy()
	bench := serve(t, server)
	for _, c := range []struct {
		sent, known, told int64
		verdict           catalog.Verdict
		at                int64
	}{
		{100, -1, 0, catalog.Pass, -1},
		{100, -1, 100, catalog.Pass, -1},
		{0, -1, 0, catalog.Pass, -1},
		{100, 50, 50, catalog.Pass, -1},
		{100, 50, 51, catalog.Pass, -1},
		{100, 50, 49, catalog.Fail, 50},
		{100, 50, 0, catalog.Fail, 50},
		{100, -1, 101, catalog.Fail, 100},
		{0, -1, 1, catalog.Fail, 0},
		{100, 100, 101, catalog.Fail, 100},
		{100, -1, -1, catalog.Fail, 100},
		{100, -1, 1<<63 - 1, catalog.Fail, 100},
	} {
		t.Run(fmt.Sprintf("%d of %d after %d", c.told, c.sent, c.known), func(t *testing.T) {
			server.offset = func(string, int64) int64 { return c.told }
			s := run(t, bench, func(s *Session) {
				op := upload(s, s.Tag, 200)
				op.Sent, op.Known = c.sent, c.known
				if got := s.Offset(toy{}, op); got != c.told || op.Known != c.told {
					t.Errorf("offset %d, known %d", got, op.Known)
				}
			})
			want(t, s, c.verdict)
			if s.Finding.Byte != c.at {
				t.Errorf("byte %d instead of %d: %+v", s.Finding.Byte, c.at, s.Finding)
			}
		})
	}
}

// TestOffsetThatIsNone: an answer that says no offset breaks the case.
func TestOffsetThatIsNone(t *testing.T) {
	s := run(t, serve(t, http.NotFoundHandler()), func(s *Session) { s.Offset(toy{}, upload(s, s.Tag, 10)) })
	want(t, s, catalog.Fail, "an offset of the upload", "404")
}

// TestSecondReading: an offset that is refused may be read once more, which is a warning; needing it twice fails.
func TestSecondReading(t *testing.T) {
	for _, c := range []struct {
		name    string
		refused int // how many writes are refused at the right offset
		stale   int // how many readings are behind the truth by 10 bytes
		verdict catalog.Verdict
		words   []string
	}{
		{"taken at once", 0, 0, catalog.Pass, nil},
		{"refused once", 1, 0, catalog.Warn, []string{"409 for a write at byte 50", "the server said 50"}},
		{"stale once", 0, 1, catalog.Warn, []string{"409 for a write at byte 40", "the server said 50"}},
		{"refused twice", 2, 0, catalog.Fail, []string{"for the second time"}},
		{"stale twice", 0, 2, catalog.Fail, []string{"at byte 40, for the second time"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := newToy()
			var readings, writes atomic.Int64
			server.offset = func(_ string, right int64) int64 {
				if int(readings.Add(1)) <= c.stale {
					return right - 10
				}
				return right
			}
			server.refuse = func(from int64) bool { return from == 50 && int(writes.Add(1)) <= c.refused }
			var op *Operation
			s := run(t, serve(t, server), func(s *Session) {
				op = upload(s, s.Tag, 100)
				server.items["/"+op.Tag], op.Sent = op.Body[:50:50], 50
				if r := s.Send(toy{}, op, s.Offset(toy{}, op), op.Len()); r == nil || r.Status != 201 {
					t.Errorf("response %+v", r)
				}
			})
			want(t, s, c.verdict, c.words...)
			if whole := server.holds("/"+op.Tag, op.Body); whole != (c.verdict != catalog.Fail) {
				t.Errorf("whole: %t", whole)
			}
		})
	}
}

// TestSecondReadingFindsTheEnd: after a conflict the server may turn out to have all, or to have forgotten the upload
// because it is over.
func TestSecondReadingFindsTheEnd(t *testing.T) {
	for name, second := range map[string]string{"all": "100", "over": ""} {
		t.Run(name, func(t *testing.T) {
			var readings atomic.Int64
			s := run(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == "PUT":
					w.WriteHeader(http.StatusConflict)
				case readings.Add(1) == 1:
					w.Header().Set(have, "50")
				case second == "":
					w.WriteHeader(http.StatusGone)
				default:
					w.Header().Set(have, second)
				}
			})), func(s *Session) {
				op := upload(s, s.Tag, 100)
				op.Sent = 100
				if r := s.Send(toy{}, op, s.Offset(toy{}, op), op.Len()); r != nil {
					t.Errorf("response %+v", r)
				}
			})
			want(t, s, catalog.Warn, "the offset that the server gave")
		})
	}
}

func TestRetryAfter(t *testing.T) {
	const own = 7 * time.Millisecond
	for value, want := range map[string]time.Duration{
		"": own, "0": own, "-1": own, "soon": own, "1.5": own, "Wed, 21 Oct 2015 07:28:00 GMT": own,
		"1": time.Second, "2": longestPause, "99999999": longestPause, "9999999999": longestPause,
		"18446744073709551615": longestPause, "99999999999999999999999999": longestPause,
	} {
		if got := retryAfter(&exchange.Response{Fields: exchange.Fields{{Name: "Retry-After", Value: value}}}, own); got != want {
			t.Errorf("Retry-After %q: %s instead of %s", value, got, want)
		}
	}
}

// TestReplayed waits for the final response: until it is there, until the time is over, or until the answer is neither.
func TestReplayed(t *testing.T) {
	for _, c := range []struct {
		name    string
		pending int
		status  int
		verdict catalog.Verdict
		words   []string
	}{
		{"at once", 0, 200, catalog.Pass, nil},
		{"after three questions", 3, 200, catalog.Pass, nil},
		{"never", 1 << 30, 200, catalog.Fail, []string{"to become available", "still 503"}},
		{"broken", 1, 404, catalog.Fail, []string{"an answer that says not yet", "GET gave 404"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int64
			limit := 30 * time.Second
			if c.name == "never" {
				limit = 300 * time.Millisecond
			}
			s := run(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if int(asked.Add(1)) <= c.pending {
					w.Header().Set("Retry-After", strconv.FormatInt(1<<34*(asked.Load()/3), 10)) // 0 s, then for ever
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.WriteHeader(c.status)
			}), limit), func(s *Session) {
				if o := s.Replayed(replaying{}, upload(s, s.Tag, 10)); o.Via != "the replay" || o.Response.Status != 200 {
					t.Errorf("%+v", o)
				}
			})
			want(t, s, c.verdict, c.words...)
			if n := asked.Load(); n > 40 {
				t.Errorf("the target was asked %d times", n)
			}
		})
	}
}

// TestEnsureWhole asks for the offset of an upload that was sent whole, and sends what did not arrive.
func TestEnsureWhole(t *testing.T) {
	server := newToy()
	var op *Operation
	s := run(t, serve(t, server), func(s *Session) {
		op = upload(s, s.Tag, 100)
		server.items["/"+op.Tag], op.Sent = op.Body[:70:70], 100
		s.EnsureWhole(toy{}, op)
		s.EnsureWhole(toy{}, op) // nothing is missing any more
	})
	want(t, s, catalog.Pass)
	if !server.holds("/"+op.Tag, op.Body) || len(s.Notes) != 1 || s.Notes[0] != "kept 70 of 100 bytes" {
		t.Errorf("notes %q", s.Notes)
	}
}

// TestDeadTarget: what cannot be asked of a target that is gone is no failure of it.
func TestDeadTarget(t *testing.T) {
	cut := faults.Cut{Place: faults.RequestBody, Offset: 5, Fault: faults.FIN}
	for name, ask := range map[string]func(*Session){
		"a request": func(s *Session) { s.Offset(toy{}, upload(s, s.Tag, 10)) },
		"a cut":     func(s *Session) { s.Interrupt(toy{}, upload(s, s.Tag, 10), cut) },
	} {
		t.Run(name, func(t *testing.T) {
			bench, stop := serveUntil(t, newToy())
			s := run(t, bench, func(s *Session) {
				ask(s)
				stop()
				ask(s)
				t.Error("the case went on")
			})
			want(t, s, catalog.Error, "did the server die?", "refused")
		})
	}
}

// TestTargetDiesWithin: the server ends while it owes an answer.
func TestTargetDiesWithin(t *testing.T) {
	var stop func()
	bench, stop := serveUntil(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		stop()
		panic(http.ErrAbortHandler)
	}))
	s := run(t, bench, func(s *Session) { s.Offset(toy{}, upload(s, s.Tag, 10)) })
	want(t, s, catalog.Error, "did the server die?")
}

// TestAnswerMissing: a server that closes the connection instead of an answer, and lives on, has failed.
func TestAnswerMissing(t *testing.T) {
	s := run(t, serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })), func(s *Session) {
		s.Offset(toy{}, upload(s, s.Tag, 10))
	})
	want(t, s, catalog.Fail, "connection closed before its first byte")
}

// TestRunEnds: nothing that a case was about to find counts against a target once the run is over.
func TestRunEnds(t *testing.T) {
	for name, f := range map[string]func(*Session){
		"broken":      func(s *Session) { s.Broken("a", "b") },
		"harmful":     func(s *Session) { s.Harmful("a", "b") },
		"asking":      func(s *Session) { s.Offset(toy{}, upload(s, s.Tag, 10)) },
		"waiting":     func(s *Session) { s.Replayed(replaying{}, upload(s, s.Tag, 10)) },
		"not offered": func(s *Session) { s.Unsupported("no such thing") },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			bench := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
			check := Check{Case: catalog.Case{ID: "toy.area.name", Level: catalog.Must, Requires: "Something."}, Run: func(s *Session) {
				cancel()
				f(s)
			}}
			want(t, Run(ctx, bench, check, catalog.Variant{}), catalog.Inconclusive, "the run was ended first")
		})
	}
}

// TestHarnessFails: a mistake of a case is no verdict about the target.
func TestHarnessFails(t *testing.T) {
	var nobody []byte
	s := run(t, serve(t, http.NotFoundHandler()), func(*Session) { _ = nobody[3] })
	want(t, s, catalog.Error, "the harness failed", "index out of range")
}

// TestSettled: an offset that still rises is asked for again until it stays, or until it is all that was sent.
func TestSettled(t *testing.T) {
	for _, c := range []struct {
		told []int64 // one after the other, the last again and again
		want int64
		asks int64
	}{{[]int64{10, 30, 50}, 50, 4}, {[]int64{10}, 10, 2}, {[]int64{10, 100}, 100, 2}, {[]int64{100}, 100, 1}} {
		server := newToy()
		var asked atomic.Int64
		server.offset = func(string, int64) int64 {
			return c.told[min(int(asked.Add(1)), len(c.told))-1]
		}
		s := run(t, serve(t, server), func(s *Session) {
			op := upload(s, s.Tag, 200)
			op.Sent = 100
			if got := s.Settled(toy{}, op); got != c.want || asked.Load() != c.asks {
				t.Errorf("%v: %d after %d questions", c.told, got, asked.Load())
			}
		})
		want(t, s, catalog.Pass)
	}
}
