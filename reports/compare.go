package reports

import (
	"cmp"
	"slices"
)

// Comparison says what became of the results of an earlier report in a later one. Results are the same when their keys
// are. Each list but Gone is in the order of the later report, with what relies on other broken cases after those.
//
// Verdicts are better or worse in the order of Verdicts. Error and inconclusive say nothing of the target, and an excluded
// result is as good as none: where one of them stands before, a failure after it is worse and all else is new; where one
// of them stands after, it is unclear or gone.
type Comparison struct {
	Worse   []Change // also a failure of which the earlier report knows nothing
	Better  []Change
	Unclear []Change // the later report has an error, or is inconclusive
	New     []Change // the earlier report says nothing of it
	Gone    []Change // the later report has no result
	Same    int      // results with the verdict that they had
}

// Change is one result in two reports. At least one of them is there.
type Change struct {
	Before *Result // nil: the earlier report does not have it
	After  *Result // nil: the later report does not have it
}

// Key names the result.
func (c Change) Key() Key { return c.latest().Key() }

// Level is how strongly the result's requirement is demanded.
func (c Change) Level() Level { return c.latest().Level }

func (c Change) latest() *Result { return cmp.Or(c.After, c.Before) }

// String gives both verdicts: "pass -> fail". A report that does not have the result stands as "none".
func (c Change) String() string {
	return verdictOf(c.Before) + " -> " + verdictOf(c.After)
}

func verdictOf(r *Result) string {
	if r == nil {
		return "none"
	}
	return Sanitize(string(r.Verdict))
}

// Differ says whether anything is otherwise, better or worse.
func (c *Comparison) Differ() bool {
	return len(c.Worse)+len(c.Better)+len(c.Unclear)+len(c.New)+len(c.Gone) > 0
}

// Compare compares two reports result by result. It asks nothing of their targets: SameTarget does.
func Compare(before, after *Report) *Comparison {
	c := &Comparison{}
	earlier := byKey(before)
	for i := range after.Results {
		now := &after.Results[i]
		c.add(Change{earlier[now.Key()], now})
		delete(earlier, now.Key())
	}
	for i := range before.Results {
		if r := &before.Results[i]; earlier[r.Key()] == r {
			c.add(Change{r, nil})
		}
	}
	first := after.precedence()
	slices.SortStableFunc(c.Worse, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a.After.Verdict), rank(b.After.Verdict)), first.compare(a.After, b.After))
	})
	return c
}

func byKey(r *Report) map[Key]*Result {
	all := make(map[Key]*Result, len(r.Results))
	for i := range r.Results {
		all[r.Results[i].Key()] = &r.Results[i]
	}
	return all
}

// add puts a change where it belongs.
func (c *Comparison) add(change Change) {
	before, after := change.Before, change.After
	switch {
	case tells(before) && tells(after):
		c.judge(change)
	case tells(after) && after.Verdict == Fail:
		c.Worse = append(c.Worse, change)
	case tells(after):
		c.New = append(c.New, change)
	case unclear(before) && unclear(after):
		c.Same++
	case unclear(after):
		c.Unclear = append(c.Unclear, change)
	case tells(before):
		c.Gone = append(c.Gone, change)
	}
}

func (c *Comparison) judge(change Change) {
	switch d := cmp.Compare(rank(change.After.Verdict), rank(change.Before.Verdict)); {
	case d < 0: // the worst stand first
		c.Worse = append(c.Worse, change)
	case d > 0:
		c.Better = append(c.Better, change)
	default:
		c.Same++
	}
}

// tells says whether a result says anything of the target.
func tells(r *Result) bool { return r != nil && r.Verdict != Excluded && !unclear(r) }

// unclear says whether a result was run and says nothing of the target.
func unclear(r *Result) bool {
	return r != nil && (rank(r.Verdict) == rank(Error) || r.Verdict == Inconclusive)
}

// SameTarget says whether two reports are of one server, in whatever version: by its name or, where one of them gives
// none, by its URL.
func SameTarget(a, b *Report) bool {
	if a.Target.Name != "" && b.Target.Name != "" {
		return a.Target.Name == b.Target.Name
	}
	return a.Target.URL == b.Target.URL
}
