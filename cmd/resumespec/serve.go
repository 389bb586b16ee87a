package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/mutants"
)

func (a *app) serveCommand() *cobra.Command {
	var listen, data, mutant string
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference server",
		Long: "Runs the reference server, which takes uploads that can be interrupted anywhere and resumed: at /items (resume),\n" +
			"/uploads (upload-resource), /tus (tus) and /files (rufh), and in documents below /documents (byterange,\n" +
			"expect-range, range-query). It ends on SIGINT or SIGTERM. What it acknowledged is in --data and is there again\n" +
			"after a restart.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.serve(listen, data, mutant) },
	}
	command.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; port 0 takes a free one")
	command.Flags().StringVar(&data, "data", "", "`FOLDER` of the state (default: a temporary one, removed at the end)")
	command.Flags().StringVar(&mutant, "mutant", "", "serve with the one bug of this `NAME` (see 'resumespec list --mutants')")
	_ = command.RegisterFlagCompletionFunc("mutant", cobra.FixedCompletions(mutants.Names(), cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return command
}

func (a *app) serve(listen, data, mutant string) error {
	options := reference.Options{Data: data}
	if mutant != "" {
		m, ok := mutants.Find(mutant)
		if !ok {
			return unknownMutant(mutant)
		}
		options.Seams = m.Apply
		fmt.Fprintf(a.err, "MUTANT %s, not the reference server: %s\nit breaks %s\n", m.Name, m.Sentence, strings.Join(m.Breaks, ", "))
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return usage("serve: %w (another --listen may be free)", err)
	}
	server, err := reference.New(options)
	if err != nil {
		_ = listener.Close()
		return usage("serve: %w", err)
	}
	// Whoever reads that it listens may stop it in the same moment: the handler is there first.
	ended, done := interruptible(context.Background(), func() {})
	defer done()
	fmt.Fprintf(a.out, "listening on http://%s\n", listener.Addr())
	if data == "" {
		fmt.Fprintf(a.err, "data in %s, removed at the end (--data keeps it)\n", server.Data())
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case <-ended.Done():
	case err = <-served:
	}
	err = errors.Join(err, server.Close())
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return broken("serve: %w", err)
	}
	return nil
}
