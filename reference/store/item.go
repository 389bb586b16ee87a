package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Item is what an operation made: the effect. Its description is never changed but by Delete.
type Item struct {
	ID          string    `json:"id"`
	Tag         string    `json:"tag"`
	Length      int64     `json:"length"`           // bytes
	SHA256      string    `json:"sha256,omitempty"` // hexadecimal; empty for a body too large to hash
	ContentType string    `json:"type"`
	Owner       string    `json:"owner,omitempty"`
	Respond     int64     `json:"respond,omitempty"`
	Upload      bool      `json:"upload,omitempty"`   // made by an operation with Record.Upload
	Protocol    string    `json:"protocol,omitempty"` // Record.Protocol of the operation that made it
	Coding      string    `json:"coding,omitempty"`   // Content-Encoding
	Name        string    `json:"name,omitempty"`     // file name
	Created     time.Time `json:"created"`
	Deleted     bool      `json:"deleted,omitempty"` // the description stays: creations are counted
}

// Commit makes the item of an operation whose body is complete. It may be called again after a crash
// or an error: the item's identifier was decided when the operation began, so there is one effect however often
// it is tried. The rename of the description is the commit point. It returns the item as it is kept.
func (op *Operation) Commit(it Item) (*Item, error) {
	s := op.s
	it.ID, it.Owner, it.Upload, it.Protocol = s.seams.Identity(op), op.Owner, op.Upload, op.Protocol
	if kept, ok := s.anyItem(it.ID); ok {
		return kept, nil
	}
	err := together(op.settle, func() error { return s.prepareItem(&it) })
	if err == nil {
		err = op.linkBody(it.ID)
	}
	if err == nil {
		err = s.commitItem(&it)
	}
	if err != nil {
		return nil, fmt.Errorf("commit item: %w", err)
	}
	s.addItem(&it)
	op.mu.Lock()
	op.counted = 0 // the item counts from now on
	op.mu.Unlock()
	return &it, nil
}

// settle makes the complete body and its journal durable: without them a crash after the effect could
// leave a client that asks for the response with nothing, and it would ask for the effect again.
func (op *Operation) settle() error {
	if op.Sparse {
		if _, err := op.DurableExtents(); err != nil {
			return err
		}
	}
	if !op.s.opts.Sync {
		return nil
	}
	return together(func() error { return op.syncBody(op.Progress().Offset) }, op.promise)
}

// linkBody gives the body its second name, that of the item. A name left by an earlier try is replaced.
func (op *Operation) linkBody(item string) error {
	if op.Progress().Offset == 0 {
		f, err := os.OpenFile(op.bodyPath(), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	name := op.s.path(dirItems, item+dataSuffix)
	err := os.Link(op.bodyPath(), name)
	if errors.Is(err, fs.ErrExist) {
		if err = os.Remove(name); err == nil {
			err = os.Link(op.bodyPath(), name)
		}
	}
	return err
}

const (
	dataSuffix = ".data"
	metaSuffix = ".json"
)

func (s *Store) prepareItem(it *Item) error {
	data, err := json.Marshal(it)
	if err != nil {
		return err
	}
	return writeTemp(s.path(dirItems, it.ID+metaSuffix), data, s.opts.Sync)
}

func (s *Store) commitItem(it *Item) error {
	if err := commitTemp(s.path(dirItems, it.ID+metaSuffix)); err != nil {
		return err
	}
	return s.dirs[dirItems].sync()
}

func (s *Store) addItem(it *Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[it.ID] = it
	s.tags[it.Tag]++
	s.total++
	if it.Upload {
		s.uploads[it.Tag]++
	}
	s.made.add(it.Protocol, it.Tag)
}

func (s *Store) anyItem(id string) (*Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.items[id]
	return it, ok
}

// Item finds an item that is not deleted.
func (s *Store) Item(id string) (*Item, bool) {
	it, ok := s.anyItem(id)
	if !ok || it.Deleted {
		return nil, false
	}
	return it, true
}

// OpenItem opens the content of an item for reading.
func (s *Store) OpenItem(it *Item) (*os.File, error) {
	f, err := os.Open(s.path(dirItems, it.ID+dataSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return f, err
}

// Delete removes the content of an item and keeps its description, so that a recovered operation does not
// make it again and the count of creations stays.
func (s *Store) Delete(id string) error {
	s.mu.Lock()
	it, ok := s.items[id]
	if !ok || it.Deleted {
		s.mu.Unlock()
		return ErrNotFound
	}
	gone := *it
	gone.Deleted = true
	s.items[id] = &gone
	s.mu.Unlock()
	err := s.prepareItem(&gone)
	if err == nil {
		err = s.commitItem(&gone)
	}
	if err != nil {
		return fmt.Errorf("delete item: %w", err)
	}
	_ = s.quota.addBytes(it.Owner, -it.Length) // giving back is never refused
	if err := os.Remove(s.path(dirItems, id+dataSuffix)); err != nil {
		return fmt.Errorf("delete item: %w", err)
	}
	return nil
}

// Count is the number of items created with a tag, deleted ones included.
func (s *Store) Count(tag string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tags[tag]
}

// CountUploads is the number of items that uploads (Record.Upload) with a tag made, deleted ones included.
func (s *Store) CountUploads(tag string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads[tag]
}

// TotalUploads is the number of items that uploads made.
func (s *Store) TotalUploads() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, made := range s.uploads {
		n += made
	}
	return n
}

// Total is the number of items created.
func (s *Store) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
