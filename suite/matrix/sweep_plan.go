package matrix

import "slices"

// How a long message is swept: every byte this near to a border, and of the others so many that the sweep makes
// about as many cuts as one of that length.
const (
	nearBorder = 64
	everyByte  = 4096
)

// borders gives the positions at which something begins or ends: those of the parts, and the last.
func (b *sweeping) borders() []int64 {
	var at []int64
	for _, p := range b.parts {
		at = append(at, p.From, p.To)
	}
	return at
}

// positions gives where a message is cut, from its first byte to behind its last: everywhere in a short one.
func positions(borders []int64) []int64 {
	last := slices.Max(borders)
	var all []int64
	for _, border := range borders {
		for at := max(0, border-nearBorder); at <= min(last, border+nearBorder); at++ {
			all = append(all, at)
		}
	}
	step := stride(last, int64(len(all)))
	for at := int64(0); at <= last; at += step {
		all = append(all, at)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// stride gives the distance of the cuts away from the borders, near which so many are made already. A long one is
// odd, so that the cuts meet every remainder of the powers of two in which buffers are measured.
func stride(length, near int64) int64 {
	if length <= everyByte+everyByte/8 {
		return 1
	}
	step := max(1, length/max(everyByte-near, 1))
	if step >= 8 {
		step |= 1
	}
	return step
}

// Unswept says why the kill matrix has no row for the cases of a sweep that is filled.
const Unswept = "A sweep is a run of its own, and the kill matrix is made of runs without it; servers that are wrong at a single byte are among the tests of the sweep."
