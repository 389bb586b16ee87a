package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
)

// progress tells of each mutant as it comes: above a bar on a terminal, in plain lines elsewhere.
type progress struct {
	out         io.Writer
	total, done int
	bars        *mpb.Progress
	bar         *mpb.Bar
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bars = mpb.New(mpb.WithOutput(out), mpb.WithWidth(64))
		p.bar = p.bars.AddBar(int64(total), mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.CountersNoUnit("%d/%d mutants ")), mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
		p.out = p.bars
	}
	return p
}

// tell prints the line of one mutant.
func (p *progress) tell(k kill) {
	p.done++
	fmt.Fprintf(p.out, "%3d/%d  %-8s  %-36s %5.1f s  %s\n", p.done, p.total, k.word(), k.mutant.Name, k.report.Seconds, reports.Sanitize(k.named()))
	if p.bar != nil {
		p.bar.SetCurrent(int64(p.done))
	}
}

// close takes the bar away.
func (p *progress) close() {
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

func (k kill) word() string {
	switch {
	case k.report.Interrupted != "":
		return "cut"
	case len(k.killers) == 0:
		return "SURVIVES"
	}
	return "killed"
}

// named says which case was named first, and how many more there are.
func (k kill) named() string {
	switch n := len(k.killers); n {
	case 0:
		return "meant to break " + k.mutant.Breaks[0]
	case 1:
		return k.killers[0]
	default:
		return fmt.Sprintf("%s and %d more", k.killers[0], n-1)
	}
}

// tellFailures prints what speaks against one server, in the order in which the report names it.
func tellFailures(out io.Writer, name string, report *reports.Report) {
	failures := report.Failures()
	fmt.Fprintf(out, "%s: %d of %d results speak against it\n", name, len(failures), len(report.Results))
	if report.Interrupted != "" {
		fmt.Fprintf(out, "  ended early: %s\n", reports.Sanitize(report.Interrupted))
	}
	for i := range report.Results {
		if r := &report.Results[i]; r.Verdict == reports.Error || r.Verdict == reports.Inconclusive {
			failures = append(failures, r)
		}
	}
	for _, r := range failures {
		fmt.Fprintf(out, "  %s %s\n    expected %s\n    got      %s\n", r.Verdict, reports.Sanitize(r.Key().String()),
			reports.SanitizeLines(r.Expected, "             "), reports.SanitizeLines(r.Got, "             "))
	}
}

// tellFindings prints what is to be said of a whole matrix.
func tellFindings(out io.Writer, f findings) {
	list := func(title string, kills []kill, more func(kill) string) {
		if len(kills) == 0 {
			return
		}
		fmt.Fprintf(out, "\n%s:\n", title)
		for _, k := range kills {
			fmt.Fprintf(out, "  %-36s %s\n", k.mutant.Name, reports.Sanitize(more(k)))
		}
	}
	cases := func(title string, all []catalog.Case, more func(catalog.Case) string) {
		if len(all) == 0 {
			return
		}
		fmt.Fprintf(out, "\n%s:\n", title)
		for _, c := range all {
			fmt.Fprintf(out, "  %-44s %s\n", c.ID, more(c))
		}
	}
	meant := func(k kill) string {
		return k.mutant.Sentence + " Meant to break " + strings.Join(k.mutant.Breaks, ", ") + "."
	}
	list("Mutants whose run ended early", f.cut, func(k kill) string { return k.report.Interrupted })
	list("Survivors", f.survivors, meant)
	list("Killed, but not by the case that they are for", f.missed, func(k kill) string {
		return k.mutant.Breaks[0] + " did not, but " + strings.Join(k.killers, ", ")
	})
	list("Named first is a case that they are not meant to break", f.misnamed, func(k kill) string {
		return k.first() + ", not " + strings.Join(k.mutant.Breaks, ", ")
	})
	cases("Cases that kill nothing, and do not say why", f.idle, func(c catalog.Case) string { return c.Requires })
	cases("Cases that say why they kill nothing, and kill something", f.excessive, func(c catalog.Case) string { return c.Unkilled })
	cases("Cases that kill nothing", f.excused, func(c catalog.Case) string { return c.Unkilled })
	fmt.Fprintf(out, "\nkilled %d of %d\n", f.killed(), f.mutants)
}
