package store

import (
	"errors"
	"testing"
)

// An explicit upload is complete when that was said, also after a restart, and never by its length.
func TestExplicit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *Store {
		t.Helper()
		s, err := Open(Options{Dir: dir, Sync: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	begin := func(length int64) (*Operation, *Writer) {
		t.Helper()
		op, err := s.Begin(Record{Explicit: true, Protocol: "p", Save: true, Length: length, Job: Job{Tag: "t"}})
		if err != nil {
			t.Fatal(err)
		}
		w, err := op.Acquire(nil, &noPeer{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append([]byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		return op, w
	}
	whole, w := begin(10)
	w.Release()
	if _, err := whole.Durable(); err != nil {
		t.Fatal(err)
	}
	said, w := begin(-1)
	for _, n := range []int64{9, 11} {
		if err := w.CompleteAt(n); !errors.Is(err, ErrLength) {
			t.Error(n, err)
		}
	}
	if err := w.CompleteAt(10); err != nil || said.State() != Complete {
		t.Error(err, said.State())
	}
	if err := w.CompleteAt(10); !errors.Is(err, ErrFenced) {
		t.Error(err)
	}
	w.Release()
	other, w := begin(12)
	if err := w.CompleteAt(10); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
	other.Interrupt()
	if err := w.CompleteAt(10); !errors.Is(err, ErrFenced) {
		t.Error(err)
	}
	w.Release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	for i := range 2 {
		kept, _ := s.RequestContent(whole.RequestContent)
		if p := kept.Progress(); p.State != Receiving || p.Offset != 10 || p.Length != 10 {
			t.Errorf("%+v", p)
		}
		pending := s.Pending()
		if i == 0 && (len(pending) != 1 || pending[0].RequestContent != said.RequestContent) {
			t.Fatal(pending)
		}
		if i == 0 {
			for range 2 {
				if it, err := pending[0].Commit(Item{Tag: "t", Length: 10}); err != nil || it.Protocol != "p" {
					t.Fatal(it, err)
				}
			}
			if err := pending[0].Finish(&Response{Status: 201}); err != nil {
				t.Fatal(err)
			}
		}
		if s.CountOf("p", "t") != 1 || s.TotalOf("p") != 1 || s.CountOf("", "t") != 0 || s.CountOf("p", "") != 0 {
			t.Error("counts", s.CountOf("p", "t"), s.TotalOf("p"), s.CountOf("", "t"))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
