package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noPeer is a connection that nobody waits on.
type noPeer struct{ stopped int }

func (p *noPeer) Stop() { p.stopped++ }

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t testing.TB, s *Store, length int64) *Operation {
	t.Helper()
	op, err := s.Begin(Record{Resume: true, Save: true, Length: length, Job: Job{Tag: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func add(t testing.TB, op *Operation, data string) {
	t.Helper()
	w, err := op.Acquire(nil, &noPeer{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Release()
	if err := w.Append([]byte(data)); err != nil {
		t.Fatal(err)
	}
	w.Complete()
}

func finish(t testing.TB, op *Operation) {
	t.Helper()
	if _, err := op.Commit(Item{Tag: op.Job.Tag, Length: op.Progress().Offset}); err != nil {
		t.Fatal(err)
	}
	if err := op.Finish(&Response{Status: 201, Body: []byte("made")}); err != nil {
		t.Fatal(err)
	}
}

func TestFencedWriterKeepsOut(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	defer s.Close()
	op := begin(t, s, 10)
	peer := &noPeer{}
	old, err := op.Acquire(nil, peer)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Append([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if _, err := op.Acquire(nil, &noPeer{}); !errors.Is(err, ErrBusy) {
		t.Fatal("acquired without having seen the writer:", err)
	}
	w, err := op.Acquire(old, &noPeer{})
	if err != nil || peer.stopped != 1 {
		t.Fatal("take over:", err, "stopped", peer.stopped)
	}
	if err := old.Append([]byte("late")); !errors.Is(err, ErrFenced) {
		t.Fatal("late bytes:", err)
	}
	if err := old.SetLength(3); !errors.Is(err, ErrFenced) || old.Complete() {
		t.Fatal("a fenced writer decides:", err)
	}
	old.Release()
	if err := w.Append([]byte("defghijk")); !errors.Is(err, ErrPastEnd) {
		t.Fatal("past the end:", err)
	}
	if err := w.Append([]byte("defghij")); err != nil || !w.Complete() || w.Complete() {
		t.Fatal("complete once:", err)
	}
	w.Release()
	if _, err := op.Acquire(nil, peer); !errors.Is(err, ErrComplete) {
		t.Fatal("acquired a complete upload:", err)
	}
	if _, err := op.AcquireAt(10, peer); !errors.Is(err, ErrComplete) {
		t.Fatal("acquired a complete upload at its end:", err)
	}
	if _, err := op.AcquireAt(3, peer); !errors.Is(err, ErrOffset) {
		t.Fatal("a place that others have filled:", err)
	}
}

func TestEffectOnce(t *testing.T) {
	for _, sync := range []bool{false, true} {
		dir := t.TempDir()
		s := open(t, Options{Dir: dir, Sync: sync})
		op := begin(t, s, 3)
		add(t, op, "abc")
		one, err := op.Commit(Item{Tag: "t", Length: 3})
		if err != nil {
			t.Fatal(err)
		}
		s.Close() // as if killed between effect and response
		s = open(t, Options{Dir: dir, Sync: sync})
		pending := s.Pending()
		if len(pending) != 1 {
			t.Fatal("pending:", len(pending))
		}
		two, err := pending[0].Commit(Item{Tag: "t", Length: 3})
		if err != nil || two.ID != one.ID || s.Count("t") != 1 {
			t.Fatal("second effect:", err, two, one, s.Count("t"))
		}
		finish(t, pending[0])
		if err := s.Delete(one.ID); err != nil || s.Count("t") != 1 {
			t.Fatal("delete:", err, s.Count("t"))
		}
		if _, ok := s.Item(one.ID); ok {
			t.Fatal("deleted item is there")
		}
		s.Close()
		s = open(t, Options{Dir: dir, Sync: sync})
		got, ok := s.ResponseMessage(op.ResponseMessage)
		if !ok || s.Count("t") != 1 || s.Total() != 1 || len(s.Pending()) != 0 {
			t.Fatal("after the second start:", ok, s.Count("t"))
		}
		if r, ok := got.Response(); !ok || r.Status != 201 || string(r.Body) != "made" {
			t.Fatal("response:", r)
		}
		s.Close()
	}
}

func TestInterruptedCommitIsRepeated(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	op := begin(t, s, 3)
	add(t, op, "abc")
	// The state of a kill between the two names and the description.
	if err := os.Link(op.bodyPath(), s.path(dirItems, op.Item+dataSuffix)); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(s.path(dirItems, op.Item+metaSuffix+tmpSuffix), []byte(`{"id":`), 0o600)
	s.Close()
	s = open(t, Options{Dir: dir})
	defer s.Close()
	if s.Total() != 0 {
		t.Fatal("an effect before the commit point")
	}
	finish(t, s.Pending()[0])
	it, _ := s.Item(op.Item)
	f, err := s.OpenItem(it)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, 4)
	if n, _ := f.Read(data); string(data[:n]) != "abc" {
		t.Fatalf("item is %q", data[:n])
	}
}

func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	op := begin(t, s, -1)
	add(t, op, "abc")
	s.Close()
	path := filepath.Join(dir, dirOperations, op.ID)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(bytes.Clone(whole), `deadbeef {"length":3}`+"\n"+`12345678 {"len`...)
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Dir: dir})
	op, ok := s.RequestContent(op.RequestContent)
	if !ok {
		t.Fatal("operation is lost")
	}
	if p := op.Progress(); p.Length != -1 || p.Offset != 3 || p.State != Receiving {
		t.Fatal("a line with a wrong checksum was believed:", p)
	}
	s.Close()
	if now, _ := os.ReadFile(path); !bytes.Equal(now, whole) {
		t.Fatalf("the torn lines stay: %q", now)
	}
	for cut := range whole { // a kill while the operation began
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{Dir: dir})
		if n := s.Operations(); n != 0 {
			t.Fatalf("cut at %d: %d operations", cut, n)
		}
		s.Close()
	}
}

func TestIncompleteIsDroppedAtStart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	for _, r := range []Record{{Resume: true, Length: 10}, {Length: 10, Transient: true}} {
		op, err := s.Begin(r)
		if err != nil {
			t.Fatal(err)
		}
		add(t, op, "abc")
	}
	s.Close()
	s = open(t, Options{Dir: dir})
	defer s.Close()
	for _, d := range []string{dirBodies, dirOperations, dirItems} {
		if names, _ := s.names(d); len(names) != 0 {
			t.Errorf("%s: left over: %v", d, names)
		}
	}
}

func TestQuota(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Limits: Limits{UserBytes: 10, TotalBytes: 15, UserOperations: 2, TotalOperations: 3}})
	defer s.Close()
	a1, err := s.Begin(Record{Owner: "a", Save: true, Length: -1})
	if err != nil {
		t.Fatal(err)
	}
	add(t, a1, "12345678")
	if _, err := s.Begin(Record{Owner: "a", Save: true, Length: 3}); !errors.Is(err, ErrBytes) {
		t.Fatal("user bytes:", err)
	}
	w, _ := a1.Acquire(nil, &noPeer{})
	if err := w.Append([]byte("123")); !errors.Is(err, ErrBytes) {
		t.Fatal("user bytes while it grows:", err)
	}
	w.Release()
	b1, err := s.Begin(Record{Owner: "b", Save: true, Length: 7})
	if err != nil {
		t.Fatal(err)
	}
	w, _ = b1.Acquire(nil, &noPeer{})
	if err := w.Append(make([]byte, 7)); err != nil || w.Append([]byte("8")) == nil {
		t.Fatal("total bytes:", err)
	}
	w.Complete()
	w.Release()
	if _, err := s.Begin(Record{Owner: "b", Length: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(Record{Owner: "b", Length: -1}); !errors.Is(err, ErrOperations) {
		t.Fatal("user operations:", err)
	}
	if _, err := s.Begin(Record{Owner: "c", Length: -1}); !errors.Is(err, ErrOperations) {
		t.Fatal("total operations:", err)
	}
	finish(t, b1)
	if err := errors.Join(a1.Cancel(), b1.Cancel(), s.Delete(b1.Item)); err != nil {
		t.Fatal(err)
	}
	if s.quota.total.bytes != 0 || s.quota.total.operations != 1 || len(s.quota.users) != 1 {
		t.Fatal("not given back:", s.quota.total, s.quota.users)
	}
}

func TestSweep(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return now }})
	defer s.Close()
	idle, busy, done, pending := begin(t, s, 9), begin(t, s, 9), begin(t, s, 3), begin(t, s, 3)
	add(t, idle, "abc")
	w, _ := busy.Acquire(nil, &noPeer{})
	defer w.Release()
	add(t, done, "abc")
	finish(t, done)
	add(t, pending, "abc")
	sweep := func(want int) {
		t.Helper()
		if n, err := s.Sweep(time.Hour, 2*time.Hour); n != want || err != nil {
			t.Fatal("swept", n, "want", want, err)
		}
	}
	now = now.Add(time.Hour - 1)
	sweep(0)
	now = now.Add(1)
	sweep(1) // idle
	now = now.Add(time.Hour)
	sweep(1) // done
	if s.Operations() != 2 || s.Count("t") != 1 {
		t.Fatal("left:", s.Operations(), s.Count("t"))
	}
}

