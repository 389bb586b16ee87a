package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// plain names the reference server itself among the mutants.
const plain = "reference"

// caseLimit is the time that a case has. It is less than the default, because a mutant that hangs would take all of it in
// many cases; the reference server itself has to pass with it first.
const caseLimit = 3 * time.Second

// certify runs the suite against one mutant in this process: the profile that it is for, or for the reference server
// all of them. focus selects cases, "" all of these.
func certify(ctx context.Context, name, focus string, limit time.Duration) (report *reports.Report, err error) {
	config := &target.Config{About: target.About{Name: "reference server"}, Limits: target.Limits{Case: limit}}
	options, selection := reference.Options{}, suite.Selection{}
	if name != plain {
		m, ok := mutants.Find(name)
		if !ok {
			return nil, fmt.Errorf("%w: unknown mutant %q (near to it: %q)", suite.ErrUsage, name, suite.Nearest(name, mutants.Names()))
		}
		options.Seams, config.About.Name, selection.Profiles = m.Apply, "mutant "+m.Name, []string{m.Profile()}
	}
	if focus != "" {
		if selection.Focus, err = regexp.Compile(focus); err != nil {
			return nil, fmt.Errorf("%w: -focus: %w", suite.ErrUsage, err)
		}
	}
	server, err := embedded.Start(config, options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return suite.Run(ctx, suite.Options{
		Config: server.Config, Selection: selection, Version: "killmatrix",
		Rerun: "go run ./cmd/killmatrix -mutant " + name, Restart: server.Restart,
	})
}
