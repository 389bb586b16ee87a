package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reports"
)

func (a *app) compareCommand() *cobra.Command {
	var html string
	var verbose bool
	command := &cobra.Command{
		Use:   "compare OLD NEW | compare FILE... --html F",
		Short: "Say what became better and worse, or show many reports side by side",
		Long: "With two JSON reports it says what became better and worse from the first to the second, and what is new or gone.\n" +
			"A failure of which the first knows nothing is worse.\n\n" +
			"With --html it makes one page of any number of reports: cases by servers, each cell with what was expected,\n" +
			"what came, and the bytes on the wire. Two reports of one server are compared in words, too.\n\n" +
			"Exit status: 0 nothing is worse; 1 something is; 2 the command line is wrong or a report cannot be read; 3\n" +
			"nothing can be said: the second report is of a run that ended early, something in it is inconclusive or in\n" +
			"error that was not, or the two have no result in common.",
		Example: "  resumespec report compare last-week.json today.json\n" +
			"  resumespec report compare a.json b.json c.json --html servers.html",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.compare(args, html, verbose) },
	}
	command.Flags().StringVar(&html, "html", "", "write the page to `FILE`")
	command.Flags().BoolVarP(&verbose, "verbose", "v", false, "every change, however many there are")
	return command
}

func (a *app) compare(args []string, html string, verbose bool) error {
	if html == "" && len(args) != 2 {
		return usage("report compare wants two reports, an older one and a newer one, or --html for any number of them")
	}
	if html != "" {
		page := outputs{{flag: "html", path: html}}
		if err := page.check(); err != nil {
			return err
		}
	}
	var all []reports.Named
	for _, name := range args {
		report, err := readReport(name)
		if err != nil {
			return usage("%w", err)
		}
		all = append(all, reports.Named{Name: name, Report: report})
	}
	screen := a.newScreen(false, false, verbose)
	if html != "" {
		if err := reports.WriteFile(html, func(w io.Writer) error { return reports.WriteMatrixHTML(w, reports.SideBySide(all)) }); err != nil {
			return usage("%w", err)
		}
	}
	status := statusFine
	if len(all) == 2 && (html == "" || reports.SameTarget(all[0].Report, all[1].Report)) {
		c := reports.Compare(all[0].Report, all[1].Report)
		screen.comparison(all[0], all[1], c)
		status = compareStatus(all[1].Report, c)
	}
	if html != "" {
		screen.files([]string{html})
	}
	return quietly(status)
}

// compareStatus gives the exit status of a comparison. What is worse is so whatever else the later report could not say.
func compareStatus(after *reports.Report, c *reports.Comparison) int {
	switch {
	case len(c.Worse) > 0:
		return statusFailed
	case after.Interrupted != "", len(c.Unclear) > 0, c.Same+len(c.Better) == 0:
		return statusNothing
	}
	return statusFine
}

// comparison prints what is otherwise between two reports.
func (s *screen) comparison(before, after reports.Named, c *reports.Comparison) {
	for _, one := range []struct {
		label string
		reports.Named
	}{{"before", before}, {"after", after}} {
		r := one.Report
		s.print(fmt.Sprintf("%-7s %s\n", one.label, reports.Sanitize(strings.Join([]string{one.Name, targetWords(r), r.Started.UTC().Format("2006-01-02 15:04"),
			strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version), tally(r.Summary)}, ", "))))
	}
	if !reports.SameTarget(before.Report, after.Report) {
		s.print("These are two servers: what is worse here is no step back of either.\n")
	}
	if why := after.Report.Interrupted; why != "" {
		s.print("The second run ended early: " + reports.Sanitize(why) + "\n")
	}
	s.print("\n")
	s.changes("Worse", c.Worse, true)
	s.changes("Better", c.Better, false)
	s.changes("Nothing can be said any more", c.Unclear, true)
	s.changes("New", c.New, false)
	s.changes("Gone", c.Gone, false)
	s.print(s.compared(c, compareStatus(after.Report, c)) + "\n")
}

// compared sums a comparison up in one line.
func (s *screen) compared(c *reports.Comparison, status int) string {
	word, colour := "AS BEFORE", green
	switch {
	case status == statusFailed:
		word, colour = "WORSE", red
	case status == statusNothing:
		word, colour = "UNCLEAR", yellow
	case len(c.Better) > 0:
		word = "BETTER"
	}
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{{len(c.Worse), "worse"}, {len(c.Better), "better"}, {len(c.Unclear), "unclear"}, {len(c.New), "new"}, {len(c.Gone), "gone"}, {c.Same, "as before"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	if len(parts) == 0 {
		parts = []string{"the reports have no results"}
	}
	return s.paint(colour, word) + "  " + strings.Join(parts, ", ")
}

// manyChanges is how many changes of one kind are printed unless all are asked for.
const manyChanges = 20

// changes lists one kind of change; inFull says what was expected and what came, too.
func (s *screen) changes(title string, list []reports.Change, inFull bool) {
	if len(list) == 0 {
		return
	}
	s.print(fmt.Sprintf("%s (%d):\n", title, len(list)))
	shown := list
	if !s.verbose {
		shown = list[:min(len(list), manyChanges)]
	}
	for _, c := range shown {
		colour := plain
		if c.After != nil {
			colour = verdictColour[c.After.Verdict]
		}
		s.print("  " + s.paint(colour, fmt.Sprintf("%-20s", c)) + " " + reports.Sanitize(c.Key().String()) + "  " + reports.Sanitize(string(c.Level())) + "\n")
		if inFull && c.After != nil {
			s.print(s.field("expected", c.After.Expected) + s.field("got", c.After.Got) + s.field("rerun", c.After.Rerun))
		}
	}
	if more := len(list) - len(shown); more > 0 {
		s.print(fmt.Sprintf("  and %d more (--verbose shows them)\n", more))
	}
	s.print("\n")
}

// targetWords names the server of a report.
func targetWords(r *reports.Report) string {
	name := strings.TrimSpace(r.Target.Name + " " + r.Target.Version)
	if name == "" {
		return r.Target.URL
	}
	return name
}
