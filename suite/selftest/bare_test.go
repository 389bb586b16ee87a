package selftest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// bare is an upload handler as one writes it without a thought of interruptions.
type bare struct {
	mu    sync.Mutex
	items [][]byte
}

func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var n int
	_, notItem := fmt.Sscanf(r.URL.Path, "/items/%d", &n)
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/items":
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		b.mu.Lock()
		b.items = append(b.items, data)
		n = len(b.items)
		b.mu.Unlock()
		w.Header().Set("Location", fmt.Sprintf("/items/%d", n))
		w.WriteHeader(http.StatusCreated)
	case r.URL.Path == "/items" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.WriteHeader(http.StatusOK)
	case notItem == nil && r.Method == http.MethodGet:
		b.mu.Lock()
		defer b.mu.Unlock()
		if n < 1 || n > len(b.items) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(b.items[n-1])
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// unaided are the cases that a server without resumption can keep all the same: they ask that uploads
// work as ever, and that what was interrupted leaves nothing behind.
var unaided = []string{
	"resume.offer.not-asked", "resume.offer.no-expect", "resume.offer.http10", "resume.offer.refusal",
	"resume.before100.", "resume.upload.ignore-incomplete", "resume.upload.not-complete",
}

// TestBare: a server without resumption does not conform, each failure says what is missing, and no case that
// needs resumption passes.
func TestBare(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&bare{})
	defer server.Close()
	config := parse(t, fmt.Sprintf("target: %s/items\nlimits: {case: 5s}\nprofiles: {resume: {}}\n", server.URL))
	report := within(t, 3*time.Minute, config, func(*suite.Options) {})
	clean(t, report)
	if report.Summary.Conformance != reports.Nonconformant || report.Summary.Fail == 0 {
		t.Errorf("%+v", report.Summary)
	}
	missing := false
	for _, r := range report.Results {
		if len(r.Expected) < 8 || len(r.Got) < 3 {
			t.Errorf("%s %s: expected %q, got %q", r.Verdict, r.ID, r.Expected, r.Got)
		}
		switch r.Verdict {
		case reports.Pass:
			if !startsWithAny(r.ID, unaided) {
				t.Errorf("pass without resumption: %s [%s %s]: %s", r.ID, r.Point, r.Fault, r.Requires)
			}
		case reports.Error, reports.Inconclusive:
			t.Errorf("%s %s [%s %s]\nexpected: %s\ngot: %s", r.Verdict, r.ID, r.Point, r.Fault, r.Expected, r.Got)
		case reports.Fail:
			missing = missing || strings.Contains(r.Expected, "Request-Content-Location")
		}
	}
	if !missing {
		t.Error("no failure names the field that is missing")
	}
}

