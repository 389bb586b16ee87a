package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// missing is what would turn unsupported results on.
type missing struct {
	key     string // of the config; "" where the target itself does not offer it
	enables string
	results int
	cases   []string // IDs, each once
}

// offered says whether the config offers what a case of a profile needs.
var offered = map[catalog.Need]func(*target.Config, *target.Profile) bool{
	catalog.NeedReadback: func(_ *target.Config, p *target.Profile) bool { return p.Readback.From != "none" },
	catalog.NeedCount:    func(_ *target.Config, p *target.Profile) bool { return p.Count != nil },
	catalog.NeedLarge:    func(_ *target.Config, p *target.Profile) bool { return p.Large != nil },
	catalog.NeedSlow:     func(_ *target.Config, p *target.Profile) bool { return p.Slow != nil },
	catalog.NeedFailing:  func(_ *target.Config, p *target.Profile) bool { return len(p.Failing) > 0 },
	catalog.NeedExpiring: func(_ *target.Config, p *target.Profile) bool { return p.Expiring != nil },
	catalog.NeedLimited:  func(_ *target.Config, p *target.Profile) bool { return p.Limited != nil },
	catalog.NeedRestart:  func(c *target.Config, _ *target.Profile) bool { return c.Restart != nil },
	catalog.NeedUsers:    func(c *target.Config, _ *target.Profile) bool { return len(c.Users) > 1 },
}

// missingOf groups the unsupported results by the config key that would turn them on, most results first. A result
// that lacks several keys counts for each.
func missingOf(r *reports.Report, lookup func(string) (catalog.Case, bool), config *target.Config) []missing {
	byKey := map[string]*missing{}
	add := func(key, id string) {
		one := byKey[key]
		if one == nil {
			one = &missing{key: key, enables: needWords[catalog.Need(key)]}
			byKey[key] = one
		}
		one.results++
		if !slices.Contains(one.cases, id) {
			one.cases = append(one.cases, id)
		}
	}
	for i := range r.Results {
		if r.Results[i].Verdict != reports.Unsupported {
			continue
		}
		id, found := r.Results[i].ID, false
		c, _ := lookup(id)
		for _, need := range c.Needs {
			if has := offered[need]; has != nil && !has(config, config.Profile(c.Profile())) {
				add(string(need), id)
				found = true
			}
		}
		if !found {
			add("", id)
		}
	}
	var all []missing
	for _, one := range byKey {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b missing) int {
		if a.results != b.results {
			return b.results - a.results
		}
		return strings.Compare(a.key, b.key)
	})
	return all
}

// summary prints the table of verdicts and levels, what would test more, and the verdict in one line.
func (s *screen) summary(r *reports.Report, lacks []missing) {
	if !s.quiet {
		s.print("\n" + s.table(r) + "\n")
		s.lacking(lacks)
		s.baseline(r)
		s.broken(r)
	}
	word := r.Summary.Conformance
	line := s.paint(conformanceColour[word], strings.ToUpper(reports.Sanitize(string(word)))) + "  " + tally(r.Summary) +
		" in " + seconds(r.Seconds) + ", " + order(r)
	if r.Interrupted != "" {
		line += "; " + reports.Sanitize(r.Interrupted) + ": this is a part of a run"
	}
	s.print(line + "\n")
	if !s.quiet {
		s.print(means(r) + "\n")
	}
}

// baseline tells what became of the failures of the baseline.
func (s *screen) baseline(r *reports.Report) {
	b := r.Baseline
	if b == nil {
		return
	}
	s.print(fmt.Sprintf("Baseline %s: %s, %s, %s\n", reports.Sanitize(b.Name), plural(r.Summary.Known, "known failure"),
		plural(r.Summary.Fail-r.Summary.Known, "new one"), fmt.Sprintf("%d gone, %d not run", len(b.Gone), len(b.NotRun))))
	if !reports.SameTarget(&reports.Report{Target: b.Target}, r) {
		s.print("  it is of another server: " + reports.Sanitize(targetWords(&reports.Report{Target: b.Target})) + "\n")
	}
	lines := b.Lines()
	for _, line := range lines[:min(len(lines), manyChanges)] {
		s.print("  " + line + "\n")
	}
	if more := len(lines) - manyChanges; more > 0 {
		s.print(fmt.Sprintf("  and %d more (the report has them)\n", more))
	}
	s.print("\n")
}

