package selftest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// workerKind is the environment variable that makes this test program one of the workers.
const workerKind = "RESUMESPEC_SELFTEST_WORKER"

// workers are what a process of a run may be, by the value of workerKind, with their exit statuses.
var workers = map[string]func() int{
	"good":    func() int { return work(os.Stdout, "test") },
	"crashes": func() int { return work(&crash{os.Stdout}, "test") },
	"other":   func() int { return work(os.Stdout, "another version") },
	"gone":    func() int { return 0 },
	"mad":     func() int { fmt.Println("what is this?"); return work(os.Stdout, "test") },
	"twice":   func() int { return work(&echo{os.Stdout}, "test") },
	"late":    func() int { work(os.Stdout, "test"); return 5 },
}

func work(out io.Writer, version string) int {
	if err := suite.Work(context.Background(), os.Stdin, out, version); err != nil {
		return 3
	}
	return 0
}

// crash ends the process, as a panic does, in the place of the first result.
type crash struct{ io.Writer }

func (c *crash) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte(`{"result"`)) {
		fmt.Fprintln(os.Stderr, "panic: the sky fell (Bearer secret-of-alice)")
		os.Exit(2)
	}
	return c.Writer.Write(p)
}

// echo tells every result twice.
type echo struct{ io.Writer }

func (e *echo) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte(`{"result"`)) {
		if n, err := e.Writer.Write(p); err != nil {
			return n, err
		}
	}
	return e.Writer.Write(p)
}

// jobs lets a run have one process of each kind.
func jobs(t *testing.T, kinds ...string) func(*suite.Options) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	return func(o *suite.Options) {
		o.Jobs = len(kinds)
		o.Worker = func(ctx context.Context) *exec.Cmd {
			command := exec.CommandContext(ctx, program)
			command.Env = append(os.Environ(), workerKind+"="+kinds[next])
			next++
			return command
		}
	}
}

// some cases, of several areas and quick.
var some = regexp.MustCompile(`^resume\.(offer|before100\.lost|upload\.(head|gap|offset-accepted|content)|response\.(complete|once)|download)`)

func onlySome(o *suite.Options) {
	o.Selection.Focus, o.Selection.Skip = some, regexp.MustCompile("unguessable")
}

// verdicts gives what the run of each result came to, in the order of the report.
func verdicts(r *reports.Report) (list []string) {
	for i := range r.Results {
		list = append(list, fmt.Sprintf("%s %s", r.Results[i].Key(), r.Results[i].Verdict))
	}
	return list
}

// TestJobsMakeNoDifference: the same results in the same order, with their transcripts, whoever runs them; and the cases
// begin in the order that the seed gives.
func TestJobsMakeNoDifference(t *testing.T) {
	config := parse(t, fmt.Sprintf(wholeConfig, startBug(t).base()))
	started := map[int64][]string{}
	var one *reports.Report
	for _, row := range []struct {
		seed  int64
		kinds []string
	}{{0, nil}, {0, []string{"good", "good"}}, {0, slices.Repeat([]string{"good"}, 8)}, {7, nil}, {7, []string{"good", "good", "good"}}, {8, []string{"good", "good"}}} {
		var order []string
		report := certify(t, config, onlySome, jobs(t, row.kinds...), func(o *suite.Options) {
			o.Seed = row.seed
			done := 0
			o.Progress = func(p suite.Progress) {
				switch p.Kind {
				case suite.Started:
					order = append(order, p.Title)
				case suite.Finished:
					if done++; p.Done != done || p.Result.Key().String() != p.Title {
						t.Errorf("result %d of %s is told as %d, %s", done, p.Result.Key(), p.Done, p.Title)
					}
				}
			}
		})
		if one == nil {
			one = report
		}
		if diff := cmp.Diff(verdicts(one), verdicts(report)); diff != "" || report.Interrupted != "" || one.Summary != report.Summary {
			t.Errorf("seed %d, %d jobs: %+v %s\n%s", row.seed, len(row.kinds), report.Summary, report.Interrupted, diff)
		}
		for i := range report.Results {
			a, b := &one.Results[i], &report.Results[i]
			if len(a.Transcript) != len(b.Transcript) || len(a.Evidence) != len(b.Evidence) || a.Rerun != b.Rerun || a.Expected != b.Expected || a.Got != b.Got {
				t.Errorf("%s: %d exchanges and %d cuts, %d and %d in %d jobs", a.Key(), len(a.Transcript), len(a.Evidence), len(b.Transcript), len(b.Evidence), len(row.kinds))
			}
		}
		if before, again := started[row.seed]; again && !slices.Equal(before, order) {
			t.Errorf("seed %d, %d jobs: another order\n%s", row.seed, len(row.kinds), cmp.Diff(before, order))
		}
		started[row.seed] = order
	}
	if slices.Equal(started[0], started[7]) || slices.Equal(started[7], started[8]) {
		t.Error("two seeds gave one order")
	}
}

