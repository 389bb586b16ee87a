package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reports"
)

// options are the flags.
type options struct {
	root    string // the checkout, with .interop in it
	program string // resumespec
	build   string // the folder of the builds
	kept    string // the folder of the kept reports
	update  bool   // what is found is kept
	out     io.Writer
}

// certify builds a server, runs the suite on it and compares the report with the kept one. It says whether they differ.
func (o options) certify(ctx context.Context, s server) (differ bool, err error) {
	build, source := filepath.Join(o.build, s.name), s.source(o.root)
	if err := os.MkdirAll(build, 0o750); err != nil {
		return false, err
	}
	for _, words := range s.build {
		if err := command(ctx, filled(words, "{source}", source, "{build}", build)); err != nil {
			return false, fmt.Errorf("build %s: %w", s.name, err)
		}
	}
	folder, err := os.MkdirTemp("", "resumespec-interop-"+s.name+"-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p, err := begin(ctx, s, build, folder)
	if err != nil {
		return false, err
	}
	found, failed := o.run(ctx, s, p, source)
	if err := errors.Join(failed, p.end()); err != nil {
		return false, err
	}
	return o.compare(ctx, s, found)
}

// keptName is the file of the kept report, foundName that of the one that was just made.
func (o options) keptName(s server) string  { return filepath.Join(o.kept, s.name+".json") }
func (o options) foundName(s server) string { return filepath.Join(o.build, s.name+".json") }

// run lets the suite loose on a server that runs, and gives its report. What the kept report has as a failure is known.
func (o options) run(ctx context.Context, s server, p *process, source string) (*reports.Report, error) {
	config, err := os.ReadFile(filepath.Join(source, "resumespec.yaml"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(p.folder, "resumespec.yaml"), config, 0o600); err != nil {
		return nil, err
	}
	words := append([]string{"run", "http://" + p.address + s.path, "--config", "resumespec.yaml", "--quiet", "--jobs", strconv.Itoa(s.jobs), "--json", o.foundName(s),
		"--html", strings.TrimSuffix(o.foundName(s), ".json") + ".html"}, s.flags...)
	if _, err := os.Stat(o.keptName(s)); err == nil {
		words = append(words, "--baseline", o.keptName(s))
	}
	fmt.Fprintf(o.out, "== %s\n", s.name)
	if status, err := o.resumespec(ctx, p.folder, words...); err != nil || status > 1 {
		return nil, errors.Join(fmt.Errorf("the run against %s ended with status %d", s.name, status), err)
	}
	return read(o.foundName(s))
}

// resumespec runs the program in a folder and gives its exit status; what it prints goes on.
func (o options) resumespec(ctx context.Context, folder string, words ...string) (status int, err error) {
	run := exec.CommandContext(ctx, o.program, words...) // #nosec G204 -- our own program
	run.Dir, run.Stdout, run.Stderr = folder, o.out, o.out
	err = run.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) && exited.Exited() {
		return exited.ExitCode(), nil
	}
	return 0, err
}

// compare holds what was found against what is kept. Anything that is otherwise is a difference, for better or worse: what
// is kept is to be the truth.
func (o options) compare(ctx context.Context, s server, found *reports.Report) (differ bool, err error) {
	if o.update {
		kept := found.Slim()
		kept.Command = []string{"make", "interop"} // the folders of this run are gone
		return false, reports.WriteFile(o.keptName(s), func(w io.Writer) error { return reports.WriteJSON(w, kept) })
	}
	kept, err := read(o.keptName(s))
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("nothing is kept of %s to compare with (-update keeps what was found)", s.name)
	}
	if err != nil {
		return false, err
	}
	if s.undecided != nil {
		fmt.Fprintf(o.out, "%s: cases %s are not compared: %s\n", s.name, s.undecided, s.why)
	}
	if !reports.Compare(s.decided(kept), s.decided(found)).Differ() {
		fmt.Fprintf(o.out, "%s: as kept\n", s.name)
		return false, nil
	}
	_, err = o.resumespec(ctx, "", "report", "compare", "--verbose", o.keptName(s), o.foundName(s))
	return true, err
}

// decided gives what of a report is decided by more than the moment: without the cases that the server answers now so, now
// so, and with a pass for a warning that comes and goes.
func (s server) decided(r *reports.Report) *reports.Report {
	out := *r
	out.Results = nil
	for _, result := range r.Results {
		if s.undecided != nil && s.undecided.MatchString(result.ID) {
			continue
		}
		if s.overtakes && result.Fault != "none" && result.Verdict == reports.Warn {
			result.Verdict = reports.Pass
		}
		out.Results = append(out.Results, result)
	}
	return &out
}

func read(name string) (*reports.Report, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return reports.ReadJSON(bytes.NewReader(data))
}
