package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/resumespec/resumespec/reports"
)

// The exit statuses.
const (
	statusFine    = 0 // every server is as it was
	statusDiffers = 1
	statusUsage   = 2
	statusNothing = 3 // a server could not be built or run, or nothing is kept of it
)

func main() { os.Exit(run(os.Args[1:], servers, os.Stdout, os.Stderr)) }

// run executes one command line on some servers and gives its exit status. One that cannot be run does not keep the others
// from it.
func run(args []string, all []server, out, complaints io.Writer) int {
	o := options{out: out}
	var names string
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.StringVar(&names, "server", "", "only these servers, `NAMES` with commas between")
	flags.StringVar(&o.program, "resumespec", "bin/resumespec", "the `PROGRAM` that is to certify")
	flags.StringVar(&o.root, "root", ".", "the `FOLDER` of the checkout")
	flags.StringVar(&o.build, "build", "bin/interop", "build servers, and leave their reports, in `FOLDER`")
	flags.StringVar(&o.kept, "kept", "reports/gallery", "the `FOLDER` of the kept reports")
	flags.BoolVar(&o.update, "update", false, "keep what is found")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return statusFine
		}
		return statusUsage
	}
	chosen, err := choose(all, names)
	if err != nil || flags.NArg() > 0 {
		fmt.Fprintf(complaints, "interop: it takes flags only, and servers that there are (%v)\n", err)
		return statusUsage
	}
	for _, name := range []*string{&o.program, &o.root, &o.build, &o.kept} {
		if *name, err = filepath.Abs(*name); err != nil { // they are used in other folders
			fmt.Fprintf(complaints, "interop: %v\n", err)
			return statusNothing
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status := statusFine
	for _, s := range chosen {
		differ, err := o.certify(ctx, s)
		switch {
		case err != nil:
			fmt.Fprintf(complaints, "interop: %s\n", reports.SanitizeLines(err.Error(), "  "))
			status = statusNothing
		case differ:
			status = max(status, statusDiffers)
		}
	}
	return status
}

// choose gives the servers of some names, all for none.
func choose(all []server, names string) ([]server, error) {
	if names == "" {
		return all, nil
	}
	var chosen []server
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(all, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no server %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
