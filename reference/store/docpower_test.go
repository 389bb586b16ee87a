package store

import (
	"os"
	"path/filepath"
	"testing"
)

// After a loss of power what was made durable is there, and no byte of which only the journal tells.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/sys/kernel/random/boot_id"); err != nil {
		t.Fatal("the system does not tell when it was started")
	}
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir, Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	place := Place{Name: "x"}
	w, err := s.Claim(Claim{Place: place, Last: -1, Length: 100_000, Peer: &noPeer{}, Check: func(View) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 20_000)
	w.Append(p)
	v, err := w.Document().Durable()
	if err != nil || v.Size != 20_000 {
		t.Fatal(v.Size, err)
	}
	w.Append(p) // is in the journal, and was told to nobody
	w.Release()
	for _, want := range []struct {
		boot string
		size int64
	}{{"", 40_000}, {"another", 20_000}, {"", 20_000}} {
		s.Close()
		if want.boot != "" {
			if err := os.WriteFile(filepath.Join(dir, "boot"), []byte(want.boot), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if s, err = Open(Options{Dir: dir, Sync: true}); err != nil {
			t.Fatal(err)
		}
		if v := s.Document(place); v.Size != want.size || v.Kept.Bytes() != want.size {
			t.Fatalf("boot %q: %d bytes, want %d", want.boot, v.Size, want.size)
		}
	}
	s.Close()
}
