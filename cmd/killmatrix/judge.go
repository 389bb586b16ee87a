package main

import (
	"slices"

	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
)

// kill is what the suite made of one mutant.
type kill struct {
	mutant  mutants.Mutant
	report  *reports.Report
	killers []string // the cases that caught it, in the order in which the report names them
}

func newKill(m mutants.Mutant, report *reports.Report) kill {
	k := kill{mutant: m, report: report}
	for _, r := range report.Failures() {
		if !slices.Contains(k.killers, r.ID) {
			k.killers = append(k.killers, r.ID)
		}
	}
	return k
}

// first is the case that the report names first; "" for a survivor.
func (k kill) first() string {
	if len(k.killers) == 0 {
		return ""
	}
	return k.killers[0]
}

// findings are what is to be said of a whole matrix.
type findings struct {
	mutants   int
	survivors []kill
	missed    []kill         // the case that the mutant is for did not catch it
	misnamed  []kill         // the report names another case first than one that the mutant breaks
	cut       []kill         // the run ended early
	idle      []catalog.Case // kills nothing, and nobody has said why
	excused   []catalog.Case // kills nothing, and says why
	excessive []catalog.Case // says why it kills nothing, and kills something
	kills     map[string]int // by the ID of a case
}

// judge looks for what is wanting in a matrix.
func judge(kills []kill, cases []catalog.Case) findings {
	f := findings{mutants: len(kills), kills: map[string]int{}}
	for _, k := range kills {
		for _, id := range k.killers {
			f.kills[id]++
		}
		switch {
		case k.report.Interrupted != "":
			f.cut = append(f.cut, k)
		case len(k.killers) == 0:
			f.survivors = append(f.survivors, k)
		case !slices.Contains(k.killers, k.mutant.Breaks[0]):
			f.missed = append(f.missed, k)
		}
		if len(k.killers) > 0 && !slices.Contains(k.mutant.Breaks, k.first()) {
			f.misnamed = append(f.misnamed, k)
		}
	}
	for _, c := range cases {
		switch {
		case f.kills[c.ID] > 0 && c.Unkilled != "":
			f.excessive = append(f.excessive, c)
		case f.kills[c.ID] > 0:
		case c.Unkilled != "":
			f.excused = append(f.excused, c)
		default:
			f.idle = append(f.idle, c)
		}
	}
	return f
}

// wanting says whether something is to be mended.
func (f findings) wanting() bool {
	return len(f.survivors)+len(f.missed)+len(f.misnamed)+len(f.cut)+len(f.idle)+len(f.excessive) > 0
}

// killed is how many mutants were killed.
func (f findings) killed() int { return f.mutants - len(f.survivors) }
