package store

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestExtentsAt compares At and Prefix with a table of booleans.
func TestExtentsAt(t *testing.T) {
	t.Parallel()
	const space = 64
	rapid.Check(t, func(t *rapid.T) {
		var e Extents
		have := make([]bool, space)
		for range rapid.IntRange(0, 10).Draw(t, "extents") {
			from := rapid.Int64Range(0, space).Draw(t, "from")
			to := rapid.Int64Range(0, space).Draw(t, "to")
			e = e.Add(from, to)
			for i := from; i < to; i++ {
				have[i] = true
			}
		}
		if prefix := slices.Index(append(slices.Clone(have), false), false); e.Prefix() != int64(prefix) {
			t.Fatalf("%v: prefix %d, want %d", e, e.Prefix(), prefix)
		}
		for i, want := range have {
			written, end := e.At(int64(i))
			if written != want {
				t.Fatalf("byte %d: %v, want %v, in %v", i, written, want, e)
			}
			next := int64(slices.Index(have[i:], !want))
			switch {
			case next >= 0 && end != int64(i)+next, next < 0 && want && end != space, next < 0 && !want && end != math.MaxInt64:
				t.Fatalf("byte %d goes on until %d in %v", i, end, e)
			}
		}
	})
}

func TestExtentsAtTheEndOfNumbers(t *testing.T) {
	t.Parallel()
	e := Extents{}.Add(math.MaxInt64-1, math.MaxInt64).Add(0, 1)
	if e.Bytes() != 2 || e.Prefix() != 1 {
		t.Error(e)
	}
	if written, end := e.At(1); written || end != math.MaxInt64-1 {
		t.Error(written, end)
	}
	if e = e.Add(1, math.MaxInt64-1); len(e) != 1 || e.Prefix() != math.MaxInt64 {
		t.Error(e)
	}
}
