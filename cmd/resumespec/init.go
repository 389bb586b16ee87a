package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/suite/target"
)

// configName is the name that `init` gives the config, and that `run` looks out for.
const configName = "resumespec.yaml"

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented " + configName,
		Long:  "Writes a config with every key and what it is for. A file that is there already is left alone.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := configName
			if len(args) == 1 {
				name = args[0]
			}
			file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, os.ErrExist) {
				return usage("%s is there already and is left as it is", name)
			}
			if err != nil {
				return usage("write config: %w", err)
			}
			_, err = file.Write(target.Template())
			if err := errors.Join(err, file.Close()); err != nil {
				return usage("write config: %w", err)
			}
			_, err = fmt.Fprintf(a.out, "wrote %s; set target in it, then: resumespec run --config %s\n", name, shellQuote(name))
			return err
		},
	}
}
