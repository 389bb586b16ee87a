package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/resumespec/resumespec/reports"
)

// source gives the report of one mutant.
type source func(ctx context.Context, name string) (*reports.Report, error)

// processes runs each mutant in a process of its own: the tree of specs is one per process.
func processes(o options) (source, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return func(ctx context.Context, name string) (*reports.Report, error) {
		command := exec.CommandContext(ctx, self, "-child", "-mutant", name, "-focus", o.focus, "-case", o.limit.String()) // #nosec G204 G702 -- itself
		command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
		command.WaitDelay = 5 * time.Second
		var out, complaint bytes.Buffer
		command.Stdout, command.Stderr = &out, &complaint
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, bytes.TrimSpace(complaint.Bytes()))
		}
		if o.keep != "" {
			err := reports.WriteFile(kept(o.keep, name), func(w io.Writer) error { _, err := w.Write(out.Bytes()); return err })
			if err != nil {
				return nil, err
			}
		}
		return read(&out, name)
	}, nil
}

// files reads the reports that an earlier run has kept.
func files(folder string) source {
	return func(_ context.Context, name string) (*reports.Report, error) {
		file, err := os.Open(kept(folder, name))
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return read(file, name)
	}
}

func kept(folder, name string) string { return filepath.Join(folder, name+".json") }

// read reads a report and lets go of what the matrix does not show.
func read(r io.Reader, name string) (*reports.Report, error) {
	report, err := reports.ReadJSON(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i := range report.Results {
		report.Results[i].Evidence, report.Results[i].Transcript = nil, nil
	}
	return report, nil
}

// done is a run that has ended.
type done struct {
	index  int
	report *reports.Report
	err    error
}

// each gets the reports of all names, so many at a time, and tells of each that has come. The first error ends it, and so
// does the end of parent.
func each(parent context.Context, names []string, jobs int, get source, tell func(done)) ([]*reports.Report, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	all := make([]*reports.Report, len(names))
	finished, free := make(chan done), make(chan struct{}, jobs)
	go func() {
		for i, name := range names {
			free <- struct{}{}
			go func() {
				report, err := get(ctx, name)
				finished <- done{i, report, err}
				<-free
			}()
		}
	}()
	var failed error
	for range names {
		one := <-finished
		if one.err != nil {
			cancel() // the others end soon; what they complain about follows from this
			if failed == nil {
				failed = one.err
			}
			continue
		}
		all[one.index] = one.report
		tell(one)
	}
	if parent.Err() != nil {
		failed = errors.New("interrupted")
	}
	return all, failed
}
