package main

import (
	"context"
	_ "embed" // the config is a file of its own
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// plain names the reference server itself among the mutants.
const plain = "reference"

//go:embed killmatrix.yaml
var configText []byte

// users are the credentials that stand in the config.
var users = map[string]string{"alice": "Bearer a", "bob": "Bearer b"}

// certify runs the suite against one mutant in this process. focus selects cases, "" all of them; limit is the time that a
// case has, 0 for that of the config.
func certify(ctx context.Context, name, focus string, limit time.Duration) (report *reports.Report, err error) {
	config, err := target.Parse("killmatrix.yaml", configText)
	if err != nil {
		return nil, err
	}
	options := reference.Options{Users: users}
	config.About = target.About{Name: "reference server"}
	if name != plain {
		m, ok := mutants.Find(name)
		if !ok {
			return nil, fmt.Errorf("%w: unknown mutant %q (near to it: %q)", suite.ErrUsage, name, suite.Nearest(name, mutants.Names()))
		}
		options.Seams, config.About.Name = m.Apply, "mutant "+m.Name
	}
	if limit > 0 {
		config.Limits.Case = limit
	}
	selection := suite.Selection{}
	if focus != "" {
		if selection.Focus, err = regexp.Compile(focus); err != nil {
			return nil, fmt.Errorf("%w: -focus: %w", suite.ErrUsage, err)
		}
	}
	server, url, err := reference.Listen("127.0.0.1:0", options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := config.Retarget(url + "/items"); err != nil {
		return nil, err
	}
	return suite.Run(ctx, suite.Options{
		Config: config, Selection: selection, Version: "killmatrix",
		Rerun: "go run ./cmd/killmatrix -mutant " + name,
		Restart: func(context.Context) error {
			next, err := server.Restart()
			if err == nil {
				server = next
			}
			return err
		},
	})
}
