package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"pgregory.net/rapid"
)

func TestExtents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var e Extents
		have := make([]bool, 64)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				from := rapid.IntRange(0, 63).Draw(t, "from")
				to := rapid.IntRange(from, 64).Draw(t, "to")
				e = e.Add(int64(from), int64(to))
				for i := from; i < to; i++ {
					have[i] = true
				}
			},
			"cut": func(t *rapid.T) {
				n := rapid.IntRange(0, 64).Draw(t, "n")
				e = e.Cut(int64(n))
				clear(have[n:])
			},
			"": func(t *rapid.T) { sameExtents(t, e, have) },
		})
	})
}

func sameExtents(t *rapid.T, e Extents, have []bool) {
	for i, x := range e {
		if x.From >= x.To || i > 0 && x.From <= e[i-1].To {
			t.Fatal("not in order, or touching:", e)
		}
	}
	p := bytes.Repeat([]byte{1}, len(have))
	e.blank(p, 0)
	n, covers, end := int64(0), int64(0), int64(0)
	for i, h := range have {
		if (p[i] == 1) != h {
			t.Fatalf("byte %d: %v, want %v in %v", i, p[i], h, e)
		}
		if h {
			n, end = n+1, int64(i+1)
			if covers == int64(i) {
				covers++
			}
		}
	}
	if e.Bytes() != n || e.End() != end || !e.Covers(covers) || covers < 64 && e.Covers(covers+1) {
		t.Fatal(e, "bytes", e.Bytes(), "end", e.End(), "want", n, end, covers)
	}
}

// docModel is what clients know of one document.
type docModel struct {
	t        *rapid.T
	dir      string
	s        *Store
	place    Place
	exists   bool
	state    State
	length   int64
	content  []byte
	kept     []bool
	sections []*modelSection
	effects  int
}

type modelSection struct {
	w    *Section
	next int64
}

const modelSize = 40

// TestDocumentModel drives a document through parts in any order, by several connections, patches, sizes, replacements,
// cuts and restarts. What was kept is kept, holes are zeros, every completion has one effect.
func TestDocumentModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "store-documents-") //nolint:usetesting // a folder for each of rapid's checks
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &docModel{t: t, dir: dir, place: Place{Name: "x"}, length: -1}
		m.open()
		defer func() { m.release(); m.s.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"claim":   m.claim,
			"append":  m.append,
			"cut":     m.cut,
			"patch":   m.patch,
			"resize":  m.resize,
			"replace": m.replace,
			"finish":  m.finish,
			"remove":  m.remove,
			"restart": m.restart,
			"":        m.check,
		})
	})
}

func (m *docModel) open() {
	s, err := Open(Options{Dir: m.dir})
	if err != nil {
		m.t.Fatal(err)
	}
	m.s = s
}

func (m *docModel) release() {
	for _, w := range m.sections {
		w.w.Release()
	}
	m.sections = nil
	m.vanish()
}

// vanish: a document of which nothing ever came is not there.
func (m *docModel) vanish() {
	v := m.s.Document(m.place)
	if m.exists && m.state == Receiving && m.length < 0 && len(m.content) == 0 && v.Document == nil {
		m.exists = false
	}
}

func (m *docModel) request(first, last int64) Claim {
	return Claim{Place: m.place, First: first, Last: last, Length: -1, Peer: &noPeer{}, Job: Job{Tag: "t"},
		Seen: m.s.Document(m.place).Sections, Check: func(View) error { return nil }}
}

func (m *docModel) claim(t *rapid.T) {
	first := rapid.Int64Range(0, modelSize).Draw(t, "first")
	c := m.request(first, first+rapid.Int64Range(0, modelSize).Draw(t, "more"))
	w, err := m.s.Claim(c)
	if (err == nil) != (m.state != Complete) {
		t.Fatal("claim:", err, "in state", m.state)
	}
	if err != nil {
		return
	}
	if !m.exists {
		m.fresh()
	}
	m.sections = append(m.sections, &modelSection{w, first})
}

func (m *docModel) fresh() {
	m.exists, m.state, m.length, m.content, m.kept = true, Receiving, -1, nil, nil
}

func (m *docModel) write(first int64, p []byte) {
	for end := first + int64(len(p)); int64(len(m.content)) < end; {
		m.content, m.kept = append(m.content, 0), append(m.kept, false)
	}
	for i, b := range p {
		m.content[first+int64(i)], m.kept[first+int64(i)] = b, true
	}
}

func (m *docModel) append(t *rapid.T) {
	if len(m.sections) == 0 {
		return
	}
	w := rapid.SampledFrom(m.sections).Draw(t, "section")
	p := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes")
	current := w.w.Current() == nil
	err := w.w.Append(p)
	if err != nil {
		if current && !errors.Is(err, ErrPastEnd) {
			t.Fatal("append:", err)
		}
		return
	}
	if !current {
		t.Fatal("a fenced section takes bytes")
	}
	m.write(w.next, p)
	w.next += int64(len(p))
	m.complete()
}

func (m *docModel) complete() {
	d := m.s.Document(m.place).Document
	want := m.exists && m.state == Receiving && m.length >= 0 && m.full()
	if got := d != nil && d.Complete(); got != want {
		m.t.Fatal("complete:", got, "want", want)
	}
	if want {
		m.state = Complete
	}
}

