package suite

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

func plainRunner() *runner {
	c := configOf(map[string]string{"Authorization": "Bearer secret-of-alice"})
	return &runner{options: Options{Config: c}, secrets: newRedactor(c), results: map[string]reports.Result{}}
}

// labelled gives n exchanges, of which every kth was cut.
func labelled(n, k int) []matrix.Step {
	began := time.Now()
	var steps []matrix.Step
	for i := range n {
		step := matrix.Step{Record: exchange.Record{Label: fmt.Sprintf("GET /%d", i), Began: began.Add(time.Duration(i) * time.Millisecond)}}
		if k > 0 && i%k == 0 {
			step.Evidence = &faults.Evidence{Fired: true, Cut: faults.Cut{Place: faults.RequestBody, Offset: int64(i), Fault: faults.FIN}, ClosedBy: "cut", Closed: faults.FIN}
		}
		steps = append(steps, step)
	}
	return steps
}

// TestTranscriptIsTrimmed keeps the first exchanges and the last, and all of the evidence that there is room for; what
// points into the transcript points at the right exchange.
func TestTranscriptIsTrimmed(t *testing.T) {
	for _, verdict := range reports.Verdicts {
		keep := keepOther
		if verdict == reports.Pass || verdict == reports.Unsupported {
			keep = keepPassed
		}
		for _, n := range []int{0, 1, keep - 1, keep, keep + 1, 200} {
			for _, k := range []int{0, 1, 3} {
				result := plainRunner().blank(whole(t)[0])
				result.Verdict = verdict
				plainRunner().transcribe(&result, labelled(n, k))
				if len(result.Transcript) != min(n, keep) || result.Omitted != n-len(result.Transcript) {
					t.Errorf("%s: %d of %d exchanges, %d omitted", verdict, len(result.Transcript), n, result.Omitted)
				}
				ends(t, result, n)
				pointers(t, result, n, k)
			}
		}
	}
}

func ends(t *testing.T, result reports.Result, n int) {
	t.Helper()
	if n == 0 {
		return
	}
	first, last := result.Transcript[0], result.Transcript[len(result.Transcript)-1]
	if first.Label != "GET /0" || last.Label != fmt.Sprintf("GET /%d", n-1) {
		t.Errorf("%d exchanges from %s to %s", n, first.Label, last.Label)
	}
	if first.AtUsec != 0 || last.AtUsec != int64(n-1)*1000 {
		t.Errorf("from %d to %d microseconds", first.AtUsec, last.AtUsec)
	}
}

func pointers(t *testing.T, result reports.Result, n, k int) {
	t.Helper()
	cuts := 0
	if k > 0 {
		cuts = (n + k - 1) / k
	}
	if len(result.Evidence) != min(cuts, keepCuts) {
		t.Errorf("%d of %d cuts", len(result.Evidence), cuts)
	}
	for _, e := range result.Evidence {
		if e.Exchange == -1 {
			continue
		}
		if x := result.Transcript[e.Exchange]; x.Label != fmt.Sprintf("GET /%d", e.Offset) || x.Link != "cut" {
			t.Errorf("the cut at %d points at %s over a %s link", e.Offset, x.Label, x.Link)
		}
	}
}

// TestEventsAddUp: an event whose middle was left out becomes two, and no byte is counted twice or lost.
func TestEventsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Byte(), 0, 60)
		e := exchange.Event{Kind: exchange.Received, Offset: int64(rapid.IntRange(0, 1000).Draw(t, "offset")), Data: some.Draw(t, "data"), Tail: some.Draw(t, "tail")}
		e.Bytes = int64(len(e.Data) + len(e.Tail) + rapid.IntRange(0, 100).Draw(t, "left out"))
		shown := plainRunner().events(e)
		at, omitted := e.Offset, int64(0)
		for _, one := range shown {
			if one.Offset != at || one.Text != "" && one.Hex != "" {
				t.Fatalf("%+v of %+v", one, e)
			}
			at += one.Bytes
			omitted += one.Omitted
		}
		if at != e.Offset+e.Bytes || omitted != e.Omitted() {
			t.Fatalf("%d bytes, %d omitted, of %+v", at-e.Offset, omitted, e)
		}
	})
}

