package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	command := &cobra.Command{
		Use:   "run [URL]",
		Short: "Certify a server, or the embedded reference server when there is no URL",
		Long: "Runs every case against the server at URL (or at the target of --config) and writes a report. Without\n" +
			"a URL and a target it starts the reference server inside and certifies that.\n\n" + exitHelp,
		Example: "  resumespec run\n" +
			"  resumespec run http://127.0.0.1:8080/items\n" +
			"  resumespec run --config resumespec.yaml --junit report.xml --markdown -\n" +
			"  resumespec run http://127.0.0.1:8080/items --point mid-upload --fault rst -v\n" +
			"  resumespec run http://127.0.0.1:8080/items --sweep",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			f.focusGiven = command.Flags().Changed("focus")
			f.sweepGiven = command.Flags().Changed("sweep")
			return a.certify(command.Context(), f, args)
		},
	}
	f.declare(command.Flags())
	return command
}

// certify is one run: what is wrong with the command line is found before anything is started, and once the run has
// begun, a report is written whatever happens.
func (a *app) certify(ctx context.Context, f *runFlags, args []string) error {
	selection, err := f.selection(a.engine.cases())
	if err != nil {
		return err
	}
	config, err := f.config(args)
	if err != nil {
		return err
	}
	if err := f.checkSweep(config); err != nil {
		return err
	}
	files, err := f.outputs()
	if err != nil {
		return err
	}
	baseline, err := f.readBaseline()
	if err != nil {
		return err
	}
	screen := a.newScreen(files.stdout(), f.quiet, f.verbose)
	if f.configFile == "" && exists(configName) {
		fmt.Fprintf(a.err, "hint: %s is in this folder and was not used; --config %s uses it\n", configName, configName)
	}
	var restart func(context.Context) error // nil: as the config says
	if config.Target == "" {
		config.About = target.About{Name: "resumespec reference server", Version: version()}
		own, err := embedded.Start(config, reference.Options{})
		if err != nil {
			return broken("start the reference server: %w", err)
		}
		defer func() { _ = own.Close() }()
		config, restart = own.Config, own.Restart
		screen.say("no URL given: certifying the embedded reference server (%s, data in %s)", config.Target, own.Server.Data())
	}
	if f.jobs > 1 && oneByOne(config) {
		screen.say("hint: count has no {tag}, so cases run one after another for all of --jobs %d", f.jobs)
	}
	ctx, done := interruptible(ctx, func() {
		screen.say("interrupted: ending with a partial report; once more ends at once, without one")
	})
	watch := screen.watch(config.Target, baseline)
	report, err := a.engine.run(ctx, suite.Options{
		Config:    config,
		Selection: selection,
		Sweep:     f.sweep,
		Seed:      int64(f.seed),
		Jobs:      int(f.jobs),
		Worker:    startWorker,
		Toxiproxy: f.toxiproxy,
		Version:   version(),
		Command:   f.command(args),
		Rerun:     f.rerun(args),
		Restart:   restart,
		Progress:  watch.step,
	})
	watch.close()
	if done() && report != nil && report.Interrupted == "" {
		report.Interrupted = "interrupted"
		report.Summary = reports.Summarize(report.Results, report.Interrupted)
	}
	if report != nil && baseline != nil {
		report.Against(f.baseline, baseline)
	}
	return a.conclude(screen, files, report, config, err)
}

// readBaseline reads the report that failures are compared with; nil where none was named.
func (f *runFlags) readBaseline() (*reports.Report, error) {
	if f.baseline == "" {
		return nil, nil //nolint:nilnil // no baseline is no error
	}
	baseline, err := readReport(f.baseline)
	if err != nil {
		return nil, usage("--baseline: %w", err)
	}
	return baseline, nil
}

// conclude prints the summary, writes the report files and gives the exit status.
func (a *app) conclude(screen *screen, files outputs, report *reports.Report, config *target.Config, err error) error {
	if report == nil {
		if err == nil {
			err = errors.New("the suite gave no report")
		}
		return fromSuite(err)
	}
	screen.summary(report, missingOf(report, a.engine.lookup, config))
	written, failed := files.write(a.out, report)
	screen.files(written)
	switch {
	case err != nil:
		return errors.Join(fromSuite(err), failed)
	case failed != nil:
		return broken("%w", failed)
	}
	return quietly(reportStatus(report))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// seconds writes a time for people.
func seconds(s float64) string {
	if s < 100 {
		return fmt.Sprintf("%.2fs", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}
