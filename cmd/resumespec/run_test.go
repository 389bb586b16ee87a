package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// session is one command line against a fake suite.
type session struct {
	out, err bytes.Buffer
	got      suite.Options // what the suite was asked for
}

var fakeCases = []catalog.Case{
	{ID: "resume.a.plain", Level: catalog.Must, Point: "none"},
	{ID: "resume.a.counted", Level: catalog.Must, Point: "mid-upload", Needs: []catalog.Need{catalog.NeedCount, catalog.NeedReadback}},
	{ID: "resume.a.two", Level: catalog.Should, Point: "mid-upload", Needs: []catalog.Need{catalog.NeedCount, catalog.NeedUsers}},
}

func fakeLookup(id string) (catalog.Case, bool) {
	for _, c := range fakeCases {
		if c.ID == id {
			return c, true
		}
	}
	return catalog.Case{}, false
}

// play runs a command line in a folder of its own; the suite answers with report and err.
func (s *session) play(t *testing.T, report *reports.Report, err error, args ...string) int {
	t.Helper()
	t.Chdir(t.TempDir())
	a := &app{out: &s.out, err: &s.err, env: func(string) string { return "" }, engine: engine{
		run: func(_ context.Context, o suite.Options) (*reports.Report, error) {
			s.got = o
			if report != nil {
				o.Progress(suite.Progress{Kind: suite.Planned, Total: len(report.Results)})
				for i := range report.Results {
					o.Progress(suite.Progress{Kind: suite.Finished, Done: i + 1, Result: &report.Results[i]})
				}
			}
			return report, err
		},
		cases:   func() []catalog.Case { return fakeCases },
		omitted: func() []catalog.Omission { return nil },
		lookup:  fakeLookup,
		similar: func(string) []string { return nil },
	}}
	return a.execute(args)
}

func fakeReport(interrupted string, verdicts ...reports.Verdict) *reports.Report {
	r := &reports.Report{Schema: reports.Schema, Interrupted: interrupted}
	for i, v := range verdicts {
		r.Results = append(r.Results, reports.Result{
			ID: fmt.Sprintf("resume.a.case%d", i), Profile: "resume", Level: reports.Must, Point: "none", Fault: "none", Transport: "h1",
			Verdict: v,
		})
	}
	r.Summary = reports.Summarize(r.Results, interrupted)
	return r
}

func TestExitStatus(t *testing.T) {
	const pass, fail, warn = reports.Pass, reports.Fail, reports.Warn
	for _, row := range []struct {
		name   string
		report *reports.Report
		err    error
		want   int
	}{
		{"conformant", fakeReport("", pass, warn), nil, 0},
		{"partial", fakeReport("", pass, reports.Unsupported, reports.Excluded), nil, 0},
		{"failed", fakeReport("", pass, fail), nil, 1},
		{"failed, and something was inconclusive", fakeReport("", fail, reports.Inconclusive, reports.Error), nil, 1},
		{"a fault did not fire", fakeReport("", pass, reports.Inconclusive), nil, 3},
		{"the suite failed", fakeReport("", pass, reports.Error), nil, 3},
		{"nothing was tested", fakeReport("", reports.Unsupported, reports.Excluded), nil, 3},
		{"no results", fakeReport(""), nil, 3},
		{"interrupted", fakeReport("interrupted", pass), nil, 3},
		{"interrupted after a failure", fakeReport("interrupted", fail), nil, 3},
		{"interrupted, told as an error", fakeReport("interrupted", pass), context.Canceled, 3},
		{"a report and an error", fakeReport("", pass), errors.New("proxy died"), 3},
		{"no report and no error", nil, nil, 3},
		{"dead", nil, fmt.Errorf("dial: %w", suite.ErrTargetDead), 3},
		{"nothing selected", nil, suite.ErrNothingSelected, 3},
		{"usage", nil, fmt.Errorf("%w: no such thing", suite.ErrUsage), 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			var s session
			if got := s.play(t, row.report, row.err, "run", "http://127.0.0.1:1"); got != row.want {
				t.Errorf("exit status %d, want %d\n%s%s", got, row.want, &s.out, &s.err)
			}
			for _, name := range []string{"resumespec-report.json", "resumespec-report.html"} {
				if _, err := os.Stat(name); (err == nil) != (row.report != nil) {
					t.Errorf("%s: %v", name, err)
				}
				if row.report != nil && !strings.Contains(s.out.String(), "report: "+name+"\n") {
					t.Errorf("%s is not named:\n%s", name, &s.out)
				}
			}
			if row.err != nil && strings.Count(s.err.String(), "\n") != 1 {
				t.Errorf("not one clear line: %q", s.err.String())
			}
		})
	}
}

