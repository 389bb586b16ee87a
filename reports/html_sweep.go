package reports

import (
	"fmt"
	"slices"
	"strconv"
)

// strip is one part of a swept message as the page shows it: every cut has the same width, so that both a border of
// which each byte was cut and a long body of which some were can be read.
type strip struct {
	Name  string
	Bytes int64 // length of the part
	Cuts  int64
	Bars  []stripBar
}

// stripBar is a run of cuts with one outcome. From and To count bytes of the part.
type stripBar struct {
	From, To, Step int64
	Outcome        string
	Title          string
	X, W           string // in thousandths of the width
}

// stripWidth is the width of a strip in the units of its drawing, and leastBar that of what is no pass: one byte of a
// million must be seen.
const (
	stripWidth = 1000.0
	leastBar   = 4.0
)

// strips gives one strip for each part.
func (s *Sweep) strips() []strip {
	var all []strip
	for i, p := range s.Parts {
		end := p.To - 1
		if i == len(s.Parts)-1 {
			end = p.To // the cut behind the last byte
		}
		one := strip{Name: p.Name, Bytes: p.To - p.From}
		for _, run := range s.Runs {
			if bar, ok := run.within(p, end); ok {
				one.Bars = append(one.Bars, bar)
				one.Cuts += bar.cuts()
			}
		}
		one.place()
		all = append(all, one)
	}
	return all
}

// within gives the stretch of a run that lies in a part, of which end is the last position.
func (run SweepRun) within(p SweepPart, end int64) (stripBar, bool) {
	from, to := run.From, min(run.To, end)
	if from < p.From {
		from += (p.From - from + run.Step - 1) / run.Step * run.Step
	}
	if from > to {
		return stripBar{}, false
	}
	to = from + (to-from)/run.Step*run.Step
	return stripBar{From: from - p.From, To: to - p.From, Step: run.Step, Outcome: run.Outcome}, true
}

func (b stripBar) cuts() int64 { return (b.To-b.From)/b.Step + 1 }

// place lays the bars side by side, what is no pass above the rest, and titles them.
func (s *strip) place() {
	before := int64(0)
	unit := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	for i := range s.Bars {
		b := &s.Bars[i]
		x := stripWidth * float64(before) / float64(s.Cuts)
		w := stripWidth * float64(b.cuts()) / float64(s.Cuts)
		before += b.cuts()
		if b.Outcome != "pass" {
			w = max(w, leastBar)
			x = min(x, stripWidth-w)
		}
		b.X, b.W, b.Title = unit(x), unit(w), s.title(*b)
	}
}

// title says what a bar is.
func (s *strip) title(b stripBar) string {
	where := "byte " + comma(b.From)
	if b.From != b.To {
		where = "bytes " + comma(b.From) + " to " + comma(b.To)
	}
	if b.Step > 1 && b.From != b.To {
		where += fmt.Sprintf(", every %s", comma(b.Step))
	}
	return fmt.Sprintf("%s of the %s: %s", where, shorten(Sanitize(s.Name), 80), sweepOutcomes[b.Outcome])
}

// Ordered gives the bars with those that pass first, so that others are drawn over them.
func (s strip) Ordered() []stripBar {
	bars := slices.Clone(s.Bars)
	slices.SortStableFunc(bars, func(a, b stripBar) int { return barRank(a) - barRank(b) })
	return bars
}

func barRank(b stripBar) int {
	switch b.Outcome {
	case "fail":
		return 2
	case "pass":
		return 0
	}
	return 1
}

// Strips gives what the page draws of a sweep.
func (row *htmlRow) Strips() []strip {
	if row.Sweep == nil {
		return nil
	}
	return row.Sweep.strips()
}

// Legend lists the outcomes that a sweep has, with their meaning.
func (row *htmlRow) Legend() []struct{ Outcome, Means string } {
	var list []struct{ Outcome, Means string }
	for _, outcome := range []string{"pass", "warn", "fail", "unoffered", "beyond", "missed", "unmade"} {
		if slices.ContainsFunc(row.Sweep.Runs, func(run SweepRun) bool { return run.Outcome == outcome }) {
			list = append(list, struct{ Outcome, Means string }{outcome, sweepOutcomes[outcome]})
		}
	}
	return list
}