// An upload that is finished while somebody asks has not expired.
func TestFinishedIsNotExpired(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	meanwhile := func() {}
	s := open(t, Options{Dir: t.TempDir(), Clock: func() time.Time {
		do := meanwhile
		meanwhile = func() {}
		do()
		return now
	}})
	defer s.Close()
	op, err := s.Begin(Record{Resume: true, Save: true, Lasting: true, Length: 3, Job: Job{Tag: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	if op.Expired(time.Hour) || !op.Expired(0) {
		t.Error("not what the limit says")
	}
	meanwhile = func() { add(t, op, "abc"); finish(t, op) }
	if op.Expired(time.Hour) {
		t.Error("expired while it was finished")
	}
}

func TestOneServerPerFolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	defer s.Close()
	if _, err := Open(Options{Dir: dir}); err == nil {
		t.Fatal("opened twice")
	}
}

func TestDirSyncGroups(t *testing.T) {
	d := &dirSync{path: t.TempDir()}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := d.sync(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d = &dirSync{path: filepath.Join(t.TempDir(), "missing")}
	if err := d.sync(); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if !ValidID(id) || seen[id] {
			t.Fatal(id)
		}
		seen[id] = true
	}
	for _, s := range []string{"", "a", strings.Repeat("A", IDLength), strings.Repeat("a", IDLength-1) + "/",
		strings.Repeat(".", IDLength), strings.Repeat("a", IDLength+1), strings.Repeat("a", IDLength-1) + "1"} {
		if ValidID(s) {
			t.Error("valid:", s)
		}
	}
}
