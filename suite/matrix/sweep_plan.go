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
	step := stride(last, int64(len(slices.Compact(slices.Sorted(slices.Values(borders))))))
	var all []int64
	for at := int64(0); at <= last; at++ {
		if at%step == 0 || slices.ContainsFunc(borders, func(border int64) bool { return max(at-border, border-at) <= nearBorder }) {
			all = append(all, at)
		}
	}
	return all
}

// stride gives the distance of the cuts away from the borders. It is odd, so that they meet every remainder of the
// powers of two in which buffers are measured.
func stride(length, borders int64) int64 {
	if length <= everyByte+everyByte/8 {
		return 1
	}
	free := int64(everyByte) - borders*(2*nearBorder+1)
	return (length/max(free, 1) + 1) | 1
}
