package reports

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestSummarize(t *testing.T) {
	must, should := Must, Should
	result := func(level Level, v Verdict) Result { return Result{Level: level, Verdict: v} }
	for _, test := range []struct {
		name        string
		results     []Result
		interrupted string
		want        Conformance
	}{
		{"nothing", nil, "", InconclusiveTotal},
		{"all passed", []Result{result(must, Pass), result(should, Pass)}, "", Conformant},
		{"a warning", []Result{result(must, Pass), result(should, Warn)}, "", Conformant},
		{"a MUST that warns", []Result{result(must, Warn)}, "", Conformant},
		{"a MUST unsupported", []Result{result(must, Pass), result(must, Unsupported)}, "", Partial},
		{"a MUST excluded", []Result{result(must, Pass), result(must, Excluded)}, "", Partial},
		{"a SHOULD unsupported", []Result{result(must, Pass), result(should, Unsupported)}, "", Conformant},
		{"a failure", []Result{result(must, Pass), result(must, Fail)}, "", Nonconformant},
		{"a failure beside an error", []Result{result(must, Error), result(must, Fail)}, "", Nonconformant},
		{"an error", []Result{result(must, Pass), result(must, Error)}, "", InconclusiveTotal},
		{"an inconclusive SHOULD", []Result{result(must, Pass), result(should, Inconclusive)}, "", InconclusiveTotal},
		{"nothing required", []Result{result(should, Pass), result(May, Pass)}, "", InconclusiveTotal},
		{"nothing required was tried", []Result{result(must, Unsupported), result(should, Pass)}, "", InconclusiveTotal},
		{"interrupted", []Result{result(must, Pass)}, "run limit 10m0s reached", InconclusiveTotal},
		{"interrupted after a failure", []Result{result(must, Fail)}, "interrupted", Nonconformant},
		{"a verdict nobody knows", []Result{result(must, Pass), result(must, "great")}, "", InconclusiveTotal},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Summarize(test.results, test.interrupted); got.Conformance != test.want || got.Total() != len(test.results) {
				t.Errorf("got %+v, want %s", got, test.want)
			}
		})
	}
}

func TestSummarizeIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport().Draw(t, "report")
		want := Summarize(r.Results, r.Interrupted)
		rand.Shuffle(len(r.Results), func(i, j int) { r.Results[i], r.Results[j] = r.Results[j], r.Results[i] })
		if got := Summarize(r.Results, r.Interrupted); got != want {
			t.Fatalf("shuffled: %+v, want %+v", got, want)
		}
	})
}

func TestAnchorsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyResult().Draw(t, "a"), anyResult().Draw(t, "b")
		if (a.Anchor() == b.Anchor()) != (a.Key() == b.Key()) {
			t.Fatalf("%q and %q for %q and %q", a.Anchor(), b.Anchor(), a.Key(), b.Key())
		}
	})
}

func TestAreaAndAnchor(t *testing.T) {
	for id, want := range map[string][2]string{
		"resume.upload.offsets": {"upload", "resume.upload.offsets~mid-upload~fin~h1_2btls"},
		"resume.solo":           {"", "resume.solo~mid-upload~fin~h1_2btls"},
		"other.area.name":       {"area", "other.area.name~mid-upload~fin~h1_2btls"},
		"":                      {"", "~mid-upload~fin~h1_2btls"},
	} {
		r := Result{ID: id, Profile: "resume", Point: "mid-upload", Fault: "fin", Transport: "h1+tls"}
		if r.Area() != want[0] || r.Anchor() != want[1] {
			t.Errorf("%q: area %q, anchor %q, want %q", id, r.Area(), r.Anchor(), want)
		}
	}
}
