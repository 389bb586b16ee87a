package reports

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFailuresInOrder(t *testing.T) {
	result := func(id, presumes string, verdicts ...Verdict) []Result {
		var list []Result
		for i, v := range verdicts {
			list = append(list, Result{ID: id, Profile: "p", Level: Must, Point: "mid-upload", Fault: faults[i+1], Verdict: v, Presumes: strings.Fields(presumes)})
		}
		return list
	}
	r := &Report{}
	for _, list := range [][]Result{
		result("far", "between", Fail),         // relies on base, by way of a case that passes
		result("farther", "far", Warn, Fail),   // stands behind two
		result("ring", "gnir", Fail),           // two that rely on each other
		result("partly", "", Fail, Pass),       // fails with one fault only
		result("warned", "", Warn),             //
		result("between", "base", Pass, Error), //
		result("gnir", "ring", Pass),
		result("base", "good", Fail, Fail),
		result("good", "no-such-case", Pass),
		result("left", "", Unsupported, Excluded, Inconclusive),
	} {
		r.Results = append(r.Results, list...)
	}
	var got []string
	for _, f := range r.Failures() {
		got = append(got, f.ID+" "+string(f.Verdict))
	}
	want := "ring fail, base fail, base fail, warned warn, partly fail, far fail, farther fail, farther warn"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// The order holds every result that speaks against the target once, and none before one that it relies on, unless those
// rely on each other.
func TestFailuresOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &Report{}
		n := rapid.IntRange(1, 12).Draw(t, "cases")
		name := func(i int) string { return string(rune('a' + i)) }
		for i := range n {
			var presumes []string
			for _, before := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(t, "presumes") {
				if before < i { // so that there is no ring
					presumes = append(presumes, name(before))
				}
			}
			r.Results = append(r.Results, Result{ID: name(i), Verdict: rapid.SampledFrom(Verdicts).Draw(t, "verdict"), Presumes: presumes})
		}
		failures := r.Failures()
		place := map[string]int{}
		for i, f := range failures {
			place[f.ID] = i + 1
		}
		if sum := Summarize(r.Results, ""); len(place) != len(failures) || len(failures) != sum.Fail+sum.Warn {
			t.Fatalf("%d failures in %d places of %+v", len(failures), len(place), sum)
		}
		for _, f := range failures {
			for _, before := range f.Presumes {
				if place[before] > place[f.ID] {
					t.Fatalf("%s is named after %s, which relies on it", before, f.ID)
				}
			}
		}
	})
}
