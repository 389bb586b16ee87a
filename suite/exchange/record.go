package exchange

import (
	"bytes"
	"sync"
	"time"
)

// What the transcript keeps. Heads are what a reader wants whole; a body is known by how it begins,
// how it ends and how long it is.
const (
	keepHead     = 8 << 10  // bytes of one head
	keepAllHeads = 64 << 10 // bytes of all heads of one direction: a target may send very many 1xx
	keepStart    = 64       // first bytes of a run of body bytes, and of a head beyond keepAllHeads
	keepEnd      = 32       // last bytes of a run of body bytes
)

// class says what a run of bytes is. Runs of different classes are different events.
type class int

const (
	classNone class = iota
	classHead
	classBody
	classRaw  // bytes that the caller wrote as they are: kept like a head
	classRest // bytes that came and belong to no message: kept like a body
)

// bodylike says whether runs of the class are abbreviated.
func (c class) bodylike() bool { return c == classBody || c == classRest }

type direction int

const (
	outward direction = iota
	inward
)

// lane is the state of one direction.
type lane struct {
	open     int // index of the event that further bytes of this class belong to
	class    class
	total    int64
	headLeft int
	bodyLeft int
}

// recorder takes the transcript. All methods may be called from any goroutine.
type recorder struct {
	mu     sync.Mutex
	label  string
	began  time.Time
	last   time.Duration
	ended  bool
	events []Event
	lanes  [2]lane
}

func newRecorder(label string, keepBody int) *recorder {
	fresh := lane{headLeft: keepAllHeads, bodyLeft: keepBody}
	return &recorder{label: label, began: time.Now(), lanes: [2]lane{fresh, fresh}}
}

// now gives the time since the exchange began.
func (r *recorder) now() time.Duration { return time.Since(r.began) }

// open gives the event that bytes of the class belong to, beginning one where the last run was of
// another class. Body runs of both directions go on side by side in one event each, so that a
// transfer both ways cannot make one event per packet; a head or a mark between them ends them.
// Opening before a write puts the event in front of the answer that the write brings.
func (r *recorder) open(d direction, c class, note string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.openLocked(d, c, note, r.now())
}

func (r *recorder) openLocked(d direction, c class, note string, at time.Duration) int {
	l := &r.lanes[d]
	if l.class == c {
		return l.open
	}
	if !c.bodylike() {
		r.endBodies()
	}
	kind := Sent
	if d == inward {
		kind = Received
	}
	r.events = append(r.events, Event{Kind: kind, At: at, Until: at, Offset: l.total, Note: note})
	l.open, l.class = len(r.events)-1, c
	return l.open
}

func (r *recorder) endBodies() {
	for d := range r.lanes {
		if r.lanes[d].class.bodylike() {
			r.lanes[d].class = classNone
		}
	}
}

// sent adds bytes to the event that open gave before they were written.
func (r *recorder) sent(event int, c class, b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(outward, event, c, b, r.now())
}

// received adds bytes that came at the given time.
func (r *recorder) received(c class, note string, b []byte, at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(inward, r.openLocked(inward, c, note, at), c, b, at)
}

func (r *recorder) add(d direction, event int, c class, b []byte, at time.Duration) {
	l, e := &r.lanes[d], &r.events[event]
	l.total += int64(len(b))
	e.Bytes += int64(len(b))
	e.Until, r.last = at, max(r.last, at)
	if c.bodylike() {
		keepBodyBytes(l, e, b)
		return
	}
	room := min(keepHead, len(e.Data)+max(l.headLeft, 0))
	room = max(room, keepStart) - len(e.Data)
	kept := b[:max(0, min(room, len(b)))]
	e.Data = append(e.Data, kept...)
	l.headLeft -= len(kept)
}

func keepBodyBytes(l *lane, e *Event, b []byte) {
	n := min(keepStart-len(e.Data), l.bodyLeft, len(b))
	if len(e.Tail) == 0 && n > 0 {
		e.Data = append(e.Data, b[:n]...)
		l.bodyLeft -= n
		b = b[n:]
	}
	if len(b) == 0 {
		return
	}
	room := min(keepEnd, len(e.Tail)+l.bodyLeft)
	before := len(e.Tail)
	e.Tail = append(e.Tail, b[max(0, len(b)-keepEnd):]...)
	e.Tail = e.Tail[:copy(e.Tail, e.Tail[max(0, len(e.Tail)-room):])]
	l.bodyLeft -= len(e.Tail) - before
}

// border ends the run of a direction and names it.
func (r *recorder) border(d direction, note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &r.lanes[d]
	if l.class != classNone && note != "" {
		r.events[l.open].Note = note
	}
	l.class = classNone
}

// mark puts a mark in.
func (r *recorder) mark(note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.markLocked(Marked, note)
}

// end says how the connection ended. Only the first end counts: what follows is our own closing.
func (r *recorder) end(note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.ended = true
		r.markLocked(Ended, note)
	}
}

func (r *recorder) markLocked(kind EventKind, note string) {
	r.endBodies()
	at := r.now()
	r.last = max(r.last, at)
	r.events = append(r.events, Event{Kind: kind, At: at, Until: at, Offset: r.lanes[inward].total, Note: note})
}

// total gives the wire bytes of one direction.
func (r *recorder) total(d direction) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lanes[d].total
}

// snapshot gives the transcript so far; nothing in it changes any more. A write that has not put a
// single byte on its way leaves no event.
func (r *recorder) snapshot() Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := Record{
		Label: r.label, Began: r.began, Finished: r.last,
		SentAll: r.lanes[outward].total, ReadAll: r.lanes[inward].total,
	}
	for _, e := range r.events {
		if e.Kind == Sent && e.Bytes == 0 {
			continue
		}
		e.Data, e.Tail = bytes.Clone(e.Data), bytes.Clone(e.Tail)
		rec.Events = append(rec.Events, e)
	}
	return rec
}
