package store

import (
	"bytes"
	"io"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// model is what a client knows of one upload: what it has sent, and what the store must not lose.
type model struct {
	t      *rapid.T
	dir    string
	s      *Store
	op     *Operation
	w      *Writer
	kept   []byte
	length int64
	state  State
}

// TestModel drives the store through appends, cuts, take-overs, restarts and ends in any order. At each
// step what was kept is kept, the effect happens once, and a restart changes nothing.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "store-model-") //nolint:usetesting // a folder for each of rapid's checks
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{t: t, dir: dir, length: rapid.SampledFrom([]int64{-1, 0, 1, 100}).Draw(t, "length")}
		m.open()
		defer func() { m.s.Close() }()
		m.op, err = m.s.Begin(Record{Resume: true, Save: true, Length: m.length, Job: Job{Tag: "t"}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.release()
		t.Repeat(map[string]func(*rapid.T){
			"append":  m.append,
			"cut":     func(*rapid.T) { m.release() },
			"take":    func(*rapid.T) { m.acquire() },
			"end":     m.end,
			"finish":  m.finish,
			"restart": m.restart,
			"":        m.check,
		})
	})
}

func (m *model) open() {
	s, err := Open(Options{Dir: m.dir, Sync: false})
	if err != nil {
		m.t.Fatal(err)
	}
	m.s = s
}

func (m *model) acquire() {
	w, err := m.op.Acquire(m.op.Progress().Writer, &noPeer{})
	if (err == nil) != (m.state == Receiving) {
		m.t.Fatal("acquire:", err, "in state", m.state)
	}
	if err == nil {
		m.release()
		m.w = w
	}
}

func (m *model) release() {
	if m.w != nil {
		m.w.Release()
		m.w = nil
	}
}

func (m *model) append(t *rapid.T) {
	if m.w == nil {
		return
	}
	p := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "bytes")
	fits := m.state == Receiving && (m.length < 0 || int64(len(m.kept)+len(p)) <= m.length)
	if err := m.w.Append(p); (err == nil) != fits {
		t.Fatal("append:", err, "fits", fits)
	}
	if fits {
		m.kept = append(m.kept, p...)
	}
	m.complete()
}

// end names the complete length.
func (m *model) end(t *rapid.T) {
	if m.w == nil || m.state != Receiving {
		return
	}
	n := int64(len(m.kept)) + rapid.Int64Range(-1, 1).Draw(t, "beyond")
	ok := n == m.length || m.length < 0 && n >= int64(len(m.kept))
	if err := m.w.SetLength(n); (err == nil) != ok {
		t.Fatal("length:", err, "want", ok)
	}
	if ok {
		m.length = n
	}
	m.complete()
}

func (m *model) complete() {
	want := m.state == Receiving && int64(len(m.kept)) == m.length
	if got := m.w.Complete(); got != want {
		m.t.Fatal("complete:", got, "want", want)
	}
	if want {
		m.state = Complete
	}
}

func (m *model) finish(t *rapid.T) {
	if m.state != Complete {
		return
	}
	if _, err := m.op.Commit(Item{Tag: "t", Length: int64(len(m.kept))}); err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "killed before the response") {
		return
	}
	if err := m.op.Finish(&Response{Status: 201}); err != nil {
		t.Fatal(err)
	}
	m.state = Done
}

// restart opens the folder again, as after a kill: nothing of the old store is called.
func (m *model) restart(t *rapid.T) {
	m.release()
	if err := m.s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	m.open()
	op, ok := m.s.RequestContent(m.op.RequestContent)
	if !ok {
		t.Fatal("operation is lost")
	}
	m.op = op
	if m.state == Receiving && int64(len(m.kept)) == m.length {
		m.state = Complete // all was there, only nobody had said so
	}
}

func (m *model) check(t *rapid.T) {
	p := m.op.Progress()
	if p.State != m.state || p.Offset != int64(len(m.kept)) || p.Length != m.length {
		t.Fatalf("have %+v, want state %v, offset %d, length %d", p, m.state, len(m.kept), m.length)
	}
	c, err := m.op.Open(p.Offset)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, m.kept) {
		t.Fatalf("content differs: %v", err)
	}
	if n := m.s.Count("t"); n > 1 || m.state == Done && n != 1 || m.state == Receiving && n != 0 {
		t.Fatal("effects:", n)
	}
}
