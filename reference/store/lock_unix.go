//go:build unix

package store

import (
	"os"

	"golang.org/x/sys/unix"
)

func lockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// unlockFile takes the lock off, whoever else has the file open: a process that was forked a moment ago has it until it
// executes its program, and closing alone would leave the folder locked until then.
func unlockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }

func syncDir(path string) error { return syncPath(path) }
