package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

func init() { scriptCommands["tty"] = ttyCommand }

// ttyCommand runs a command with its standard output on a terminal of 120 columns, and wants the exit status. What came
// to the terminal is in the file tty.txt.
func ttyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tty N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	master, slave, err := openTerminal()
	ts.Check(err)
	command := exec.Command(find(ts, args[1]), args[2:]...)
	command.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TERM", "NO_COLOR"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	command.Stdout, command.Stderr = slave, slave
	ts.Check(command.Start())
	ts.Check(slave.Close())
	var shown bytes.Buffer
	_, _ = io.Copy(&shown, master) // ends with EIO once nobody has the terminal any more
	err = command.Wait()
	ts.Check(master.Close())
	ts.Check(os.WriteFile(ts.MkAbs("tty.txt"), shown.Bytes(), 0o600))
	ts.Logf("%q", shown.String())
	checkStatus(ts, err, want)
}

func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		return nil, nil, err
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	return master, slave, err
}
