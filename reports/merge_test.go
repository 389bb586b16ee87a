package reports

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// divide gives the shards of a run, with the results that a round-robin gives each.
func divide(whole *Report, n int) []Named {
	var parts []Named
	for part := range n {
		r := *whole
		r.Shard = fmt.Sprintf("%d/%d", part+1, n)
		r.Started = whole.Started.Add(time.Duration(part) * time.Second)
		r.Results = slices.Clone(whole.Results)
		for i := range r.Results {
			if one := &r.Results[i]; one.Verdict != Excluded && i%n != part {
				one.Verdict, one.Left, one.Transcript, one.Evidence = Excluded, OtherShard, nil, nil
			}
		}
		r.Summary = Summarize(r.Results, r.Interrupted)
		parts = append(parts, Named{fmt.Sprintf("%d.json", part+1), &r})
	}
	return parts
}

// TestMergeOfShards: the shards of any run make that run again, in whatever order they come.
func TestMergeOfShards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := sample(rapid.IntRange(1, 60).Draw(t, "results"), 0)
		whole.Results[0].Verdict, whole.Results[0].Left = Excluded, "--focus"
		parts := divide(whole, rapid.IntRange(1, 5).Draw(t, "shards"))
		merged, err := Merge(rapid.Permutation(parts).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(merged.Results, whole.Results) || merged.Summary != Summarize(whole.Results, "") {
			t.Fatalf("%d results, %+v", len(merged.Results), merged.Summary)
		}
		if merged.Started != whole.Started || merged.Seconds != whole.Seconds*float64(len(parts)) || len(merged.Parts) != len(parts) || merged.Shard != "" {
			t.Fatalf("started %s, %f s, %d parts, shard %q", merged.Started, merged.Seconds, len(merged.Parts), merged.Shard)
		}
		if err := Validate(jsonOf(t, merged)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestMergeRefuses: reports that do not belong together, each with what is wrong.
func TestMergeRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func([]Named) []Named
		says  []string
	}{
		{"a shard is missing", func(p []Named) []Named { return p[:2] }, []string{"shard 3/3 is missing"}},
		{"two are", func(p []Named) []Named { return p[1:2] }, []string{"shard 1/3 is missing", "shard 3/3 is missing"}},
		{"none", func([]Named) []Named { return nil }, []string{"no report"}},
		{"another division", func(p []Named) []Named { p[1].Report.Shard = "2/2"; return p },
			[]string{"1.json has shard 1/3, but 2.json has shard 2/2", "shard 2/3 is missing"}},
		{"one is whole", func(p []Named) []Named { p[2].Report.Shard = ""; return p }, []string{"3.json has no shard but a whole selection"}},
		{"another target", func(p []Named) []Named { p[1].Report.Target.Name = "Other"; return p }, []string{"1.json and 2.json: other targets: Example Server"}},
		{"another version of it", func(p []Named) []Named { p[2].Report.Target.Version = "7"; return p }, []string{"1.json and 3.json: other targets"}},
		{"another URL, and no name", func(p []Named) []Named {
			for i := range p {
				p[i].Report.Target = Target{URL: fmt.Sprintf("http://h:%d/", i)}
			}
			return p
		}, []string{"1.json and 2.json: other targets: http://h:0/, http://h:1/", "1.json and 3.json: other targets"}},
		{"another tool", func(p []Named) []Named { p[1].Report.Tool.Version = "0.2"; return p }, []string{"other tools: resumespec 0.1.0"}},
		{"other profiles", func(p []Named) []Named { p[1].Report.Profiles = p[1].Report.Profiles[:1]; return p }, []string{"other profiles"}},
		{"another selection", func(p []Named) []Named { p[1].Report.Results[4].Left = "--focus"; return p },
			[]string{"selected in 1.json, left out by --focus in 2.json: these are shards of different selections"}},
		{"a result that nobody ran", func(p []Named) []Named {
			one := &p[0].Report.Results[0]
			one.Verdict, one.Left = Excluded, OtherShard
			return p
		}, []string{"no shard has run it"}},
		{"a number out of this world", func(p []Named) []Named {
			p[0].Report.Shard = "1/99999999"
			return p[:1]
		}, []string{"shard 2/99999999 is missing", "more"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			merged, err := Merge(row.spoil(divide(sample(12, 0), 3)))
			if merged != nil || err == nil {
				t.Fatalf("merged: %v", err)
			}
			for _, says := range row.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not in:\n%v", says, err)
				}
			}
		})
	}
}

