package birch

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	errFenced = errors.New("birch: a later request took the upload over")
	errOver   = errors.New("birch: the operation ended without being complete")
	errDiffer = errors.New("birch: the bytes differ from those that are stored")
)

// operation is one POST, from its head to its response. Bytes are only ever appended to data, by the latest request that writes;
// when the length is known, having all of the bytes and being complete are one and the same.
type operation struct {
	id    string
	keys  map[string]string // of its three resources
	owner string
	save  bool
	out   string // reference to the body of the response, "" when not resumable
	par   params
	done  chan struct{} // closed when res is there

	mu       sync.Mutex
	data     []byte
	total    int64 // -1: not known
	declared bool  // total was announced by a client, before the end
	complete bool
	gone     bool
	seq      uint64    // the last one given to a writer
	latest   time.Time // arrival of the present writer, if it is a PATCH
	kick     func()    // breaks the connection of the present writer off
	res      *response
	made     time.Time // of res
	touched  time.Time
}

func newOperation(p params, length int64) *operation {
	return &operation{par: p, total: length, declared: length >= 0, done: make(chan struct{}), touched: time.Now()}
}

// register makes an operation reachable and gives the references to its resources, for a request of /items.
func (s *Server) register(op *operation) []field {
	op.id = rand.Text()
	op.keys = map[string]string{"content": rand.Text(), "message": rand.Text(), "body": rand.Text()}
	op.out = fmt.Sprintf("/r/./%s/body?k=%s", op.id, op.keys["body"])
	s.mu.Lock()
	for id, old := range s.ops {
		if old.idle(s.Retain) {
			delete(s.ops, id)
		}
	}
	s.ops[op.id] = op
	s.mu.Unlock()
	pref := "resume=save-incomplete"
	if !op.save {
		pref = "resume=ignore-incomplete"
	}
	return []field{
		{"request-content-location", fmt.Sprintf("./r/%s/content?k=%s", op.id, op.keys["content"])},
		{"response-message-location", fmt.Sprintf("items/../r/%s/message?k=%s", op.id, op.keys["message"])},
		{"content-location", fmt.Sprintf("r/./here/../%s/body?k=%s", op.id, op.keys["body"])},
		{"preference-applied", pref},
		{"cache-control", "no-store"},
	}
}

func (s *Server) forget(op *operation) {
	s.mu.Lock()
	delete(s.ops, op.id)
	s.mu.Unlock()
}

// idle tells whether an operation may be forgotten: not used for so long, and with nobody at work on it.
func (op *operation) idle(d time.Duration) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.kick == nil && (!op.complete || op.res != nil) && time.Since(op.touched) > d
}

// acquireLocked makes the caller the one writer; the connection of the one before is broken off.
func (op *operation) acquireLocked(kick func()) uint64 {
	if op.kick != nil {
		op.kick()
	}
	op.kick = kick
	op.seq++
	return op.seq
}

// put writes p at pos, which is at most the present length: what is stored already has to be the same.
func (op *operation) put(s *Server, seq uint64, pos int64, p []byte) error {
	op.mu.Lock()
	defer op.mu.Unlock()
	switch {
	case op.gone, op.res != nil && !op.complete, !op.complete && seq != op.seq:
		return errFenced
	case op.complete && pos+int64(len(p)) > op.total: // of an older request: the upload ended shorter
		return errFenced
	}
	if k := min(int64(len(p)), int64(len(op.data))-pos); k > 0 {
		if !bytes.Equal(p[:k], op.data[pos:pos+k]) {
			return errDiffer
		}
		p = p[k:]
	}
	if op.complete {
		return nil
	}
	op.data = append(op.data, p...)
	op.touched = time.Now()
	op.completeLocked(s)
	return nil
}

// completeLocked starts the work once, as soon as all is there.
func (op *operation) completeLocked(s *Server) {
	if op.complete || op.total < 0 || int64(len(op.data)) != op.total {
		return
	}
	op.complete, op.kick = true, nil
	s.wg.Add(1) // called by a connection, which is counted too
	go s.process(op)
}

// end is the proper end of the original upload.
func (op *operation) end(s *Server, seq uint64) error {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.complete {
		return nil
	}
	if op.gone || op.res != nil || seq != op.seq {
		return errFenced
	}
	if op.total < 0 {
		op.total = int64(len(op.data))
	}
	op.completeLocked(s)
	return nil
}

// commit is the proper end of a PATCH of which all bytes up to end are there; size is the complete length that it named, or -1.
// final: the PATCH reached the end of an upload whose length was announced, so the final response is its response.
func (op *operation) commit(s *Server, seq uint64, end, size int64) (final bool, stored int64, err error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	if !op.complete {
		if op.gone || op.res != nil || seq != op.seq {
			return false, 0, errFenced
		}
		if size >= 0 && op.total < 0 {
			op.total, op.declared = size, true
		}
		op.kick = nil
		op.completeLocked(s)
	} else if end > op.total {
		return false, 0, errFenced
	}
	return op.complete && end == op.total && (size >= 0 || op.declared), int64(len(op.data)), nil
}

// interrupt ends a writer before its time. What it brought stays, if the client wanted that.
func (op *operation) interrupt(seq uint64) {
	if !op.save {
		op.discard(seq)
		return
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	if seq == op.seq {
		op.kick = nil
	}
}

func (op *operation) discard(seq uint64) {
	op.mu.Lock()
	defer op.mu.Unlock()
	if seq == op.seq && !op.complete {
		op.gone, op.data, op.kick = true, nil, nil
	}
}

// fail ends an operation with a response and no effect; false when the caller is not its writer any more.
func (op *operation) fail(seq uint64, res *response) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	if seq != op.seq || op.complete || op.gone || op.res != nil {
		return false
	}
	op.finishLocked(res)
	return true
}

// finish keeps the final response of a complete operation.
func (op *operation) finish(res *response) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.finishLocked(res)
}

func (op *operation) finishLocked(res *response) {
	if op.out != "" {
		res.add("content-location", op.out).add("cache-control", "no-store")
	}
	op.res, op.made, op.touched, op.kick = res, time.Now(), time.Now(), nil
	close(op.done)
}

// wait gives the final response when it is there; nil when the server closes first. The response is a copy, to be added to.
func (op *operation) wait(s *Server) *response {
	select {
	case <-op.done:
	case <-s.quit:
		return nil
	}
	res := *op.res
	res.fields = res.fields[:len(res.fields):len(res.fields)]
	return &res
}

// content is what was received up to now.
func (op *operation) content() []byte {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.data[:len(op.data):len(op.data)]
}
