package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// writePage writes the kill matrix. took says how long the runs took, "" where nobody knows.
func writePage(path string, kills []kill, f findings, took string) error {
	m := reports.Matrix{
		Title: fmt.Sprintf("%d of %d mutants killed", f.killed(), f.mutants),
		Lead: "Each mutant is the reference server with one deliberate bug, and each was run through every case of the profile that it is for. A suite " +
			"is worth what it catches: every bug has to be caught, by the case whose requirement it breaks, and that case has to be named first.",
		Alerts: alerts(f),
		Notes:  map[string]string{},
		Facts: []reports.Fact{
			{Label: "Mutants", Text: fmt.Sprint(f.mutants)},
			{Label: "Cases", Text: fmt.Sprintf("%d, of which %d kill a mutant", len(suite.Cases()), len(f.kills))},
			{Label: "Named first", Text: fmt.Sprintf("a case that the mutant is meant to break, for %d of %d", f.killed()-len(f.misnamed), f.killed())},
		},
	}
	if took != "" {
		m.Facts = append(m.Facts, reports.Fact{Label: "Took", Text: took})
	}
	for _, c := range suite.Cases() {
		if c.Unkilled != "" {
			m.Notes[c.ID] = "It kills no mutant: " + c.Unkilled
		}
	}
	for _, k := range kills {
		m.Columns = append(m.Columns, reports.Column{Report: k.report, Mutant: &reports.Mutant{
			Name: k.mutant.Name, Area: k.mutant.Area, Sentence: k.mutant.Sentence, Breaks: k.mutant.Breaks, First: k.first(),
		}})
	}
	return reports.WriteFile(path, func(w io.Writer) error { return reports.WriteMatrixHTML(w, m) })
}

// alerts says on top of the page what is wanting.
func alerts(f findings) []string {
	var all []string
	say := func(title string, kills []kill) {
		if len(kills) == 0 {
			return
		}
		var names []string
		for _, k := range kills {
			names = append(names, k.mutant.Name)
		}
		all = append(all, title+": "+strings.Join(names, ", ")+".")
	}
	say("Survivors", f.survivors)
	say("The run ended early", f.cut)
	say("Not killed by the case that they are for", f.missed)
	say("Another case is named first", f.misnamed)
	var idle []string
	for _, c := range f.idle {
		idle = append(idle, c.ID)
	}
	if len(idle) > 0 {
		all = append(all, "Cases that kill nothing: "+strings.Join(idle, ", ")+".")
	}
	return all
}
