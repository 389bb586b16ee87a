package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of this package. They are compared with errors.Is.
var (
	ErrFenced     = errors.New("a newer request has taken over the upload")
	ErrBusy       = errors.New("another request is writing to the upload")
	ErrComplete   = errors.New("the upload is complete already")
	ErrClosed     = errors.New("the operation is closed")
	ErrPastEnd    = errors.New("more bytes than the complete length")
	ErrOffset     = errors.New("is not where the bytes kept end")
	ErrLength     = errors.New("contradicts the complete length")
	ErrGap        = errors.New("starts beyond the bytes kept")
	ErrScattered  = errors.New("too many separate ranges are kept already")
	ErrBytes      = errors.New("the quota of stored bytes is used up")
	ErrOperations = errors.New("the quota of open operations is used up")
	ErrKeyTaken   = errors.New("the idempotency key is in use")
	ErrNotFound   = errors.New("not found")
)

// Options of a Store.
type Options struct {
	Dir    string           // the data folder; made when missing
	Sync   bool             // fsync before a promise is given: survives power loss too
	Clock  func() time.Time // nil: time.Now
	Limits Limits
	Seams  *Seams // nil: Decisions
}

// Limits bound what is kept. Zero means no limit.
type Limits struct {
	UserBytes, TotalBytes           int64 // bytes of unfinished bodies and of items
	UserOperations, TotalOperations int   // operations that are not closed nor expired
}

// Store holds all operations and items of one data folder. One process at a time may have it open.
type Store struct {
	opts  Options
	seams Seams
	lock  *os.File
	dirs  map[string]*dirSync
	quota quota

	mu       sync.Mutex
	all      map[string]*Operation // by Record.ID
	requests map[string]*Operation // by Record.RequestContent
	messages map[string]*Operation // by Record.ResponseMessage
	contents map[string]*Operation // by Record.ResponseContent
	keys     map[string]*Operation // by owner and idempotency key
	items    map[string]*Item
	tags     map[string]int // creations by tag
	uploads  map[string]int // those of them that uploads made
	total    int            // creations
	made     made           // creations by protocol
	wholes   wholes         // what is put together from an operation

	serial      atomic.Int64 // of the last effect of a document
	docMu       sync.Mutex   // taken after that of a document
	docs        map[Place]*Document
	hidden      map[string]*Document // by DocumentRecord.ID
	completed   map[string]int       // documents that have become complete, by tag
	completions int
}

const (
	dirOperations = "operations" // one journal for each operation
	dirBodies     = "bodies"     // the request content kept so far
	dirItems      = "items"      // content (.data) and description (.json) of each item
)

// Open opens the data folder and recovers what it holds. Operations whose body is complete and whose
// effect is not finished are returned by Pending.
func Open(o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Seams == nil {
		right := Decisions()
		o.Seams = &right
	}
	s := &Store{
		opts:     o,
		seams:    *o.Seams,
		dirs:     map[string]*dirSync{},
		quota:    quota{limits: o.Limits, users: map[string]*usage{}},
		all:      map[string]*Operation{},
		requests: map[string]*Operation{},
		messages: map[string]*Operation{},
		contents: map[string]*Operation{},
		keys:     map[string]*Operation{},
		items:    map[string]*Item{},
		tags:     map[string]int{},
		uploads:  map[string]int{},
		made:     made{},
		wholes:   wholes{},

		docs:      map[Place]*Document{},
		hidden:    map[string]*Document{},
		completed: map[string]int{},
	}
	for _, d := range []string{dirOperations, dirBodies, dirItems, dirDocuments} {
		path := filepath.Join(o.Dir, d)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
		s.dirs[d] = &dirSync{path: path, off: !o.Sync}
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w (is another server using the folder?)", o.Dir, err)
	}
	s.lock = lock
	if err := s.recover(); err != nil {
		_ = lock.Close() // nothing is written to it
		return nil, fmt.Errorf("recover store %s: %w", o.Dir, err)
	}
	return s, nil
}

// Interrupt fences every writer.
func (s *Store) Interrupt() {
	for _, op := range s.operations() {
		op.fence()
	}
	for _, d := range s.documents() {
		d.interrupt()
	}
}

// Close fences every writer and releases the data folder. It deletes nothing.
func (s *Store) Close() error {
	s.Interrupt()
	return errors.Join(unlockFile(s.lock), s.lock.Close())
}

// Pending returns the operations whose body is complete and whose response is not there yet.
func (s *Store) Pending() []*Operation {
	var out []*Operation
	for _, op := range s.operations() {
		if op.State() == Complete {
			out = append(out, op)
		}
	}
	return out
}

// Operations is the number of operations that are not closed.
func (s *Store) Operations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// RequestContent finds an operation by the identifier of its request-content resource.
func (s *Store) RequestContent(id string) (*Operation, bool) { return s.find(s.requests, id) }

// ResponseMessage finds an operation by the identifier of its response-message resource.
func (s *Store) ResponseMessage(id string) (*Operation, bool) { return s.find(s.messages, id) }

// ResponseContent finds an operation by the identifier of its response-content resource.
func (s *Store) ResponseContent(id string) (*Operation, bool) { return s.find(s.contents, id) }

// ByKey finds an operation by its owner and idempotency key.
func (s *Store) ByKey(owner, key string) (*Operation, bool) {
	return s.find(s.keys, keyOf(owner, key))
}

func (s *Store) find(in map[string]*Operation, id string) (*Operation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op, ok := in[id]
	return op, ok
}

func (s *Store) operations() []*Operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Operation, 0, len(s.all))
	for _, op := range s.all {
		out = append(out, op)
	}
	return out
}

// register puts op into the tables, unless its key is taken.
func (s *Store) register(op *Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.Key != "" && s.keys[keyOf(op.Owner, op.Key)] != nil {
		return false
	}
	s.all[op.ID] = op
	if op.Transient {
		return true
	}
	s.requests[op.RequestContent] = op
	s.messages[op.ResponseMessage] = op
	s.contents[op.ResponseContent] = op
	if op.Key != "" {
		s.keys[keyOf(op.Owner, op.Key)] = op
	}
	s.wholes.add(op)
	return true
}

// unregister takes op out of the tables and tells whether it was there.
func (s *Store) unregister(op *Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[op.ID] != op {
		return false
	}
	delete(s.all, op.ID)
	delete(s.requests, op.RequestContent)
	delete(s.messages, op.ResponseMessage)
	delete(s.contents, op.ResponseContent)
	if k := keyOf(op.Owner, op.Key); op.Key != "" && s.keys[k] == op {
		delete(s.keys, k)
	}
	s.wholes.drop(op)
	return true
}

func keyOf(owner, key string) string { return owner + "\x00" + key }

func (s *Store) path(dir, name string) string { return filepath.Join(s.opts.Dir, dir, name) }

func (s *Store) now() time.Time { return s.opts.Clock().UTC().Round(0) }
