package store

import (
	"math"
	"slices"
	"sort"
)

// Range is bytes of a body: from First up to, but not including, End.
type Range struct{ First, End int64 }

// Len is the number of bytes.
func (r Range) Len() int64 { return max(0, r.End-r.First) }

func (r Range) meets(o Range) bool { return max(r.First, o.First) < min(r.End, o.End) }

// Ranges is a set of bytes: in order, none empty, and at least one byte between two of them. The zero value
// is the empty set.
type Ranges []Range

// Prefix is how many bytes from the beginning are there without a gap.
func (s Ranges) Prefix() int64 {
	if len(s) == 0 || s[0].First > 0 {
		return 0
	}
	return s[0].End
}

// Len is the number of bytes.
func (s Ranges) Len() (n int64) {
	for _, r := range s {
		n += r.Len()
	}
	return n
}

// At tells whether the byte at a position is there, and how far that goes on: up to End, which is
// math.MaxInt64 behind the last range.
func (s Ranges) At(pos int64) (there bool, end int64) {
	i := s.after(pos)
	if i == len(s) {
		return false, math.MaxInt64
	}
	if s[i].First <= pos {
		return true, s[i].End
	}
	return false, s[i].First
}

// Covers tells whether all bytes of r are there.
func (s Ranges) Covers(r Range) bool {
	there, end := s.At(r.First)
	return r.Len() == 0 || there && end >= r.End
}

// Add puts the bytes of r into the set. It may change s in place, as append does.
func (s Ranges) Add(r Range) Ranges {
	if r.Len() == 0 {
		return s
	}
	i := s.after(r.First - 1) // the first that r touches or that follows it
	j := i
	for j < len(s) && s[j].First <= r.End {
		r = Range{min(r.First, s[j].First), max(r.End, s[j].End)}
		j++
	}
	return slices.Replace(s, i, j, r)
}

// Clip leaves the bytes before position n only. It changes s in place.
func (s Ranges) Clip(n int64) Ranges {
	i := s.after(n - 1)
	if i < len(s) && s[i].First < n {
		s[i].End = min(s[i].End, n)
		i++
	}
	return s[:i]
}

// after is the index of the first range that ends behind a position, len(s) if there is none.
func (s Ranges) after(pos int64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].End > pos })
}

// holds tells whether no byte of s is outside r.
func (r Range) holds(s Ranges) bool {
	return len(s) == 0 || r.First <= s[0].First && s[len(s)-1].End <= r.End
}
