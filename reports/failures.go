package reports

import (
	"cmp"
	"slices"
)

// Failures gives the results that speak against the target, in the order in which they are to be read: what relies on
// nothing else that is broken comes first; then what is broken however the connection was cut; then what failed before
// what only warned.
func (r *Report) Failures() []*Result {
	var list []*Result
	for i := range r.Results {
		if against(r.Results[i].Verdict) {
			list = append(list, &r.Results[i])
		}
	}
	first := r.precedence()
	slices.SortStableFunc(list, func(a, b *Result) int {
		return cmp.Or(first.compare(a, b), cmp.Compare(rank(a.Verdict), rank(b.Verdict)))
	})
	return list
}

// against says whether a verdict speaks against the target.
func against(v Verdict) bool { return v == Fail || v == Warn }

// precedence says which broken case is nearer to the bug than another.
type precedence struct {
	// behind tells by ID how many broken cases stand in a row before a case, each relying on the one before.
	behind map[string]int
	// held tells whether some result of a case speaks for the target.
	held map[string]bool
}

// compare orders results that speak against the target; all others are equal.
func (p precedence) compare(a, b *Result) int {
	if !against(a.Verdict) || !against(b.Verdict) {
		return 0
	}
	part := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(p.behind[a.ID], p.behind[b.ID]), cmp.Compare(part[p.held[a.ID]], part[p.held[b.ID]]))
}

func (r *Report) precedence() precedence {
	presumes, broken, held := map[string][]string{}, map[string]bool{}, map[string]bool{}
	var ids []string
	for i := range r.Results {
		one := &r.Results[i]
		if _, known := presumes[one.ID]; !known {
			ids = append(ids, one.ID)
		}
		presumes[one.ID] = one.Presumes
		broken[one.ID] = broken[one.ID] || against(one.Verdict)
		held[one.ID] = held[one.ID] || one.Verdict == Pass
	}
	return precedence{behind(ids, presumes, broken), held}
}

// behind tells of each case how many broken ones stand before it in the longest row of those that it relies on. Where a
// report says that cases rely on each other in a ring, the ring is left at the case at which it was entered.
func behind(ids []string, presumes map[string][]string, broken map[string]bool) map[string]int {
	known, open := map[string]int{}, map[string]bool{}
	var longest func(id string) int
	longest = func(id string) int {
		if n, ok := known[id]; ok {
			return n
		}
		open[id] = true
		n := 0
		for _, before := range presumes[id] {
			if open[before] {
				continue
			}
			row := longest(before)
			if broken[before] {
				row++
			}
			n = max(n, row)
		}
		known[id], open[id] = n, false
		return n
	}
	for _, id := range ids {
		longest(id)
	}
	return known
}
