package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// exitNow ends the process; the test of the second signal outlives it.
var exitNow = os.Exit

// interruptible gives a context that ends with the first SIGINT or SIGTERM, of which notice tells the user; the second one
// ends the process at once. done must be called when the work is over, and says whether a signal came: Ginkgo, which listens
// as well, may have ended the work before the context did. It takes every handler away, also those that Ginkgo leaves
// behind: from then on a signal does what it does by default.
func interruptible(parent context.Context, notice func()) (ctx context.Context, done func() (interrupted bool)) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	over, ended := make(chan struct{}), make(chan bool, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
			notice()
		case <-over:
			ended <- len(signals) > 0
			return
		}
		select {
		case <-signals:
			exitNow(statusNothing)
		case <-over:
		}
		ended <- true
	}()
	return ctx, func() bool {
		defer cancel()
		signal.Stop(signals)
		close(over)
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		return <-ended
	}
}
