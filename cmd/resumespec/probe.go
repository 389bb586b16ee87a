package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

func (a *app) probeCommand() *cobra.Command {
	var configFile string
	command := &cobra.Command{
		Use:   "probe [URL]",
		Short: "Say what a server speaks, and what it would take to test more",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			flags := runFlags{configFile: configFile}
			config, err := flags.config(args)
			if err != nil {
				return err
			}
			if config.Target == "" {
				return usage("probe wants the URL of a server")
			}
			ctx, done := interruptible(command.Context(), func() {})
			defer done()
			probed, err := a.engine.probe(ctx, config)
			if err != nil {
				return fromSuite(err)
			}
			_, err = fmt.Fprint(a.out, describe(probed))
			return err
		},
	}
	command.Flags().StringVar(&configFile, "config", "", "what the suite must be told about the target")
	return command
}

// describe tells what a probe found.
func describe(p *suite.Probed) string {
	var b strings.Builder
	line := func(name, text string) { fmt.Fprintf(&b, "%-9s %s\n", name, reports.Sanitize(text)) }
	line("target", p.URL)
	if p.Server != "" {
		line("server", p.Server)
	}
	for _, profile := range p.Profiles {
		word := "does not speak it"
		if profile.Speaks {
			word = "speaks it"
		}
		line("profile", fmt.Sprintf("%s (%s): %s", profile.Name, profile.Title, word))
		for _, seen := range profile.Seen {
			line("", "- "+seen)
		}
	}
	if len(p.Hints) > 0 {
		b.WriteString("\nTo test more, say in the config ('resumespec init' writes one):\n")
		for _, hint := range p.Hints {
			fmt.Fprintf(&b, "  %-10s %s: %s\n", reports.Sanitize(hint.Key), plural(hint.Cases, "case"), reports.Sanitize(hint.Enables))
		}
	}
	return b.String()
}