// TestJobThatDies: its case is in error, or the report says that the run is not whole; it is never green.
func TestJobThatDies(t *testing.T) {
	config := parse(t, fmt.Sprintf(wholeConfig, startBug(t).base()))
	for _, row := range []struct {
		name   string
		kinds  []string
		errors int    // results in error
		whole  bool   // every case has a result
		says   string // in the report's Interrupted, or in a result
	}{
		{"one of two", []string{"good", "crashes"}, 1, true, "job 2 died: exit status 2: panic: the sky fell"},
		{"all", []string{"crashes", "crashes"}, 2, false, "no job is left: job "},
		{"before it began", []string{"good", "gone"}, 0, false, "job 2 died: it ended without a word"},
		{"out of its mind", []string{"mad", "good"}, 0, false, "job 1 died: read a message: invalid character"},
		{"tells what it was not asked", []string{"good", "twice"}, 0, false, "job 2 said what it was not asked"},
		{"after its last word", []string{"good", "late"}, 0, true, "job 2 died: exit status 5"},
	} {
		t.Run(row.name, func(t *testing.T) {
			report := certify(t, config, onlySome, jobs(t, row.kinds...))
			told := report.Interrupted
			ran := 0
			for _, r := range report.Results {
				if r.Verdict == reports.Error {
					told += r.Got
				}
				if r.Verdict != reports.Excluded {
					ran++
				}
			}
			if report.Summary.Error != row.errors || !strings.Contains(told, row.says) || strings.Contains(told, "secret-of-alice") {
				t.Errorf("%+v, told %q", report.Summary, told)
			}
			if report.Summary.Conformance != reports.InconclusiveTotal || report.Summary.Fail > 0 {
				t.Errorf("%+v", report.Summary)
			}
			if whole := ran == selected(t, config.Target); whole != row.whole {
				t.Errorf("%d results", ran)
			}
		})
	}
}

// selected counts the results of some cases.
func selected(t *testing.T, url string) int {
	t.Helper()
	report := certify(t, parse(t, fmt.Sprintf(wholeConfig, url)), onlySome)
	return len(report.Results) - report.Summary.Excluded
}

// TestJobOfAnotherVersion: no case is run by a program that may know others.
func TestJobOfAnotherVersion(t *testing.T) {
	o := suite.Options{Config: parse(t, fmt.Sprintf(wholeConfig, startBug(t).base())), Version: "test"}
	onlySome(&o)
	jobs(t, "other", "other")(&o)
	report, err := suite.Run(t.Context(), o)
	if report != nil || err == nil || !strings.Contains(err.Error(), "this is resumespec another version") {
		t.Errorf("%v, %v", report, err)
	}
	o.Worker = nil
	if report, err := suite.Run(t.Context(), o); report != nil || !errors.Is(err, suite.ErrUsage) {
		t.Errorf("without a command: %v, %v", report, err)
	}
	o.Worker = func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, t.TempDir()+"/nothing") }
	if report, err := suite.Run(t.Context(), o); report != nil || err == nil || !strings.Contains(err.Error(), "start job 1: ") {
		t.Errorf("without a program: %v, %v", report, err)
	}
}