// manyBroken is how many broken cases the summary names: the report has them all.
const manyBroken = 5

// broken names the broken cases in the order in which to look at them: those on which others rely come first.
func (s *screen) broken(r *reports.Report) {
	var cases []*reports.Result // the first result of each
	for _, one := range r.Failures() {
		if !one.Known && !slices.ContainsFunc(cases, func(c *reports.Result) bool { return c.ID == one.ID }) {
			cases = append(cases, one)
		}
	}
	if len(cases) == 0 {
		return
	}
	s.print("Look at these first:\n")
	for _, c := range cases[:min(len(cases), manyBroken)] {
		s.print("  " + s.paint(verdictColour[c.Verdict], fmt.Sprintf("%-5s", reports.Sanitize(string(c.Verdict)))) + " " +
			s.paint(bold, reports.Sanitize(c.ID)) + "\n" + wrap(reports.Sanitize(c.Requires), strings.Repeat(" ", 8), 100))
	}
	if more := len(cases) - manyBroken; more > 0 {
		s.print(fmt.Sprintf("  and %s\n", plural(more, "more case")))
	}
	s.print("\n")
}

// means says in one sentence what the verdict means. A selection without a MUST is no reason to doubt its results.
func means(r *reports.Report) string {
	sum := r.Summary
	if sum.Known > 0 && sum.Known == sum.Fail {
		return "Every failure is known from the baseline. " + sum.Conformance.Means()
	}
	if sum.Conformance == reports.InconclusiveTotal && reportStatus(r) == statusFine {
		return "No required case (MUST) was tested: this says nothing about conformance."
	}
	return sum.Conformance.Means()
}

// table counts results by verdict and level.
func (s *screen) table(r *reports.Report) string {
	count := map[reports.Verdict]map[reports.Level]int{}
	for i := range r.Results {
		one := &r.Results[i]
		if count[one.Verdict] == nil {
			count[one.Verdict] = map[reports.Level]int{}
		}
		count[one.Verdict][one.Level]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-13s", "")
	for _, level := range reports.Levels {
		fmt.Fprintf(&b, "%8s", level)
	}
	b.WriteString("     all\n")
	for _, verdict := range reports.Verdicts {
		if count[verdict] == nil {
			continue
		}
		row, all := fmt.Sprintf("%-13s", verdict), 0
		for _, level := range reports.Levels {
			row += fmt.Sprintf("%8d", count[verdict][level])
			all += count[verdict][level]
		}
		b.WriteString(s.paint(verdictColour[verdict], fmt.Sprintf("%s%8d", row, all)) + "\n")
	}
	return b.String()
}

// lacking says what would turn unsupported results on.
func (s *screen) lacking(lacks []missing) {
	keys := slices.DeleteFunc(slices.Clone(lacks), func(m missing) bool { return m.key == "" })
	if len(keys) > 0 {
		s.print("Not tested for want of these keys in the config ('resumespec init' writes one that explains them):\n")
	}
	for _, one := range keys {
		s.print(fmt.Sprintf("  %-10s %s: %s\n", one.key, plural(one.results, "result"), one.enables))
	}
	for _, one := range lacks {
		if one.key == "" {
			s.print(fmt.Sprintf("Not offered by the target: %s of %s\n", plural(one.results, "result"), several(one.cases, 6)))
		}
	}
	if len(lacks) > 0 {
		s.print("\n")
	}
}

// several lists the first n of some names.
func several(names []string, n int) string {
	if len(names) > n {
		names = append(slices.Clone(names[:n]), fmt.Sprintf("%d more", len(names)-n))
	}
	return reports.Sanitize(strings.Join(names, ", "))
}

// tally counts what there is: "131 pass, 1 fail".
func tally(sum reports.Summary) string {
	var parts []string
	for _, v := range reports.Verdicts {
		if n := sum.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
			if v == reports.Fail && sum.Known > 0 {
				parts[len(parts)-1] += fmt.Sprintf(" (%d known)", sum.Known)
			}
		}
	}
	if len(parts) == 0 {
		return "no results"
	}
	return strings.Join(parts, ", ")
}

// files names the report files that were written.
func (s *screen) files(written []string) {
	for _, name := range written {
		s.print("report: " + reports.Sanitize(name) + "\n")
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
