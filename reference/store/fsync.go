package store

import (
	"errors"
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
	defer f.Close() //nolint:errcheck // Sync has said what matters
	return f.Sync()
}

// together runs functions at the same time and waits for all. File systems write the fsyncs of a moment in
// one go, so that several cost little more than one.
func together(fs ...func() error) error {
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs[1:] {
		wg.Go(func() { errs[i+1] = f() })
	}
	errs[0] = fs[0]()
	wg.Wait()
	return errors.Join(errs...)
}

// writeTemp writes a small file under a temporary name, from where commitTemp renames it: a reader sees
// all of it or none. With durable, its content is on the disk before.
func writeTemp(path string, data []byte, durable bool) error {
	f, err := os.OpenFile(path+tmpSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
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
	return err
}

func commitTemp(path string) error { return os.Rename(path+tmpSuffix, path) }

const tmpSuffix = ".tmp"

// lockDir takes the exclusive lock of a data folder; it is released when the file is closed, also by
// the death of the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}
