package suite

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// restartTick is how often a target that is being stopped or started is looked at.
const restartTick = 5 * time.Millisecond

// restarter gives what stops the target and starts it again: the function of the options, the commands of the
// configuration, or nil where there is neither.
func restarter(o Options) func(context.Context) error {
	switch {
	case o.Restart != nil:
		return o.Restart
	case o.Config.Restart != nil:
		return func(ctx context.Context) error { return restart(ctx, o.Config) }
	}
	return nil
}

// restart runs the commands of the configuration. It returns when the target answers at the path "ready" with
// 2xx, or at all where no such path is given.
func restart(ctx context.Context, c *target.Config) error {
	if err := stopTarget(ctx, c); err != nil {
		return fmt.Errorf("stop the target: %w", err)
	}
	if err := startTarget(ctx, c); err != nil {
		return fmt.Errorf("start the target: %w", err)
	}
	return nil
}

// stopTarget runs the command "stop" and waits until nobody listens any more.
func stopTarget(ctx context.Context, c *target.Config) error {
	words, err := withPID(c.Restart.Stop, c.Origin())
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, words[0], words[1:]...) // #nosec G204 -- the user's own command
	command.Dir = filepath.Dir(c.Path)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", words[0], err, firstLine(out))
	}
	return until(ctx, "the target to stop listening", func() bool {
		dialer := net.Dialer{Timeout: dialLimit}
		conn, err := dialer.DialContext(ctx, "tcp", c.Origin())
		if err == nil {
			_ = conn.Close() // it was only to see
		}
		return err != nil
	})
}

// startTarget runs the command "start", which goes on running, and waits until the target is ready.
func startTarget(ctx context.Context, c *target.Config) error {
	words := c.Restart.Start
	command := exec.CommandContext(context.WithoutCancel(ctx), words[0], words[1:]...) // #nosec G204 -- the user's own command
	command.Dir = filepath.Dir(c.Path)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it stays when the suite has ended, also by Ctrl-C
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var died error
	err := until(ctx, "the target to be ready", func() bool {
		select {
		case died = <-ended: // a script may end and leave the server behind
		default:
		}
		return ready(ctx, c)
	})
	if err != nil && died != nil {
		return fmt.Errorf("%s ended: %w", words[0], died)
	}
	return err
}

// ready says whether the target answers as one that is up.
func ready(ctx context.Context, c *target.Config) bool {
	base, err := url.Parse(c.Target)
	if err != nil {
		return false
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", c.Origin())
	if err != nil {
		return false
	}
	path := c.Restart.Ready
	if path == "" {
		path = base.RequestURI()
	}
	x := exchange.New(conn, exchange.Request{Method: "GET", Target: path, Host: base.Host}, exchange.Limits{Time: answerLimit, Body: 1 << 20})
	defer x.Close() // a connection that is not needed any more
	response, err := x.Do(ctx)
	return err == nil && (c.Restart.Ready == "" || response.Status/100 == 2)
}

// withPID puts the process that listens at the target's address in place of {pid}.
func withPID(words []string, origin string) ([]string, error) {
	out := append([]string(nil), words...)
	for i, word := range words {
		if !strings.Contains(word, "{pid}") {
			continue
		}
		_, port, err := net.SplitHostPort(origin)
		if err != nil {
			return nil, err
		}
		pid, err := listener(port)
		if err != nil {
			return nil, fmt.Errorf("find who listens at port %s: %w", port, err)
		}
		out[i] = strings.ReplaceAll(word, "{pid}", pid)
	}
	return out, nil
}

// until asks again and again until it is so or ctx is done.
func until(ctx context.Context, what string, so func() bool) error {
	tick := time.NewTicker(restartTick)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
	return nil
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
