package store

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const rangesSpace = 64

// TestRanges compares the set with a table of booleans.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Ranges
		var have [rangesSpace]bool
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				r := drawRange(t)
				s = s.Add(r)
				for i := r.First; i < r.End; i++ {
					have[i] = true
				}
			},
			"clip": func(t *rapid.T) {
				n := rapid.Int64Range(0, rangesSpace).Draw(t, "n")
				s = s.Clip(n)
				clear(have[n:])
			},
			"": func(t *rapid.T) { checkRanges(t, s, have[:]) },
		})
	})
}

func drawRange(t *rapid.T) Range {
	first := rapid.Int64Range(0, rangesSpace).Draw(t, "first")
	return Range{first, rapid.Int64Range(0, rangesSpace).Draw(t, "end")}
}

func checkRanges(t *rapid.T, s Ranges, have []bool) {
	for i, r := range s {
		if r.Len() <= 0 || i > 0 && r.First <= s[i-1].End {
			t.Fatalf("not in order, or touching: %v", s)
		}
	}
	count, prefix := int64(0), int64(slices.Index(append(slices.Clone(have), false), false))
	for i, want := range have {
		if want {
			count++
		}
		there, end := s.At(int64(i))
		if there != want {
			t.Fatalf("byte %d: %v, want %v, in %v", i, there, want, s)
		}
		next := slices.Index(have[i:], !want)
		switch {
		case next >= 0 && end != int64(i+next), next < 0 && want && end != rangesSpace, next < 0 && !want && end != math.MaxInt64:
			t.Fatalf("byte %d goes on until %d in %v", i, end, s)
		}
	}
	if s.Len() != count || s.Prefix() != prefix {
		t.Fatalf("%v: %d bytes, prefix %d; want %d, %d", s, s.Len(), s.Prefix(), count, prefix)
	}
	r := drawRange(t)
	missing := r.Len() > 0 && slices.Contains(have[r.First:r.End], false)
	if s.Covers(r) == missing {
		t.Fatalf("%v covers %v: %v", s, r, !missing)
	}
}

func TestRangesAtTheEndOfNumbers(t *testing.T) {
	s := Ranges{}.Add(Range{math.MaxInt64 - 1, math.MaxInt64}).Add(Range{0, 1})
	if s.Len() != 2 || s.Prefix() != 1 || !s.Covers(Range{math.MaxInt64 - 1, math.MaxInt64}) {
		t.Error(s)
	}
	if s = s.Add(Range{1, math.MaxInt64 - 1}); len(s) != 1 || s.Prefix() != math.MaxInt64 {
		t.Error(s)
	}
}
