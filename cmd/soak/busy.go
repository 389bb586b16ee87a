package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
)

// busy keeps every processor busy, with a process for each, until end is called. It returns when all of them are at it.
func busy(ctx context.Context) (end func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("keep the machine busy: %w", err)
	}
	var ends []func() error
	end = func() {
		for _, one := range ends {
			_ = one() // it was only to be in the way
		}
	}
	for range runtime.NumCPU() {
		one, err := spinner(exec.CommandContext(ctx, program, spinName)) // #nosec G204 -- it is this program
		if err != nil {
			end()
			return nil, fmt.Errorf("keep the machine busy: %w", err)
		}
		ends = append(ends, one)
	}
	return end, nil
}

// spinner starts one process that spins, and waits until it says so.
func spinner(command *exec.Cmd) (end func() error, err error) {
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	end = func() error { return errors.Join(in.Close(), command.Wait()) }
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, errors.Join(err, end())
	}
	return end, nil
}

// spin keeps one processor busy until in ends, as it does when whoever started it is gone.
func spin(in io.Reader, out io.Writer) {
	var over atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, in)
		over.Store(true)
	}()
	fmt.Fprintln(out, "spinning")
	for !over.Load() {
	}
}
