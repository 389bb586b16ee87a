//go:build unix

package store

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestLockOfAFork: the folder is free when the store is closed, although a process that was forked before holds the lock's
// file still.
func TestLockOfAFork(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	if again, err := Open(Options{Dir: dir}); err == nil {
		_ = again.Close()
		t.Fatal("two stores in one folder")
	}
	held, err := unix.Dup(int(s.lock.Fd())) // as fork does
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(held) }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, Options{Dir: dir}).Close(); err != nil {
		t.Error(err)
	}
}
