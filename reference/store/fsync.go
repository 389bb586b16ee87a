package store

import (
	"os"
	"path/filepath"
	"sync"
)

// dirSync makes the entries of one folder durable. Calls that come while one runs share the next
// one (group commit), because a folder's fsync covers every entry made before it began.
type dirSync struct {
	path string
	off  bool

	mu      sync.Mutex
	running bool
	next    *dirBatch
}

type dirBatch struct {
	done chan struct{}
	err  error
}

func (d *dirSync) sync() error {
	if d.off {
		return nil
	}
	d.mu.Lock()
	if d.next == nil {
		d.next = &dirBatch{done: make(chan struct{})}
	}
	b := d.next
	if d.running {
		d.mu.Unlock()
		<-b.done
		return b.err
	}
	d.running = true
	d.mu.Unlock()
	d.run()
	<-b.done
	return b.err
}

// run serves batches until none is waiting.
func (d *dirSync) run() {
	for {
		d.mu.Lock()
		b := d.next
		d.next = nil
		if b == nil {
			d.running = false
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		b.err = syncDir(d.path)
		close(b.done)
	}
}

// syncPath makes a file or a folder durable, whoever wrote to it.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// writeAtomic writes a small file so that a reader sees all of it or none. The rename is the commit
// point. With durable, the content is on the disk before the name appears; the folder is the caller's.
func writeAtomic(path string, data []byte, durable bool) error {
	tmp := path + tmpSuffix
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && durable {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
	}
	return err
}

const tmpSuffix = ".tmp"

// lockDir takes the exclusive lock of a data folder; it is released when the file is closed, also by
// the death of the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
