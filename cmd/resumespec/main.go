package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// app is one execution of the command line.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	engine   engine
}

// run executes one command line and gives its exit status.
func run(args []string, in io.Reader, out, err io.Writer) int {
	return (&app{in: in, out: out, err: err, env: os.Getenv, engine: theSuite}).execute(args)
}

func (a *app) execute(args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	command, err := root.ExecuteContextC(context.Background())
	if err == nil {
		return statusFine
	}
	if status, told := statusOf(err); told {
		return status
	}
	status, _ := statusOf(err)
	a.complain(err)
	if isCobra(err) {
		fmt.Fprintf(a.err, "See '%s --help'.\n", command.CommandPath())
	}
	return status
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "resumespec",
		Short: "Certify that an HTTP server lets interrupted requests be resumed",
		Long: "resumespec drives an HTTP server through every point at which a request can be interrupted, cuts the\n" +
			"connection there, lets a client recover as the specification says, and reports what went wrong, at\n" +
			"which byte, and how to see it again.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.AddCommand(
		a.runCommand(), a.serveCommand(), a.probeCommand(), a.listCommand(), a.explainCommand(), a.initCommand(),
		a.reportCommand(), a.versionCommand(), a.workerCommand(),
	)
	return root
}
