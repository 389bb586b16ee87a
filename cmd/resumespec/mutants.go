package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/suite"
)

// listedMutant is a mutant in `list --mutants --json`.
type listedMutant struct {
	Name     string   `json:"name"`
	Area     string   `json:"area"`
	Sentence string   `json:"sentence"`
	Breaks   []string `json:"breaks"` // IDs of cases, the one that it is for first
}

func listMutantsJSON(w io.Writer, all []mutants.Mutant) error {
	listed := make([]listedMutant, len(all))
	for i, m := range all {
		listed[i] = listedMutant{m.Name, m.Area, m.Sentence, m.Breaks}
	}
	return writeJSON(w, listed)
}

func listMutants(w io.Writer, all []mutants.Mutant) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MUTANT\tSENTENCE\tBREAKS")
	for _, m := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.Name, m.Sentence, strings.Join(m.Breaks, " "))
	}
	return table.Flush()
}

func unknownMutant(name string) error {
	hint := "'resumespec list --mutants' shows them all"
	if near := suite.Nearest(name, mutants.Names()); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return usage("unknown mutant %q (%s)", name, hint)
}
