package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is what the clients of a store know: several uploads of one owner, under a quota.
type world struct {
	dir     string
	s       *Store
	uploads []*known
	effects int   // items that were ever made
	items   int64 // bytes of the items that are there
}

// known is what a client knows of one upload.
type known struct {
	op      *Operation
	w       *Writer
	kept    []byte
	length  int64
	state   State
	item    bool // the effect has happened
	counted bool // the quota counts its body
}

// What a store of this test may keep.
const (
	mostBytes   = 150
	mostUploads = 3
)

// TestWorld drives a store with several uploads through any order of beginnings, appends, cuts, ends, effects,
// deletions, sweeps, and kills: between two writes, in the middle of a line of a journal, in the middle of a write to
// a body, and between the effect and the response. What was acknowledged is kept, what is kept is what was sent, each effect
// happens once, and the quota counts exactly what is there and lets in no more than it may.
func TestWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "store-world-") //nolint:usetesting // a folder for each of rapid's checks
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w := &world{dir: dir}
		w.open(t)
		defer func() { w.s.Close() }()
		defer w.cut()
		t.Repeat(map[string]func(*rapid.T){
			"begin":  w.begin,
			"append": w.append,
			"end":    w.end,
			"cut":    func(*rapid.T) { w.cut() },
			"effect": w.effect,
			"finish": w.finish,
			"cancel": w.cancel,
			"delete": w.delete,
			"sweep":  w.sweep,
			"kill":   w.kill,
			"":       w.check,
		})
	})
}

func (w *world) open(t *rapid.T) {
	s, err := Open(Options{Dir: w.dir, Limits: Limits{UserBytes: mostBytes, TotalOperations: mostUploads}})
	if err != nil {
		t.Fatal(err)
	}
	w.s = s
}

// some draws an upload, nil where there is none.
func (w *world) some(t *rapid.T) *known {
	if len(w.uploads) == 0 {
		return nil
	}
	return w.uploads[rapid.IntRange(0, len(w.uploads)-1).Draw(t, "upload")]
}

// used is how many bytes the quota should count.
func (w *world) used() int64 {
	n := w.items
	for _, u := range w.uploads {
		if u.counted {
			n += int64(len(u.kept))
		}
	}
	return n
}

func (w *world) begin(t *rapid.T) {
	length := rapid.SampledFrom([]int64{-1, 0, 1, 40, 100, mostBytes + 1}).Draw(t, "length")
	op, err := w.s.Begin(Record{Owner: "a", Resume: true, Save: true, Length: length, Job: Job{Tag: "t"}})
	switch {
	case len(w.uploads) == mostUploads:
		if !errors.Is(err, ErrOperations) {
			t.Fatal("one too many:", err)
		}
	case length > 0 && w.used()+length > mostBytes:
		if !errors.Is(err, ErrBytes) {
			t.Fatal("too long:", err)
		}
	case err != nil:
		t.Fatal("begin:", err)
	default:
		w.uploads = append(w.uploads, &known{op: op, length: length, counted: true})
	}
}

// writing gives the writer of an upload, nil where it takes no more bytes.
func (w *world) writing(t *rapid.T, u *known) *Writer {
	if u == nil || u.state != Receiving {
		return nil
	}
	if u.w == nil {
		var err error
		if u.w, err = u.op.Acquire(nil, &noPeer{}); err != nil {
			t.Fatal("acquire:", err)
		}
	}
	return u.w
}

func (w *world) append(t *rapid.T) {
	u := w.some(t)
	writer := w.writing(t, u)
	if writer == nil {
		return
	}
	p := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "bytes")
	n := int64(len(p))
	var want error
	switch {
	case u.length >= 0 && int64(len(u.kept))+n > u.length:
		want = ErrPastEnd
	case w.used()+n > mostBytes:
		want = ErrBytes
	}
	if err := writer.Append(p); !errors.Is(err, want) {
		t.Fatal("append:", err, "want", want)
	}
	if want == nil {
		u.kept = append(u.kept, p...)
	}
	u.complete(t)
}

func (u *known) complete(t *rapid.T) {
	want := u.state == Receiving && int64(len(u.kept)) == u.length
	if got := u.w.Complete(); got != want {
		t.Fatal("complete:", got, "want", want)
	}
	if want {
		u.state = Complete
	}
}

// end names the complete length, as it is.
func (w *world) end(t *rapid.T) {
	u := w.some(t)
	writer := w.writing(t, u)
	if writer == nil || u.length >= 0 {
		return
	}
	if err := writer.SetLength(int64(len(u.kept))); err != nil {
		t.Fatal("length:", err)
	}
	u.length = int64(len(u.kept))
	if rapid.Bool().Draw(t, "killed before it was complete") {
		w.kill(t)
		return
	}
	u.complete(t)
}

// cut takes every connection away.
func (w *world) cut() {
	for _, u := range w.uploads {
		if u.w != nil {
			u.w.Release()
			u.w = nil
		}
	}
}

