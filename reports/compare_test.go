package reports

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// reportOf makes a report of results "case verdict"; each case goes by its letter.
func reportOf(words ...string) *Report {
	r := &Report{Target: Target{URL: "http://h"}}
	for i := 0; i < len(words); i += 2 {
		r.Results = append(r.Results, Result{ID: "p.x." + words[i], Profile: "p", Level: Must, Point: "none", Fault: "none", Transport: "h1", Verdict: Verdict(words[i+1])})
	}
	r.Summary = Summarize(r.Results, "")
	return r
}

// TestCompareEveryVerdict goes through every pair of verdicts; none stands for a result that is not there.
func TestCompareEveryVerdict(t *testing.T) {
	all := []string{"fail", "warn", "unsupported", "pass", "error", "inconclusive", "excluded", "none"}
	want := []string{ // rows: before; columns: after, in this order
		"same   better better  better unclear unclear gone gone",
		"worse  same   better  better unclear unclear gone gone",
		"worse  worse  same    better unclear unclear gone gone",
		"worse  worse  worse   same   unclear unclear gone gone",
		"worse  new    new     new    same    same    -    -",
		"worse  new    new     new    same    same    -    -",
		"worse  new    new     new    unclear unclear -    -",
		"worse  new    new     new    unclear unclear -    -",
	}
	for i, before := range all {
		for j, after := range all {
			old, now := reportOf(), reportOf()
			if before != "none" {
				old = reportOf("a", before)
			}
			if after != "none" {
				now = reportOf("a", after)
			}
			c, got := Compare(old, now), "-"
			for name, list := range map[string][]Change{"worse": c.Worse, "better": c.Better, "unclear": c.Unclear, "new": c.New, "gone": c.Gone} {
				if len(list) == 1 {
					got = name
					if words := before + " -> " + after; list[0].String() != words || list[0].Key().ID != "p.x.a" {
						t.Errorf("%s: %s, %v", words, list[0], list[0].Key())
					}
				}
			}
			if c.Same == 1 {
				got = "same"
			}
			if want := strings.Fields(want[i])[j]; got != want || c.Differ() != (got != "same" && got != "-") {
				t.Errorf("%s to %s is %s, want %s", before, after, got, want)
			}
		}
	}
}

// The worst come first, and what others rely on before those.
func TestCompareNamesTheCauseFirst(t *testing.T) {
	before := reportOf("a", "pass", "b", "pass", "c", "pass")
	after := reportOf("a", "warn", "b", "fail", "c", "fail")
	after.Results[1].Presumes = []string{"p.x.c"}
	var got []string
	for _, c := range Compare(before, after).Worse {
		got = append(got, c.Key().ID)
	}
	if strings.Join(got, " ") != "p.x.c p.x.b p.x.a" {
		t.Error(got)
	}
}

// Nothing is lost and nothing told twice, and a report is as it was compared with itself.
func TestCompareAnyReports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyReport().Draw(t, "before"), anyReport().Draw(t, "after")
		c := Compare(a, b)
		seen := map[string]bool{}
		for _, list := range [][]Change{c.Worse, c.Better, c.Unclear, c.New, c.Gone} {
			for _, change := range list {
				if key := fmt.Sprint(change.Key()); seen[key] {
					t.Fatalf("%s is told twice", key)
				} else {
					seen[key] = true
				}
			}
		}
		for i := range b.Results {
			if r := &b.Results[i]; r.Verdict == Fail && !seen[fmt.Sprint(r.Key())] {
				if old := byKey(a)[r.Key()]; old == nil || old.Verdict != Fail {
					t.Fatalf("%v fails, and nobody says so", r.Key())
				}
			}
		}
		if self := Compare(b, b); self.Differ() {
			t.Fatalf("compared with itself: %+v", self)
		}
	})
}

func TestSameTarget(t *testing.T) {
	of := func(name, version, url string) *Report {
		return &Report{Target: Target{URL: url, Name: name, Version: version}}
	}
	for _, c := range []struct {
		a, b *Report
		want bool
	}{
		{of("", "", "http://a"), of("", "", "http://a"), true},
		{of("", "", "http://a"), of("", "", "http://b"), false},
		{of("tusd", "1", "http://a"), of("tusd", "2", "http://b"), true},
		{of("tusd", "1", "http://a"), of("other", "1", "http://a"), false},
		{of("tusd", "1", "http://a"), of("", "", "http://a"), true},
	} {
		if got := SameTarget(c.a, c.b); got != c.want || got != SameTarget(c.b, c.a) {
			t.Errorf("%+v and %+v: %v", c.a.Target, c.b.Target, got)
		}
	}
}
