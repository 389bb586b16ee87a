// Command soak runs resumespec against its embedded reference server over and over: in one process and in several, in
// random order, on an idle machine and on a busy one. Every verdict must be the same each time; it counts those that are
// not, and says which.
//
// In the room: the mix of runs, the load, the comparison. What may be touched: the mix. It knows resumespec as users do, by
// its command line and its JSON report. Who comes in: make soak.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/resumespec/resumespec/reports"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// spinName is the argument with which the program keeps a processor busy.
const spinName = "spin"

// kind is one way to run the suite.
type kind struct {
	jobs int
	busy bool // with every processor kept busy by something else
}

// mix is the order of the kinds, over and over. A run waits for most of its time, so that most have more processes than
// there are processors: that is a load of its own.
var mix = []kind{
	{1, false}, {8, false}, {2, true}, {8, true}, {4, false}, {8, false}, {4, true}, {8, true}, {2, false}, {8, false},
}

// String names a kind: "busy, 2 jobs".
func (k kind) String() string {
	load := "idle"
	if k.busy {
		load = "busy"
	}
	return fmt.Sprintf("%s, %d jobs", load, k.jobs)
}

// run executes one command line and gives its exit status: 0 when every run gave the same verdicts, 1 when one did not,
// 2 when there was nothing to compare with.
func run(args []string, in io.Reader, out, err io.Writer) int {
	if len(args) == 1 && args[0] == spinName {
		spin(in, out)
		return 0
	}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(err)
	n := flags.Int("n", 200, "how many runs")
	program := flags.String("resumespec", "bin/resumespec", "the program to run")
	if flags.Parse(args) != nil || flags.NArg() > 0 || *n < 2 {
		fmt.Fprintln(err, "soak: wants at least 2 runs (-n) of a program (-resumespec)")
		return 2
	}
	folder, failed := os.MkdirTemp("", "resumespec-soak-")
	if failed != nil {
		fmt.Fprintln(err, "soak:", failed)
		return 2
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s := &soak{program: *program, folder: folder, out: out}
	if failed := s.all(ctx, *n); failed != nil {
		fmt.Fprintln(err, "soak:", failed)
		return 2
	}
	return s.conclude()
}

// soak is a number of runs and what became of them.
type soak struct {
	program string
	folder  string // of the reports that differ
	out     io.Writer

	first   *reports.Report // what the others are compared with
	runs    int
	results int
	differ  int // verdicts that are not those of the first run
	kept    int // reports in the folder
}

// all does the runs. It fails when the first one gives no report, or ctx ends before all are done.
func (s *soak) all(ctx context.Context, n int) error {
	for i := range n {
		if err := s.one(ctx, i); err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
	}
	return nil
}

// one does a run and compares it with the first.
func (s *soak) one(ctx context.Context, i int) error {
	k, seed := mix[i%len(mix)], "random"
	if i == 0 {
		seed = "0"
	}
	file := filepath.Join(s.folder, fmt.Sprintf("run-%03d.json", i+1))
	began := time.Now()
	report, err := s.certify(ctx, k, seed, file)
	took := time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case i == 0 && err != nil:
		return err
	case i == 0:
		s.first = report
	}
	s.runs++
	var all []difference
	if err != nil {
		all = []difference{{what: "the run", want: "a report", got: err.Error()}}
		report = &reports.Report{}
	} else {
		all = compare(s.first, report)
	}
	s.results += len(report.Results)
	fmt.Fprintf(s.out, "run %3d  %-12s  seed %-6d  %5.1fs  %d results, %d differ\n", i+1, k, report.Seed, took, len(report.Results), len(all))
	for _, d := range all {
		fmt.Fprintf(s.out, "    %s\n", reports.Sanitize(d.String()))
	}
	s.differ += len(all)
	switch {
	case len(all) == 0:
		return os.Remove(file)
	case err == nil:
		s.kept++
	}
	return nil
}

// certify runs the program once and reads its report.
func (s *soak) certify(ctx context.Context, k kind, seed, file string) (*reports.Report, error) {
	if k.busy {
		end, err := busy(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	args := []string{"run", "--quiet", "--jobs", strconv.Itoa(k.jobs), "--seed", seed, "--json", file}
	command := exec.CommandContext(ctx, s.program, args...) // #nosec G204 -- the user names it
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	said, failed := command.CombinedOutput()
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("no report: %w: %s", errors.Join(failed, err), said)
	}
	defer opened.Close()
	return reports.ReadJSON(opened)
}

// conclude says what came of all runs.
func (s *soak) conclude() int {
	fmt.Fprintf(s.out, "%d runs, %d results: %d differing verdicts\n", s.runs, s.results, s.differ)
	if s.differ == 0 {
		_ = os.RemoveAll(s.folder) // nothing is in it
		return 0
	}
	fmt.Fprintf(s.out, "%d reports with differences are in %s\n", s.kept, s.folder)
	return 1
}