// effect makes the item of an upload, or makes it again.
func (w *world) effect(t *rapid.T) {
	u := w.some(t)
	if u == nil || u.state != Complete {
		return
	}
	it, err := u.op.Commit(Item{Tag: "t", Length: int64(len(u.kept))})
	if err != nil || it.ID != u.op.Item {
		t.Fatal("commit:", it, err)
	}
	if !u.item {
		u.item, u.counted = true, false
		w.effects++
		w.items += int64(len(u.kept))
	}
}

func (w *world) finish(t *rapid.T) {
	u := w.some(t)
	if u == nil || u.state != Complete {
		return
	}
	if err := u.op.Finish(&Response{Status: 201, Body: bytes.Clone(u.kept)}); err != nil {
		t.Fatal("finish:", err)
	}
	u.state = Done
}

func (w *world) cancel(t *rapid.T) {
	u := w.some(t)
	if u == nil {
		return
	}
	err := u.op.Cancel()
	if u.state == Complete {
		if !errors.Is(err, ErrBusy) {
			t.Fatal("an effect is called back:", err)
		}
		return
	}
	if err != nil {
		t.Fatal("cancel:", err)
	}
	w.gone(func(other *known) bool { return other == u })
}

// gone forgets the uploads that are closed.
func (w *world) gone(closed func(*known) bool) (n int) {
	var left []*known
	for _, u := range w.uploads {
		if !closed(u) {
			left = append(left, u)
			continue
		}
		n++
		if u.w != nil {
			u.w.Release()
		}
	}
	w.uploads = left
	return n
}

func (w *world) delete(t *rapid.T) {
	u := w.some(t)
	if u == nil || !u.item {
		return
	}
	_, there := w.s.Item(u.op.Item)
	if err := w.s.Delete(u.op.Item); (err == nil) != there {
		t.Fatal("delete:", err, "there:", there)
	}
	if there {
		w.items -= int64(len(u.kept))
	}
}

// sweep closes what has expired: all that nobody writes to and that has no effect in progress, or nothing.
func (w *world) sweep(t *rapid.T) {
	if n, err := w.s.Sweep(time.Hour, time.Hour); n != 0 || err != nil {
		t.Fatal("swept", n, err)
	}
	want := w.gone(func(u *known) bool { return u.state == Done || u.state == Receiving && u.w == nil })
	if n, err := w.s.Sweep(0, 0); n != want || err != nil {
		t.Fatal("swept", n, "want", want, err)
	}
}

// kill opens the folder again, as after a kill in the middle of a write: nothing of the old store is called.
func (w *world) kill(t *rapid.T) {
	w.cut()
	if len(w.uploads) > 0 && rapid.Bool().Draw(t, "in a write") {
		w.tear(t, w.some(t))
	}
	if err := w.s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	for _, u := range w.uploads {
		op, ok := w.s.RequestContent(u.op.RequestContent)
		if !ok {
			t.Fatal("an operation is lost")
		}
		u.op = op
		if u.state == Receiving && int64(len(u.kept)) == u.length {
			u.state = Complete // all was there, only nobody had said so
		}
	}
}

// tear leaves a write half done: a line of the journal, or bytes of the body that nobody has acknowledged.
func (w *world) tear(t *rapid.T, u *known) {
	path := w.s.path(dirOperations, u.op.ID)
	if u.state == Receiving && rapid.Bool().Draw(t, "to the body") {
		path = u.op.bodyPath()
		p := rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "unacknowledged")
		if u.length >= 0 {
			p = p[:min(int64(len(p)), u.length-int64(len(u.kept)))]
		}
		u.kept = append(u.kept, p...) // it is kept all the same: it was sent
		w.put(t, path, p)
		return
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	length := int64(rapid.IntRange(0, 99).Draw(t, "of a length"))
	if err := w.s.appendEntry(u.op.ID, entry{Length: &length, Response: &Response{Status: 500}}, false); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := rapid.IntRange(len(before), len(after)-1).Draw(t, "torn at")
	if err := os.Truncate(path, int64(torn)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) put(t *rapid.T, path string, p []byte) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.Write(p)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) check(t *rapid.T) {
	for _, u := range w.uploads {
		p := u.op.Progress()
		if p.State != u.state || p.Offset != int64(len(u.kept)) || p.Length != u.length {
			t.Fatalf("have %+v, want state %v, offset %d, length %d", p, u.state, len(u.kept), u.length)
		}
		c, err := u.op.Open(p.Offset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err = errors.Join(err, c.Close()); err != nil || !bytes.Equal(got, u.kept) {
			t.Fatalf("content differs: %v", err)
		}
		if r, done := u.op.Response(); done != (u.state == Done) || done && (r.Status != 201 || !bytes.Equal(r.Body, u.kept)) {
			t.Fatalf("response %+v in state %v", r, u.state)
		}
	}
	if n := w.s.Count("t"); n != w.effects {
		t.Fatal(n, "effects, want", w.effects)
	}
	if n := w.s.Operations(); n != len(w.uploads) {
		t.Fatal(n, "operations, want", len(w.uploads))
	}
	if have, want := w.s.quota.total, (usage{w.used(), len(w.uploads)}); have != want {
		t.Fatalf("the quota counts %+v, want %+v", have, want)
	}
}
