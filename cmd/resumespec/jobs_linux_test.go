package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// family is a run in several processes that has come to its first result.
type family struct {
	parent *exec.Cmd
	out    *bufio.Reader
	jobs   []int
}

// startFamily starts a run of one profile with 3 jobs, and waits for its first result.
func startFamily(t *testing.T) *family {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // the state of the embedded server outlives a parent that is killed
	command := exec.CommandContext(t.Context(), "resumespec", "run", "-v", "--profile", "resume", "--jobs", "3", "--json", filepath.Join(t.TempDir(), "r.json"))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	f := &family{parent: command, out: bufio.NewReader(out)}
	for line := ""; !strings.HasPrefix(line, "pass "); {
		if line, err = f.out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if f.jobs = childrenOf(t, command.Process.Pid); len(f.jobs) != 3 {
		t.Fatalf("%d processes", len(f.jobs))
	}
	return f
}

// childrenOf lists the processes whose parent this one is.
func childrenOf(t *testing.T, parent int) (children []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state ppid ...; the name may hold anything.
		after := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && string(after[1]) == fmt.Sprint(parent) {
			children = append(children, pid)
		}
	}
	return children
}

// TestJobsDieWithTheirParent: also with one that has no time to tell them.
func TestJobsDieWithTheirParent(t *testing.T) {
	f := startFamily(t)
	var ends []int
	for _, pid := range f.jobs {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		ends = append(ends, fd)
		words, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if got := strings.Split(strings.TrimRight(string(words), "\x00"), "\x00"); err != nil || len(got) != 2 || got[1] != "worker" {
			t.Errorf("everybody can read the command line of a process: %q, %v", got, err)
		}
	}
	if err := f.parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, fd := range ends {
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1) // until the process has ended
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EINTR) {
				t.Fatalf("process %d: %v", f.jobs[i], err)
			}
		}
	}
	_, _ = io.Copy(io.Discard, f.out)
	if err := f.parent.Wait(); err == nil {
		t.Error("the run ended well")
	}
}

// TestJobIsKilled: the run says so, and is not green.
func TestJobIsKilled(t *testing.T) {
	f := startFamily(t)
	if err := syscall.Kill(f.jobs[1], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(f.out)
	if err != nil {
		t.Fatal(err)
	}
	var exited *exec.ExitError
	if err := f.parent.Wait(); !errors.As(err, &exited) || exited.ExitCode() != statusNothing {
		t.Errorf("the run ended with %v", err)
	}
	if said := string(rest); !strings.Contains(said, " died: signal: killed") || !strings.Contains(said, "INCONCLUSIVE") {
		t.Errorf("it said\n%s", said)
	}
}