// TestJobsEnd: a run that the user ends gives what it had, blames nobody for the rest, and leaves no process behind.
func TestJobsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := suite.Options{Config: parse(t, fmt.Sprintf(wholeConfig, startBug(t).base())), Version: "test"}
	jobs(t, "good", "good", "good")(&o)
	start := o.Worker
	var all []*exec.Cmd
	o.Worker = func(ctx context.Context) *exec.Cmd {
		all = append(all, start(ctx))
		return all[len(all)-1]
	}
	o.Progress = func(p suite.Progress) {
		if p.Kind == suite.Finished && p.Done == 10 {
			cancel()
		}
	}
	report, err := suite.Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Interrupted != "interrupted" || report.Summary.Pass < 10 || report.Summary.Fail+report.Summary.Error+report.Summary.Unsupported > 0 || report.Summary.Inconclusive > 3 {
		t.Errorf("%q %+v", report.Interrupted, report.Summary)
		show(t, report)
	}
	for _, command := range all {
		if command.ProcessState == nil || !command.ProcessState.Success() {
			t.Errorf("a process ended with %v", command.ProcessState)
		}
	}
}

// TestTargetDiesUnderJobs: a target that is gone ends the run, and is not failed.
func TestTargetDiesUnderJobs(t *testing.T) {
	own := startReference(t, &target.Config{}, reference.Options{})
	report := certify(t, own.Config, resumeOnly, jobs(t, "good", "good"), func(o *suite.Options) {
		o.Progress = func(p suite.Progress) {
			if p.Kind == suite.Finished && p.Done == 12 {
				_ = own.Close()
			}
		}
	})
	if !strings.Contains(report.Interrupted, "stopped answering") || report.Summary.Fail > 0 || report.Summary.Pass < 10 || report.Summary.Error > 8 {
		t.Errorf("%q %+v", report.Interrupted, report.Summary)
		show(t, report)
	}
}

// TestCountForAll: where effects are counted for all tags together no case runs beside another, whatever is asked for.
func TestCountForAll(t *testing.T) {
	config := parse(t, fmt.Sprintf(wholeConfig, startBug(t).base()))
	config.Profiles["resume"].Count.Path = "/items?tag=all"
	running := 0
	certify(t, config, func(o *suite.Options) {
		o.Selection.Focus = regexp.MustCompile(`^resume\.offer\.(continue|http10|request-content|response-message)`)
		o.Jobs = 4
		o.Worker = func(context.Context) *exec.Cmd {
			t.Error("another process is started")
			return exec.Command("false")
		}
		o.Progress = func(p suite.Progress) {
			switch p.Kind {
			case suite.Started:
				running++
			case suite.Finished:
				running--
			}
			if running > 1 {
				t.Errorf("%s runs beside another", p.Title)
			}
		}
	})
}

// TestShardsMakeTheWhole: the reports of three shards of a real run make the report of the whole.
func TestShardsMakeTheWhole(t *testing.T) {
	own := startReference(t, &target.Config{}, reference.Options{})
	restart := func(o *suite.Options) { o.Restart = own.Restart }
	four := slices.Repeat([]string{"good"}, 4)
	whole := certify(t, own.Config, resumeOnly, jobs(t, four...), restart)
	var parts []reports.Named
	for i := range 3 {
		part := certify(t, own.Config, resumeOnly, jobs(t, four...), restart, func(o *suite.Options) { o.Selection.Shard = suite.Shard{Part: i + 1, Of: 3} })
		if part.Summary.Conformance != reports.Partial || part.Shard != fmt.Sprintf("%d/3", i+1) {
			t.Errorf("shard %s alone is %s", part.Shard, part.Summary.Conformance)
		}
		parts = append(parts, reports.Named{Name: part.Shard, Report: part})
	}
	slices.Reverse(parts)
	merged, err := reports.Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(verdicts(whole), verdicts(merged)); diff != "" || merged.Summary != whole.Summary || whole.Summary.Conformance != reports.Conformant {
		t.Errorf("%+v, %+v\n%s", whole.Summary, merged.Summary, diff)
	}
	var b bytes.Buffer
	if err := errors.Join(reports.WriteJSON(&b, merged), reports.Validate(b.Bytes())); err != nil {
		t.Error(err)
	}
}
