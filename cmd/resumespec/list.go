package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
)

// listed is a case in `list --json`. source has the shape that it has in the results of a report.
type listed struct {
	ID       string         `json:"id"`
	Profile  string         `json:"profile"`
	Level    catalog.Level  `json:"level"`
	Source   reports.Source `json:"source"`
	Requires string         `json:"requires"`
	Why      string         `json:"why"`
	Point    string         `json:"point"`
	Faults   []string       `json:"faults"` // empty: the case runs without a cut
	Needs    []catalog.Need `json:"needs"`  // the config keys without which it is unsupported
	Sweep    bool           `json:"sweep"`  // run with --sweep only
	Presumes []string       `json:"presumes"`
	Versions []string       `json:"versions,omitempty"` // of the protocol in which it holds; left out where that has none
}

func (a *app) listCommand() *cobra.Command {
	var asJSON, ofMutants bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List every case: ID, level, point, faults, source, sentence",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case ofMutants && asJSON:
				return listMutantsJSON(a.out, mutants.All())
			case ofMutants:
				return listMutants(a.out, mutants.All())
			case asJSON:
				return listJSON(a.out, a.engine.cases())
			}
			return listColumns(a.out, a.engine.cases(), a.engine.omitted())
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "an array of objects, for programs")
	command.Flags().BoolVar(&ofMutants, "mutants", false, "not the cases, but the mutants of the reference server (see 'resumespec serve --mutant')")
	return command
}

func listJSON(w io.Writer, cases []catalog.Case) error {
	all := make([]listed, len(cases))
	for i, c := range cases {
		all[i] = listed{
			ID: c.ID, Profile: c.Profile(), Level: c.Level,
			Source:   reports.Source{Document: c.Source.Document, Section: c.Source.Section, URL: c.Source.URL},
			Requires: c.Requires, Why: c.Why, Point: c.Point,
			Faults: append([]string{}, c.Faults...), Needs: append([]catalog.Need{}, c.Needs...), Sweep: c.Sweep,
			Presumes: append([]string{}, c.Presumes...), Versions: c.Versions,
		}
	}
	return writeJSON(w, all)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func listColumns(w io.Writer, cases []catalog.Case, omitted []catalog.Omission) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tLEVEL\tPOINT\tFAULTS\tSOURCE\tREQUIRES")
	swept := false
	for _, c := range cases {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.ID+marked(c), c.Level, c.Point, dash(strings.Join(c.Faults, " ")), c.Source, c.Requires)
		swept = swept || c.Sweep
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if swept {
		fmt.Fprintln(w, "* cuts at every byte: run with --sweep only, which runs nothing else")
	}
	return listOmissions(w, omitted)
}

// listOmissions says which interruptions a profile has no cases for, and why.
func listOmissions(w io.Writer, omitted []catalog.Omission) error {
	if len(omitted) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nNot in a profile, though in others:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range omitted {
		fmt.Fprintf(table, "%s\t%s\n", o.ID, o.Why)
	}
	return table.Flush()
}

// marked gives the mark of a case that is not part of every run.
func marked(c catalog.Case) string {
	if c.Sweep {
		return " *"
	}
	return ""
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
