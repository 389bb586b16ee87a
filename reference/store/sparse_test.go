package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func beginSparse(t testing.TB, s *Store, length int64) *Operation {
	t.Helper()
	op, err := s.Begin(Record{Upload: true, Sparse: true, Save: true, Length: length, Job: Job{Tag: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func acquire(t testing.TB, op *Operation, r Extent) *Writer {
	t.Helper()
	w, err := op.AcquireRange(op.Progress().Writers, &noPeer{}, r)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// put writes data at a position, over a writer of its own.
func put(t testing.TB, op *Operation, at int64, data string) {
	t.Helper()
	w := acquire(t, op, Extent{at, at + int64(len(data))})
	defer w.Release()
	if err := w.Append([]byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestWritersOfDifferentRanges(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	defer s.Close()
	op := beginSparse(t, s, 10)
	left, right := acquire(t, op, Extent{0, 5}), acquire(t, op, Extent{5, 10})
	if err := errors.Join(right.Append([]byte("fg")), left.Append([]byte("abc")), right.Append([]byte("hij"))); err != nil {
		t.Fatal(err)
	}
	if _, err := op.AcquireRange([]*Writer{right}, &noPeer{}, Extent{2, 7}); !errors.Is(err, ErrBusy) {
		t.Error("over a writer that was not seen:", err)
	}
	if err := right.Append([]byte("k")); !errors.Is(err, ErrPastEnd) {
		t.Error("past the range:", err)
	}
	w := acquire(t, op, Extent{3, 10})
	if err := left.Append([]byte("X")); !errors.Is(err, ErrFenced) {
		t.Error("a late byte got in:", err)
	}
	if err := right.Current(); err != nil {
		t.Error("a writer that has nothing left to write is fenced:", err)
	}
	if w.Complete() {
		t.Error("complete with a gap")
	}
	if err := w.Append([]byte("de")); err != nil {
		t.Fatal(err)
	}
	if kept, n, err := w.Next(); !kept || n != 5 || err != nil {
		t.Error("what was kept is not told:", kept, n, err)
	}
	w.Skip(5)
	if _, n, _ := w.Next(); n != 0 || !w.Complete() || w.Complete() || right.Complete() {
		t.Error("not complete exactly once")
	}
	for _, w := range []*Writer{left, right, w} {
		w.Release()
	}
	c, err := op.Open(10)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, _ := io.ReadAll(c); string(got) != "abcdefghij" {
		t.Errorf("%q", got)
	}
}

func TestOrderedUploadTakesNoGap(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	defer s.Close()
	op := begin(t, s, -1)
	put(t, op, 0, "abc")
	if _, err := op.AcquireRange(nil, &noPeer{}, Extent{4, 5}); !errors.Is(err, ErrGap) {
		t.Error(err)
	}
}

func TestScattered(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	defer s.Close()
	op := beginSparse(t, s, 1<<20)
	for i := range int64(maxSparse) {
		put(t, op, 2*i, "x")
	}
	w := acquire(t, op, Extent{2*maxSparse + 10, 2*maxSparse + 11})
	defer w.Release()
	if err := w.Append([]byte("x")); !errors.Is(err, ErrScattered) {
		t.Error(err)
	}
	put(t, op, 1, "x") // this one joins two
	if p := op.Progress(); len(p.Kept) != maxSparse-1 || p.Offset != 3 {
		t.Error(len(p.Kept), p.Offset)
	}
}

// A damaged list of extents says nothing; one that says more than the body holds is cut.
func TestDamagedExtents(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	op := beginSparse(t, s, 10)
	put(t, op, 0, "ab")
	put(t, op, 5, "xyz")
	list := op.extentsPath()
	sound, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	reopen := func() {
		t.Helper()
		s.Close()
		s = open(t, Options{Dir: dir})
		op, _ = s.RequestContent(op.RequestContent)
	}
	for _, c := range []struct {
		list []byte
		body int64
		want Extents
	}{
		{sound, 8, Extents{{0, 2}, {5, 8}}},
		{sound, 6, Extents{{0, 2}, {5, 6}}},
		{bytes.ReplaceAll(sound, []byte("5"), []byte("3")), 6, nil},
		{sound[:len(sound)-1], 6, nil},
		{nil, 6, nil},
	} {
		if err := errors.Join(os.WriteFile(list, c.list, 0o600), os.Truncate(op.bodyPath(), c.body)); err != nil {
			t.Fatal(err)
		}
		if reopen(); !slices.Equal(op.Progress().Kept, c.want) {
			t.Errorf("%q: %v, want %v", c.list, op.Progress().Kept, c.want)
		}
	}
	if err := op.Cancel(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(list); !os.IsNotExist(err) {
		t.Error("the list stays:", err)
	}
	s.Close()
}

// An upload of no bytes is complete when somebody has said so, not when it begins.
func TestEmptyUploadAwaitsItsWrite(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	op := beginSparse(t, s, 0)
	s.Close()
	s = open(t, Options{Dir: dir})
	defer s.Close()
	op, _ = s.RequestContent(op.RequestContent)
	if len(s.Pending()) != 0 {
		t.Fatal("complete, though nobody wrote")
	}
	w := acquire(t, op, Extent{0, 0})
	defer w.Release()
	if !w.Complete() {
		t.Error("not complete")
	}
}

// sparseModel is what clients know of an upload that several of them write.
type sparseModel struct {
	*rapid.T
	dir     string
	s       *Store
	op      *Operation
	writers []*writing
	sent    [modelLength]bool // bytes that were kept
	told    Extents           // what was said to be kept
	done    bool
}

type writing struct {
	*Writer
	rest Extent
}

const modelLength = 60

// at is the right byte of a position.
func at(i int64) byte { return byte(i)*7 + 1 }

// TestSparseModel writes parts in any order, at once, over each other, with cuts and restarts between. What
// was told is kept, and what is kept is what was sent.
func TestSparseModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "store-sparse-") //nolint:usetesting // a folder for each of rapid's checks
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &sparseModel{T: t, dir: dir}
		m.open()
		defer func() { m.s.Close() }()
		if m.op, err = m.s.Begin(Record{Upload: true, Sparse: true, Save: true, Length: modelLength}); err != nil {
			t.Fatal(err)
		}
		defer m.cut()
		t.Repeat(map[string]func(*rapid.T){
			"acquire": m.acquire, "append": m.append, "restart": m.restart,
			"cut":  func(*rapid.T) { m.cut() },
			"told": func(*rapid.T) { m.tell() },
			"":     m.check,
		})
	})
}

func (m *sparseModel) open() {
	s, err := Open(Options{Dir: m.dir})
	if err != nil {
		m.Fatal(err)
	}
	m.s = s
}

func (m *sparseModel) acquire(t *rapid.T) {
	first := rapid.Int64Range(0, modelLength).Draw(t, "first")
	r := Extent{first, rapid.Int64Range(first, modelLength).Draw(t, "end")}
	seen := rapid.Bool().Draw(t, "seen")
	var known []*Writer
	busy := false
	for _, w := range m.writers {
		busy = busy || w.rest.meets(r)
	}
	if seen {
		known, busy = m.op.Progress().Writers, false
	}
	w, err := m.op.AcquireRange(known, &noPeer{}, r)
	switch {
	case m.done:
		if !errors.Is(err, ErrComplete) {
			t.Fatal(err)
		}
	case (err == nil) == busy:
		t.Fatal("acquire:", err, "busy:", busy)
	case err == nil:
		m.writers = slices.DeleteFunc(m.writers, func(o *writing) bool {
			fenced := o.rest.meets(r)
			if fenced {
				o.Release()
			}
			return fenced
		})
		m.writers = append(m.writers, &writing{w, r})
	}
}

func (m *sparseModel) append(t *rapid.T) {
	if len(m.writers) == 0 || m.done {
		return
	}
	w := rapid.SampledFrom(m.writers).Draw(t, "writer")
	kept, n, err := w.Next()
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		m.complete(w)
		return
	}
	n = rapid.Int64Range(1, n).Draw(t, "n")
	p := make([]byte, n)
	for i := range n {
		pos := w.rest.From + i
		if p[i] = at(pos); m.sent[pos] != kept {
			t.Fatalf("byte %d is told as kept: %v", pos, kept)
		}
		m.sent[pos] = true
	}
	if kept {
		w.Skip(n)
	} else if err := w.Append(p); err != nil {
		t.Fatal(err)
	}
	w.rest.From += n
	m.complete(w)
}

func (m *sparseModel) complete(w *writing) {
	whole := !slices.Contains(m.sent[:], false)
	if got := w.Complete(); got != whole {
		m.Fatal("complete:", got, "want", whole)
	}
	m.done = whole
	if whole {
		m.cut()
	}
}

func (m *sparseModel) cut() {
	for _, w := range m.writers {
		w.Release()
	}
	m.writers = nil
}

func (m *sparseModel) tell() {
	kept, err := m.op.DurableExtents()
	if err != nil {
		m.Fatal(err)
	}
	m.told = kept
}

// restart opens the folder again, as after a kill: nothing of the old store is called but what frees the files.
func (m *sparseModel) restart(t *rapid.T) {
	if err := m.s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	m.open()
	old := m.op
	var ok bool
	if m.op, ok = m.s.RequestContent(old.RequestContent); !ok {
		t.Fatal("the operation is lost")
	}
	for _, w := range m.writers {
		_ = w.file.Close()
	}
	m.writers = nil
	kept := m.op.Progress().Kept
	for _, r := range m.told {
		if kept.Within(r.From, r.To) != r.Len() {
			t.Fatalf("%v was told, %v is kept", m.told, kept)
		}
	}
	for i := range m.sent {
		there, _ := kept.At(int64(i))
		if there && !m.sent[i] {
			t.Fatalf("byte %d was never sent", i)
		}
		m.sent[i] = there
	}
	m.done = m.op.State() == Complete
}

func (m *sparseModel) check(t *rapid.T) {
	p := m.op.Progress()
	for i, sent := range m.sent {
		if there, _ := p.Kept.At(int64(i)); there != sent || p.State == Complete != m.done {
			t.Fatalf("%+v, sent %v, done %v", p, m.sent, m.done)
		}
	}
	c, err := m.op.Open(modelLength)
	if errors.Is(err, os.ErrNotExist) && len(p.Kept) == 0 {
		return // nobody has begun to write
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, there := range m.sent {
		if there && (i >= len(body) || body[i] != at(int64(i))) {
			t.Fatalf("byte %d is kept and is not what was sent", i)
		}
	}
}
