package matrix

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server for a test and gives a bench whose target it is. Without a limit of time a case
// has more than it can need.
func serve(t *testing.T, handler http.Handler, limits ...time.Duration) *Bench {
	t.Helper()
	bench, _ := serveUntil(t, handler)
	if len(limits) > 0 {
		bench.Limits.Time = limits[0]
	}
	return bench
}

// serveUntil is serve that also gives a way to end the server at once, with all its connections.
func serveUntil(t *testing.T, handler http.Handler) (*Bench, func()) {
	t.Helper()
	return benchFor(t, httptest.NewServer(handler))
}

// benchFor is serveUntil for a server that has started; it is closed with the test.
func benchFor(t *testing.T, server *httptest.Server) (*Bench, func()) {
	t.Helper()
	stop := sync.OnceFunc(func() {
		_ = server.Listener.Close()
		server.CloseClientConnections()
	})
	t.Cleanup(func() {
		stop()
		server.Close()
	})
	config, err := target.Default(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	injector, err := faults.Embedded(config.Origin())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := injector.Close(); err != nil {
			t.Error(err)
		}
	})
	limits := exchange.Limits{Time: 30 * time.Second}
	return &Bench{Config: config, Base: parsed(t, server.URL+"/"), Injector: injector, Limits: limits}, stop
}

// run carries out a case of level MUST and gives the session with its finding.
func run(t *testing.T, bench *Bench, f func(*Session)) *Session {
	t.Helper()
	c := catalog.Case{ID: "toy.area.name", Level: catalog.Must, Requires: "What the test asks for."}
	return Run(t.Context(), bench, Check{Case: c, Run: f}, catalog.Variant{Fault: "fin", Transport: "h1"})
}

// want asks for a verdict and for words of what was expected and got.
func want(t *testing.T, s *Session, verdict catalog.Verdict, words ...string) {
	t.Helper()
	text := fmt.Sprintf("expected %s, got %s", s.Finding.Expected, s.Finding.Got)
	if s.Finding.Verdict != verdict {
		t.Errorf("verdict %s instead of %s: %s", s.Finding.Verdict, verdict, text)
	}
	for _, word := range words {
		if !contains(text, word) {
			t.Errorf("no %q in: %s", word, text)
		}
	}
}
