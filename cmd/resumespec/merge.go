package main

import (
	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reports"
)

func (a *app) mergeCommand() *cobra.Command {
	f := &runFlags{}
	command := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Make one report of the parts of a divided run",
		Long: "Makes one report of several JSON reports on one target: of all the shards of a run (--shard I/N), or of runs\n" +
			"with different selections. Of a result that several of them have, the worst verdict stands, with a note. Its\n" +
			"time is the sum of theirs.\n\n" +
			"Exit status: as of a run with these results; 2 also when the reports do not belong together (other targets,\n" +
			"tools or profiles, a shard missing) or one cannot be read. A target is the same when the config gives it the\n" +
			"same name and version or, where it gives no name, when the URL is the same.",
		Example: "  resumespec run http://127.0.0.1:8080/items --shard 1/2 --json 1.json   # on one machine\n" +
			"  resumespec run http://127.0.0.1:8080/items --shard 2/2 --json 2.json   # on another\n" +
			"  resumespec report merge 1.json 2.json --json all.json --html all.html",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.merge(f, args) },
	}
	command.Flags().StringVar(&f.baseline, "baseline", "", "what fails in the JSON report `FILE` of an earlier run is known: only other failures give status 1")
	command.Flags().StringVar(&f.json, "json", "", "write JSON to `FILE` (- is standard output)")
	command.Flags().StringVar(&f.html, "html", "", "write HTML to `FILE`")
	command.Flags().StringVar(&f.mark, "markdown", "", "write Markdown to `FILE` (- is standard output)")
	command.Flags().StringVar(&f.junit, "junit", "", "write JUnit to `FILE` (- is standard output)")
	return command
}

func (a *app) merge(f *runFlags, args []string) error {
	files := f.files().asked()
	if len(files) == 0 {
		return usage("report merge wants --json, --html, --markdown or --junit")
	}
	if err := files.check(); err != nil {
		return err
	}
	baseline, err := f.readBaseline()
	if err != nil {
		return err
	}
	var all []reports.Named
	for _, name := range args {
		report, err := readReport(name)
		if err != nil {
			return usage("%w", err)
		}
		all = append(all, reports.Named{Name: name, Report: report})
	}
	merged, err := reports.Merge(all)
	if err != nil {
		return usage("these reports do not make one:\n%w", err)
	}
	if baseline != nil {
		merged.Against(f.baseline, baseline)
	}
	merged.Command = append([]string{"resumespec", "report", "merge"}, args...)
	screen := a.newScreen(files.stdout(), false, false)
	screen.summary(merged, nil)
	written, err := files.write(a.out, merged)
	screen.files(written)
	if err != nil {
		return usage("%w", err)
	}
	return quietly(reportStatus(merged))
}
