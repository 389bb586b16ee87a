package store

import (
	"math"
	"slices"
)

// Extent is the bytes from From up to, and without, To.
type Extent struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Extents are the parts of a document that were written: in order, and neither touching nor overlapping each other.
type Extents []Extent

// Add returns the extents with the bytes from from up to to. It may change e.
func (e Extents) Add(from, to int64) Extents {
	if from >= to {
		return e
	}
	i := e.index(from)
	j := i
	for ; j < len(e) && e[j].From <= to; j++ {
		from, to = min(from, e[j].From), max(to, e[j].To)
	}
	return slices.Replace(e, i, j, Extent{from, to})
}

// index finds the first extent that ends at from or later.
func (e Extents) index(from int64) int {
	i, _ := slices.BinarySearchFunc(e, from, func(x Extent, at int64) int {
		if x.To < at {
			return -1
		}
		return 1
	})
	return i
}

// Cut returns the extents below n. It may change e.
func (e Extents) Cut(n int64) Extents {
	i := e.index(n)
	if i < len(e) && e[i].From < n {
		e[i].To = min(n, e[i].To)
		i++
	}
	return e[:i]
}

// Within is how many of the bytes from from up to to were written.
func (e Extents) Within(from, to int64) (n int64) {
	for _, x := range e[e.index(from):] {
		if x.From >= to {
			break
		}
		n += min(to, x.To) - max(from, x.From)
	}
	return n
}

// Bytes is how many bytes were written.
func (e Extents) Bytes() (n int64) {
	for _, x := range e {
		n += x.To - x.From
	}
	return n
}

// End is where the last extent ends.
func (e Extents) End() int64 {
	if len(e) == 0 {
		return 0
	}
	return e[len(e)-1].To
}

// Covers tells whether each of the first n bytes was written.
func (e Extents) Covers(n int64) bool { return e.Within(0, n) == n }

// blank makes zeros of those bytes of p, read at off, that were not written.
func (e Extents) blank(p []byte, off int64) {
	at, end := off, off+int64(len(p))
	for _, x := range e[e.index(off):] {
		if x.From >= end {
			break
		}
		if x.From > at {
			clear(p[at-off : x.From-off])
		}
		at = max(at, x.To)
	}
	if at < end {
		clear(p[at-off:])
	}
}

// Prefix is how many bytes from the beginning were written without a gap.
func (e Extents) Prefix() int64 {
	if len(e) == 0 || e[0].From > 0 {
		return 0
	}
	return e[0].To
}

// At tells whether the byte at a position was written, and how far that goes on: up to, and without, end, which is
// math.MaxInt64 behind the last extent.
func (e Extents) At(pos int64) (written bool, end int64) {
	i := e.index(pos + 1)
	if i == len(e) {
		return false, math.MaxInt64
	}
	if e[i].From <= pos {
		return true, e[i].To
	}
	return false, e[i].From
}

// Len is the number of bytes.
func (x Extent) Len() int64 { return max(0, x.To-x.From) }

func (x Extent) meets(y Extent) bool { return max(x.From, y.From) < min(x.To, y.To) }
