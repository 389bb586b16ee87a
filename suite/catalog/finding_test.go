package catalog

import "testing"

// TestJudge: a broken MUST fails, a broken SHOULD warns, an option that is offered and does not work fails.
func TestJudge(t *testing.T) {
	for level, want := range map[Level]Verdict{Must: Fail, Should: Warn, May: Fail} {
		if got := Judge(level); got != want {
			t.Errorf("%s: %s", level, got)
		}
	}
}

// TestWorse: a failure is never hidden by anything, nothing is hidden by a pass, and of equals the first counts.
func TestWorse(t *testing.T) {
	order := []Verdict{Pass, Excluded, Unsupported, Warn, Inconclusive, Error, Fail}
	for i, a := range order {
		for j, b := range order {
			first, second := Finding{Verdict: a, Got: "first"}, Finding{Verdict: b, Got: "second"}
			want := first
			if j > i {
				want = second
			}
			if got := Worse(first, second); got != want {
				t.Errorf("%s and %s: %+v", a, b, got)
			}
		}
	}
}
