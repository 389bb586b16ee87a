package main

import (
	"context"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// engine is what the command line asks of the suite. Tests put a fake in its place.
type engine struct {
	run     func(context.Context, suite.Options) (*reports.Report, error)
	cases   func() []catalog.Case
	omitted func() []catalog.Omission
	lookup  func(id string) (catalog.Case, bool)
	similar func(id string) []string
	probe   func(context.Context, *target.Config) (*suite.Probed, error)
}

var theSuite = engine{
	run:     suite.Run,
	cases:   suite.Cases,
	omitted: suite.Omissions,
	lookup:  suite.Case,
	similar: suite.Similar,
	probe:   suite.Probe,
}