func (m *docModel) full() bool {
	for _, k := range m.kept {
		if !k {
			return false
		}
	}
	return int64(len(m.kept)) == m.length
}

// cut takes the connection of one section away.
func (m *docModel) cut(t *rapid.T) {
	if len(m.sections) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.sections)-1).Draw(t, "section")
	m.sections[i].w.Release()
	m.sections = append(m.sections[:i], m.sections[i+1:]...)
	m.vanish()
}

func (m *docModel) stage(t *rapid.T) (*Stage, func()) {
	st, err := m.s.NewStage("")
	if err != nil {
		t.Fatal(err)
	}
	return st, func() {
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// patch applies a stage of several parts.
func (m *docModel) patch(t *rapid.T) {
	st, done := m.stage(t)
	defer done()
	type part struct {
		first int64
		p     []byte
	}
	var parts []part
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		x := part{rapid.Int64Range(0, modelSize).Draw(t, "first"), rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes")}
		if m.exists && m.state == Receiving && m.length >= 0 && x.first+int64(len(x.p)) > m.length {
			return // the caller looks at that
		}
		st.Write(x.first)
		if err := st.Append(x.p); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, x)
	}
	if rapid.Bool().Draw(t, "cut off") {
		return
	}
	_, _, err := m.s.Apply(m.request(0, -1), st)
	if (err == nil) != (m.state != Complete) {
		t.Fatal("apply:", err, "in state", m.state)
	}
	if err != nil {
		return
	}
	if !m.exists {
		m.fresh()
	}
	for _, x := range parts {
		m.write(x.first, x.p)
	}
	m.complete()
}

func (m *docModel) resize(t *rapid.T) {
	n := rapid.Int64Range(0, modelSize).Draw(t, "size")
	err := m.s.Resize(m.request(0, -1), n)
	if (err == nil) != (m.state != Complete) {
		t.Fatal("resize:", err, "in state", m.state)
	}
	if err != nil {
		return
	}
	if !m.exists {
		m.fresh()
	}
	if int64(len(m.content)) > n {
		m.content, m.kept = m.content[:n], m.kept[:n]
	}
	for int64(len(m.content)) < n {
		m.content, m.kept = append(m.content, 0), append(m.kept, false)
	}
	if m.state == Receiving {
		m.length = n
	}
	m.complete()
}

// replace brings a whole new document; it may fail, or be killed before its effect.
func (m *docModel) replace(t *rapid.T) {
	st, done := m.stage(t)
	defer done()
	p := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes")
	st.Write(0)
	if err := st.Append(p); err != nil {
		t.Fatal(err)
	}
	d, err := m.s.Replace(m.request(0, -1), st)
	if err != nil {
		t.Fatal(err)
	}
	ok := rapid.Bool().Draw(t, "succeeds")
	if rapid.Bool().Draw(t, "killed before its effect") {
		m.restart(t)
		for _, u := range m.s.Unfinished() {
			if u.ID == d.ID {
				d = u
			}
		}
	}
	if err := d.Finish(&Response{Status: 200}, ok); err != nil {
		t.Fatal(err)
	}
	if ok {
		m.effects++
		m.exists, m.state, m.length = true, Done, int64(len(p))
		m.content, m.kept = nil, nil
		m.write(0, p)
	}
}

func (m *docModel) finish(t *rapid.T) {
	if m.state != Complete {
		return
	}
	if err := m.s.Document(m.place).Document.Finish(&Response{Status: 201}, true); err != nil {
		t.Fatal(err)
	}
	m.state = Done
	m.effects++
}

func (m *docModel) remove(t *rapid.T) {
	err := m.s.Remove(m.place, func(View) error { return nil })
	if (err == nil) != (m.exists && m.state != Complete) {
		t.Fatal("remove:", err)
	}
	if err == nil {
		m.exists, m.state, m.length, m.content, m.kept = false, Receiving, -1, nil, nil
	}
}

// restart opens the folder again. Without a HEAD before it the last bytes, of which nobody knows, may be gone: here
// somebody has asked, as check does after each step.
func (m *docModel) restart(t *rapid.T) {
	sections := m.sections
	m.sections = nil
	if err := m.s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	m.open()
	for _, w := range sections {
		w.w.file.Close() // as the kernel does
	}
	if v := m.s.Document(m.place); m.exists && m.state == Receiving && len(m.content) == 0 && v.Document == nil {
		m.exists = false
	}
}

func (m *docModel) check(t *rapid.T) {
	v := m.s.Document(m.place)
	if (v.Document != nil) != m.exists {
		t.Fatal("there:", v.Document != nil, "want", m.exists)
	}
	if n := m.s.Completed("t"); n != m.effects || m.s.Completions() != n {
		t.Fatal("effects:", n, "want", m.effects)
	}
	if !m.exists {
		return
	}
	v, content, err := v.Document.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if v.State != m.state || v.Size != int64(len(m.content)) || v.State == Receiving && v.Length != m.length {
		t.Fatalf("state %v, size %d, length %d, want %v, %d, %d", v.State, v.Size, v.Length, m.state, len(m.content), m.length)
	}
	if got, err := io.ReadAll(content); err != nil || !bytes.Equal(got, m.content) {
		t.Fatalf("content %v, want %v (%v)", got, m.content, err)
	}
}