func startsWithAny(s string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// TestRefusals: where nothing can be said, Run says so at once, and makes no report.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		url    string
		change func(*suite.Options)
		want   error
		says   string
	}{
		{"dead port", closedPort(t), nil, suite.ErrTargetDead, "is the server running?"},
		{"accepts and never answers", setTrap(t, at(accepted, silence)).url(), nil, suite.ErrTargetDead, "did not answer"},
		{"accepts and closes", setTrap(t, at(accepted, raw(""))).url(), nil, suite.ErrTargetDead, "does not speak HTTP"},
		{"accepts and resets", setTrap(t, at(accepted, reset)).url(), nil, suite.ErrTargetDead, "reset"},
		{"speaks something else", setTrap(t, at(accepted, raw("220 mail.example ESMTP\r\n"+poison+"\r\n"))).url(), nil, suite.ErrTargetDead, "does not speak HTTP"},
		{"empty focus", setTrap(t, nil).url(), func(o *suite.Options) { o.Selection.Nothing = true }, suite.ErrNothingSelected, "--focus"},
		{"unknown point", setTrap(t, nil).url(), func(o *suite.Options) { o.Selection.Points = []string{"before-101"} }, suite.ErrNothingSelected, "--point before-101"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, err := target.Default(c.url + "/items")
			if err != nil {
				t.Fatal(err)
			}
			options := suite.Options{Config: config}
			if c.change != nil {
				c.change(&options)
			}
			began := time.Now()
			report, err := suite.Run(t.Context(), options)
			if report != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("report %v, error %v", report, err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
				t.Errorf("not one clean line: %q", err)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// closedPort gives the URL of a port at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

// TestTargetDies: what came after the end of a target is no failure of it, and the run ends soon.
func TestTargetDies(t *testing.T) {
	for _, where := range []step{created, offset, stored} {
		t.Run(string(where), func(t *testing.T) {
			s := setTrap(t, at(where, after(6, dies)))
			report := within(t, time.Minute, parse(t, fmt.Sprintf(patientConfig, s.url())), func(*suite.Options) {})
			clean(t, report)
			if !strings.Contains(report.Interrupted, "stopped answering") {
				t.Errorf("interrupted: %q", report.Interrupted)
			}
			if report.Summary.Fail > 0 || report.Summary.Error < 3 || report.Summary.Error > 6 || report.Summary.Pass == 0 {
				t.Errorf("%+v", report.Summary)
				showAll(t, report)
			}
			if report.Summary.Conformance != reports.InconclusiveTotal {
				t.Errorf("conformance %s", report.Summary.Conformance)
			}
		})
	}
}

// patientConfig has limits that no case of a trap comes near.
const patientConfig = `
target: %s/items
limits: {case: 20s, run: 60s}
profiles: {resume: {upload: {method: POST, path: "/items?tag={tag}"}, count: {path: "/items?tag={tag}", pointer: /count}}}
`

// TestCancelled: a run that the user ends gives what it had so far, and blames nobody for the rest.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := setTrap(t, nil)
	finished := 0
	options := suite.Options{Config: parse(t, fmt.Sprintf(patientConfig, s.url())), Progress: func(p suite.Progress) {
		if p.Kind == suite.Finished {
			if finished++; finished == 4 {
				cancel()
			}
		}
	}}
	report, err := suite.Run(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	if report.Interrupted != "interrupted" || report.Summary.Total() != 4 || report.Summary.Fail+report.Summary.Error > 0 {
		t.Errorf("%q %+v", report.Interrupted, report.Summary)
	}
	clean(t, report)
}

// TestCancelledWithin ends a run while a case waits: for an answer, or between two questions.
func TestCancelledWithin(t *testing.T) {
	notYet := change(func(r *reply) { r.status = 503 })
	for name, c := range map[string]struct {
		where step
		trick trick
	}{"for an answer": {offset, silence}, "between two questions": {message, notYet}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := setTrap(t, at(c.where, both(trick(func(*trap, net.Conn, step, int, *reply) bool { cancel(); return false }), c.trick)))
			options := suite.Options{Config: parse(t, fmt.Sprintf(patientConfig, s.url()))}
			only(map[string]string{length: "", available: ""})(&options)
			report, err := suite.Run(ctx, options)
			if err != nil {
				t.Fatal(err)
			}
			if report.Interrupted != "interrupted" || report.Summary.Inconclusive != 1 || report.Summary.Fail+report.Summary.Error > 0 {
				t.Errorf("%q %+v", report.Interrupted, report.Summary)
				showAll(t, report)
			}
			clean(t, report)
		})
	}
}

// TestRunLimit: the time of the run is over while a case waits.
func TestRunLimit(t *testing.T) {
	s := setTrap(t, at(created, silence))
	config := parse(t, fmt.Sprintf(patientConfig, s.url()))
	config.Limits.Run = time.Second
	report := within(t, time.Minute, config, func(*suite.Options) {})
	if report.Interrupted != "run limit 1s reached" || report.Summary.Inconclusive != 1 || report.Summary.Fail+report.Summary.Error > 0 {
		t.Errorf("%q %+v", report.Interrupted, report.Summary)
		showAll(t, report)
	}
	clean(t, report)
}

// showAll prints what is neither a pass nor excluded.
func showAll(t *testing.T, report *reports.Report) {
	t.Helper()
	for _, r := range report.Results {
		if r.Verdict != reports.Pass && r.Verdict != reports.Excluded {
			t.Logf("%s %s [%s %s]\n\texpected: %s\n\tgot: %s", r.Verdict, r.ID, r.Point, r.Fault, r.Expected, r.Got)
		}
	}
}

// TestOrder: cases run in the order of the catalogue, or in one that the seed gives.
func TestOrder(t *testing.T) {
	s := setTrap(t, nil)
	ran := map[int64][]string{}
	for _, seed := range []int64{0, 7, 8, 7} {
		var started, reported []string
		report := within(t, time.Minute, parse(t, fmt.Sprintf(patientConfig, s.url())), func(o *suite.Options) {
			o.Seed, o.Selection.Focus = seed, regexp.MustCompile(`offer\.|before100\.lost|upload\.head|response\.complete`)
			o.Selection.Skip = regexp.MustCompile("unguessable")
			o.Progress = func(p suite.Progress) {
				if p.Kind == suite.Started {
					started = append(started, p.Title)
				}
			}
		})
		for _, r := range report.Results {
			if r.Verdict != reports.Excluded {
				reported = append(reported, r.Key().String())
			}
		}
		if inOrder := slices.Equal(started, reported); inOrder != (seed == 0) {
			t.Errorf("seed %d: ran %v\nreported %v", seed, started, reported)
		}
		if before, again := ran[seed]; again && !slices.Equal(before, started) {
			t.Errorf("seed %d gave two orders", seed)
		}
		ran[seed] = started
	}
	if slices.Equal(ran[7], ran[8]) {
		t.Error("two seeds gave one order")
	}
}