// TestShow: text as text, everything else as hex, a credential as neither.
func TestShow(t *testing.T) {
	for in, want := range map[string]reports.Event{
		"":                                 {},
		"GET / HTTP/1.1\r\n\tä€\U0001F600": {Text: "GET / HTTP/1.1\r\n\tä€\U0001F600"},
		"\x00":                             {Hex: "00"},
		"a\x1b[2J":                         {Hex: "611b5b324a"},
		"\xff":                             {Hex: "ff"},
		"right\u202eleft":                  {Hex: "7269676874e280ae6c656674"},
		"Authorization: Bearer secret-of-alice\r\n\r\n": {Text: "Authorization: [redacted]\r\n\r\n"},
		"\x00secret-of-alice":                           {Hex: fmt.Sprintf("00%x", redacted)},
	} {
		var got reports.Event
		plainRunner().show(&got, []byte(in), false, false)
		if got != want {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

// TestResultOfASession carries over what the session found.
func TestResultOfASession(t *testing.T) {
	r, i := plainRunner(), whole(t)[0]
	for _, c := range []struct {
		name string
		run  func(*matrix.Session)
		want reports.Result
	}{
		{"pass", func(*matrix.Session) {}, reports.Result{Verdict: reports.Pass, Expected: i.check.Requires, Got: "as required"}},
		{"at a byte", func(s *matrix.Session) { s.BrokenAt(0, "request body", "a", "b") }, reports.Result{Verdict: reports.Fail, Expected: "a", Got: "b", Where: "request body"}},
		{"at no byte", func(s *matrix.Session) { s.Broken("a", "b") }, reports.Result{Verdict: reports.Fail, Expected: "a", Got: "b"}},
		{"warn", func(s *matrix.Session) { s.Warn("a", "b") }, reports.Result{Verdict: reports.Warn, Expected: "a", Got: "b"}},
		{"warn, then broken", func(s *matrix.Session) { s.Warn("a", "b"); s.Broken("c", "d") }, reports.Result{Verdict: reports.Fail, Expected: "c", Got: "d"}},
		{"unsupported", func(s *matrix.Session) { s.Unsupported("no %s", "such thing") }, reports.Result{Verdict: reports.Unsupported, Expected: i.check.Requires, Got: "no such thing"}},
		{"harness", func(*matrix.Session) { panic("oh") }, reports.Result{Verdict: reports.Error, Expected: "the case to run to its end", Got: "the harness failed: oh"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bench := &matrix.Bench{Limits: exchange.Limits{Time: time.Minute}}
			s := matrix.Run(t.Context(), bench, matrix.Check{Case: i.check.Case, Run: c.run}, i.variant)
			got := r.result(i, s)
			if got.Verdict != c.want.Verdict || got.Expected != c.want.Expected || got.Got != c.want.Got || got.Where != c.want.Where {
				t.Errorf("%+v", got)
			}
			if named := got.Byte != nil; named != (c.name == "at a byte") || named && *got.Byte != 0 {
				t.Errorf("byte %v", got.Byte)
			}
			if got.ID != i.check.ID || got.Requires == "" || got.Why == "" || got.Rerun == "" || got.Source.URL == "" || got.Transcript == nil || got.Evidence == nil {
				t.Errorf("%+v", got)
			}
			text := summary(got)
			for _, part := range []string{string(got.Verdict), got.Requires, got.Expected, got.Got, got.Rerun, got.Source.Section} {
				if !strings.Contains(text, part) {
					t.Errorf("no %q in the summary %q", part, text)
				}
			}
		})
	}
}

// TestReportOfPart: a report is valid whatever has run, and holds what was left out.
func TestReportOfPart(t *testing.T) {
	for _, ran := range []int{0, 1, 5} {
		r := plainRunner()
		var err error
		if r.plan, err = newPlan(nil, usual(t), Selection{Points: []string{"none"}}); err != nil {
			t.Fatal(err)
		}
		for _, i := range r.plan.selected()[:ran] {
			r.results[i.title()] = r.result(i, matrix.Run(t.Context(), &matrix.Bench{Limits: exchange.Limits{Time: time.Minute}}, matrix.Check{Case: i.check.Case, Run: func(*matrix.Session) {}}, i.variant))
		}
		r.stop("the first reason")
		r.stop("the second")
		report := r.report(time.Now())
		var b bytes.Buffer
		if err := errors.Join(reports.WriteJSON(&b, report), reports.Validate(b.Bytes())); err != nil {
			t.Error(err)
		}
		if report.Interrupted != "the first reason" || report.Summary.Pass != ran || report.Summary.Excluded != len(r.plan)-len(r.plan.selected()) {
			t.Errorf("%q %+v", report.Interrupted, report.Summary)
		}
		for _, one := range report.Results {
			if one.Verdict == reports.Excluded && one.Got != "not run: --point" {
				t.Errorf("%s: %s", one.ID, one.Got)
			}
		}
	}
}

// TestHints counts the cases that a key of the configuration would turn on, for each that is not set.
func TestHints(t *testing.T) {
	bare, err := target.Default("http://127.0.0.1:1/items")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]int{}
	for _, h := range hints(bare, []string{"resume", "tus", "rufh"}) {
		keys[h.Key] = h.Cases
		if h.Enables == "" || h.Cases < 1 {
			t.Errorf("%+v", h)
		}
	}
	if len(keys) != 8 {
		t.Errorf("hints %v", keys)
	}
	for _, c := range Cases() {
		for _, need := range c.Needs {
			if _, ok := keys[string(need)]; !ok && need != catalog.NeedReadback {
				t.Errorf("%s needs %s, of which no hint tells", c.ID, need)
			}
		}
	}
	full, err := target.Parse("x", []byte(`
target: http://127.0.0.1:1/items
users: [{headers: {A: b}}, {name: other, headers: {A: c}}]
restart: {stop: [a], start: [b]}
profiles: {resume: {count: {path: /}, large: {path: /}, slow: {path: /}, failing: [{path: /}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if h := hints(full, []string{"resume"}); len(h) != 0 {
		t.Errorf("hints for a whole configuration: %+v", h)
	}
}