// TestMergeOfPartsOfARun: a target with a name may have another address for each run; what ended early stays a part.
func TestMergeOfPartsOfARun(t *testing.T) {
	whole := sample(30, 0)
	parts := divide(whole, 3)
	parts[1].Report.Target.URL = "http://127.0.0.1:9/items"
	parts[1].Report.Interrupted = "interrupted"
	parts[1].Report.Results = parts[1].Report.Results[:10]
	parts[2].Report.Seed = 7
	merged, err := Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	if merged.Interrupted != "2/3: interrupted" || merged.Summary.Conformance == Conformant {
		t.Errorf("%q %+v", merged.Interrupted, merged.Summary)
	}
	// Of the results from 10 on the interrupted shard has none, and what it should have run is in no report.
	var want []Key
	for i := range whole.Results {
		if i < 10 || i%3 != 1 {
			want = append(want, whole.Results[i].Key())
		}
	}
	var got []Key
	for i := range merged.Results {
		got = append(got, merged.Results[i].Key())
	}
	if !slices.Equal(want, got) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if merged.Parts[1].URL != "http://127.0.0.1:9/items" || merged.Parts[2].Seed != 7 || merged.Seed != 42 {
		t.Errorf("%+v", merged.Parts)
	}
	again, err := Merge([]Named{{"all.json", merged}})
	if err != nil || len(again.Parts) != 3 || again.Interrupted != "all.json: 2/3: interrupted" {
		t.Errorf("merged again: %v, %+v", err, again)
	}
}

// TestMergeKeepsTheWorst: of a result that several reports have, whoever comes first.
func TestMergeKeepsTheWorst(t *testing.T) {
	for _, row := range []struct {
		verdicts []Verdict
		want     Verdict
		note     string
	}{
		{[]Verdict{Pass, Excluded}, Pass, ""},
		{[]Verdict{Excluded, Excluded}, Excluded, ""},
		{[]Verdict{Pass, Fail}, Fail, "run 2 times: pass in 0.json, fail in 1.json; the worst stands"},
		{[]Verdict{Warn, Excluded, Pass}, Warn, "run 2 times: warn in 0.json, pass in 2.json; the worst stands"},
		{[]Verdict{Pass, Unsupported}, Unsupported, "run 2 times: pass in 0.json, unsupported in 1.json; the worst stands"},
		{[]Verdict{Inconclusive, Error}, Error, "run 2 times: inconclusive in 0.json, error in 1.json; the worst stands"},
	} {
		var all []Named
		for i, v := range row.verdicts {
			r := sample(1, 0)
			r.Results[0].Verdict, r.Results[0].Notes = v, []string{"as it was"}
			all = append(all, Named{fmt.Sprintf("%d.json", i), r})
		}
		merged, err := Merge(all)
		if err != nil {
			t.Fatal(err)
		}
		notes := []string{"as it was"}
		if row.note != "" {
			notes = append(notes, row.note)
		}
		if got := merged.Results[0]; len(merged.Results) != 1 || got.Verdict != row.want || !slices.Equal(got.Notes, notes) {
			t.Errorf("%v: %s %q", row.verdicts, got.Verdict, got.Notes)
		}
		if len(all[0].Report.Results[0].Notes) != 1 {
			t.Error("a report that was merged has changed")
		}
	}
}