// TestExitStatusWithBaseline: only a failure that is news counts as one.
func TestExitStatusWithBaseline(t *testing.T) {
	const pass, fail = reports.Pass, reports.Fail
	for _, row := range []struct {
		name          string
		before, after *reports.Report
		want          int
	}{
		{"known", fakeReport("", pass, fail), fakeReport("", pass, fail), 0},
		{"all known, and nothing passes", fakeReport("", fail), fakeReport("", fail), 0},
		{"news", fakeReport("", pass, fail), fakeReport("", fail, fail), 1},
		{"it warned", fakeReport("", reports.Warn), fakeReport("", fail), 1},
		{"gone", fakeReport("", fail, fail), fakeReport("", pass, pass), 0},
		{"known, and something is inconclusive", fakeReport("", fail, pass), fakeReport("", fail, reports.Inconclusive), 3},
		{"known, and interrupted", fakeReport("", fail), fakeReport("interrupted", fail), 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			baseline := filepath.Join(t.TempDir(), "baseline.json")
			if err := reports.WriteFile(baseline, func(w io.Writer) error { return reports.WriteJSON(w, row.before) }); err != nil {
				t.Fatal(err)
			}
			var s session
			if got := s.play(t, row.after, nil, "run", "http://127.0.0.1:1", "--baseline", baseline); got != row.want {
				t.Errorf("exit status %d, want %d\n%s%s", got, row.want, &s.out, &s.err)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	var s session
	args := []string{
		"run", "http://127.0.0.1:1/x y", "--point", "mid-upload,none", "--fault", "RST", "--level", "Should",
		"--focus", "it's", "--skip", "b$", "--seed", "7", "--toxiproxy", "http://u:geheim@localhost:8474", "--json", "-",
		"--jobs", "3", "--shard", "2/5",
	}
	if got := s.play(t, fakeReport("", reports.Pass), nil, args...); got != 0 {
		t.Fatalf("exit status %d: %s", got, &s.err)
	}
	want := suite.Selection{Points: []string{"mid-upload", "none"}, Faults: []string{"rst"}, Level: "should", Shard: suite.Shard{Part: 2, Of: 5}}
	got := s.got.Selection
	if got.Focus.String() != "it's" || got.Skip.String() != "b$" || s.got.Seed != 7 || s.got.Jobs != 3 || s.got.Worker == nil {
		t.Errorf("got %+v, seed %d", got, s.got.Seed)
	}
	got.Focus, got.Skip = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("selection (-want +got):\n%s", diff)
	}
	if want := "resumespec run 'http://127.0.0.1:1/x y' --toxiproxy http://u:xxxxx@localhost:8474"; s.got.Rerun != want {
		t.Errorf("rerun %q, want %q", s.got.Rerun, want)
	}
	if s.got.Toxiproxy != "http://u:geheim@localhost:8474" {
		t.Errorf("toxiproxy %q", s.got.Toxiproxy)
	}
	line := strings.Join(s.got.Command, "|")
	for _, part := range []string{"resumespec|run|http://", "--point|mid-upload|--point|none", "--focus|it's", "--seed|7|--jobs|3|--shard|2/5", "--json|-"} {
		if !strings.Contains(line, part) {
			t.Errorf("the command line lacks %q: %s", part, line)
		}
	}
	if strings.Contains(line, "geheim") {
		t.Errorf("the command line shows a password: %s", line)
	}
	if !strings.HasPrefix(s.out.String(), "{") || !strings.Contains(s.err.String(), "CONFORMANT") {
		t.Errorf("standard output is not the report's alone:\n%s", &s.out)
	}
}

func TestSeedAndJobs(t *testing.T) {
	seeds := map[int64]bool{}
	for range 20 {
		var s session
		s.play(t, fakeReport("", reports.Pass), nil, "run", "http://h", "--seed", "random", "--jobs", "auto")
		seeds[s.got.Seed] = true
		if s.got.Seed < 1 || s.got.Seed > 999_999 || s.got.Jobs != runtime.NumCPU() {
			t.Errorf("seed %d, %d jobs", s.got.Seed, s.got.Jobs)
		}
		if want := fmt.Sprintf("--seed %d --jobs", s.got.Seed); !strings.Contains(strings.Join(s.got.Command, " "), want) {
			t.Errorf("the command line lacks %s: %v", want, s.got.Command)
		}
	}
	if len(seeds) < 10 {
		t.Errorf("not random: %v", seeds)
	}
	var s session
	if s.play(t, fakeReport("", reports.Pass), nil, "run", "http://h"); s.got.Seed != 0 || s.got.Jobs != 1 {
		t.Errorf("by default: seed %d, %d jobs", s.got.Seed, s.got.Jobs)
	}
	for _, row := range []struct {
		report *reports.Report
		want   string
	}{
		{&reports.Report{}, "seed 0 (catalogue order)"},
		{&reports.Report{Seed: 8123}, "seed 8123"},
		{&reports.Report{Seed: 8123, Parts: []reports.Part{{Seed: 8123}}}, "seed 8123"},
		{&reports.Report{Seed: 8123, Parts: []reports.Part{{Seed: 8123}, {Seed: 7}}}, "several seeds"},
	} {
		if got := order(row.report); got != row.want {
			t.Errorf("%s, want %s", got, row.want)
		}
	}
}

func TestEmptyFocus(t *testing.T) {
	var s session
	if s.play(t, nil, suite.ErrNothingSelected, "run", "http://h", "--focus", ""); !s.got.Selection.Nothing {
		t.Error("an empty --focus selects something")
	}
	s = session{}
	if s.play(t, nil, suite.ErrNothingSelected, "run", "http://h"); s.got.Selection.Nothing {
		t.Error("without --focus nothing is selected")
	}
}

// TestHostile prints what a target may have chosen.
func TestHostile(t *testing.T) {
	at := int64(512)
	r := fakeReport("", reports.Fail, reports.Warn)
	evil := "\x1b]0;title\a\x1b[2J\r\npass          resume.a.forged\u202e<script>"
	for i := range r.Results {
		one := &r.Results[i]
		one.Got, one.Expected, one.Notes, one.Where, one.Byte = evil, evil, []string{evil}, evil, &at
	}
	r.Interrupted = ""
	var s session
	s.play(t, r, fmt.Errorf("%w: %s", suite.ErrTargetDead, evil), "run", "http://h", "-v")
	for _, text := range []string{s.out.String(), s.err.String()} {
		if strings.ContainsAny(text, "\x1b\a\r\u202e") {
			t.Errorf("it reaches the terminal: %q", text)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "pass") && strings.Contains(line, "forged") {
				t.Errorf("a forged line: %q", line)
			}
		}
	}
	if !strings.Contains(s.out.String(), "byte 512 of the ") {
		t.Errorf("the byte is missing:\n%s", &s.out)
	}
}

func TestMissing(t *testing.T) {
	r := &reports.Report{}
	for _, c := range fakeCases {
		r.Results = append(r.Results, reports.Result{ID: c.ID, Verdict: reports.Unsupported})
	}
	config, err := target.Default("http://h")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range missingOf(r, fakeLookup, config) {
		got = append(got, fmt.Sprintf("%s=%d", one.key, one.results))
	}
	if diff := cmp.Diff([]string{"count=2", "=1", "users=1"}, got); diff != "" {
		t.Error(diff)
	}
	var s session
	s.play(t, r, nil, "run", "http://h")
	if !strings.Contains(s.out.String(), "count      2 results: ") {
		t.Errorf("the key is not named:\n%s", &s.out)
	}
}

func TestEmbedded(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s session
	if got := s.play(t, fakeReport("", reports.Pass), nil, "run"); got != 0 {
		t.Fatalf("exit status %d: %s", got, &s.err)
	}
	resume := s.got.Config.Profile("resume")
	if len(s.got.Config.Users) != 2 || resume.Count == nil || resume.Large == nil || resume.Slow == nil || len(resume.Failing) != 2 {
		t.Errorf("not the full example: %+v", resume)
	}
	if s.got.Rerun != "resumespec run" || !strings.HasPrefix(s.got.Config.Target, "http://127.0.0.1:") {
		t.Errorf("rerun %q, target %q", s.got.Rerun, s.got.Config.Target)
	}
	if !strings.Contains(s.out.String(), "data in ") {
		t.Errorf("the folder is not named:\n%s", &s.out)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEmbeddedWithConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "limits: {case: 7s}\nprofiles: {resume: {count: {path: /other}}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var s session
	if got := s.play(t, fakeReport("", reports.Pass), nil, "run", "--config", file); got != 0 {
		t.Fatalf("exit status %d: %s", got, &s.err)
	}
	c := s.got.Config
	if c.Limits.Case.Seconds() != 7 || c.Profile("resume").Count.Path != "/other" || c.Profile("resume").Large != nil || len(c.Users) != 2 ||
		c.Profile("resume").Upload.Path != "/items" {
		t.Errorf("got %+v, %+v", c, c.Profile("resume"))
	}
}

func TestShellLine(t *testing.T) {
	got := shellLine("resumespec", "run", "http://h/?a=b&c", "a b", "it's", "")
	if want := `resumespec run 'http://h/?a=b&c' 'a b' 'it'\''s' ''`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"new": true, "file": true, "a/b/new": true, "": false, "file/new": false, "file/a/new": false,
	} {
		if err := writable(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := writable(os.DevNull); err != nil {
		t.Errorf("a device: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the check left something: %v, %v", left, err)
	}
}
