package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reports"
)

func (a *app) reportCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "report",
		Short: "Render, compare, merge or verify JSON reports",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(a.renderCommand(), a.compareCommand(), a.mergeCommand(), a.verifyCommand())
	return command
}

func (a *app) renderCommand() *cobra.Command {
	f := &runFlags{}
	command := &cobra.Command{
		Use:   "render FILE",
		Short: "Render a JSON report as HTML, Markdown or JUnit",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			files := f.files().asked()
			if len(files) == 0 {
				return usage("report render wants --html, --markdown or --junit")
			}
			if err := files.check(); err != nil {
				return err
			}
			report, err := readReport(args[0])
			if err != nil {
				return usage("%w", err)
			}
			written, err := files.write(a.out, report)
			a.newScreen(files.stdout(), false, false).files(written)
			if err != nil {
				return usage("%w", err)
			}
			return nil
		},
	}
	command.Flags().StringVar(&f.html, "html", "", "write HTML to `FILE`")
	command.Flags().StringVar(&f.mark, "markdown", "", "write Markdown to `FILE` (- is standard output)")
	command.Flags().StringVar(&f.junit, "junit", "", "write JUnit to `FILE` (- is standard output)")
	return command
}

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check that JSON reports are valid and agree with themselves",
		Long: "Checks each report against the JSON Schema and against itself: the summary counts the results, no result\n" +
			"stands there twice.\n\nExit status: 0 all are valid, 1 one is not, 2 one cannot be read.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			status := statusFine
			for _, name := range args {
				status = max(status, a.verify(name))
			}
			return quietly(status)
		},
	}
}

// verify checks one report and gives the exit status for it.
func (a *app) verify(name string) int {
	data, err := os.ReadFile(name)
	if err != nil {
		fmt.Fprintf(a.err, "resumespec: read report: %s\n", reports.Sanitize(err.Error()))
		return statusUsage
	}
	if err := reports.Validate(data); err != nil {
		fmt.Fprintf(a.out, "%s: not valid\n  %s\n", reports.Sanitize(name), reports.SanitizeLines(err.Error(), "  "))
		return statusFailed
	}
	fmt.Fprintf(a.out, "%s: valid\n", reports.Sanitize(name))
	return statusFine
}

// readReport reads a report that is valid: rendering half of one would say something that nobody found out.
func readReport(name string) (*reports.Report, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if err := reports.Validate(data); err != nil {
		return nil, fmt.Errorf("%s is not a valid report: %w", name, err)
	}
	report, err := reports.ReadJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read report %s: %w", name, err)
	}
	return report, nil
}
