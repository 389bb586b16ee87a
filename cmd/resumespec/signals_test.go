package main

import (
	"syscall"
	"testing"
)

// TestSignals: the first signal ends the context, the second the process.
func TestSignals(t *testing.T) {
	exited := make(chan int, 1)
	exitNow = func(status int) { exited <- status }
	noticed := make(chan bool, 1)
	ctx, done := interruptible(t.Context(), func() { noticed <- true })
	interrupt(t)
	<-ctx.Done()
	<-noticed
	interrupt(t)
	if status := <-exited; status != statusNothing {
		t.Errorf("exit status %d", status)
	}
	if !done() {
		t.Error("done does not tell of the signal")
	}
}

func TestNoSignal(t *testing.T) {
	ctx, done := interruptible(t.Context(), func() { t.Error("noticed") })
	if ctx.Err() != nil || done() {
		t.Error("interrupted without a signal")
	}
	if ctx.Err() == nil {
		t.Error("the context outlives the work")
	}
}

func interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}
