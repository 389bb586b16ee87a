package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// jobsFlag is the value of --jobs: a number of processes.
type jobsFlag int

// String gives the number, "" for the default.
func (j *jobsFlag) String() string { return strconv.Itoa(int(*j)) }

// Type names the value in the help.
func (*jobsFlag) Type() string { return "N|auto" }

// Set takes a number from 1; 0 and "auto" are the number of processors.
func (j *jobsFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	switch {
	case strings.EqualFold(text, "auto"), err == nil && n == 0:
		n = runtime.NumCPU()
	case err != nil || n < 0 || n > maxJobs:
		return fmt.Errorf("not a number of processes (1 to %d, or auto)", maxJobs)
	}
	*j = jobsFlag(n)
	return nil
}

// maxJobs is the most processes that can be asked for: a slip of the finger must not take the machine down.
const maxJobs = 256

// seedFlag is the value of --seed.
type seedFlag int64

// String gives the number.
func (s *seedFlag) String() string { return strconv.FormatInt(int64(*s), 10) }

// Type names the value in the help.
func (*seedFlag) Type() string { return "N|random" }

// Set takes a number; "random" takes one that nobody has chosen, and that is short enough to be typed again.
func (s *seedFlag) Set(text string) error {
	if strings.EqualFold(text, "random") {
		*s = seedFlag(1 + rand.Int64N(999_999))
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("not a number, and not %q", "random")
	}
	*s = seedFlag(n)
	return nil
}

// order says in which order a run was.
func order(r *reports.Report) string {
	for _, part := range r.Parts {
		if part.Seed != r.Seed {
			return "several seeds"
		}
	}
	if r.Seed == 0 {
		return "seed 0 (catalogue order)"
	}
	return "seed " + strconv.FormatInt(r.Seed, 10)
}

// shardFlag is the value of --shard.
type shardFlag suite.Shard

// String gives the shard as it is written, "" for the whole.
func (s *shardFlag) String() string { return suite.Shard(*s).String() }

// Type names the value in the help.
func (*shardFlag) Type() string { return "I/N" }

// Set takes "I/N" with I from 1 to N.
func (s *shardFlag) Set(text string) error {
	part, of, found := strings.Cut(text, "/")
	i, wrong := strconv.Atoi(part)
	n, wrongToo := strconv.Atoi(of)
	if !found || wrong != nil || wrongToo != nil || i < 1 || i > n {
		return fmt.Errorf("not a part (write I/N, as 2/3: the second of three parts)")
	}
	*s = shardFlag{Part: i, Of: n}
	return nil
}

// oneByOne says that several jobs are of no use for a target: each case would count the effects of its neighbours.
func oneByOne(c *target.Config) bool {
	for _, p := range c.Profiles {
		if p.Count == nil || p.Count.Tagged() {
			return false
		}
	}
	return len(c.Profiles) > 0
}

// workerName is the command that a run with --jobs starts for each of them. People have no use for it.
const workerName = "worker"

func (a *app) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "One process of a run with --jobs, which starts it",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(command *cobra.Command, _ []string) error {
			// Ctrl-C reaches every process of a terminal: the run, which is one of them, says what is to be done.
			signal.Ignore(os.Interrupt, syscall.SIGTERM)
			if err := suite.Work(command.Context(), &lifeline{from: a.in}, a.out, version()); err != nil {
				return broken("%w", err)
			}
			return nil
		},
	}
}

// lifeline is the pipe from the run that started this process. When it ends the run is gone, killed perhaps, and so must
// this process be, whatever it is doing.
type lifeline struct {
	from  io.Reader
	begun bool // the run was there
}

// Read reads from the pipe, and does not return when that has ended: but at its very beginning, where there is nobody
// whose end it could be.
func (l *lifeline) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if err != nil && l.begun {
		exitNow(statusNothing)
	}
	l.begun = true
	return n, err
}

// startWorker gives the command of a worker: this program again.
func startWorker(ctx context.Context) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return exec.CommandContext(ctx, program, workerName) // #nosec G204 G702 -- it is this program
}
