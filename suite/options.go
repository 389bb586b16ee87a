package suite

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/target"
)

// Options say what to run, against what and how. But for the functions they travel to the workers of a run as JSON.
type Options struct {
	Config    *target.Config // filled with defaults
	Selection Selection
	Seed      int64 // order of the specs; 0 keeps the order of the catalogue
	// Sweep runs the sweep cases, and no others, on an exchange whose request has this many bytes; 0 runs all but them.
	Sweep     int64
	Toxiproxy string // URL of an external toxiproxy-server; "" cuts with the embedded one
	Version   string // of the tool, for the report
	// Command is the command line of this run, for the report; secrets are redacted.
	Command []string
	// Rerun is the start of the command that repeats a case: "resumespec run URL --config F".
	Rerun string
	// Restart stops the target and starts it again with what it has kept; nil: the configuration says how.
	Restart func(context.Context) error `json:"-"`
	// Jobs is how many processes run cases side by side; with 0 and 1 it is this one alone.
	Jobs int
	// Worker gives the command, not yet started, that calls Work with its standard input and output. It is needed where
	// Jobs is more than 1.
	Worker func(context.Context) *exec.Cmd `json:"-"`
	// Progress is called from one goroutine for each step of the run; nil: nobody watches.
	Progress func(Progress) `json:"-"`
}

// Selection narrows a run. Empty lists select everything.
type Selection struct {
	Profiles   []string
	Points     []string // "none" selects the cases without a cut
	Faults     []string
	Transports []string
	Level      string         // "must", "should" or "may": the weakest level to run
	Focus      *regexp.Regexp // matched against "ID [point fault transport]"
	Skip       *regexp.Regexp
	Nothing    bool // an empty --focus: selects nothing
	Sweep      bool // the cases that sweep instead of the others; Run sets it where Options.Sweep is given
	Shard      Shard
}

// Shard is one of several parts of a selection that are run apart from each other; the zero value is all of it.
type Shard struct {
	Part int // from 1
	Of   int
}

// String gives the shard as on the command line, "2/3"; "" for the whole.
func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Part, s.Of)
}

// Progress is one step of a run, for who watches it.
type Progress struct {
	Kind   ProgressKind
	Done   int // results so far
	Total  int // results that will come
	Title  string
	Result *reports.Result // with Finished
	// Cuts of AllCuts have been made, with Advanced.
	Cuts, AllCuts int
}

// ProgressKind names the step.
type ProgressKind string

// The steps.
const (
	Planned  ProgressKind = "planned"  // Total is known
	Started  ProgressKind = "started"  // the case Title begins
	Advanced ProgressKind = "advanced" // a sweep, the case Title, has made Cuts of AllCuts
	Finished ProgressKind = "finished" // Result is there
)

// Errors of Run that mean that nothing could be said about the target (exit status 3).
var (
	ErrNothingSelected = errors.New("nothing selected")
	ErrTargetDead      = errors.New("target does not answer")
)

// ErrUsage marks errors of what the user asked for (exit status 2).
var ErrUsage = errors.New("usage")
