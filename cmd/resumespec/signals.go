package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interruptible gives a context that ends with the first SIGINT or SIGTERM; the second one ends the process at once.
// done must be called when the work is over. It takes every handler away, also those that Ginkgo leaves behind: from then
// on a signal does what it does by default.
func interruptible(parent context.Context, first func()) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(parent)
	signals, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			first()
			cancel()
		case <-over:
			return
		}
		select {
		case <-signals:
			os.Exit(statusNothing)
		case <-over:
		}
	}()
	return ctx, func() {
		close(over)
		signal.Stop(signals)
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		cancel()
	}
}
