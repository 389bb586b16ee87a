package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// readyLimit is how long a server may take to listen, and endLimit how long to end.
	readyLimit, endLimit = 30 * time.Second, 10 * time.Second
	// tick is how often it is looked at meanwhile.
	tick = 10 * time.Millisecond
)

// command runs a command to its end; the error has what it printed.
func command(ctx context.Context, words []string) error {
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput() // #nosec G204 -- of our own table
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// filled puts values in place of the {names} in words.
func filled(words []string, values ...string) []string {
	replacer := strings.NewReplacer(values...)
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = replacer.Replace(word)
	}
	return out
}

// process is a server that runs in a folder of its own. Whoever starts it again, the suite or this program, does so with
// the script "start" in that folder, which writes the number of the process to the file "pid".
type process struct {
	folder, address string
}

// begin starts a server in a folder and waits until it listens.
func begin(ctx context.Context, s server, build, folder string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	words := filled(s.start, "{build}", build, "{port}", port, "{data}", data)
	for i, word := range words {
		words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	script := "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho $$ >pid\nexec " + strings.Join(words, " ") + " >>server.log 2>&1\n"
	if err := errors.Join(os.MkdirAll(data, 0o750), os.WriteFile(filepath.Join(folder, "start"), []byte(script), 0o700)); err != nil { // #nosec G306 -- it is run
		return nil, err
	}
	p := &process{folder, address}
	start := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(folder, "start")) // #nosec G204 -- written just now
	if err := start.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- start.Wait() }()
	if err := p.ready(ctx, ended); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w\n%s", s.name, err, p.log()), p.end())
	}
	return p, nil
}

// ready waits until the server listens.
func (p *process) ready(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for !p.listens(ctx) {
		select {
		case err := <-ended:
			return fmt.Errorf("it ended (%v) before it listened", err) //nolint:errorlint // nil is a way to end, too
		case <-ctx.Done():
			return fmt.Errorf("it did not listen at %s: %w", p.address, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}

func (p *process) listens(ctx context.Context) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return false
	}
	_ = conn.Close() // it was only to see
	return true
}

// end ends the server, whoever started it last, and waits until nobody listens any more.
func (p *process) end() error {
	text, err := os.ReadFile(filepath.Join(p.folder, "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for p.listens(ctx) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("somebody still listens at %s", p.address)
		}
	}
	return nil
}

// log gives the end of what the server printed.
func (p *process) log() string {
	text, err := os.ReadFile(filepath.Join(p.folder, "server.log"))
	if err != nil {
		return ""
	}
	const most = 2000
	return string(text[max(0, len(text)-most):])
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
