package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Named is a report together with the name by which errors and notes call it, that of its file.
type Named struct {
	Name   string
	Report *Report
}

// Merge makes one report of several runs against one target: of the shards of a divided run, or of runs with different
// selections. Each result comes from the run that has it, in the order of the runs' own; one that is excluded everywhere
// stays excluded. Of a result that several runs have, the worst verdict stands, with a note that says so. Started is the
// earliest, Seconds the sum, Seed that of the first run, Interrupted names the runs that ended early, and Parts has what
// is the runs' own. A baseline of theirs is left out: Against compares the whole with one.
//
// The error names everything that forbids it: other tools, targets or profiles, shards that are missing or are of
// different divisions or selections. A target is the same when name, version, page and Server field are, and, where it
// has no name, the URL.
func Merge(all []Named) (*Report, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("merge: no report")
	}
	if err := problems(checkSame(all), checkShards(all)); err != nil {
		return nil, err
	}
	sharded := all[0].Report.Shard != ""
	if sharded {
		if err := problems(checkSelections(all)); err != nil {
			return nil, err
		}
	}
	first := all[0].Report
	out := &Report{
		Schema: Schema, Tool: first.Tool, Target: first.Target, Started: first.Started, Seed: first.Seed,
		Profiles: first.Profiles, Interrupted: interruptions(all),
	}
	for _, one := range all {
		if r := one.Report; r.Started.Before(out.Started) {
			out.Started = r.Started
		}
		out.Seconds += one.Report.Seconds
		out.Parts = append(out.Parts, partsOf(one.Report)...)
	}
	var missing []string
	out.Results, missing = union(all, sharded && out.Interrupted == "")
	if err := problems(missing); err != nil {
		return nil, err
	}
	out.Forget() // what is known follows from the whole
	return out, nil
}

// partsOf gives the runs that a report is of.
func partsOf(r *Report) []Part {
	if len(r.Parts) > 0 {
		return r.Parts
	}
	return []Part{{r.Shard, r.Target.URL, r.Started, r.Seconds, r.Seed, r.Command}}
}

// checkSame finds runs of other tools, targets or profiles.
func checkSame(all []Named) []string {
	var list []string
	first := all[0]
	for _, other := range all[1:] {
		differ := func(what string) {
			list = append(list, fmt.Sprintf("%s and %s: %s", Sanitize(first.Name), Sanitize(other.Name), what))
		}
		a, b := first.Report, other.Report
		if a.Tool != b.Tool {
			differ(fmt.Sprintf("other tools: %s, %s", toolWords(a.Tool), toolWords(b.Tool)))
		}
		if !sameTarget(a.Target, b.Target) {
			differ(fmt.Sprintf("other targets: %s, %s", targetWords(a.Target), targetWords(b.Target)))
		}
		if !slices.Equal(a.Profiles, b.Profiles) {
			differ("other profiles")
		}
	}
	return list
}

// sameTarget says whether two runs had the same server under test. One with a name may have been started at another
// address for each run.
func sameTarget(a, b Target) bool {
	if a.Name != "" {
		a.URL, b.URL = "", ""
	}
	return a == b
}

func toolWords(t Tool) string {
	return Sanitize(strings.TrimSpace(t.Name + " " + t.Version + " " + t.Faults))
}

func targetWords(t Target) string {
	return Sanitize(strings.Join(strings.Fields(t.Name+" "+t.Version+" "+t.URL+" "+t.Home+" "+t.Server), " "))
}

// checkShards finds shards that are missing, and reports that are of another division or of none.
func checkShards(all []Named) []string {
	var list []string
	_, of, _ := strings.Cut(all[0].Report.Shard, "/")
	there := map[string]bool{}
	for _, one := range all {
		shard := one.Report.Shard
		if _, other, _ := strings.Cut(shard, "/"); other != of {
			list = append(list, fmt.Sprintf("%s has %s, but %s has %s", Sanitize(all[0].Name), shardWords(all[0].Report.Shard),
				Sanitize(one.Name), shardWords(shard)))
		}
		there[shard] = true
	}
	n, _ := strconv.Atoi(of) // 0 where it is no shard
	for i := range min(n, maxShards) {
		if shard := fmt.Sprintf("%d/%d", i+1, n); !there[shard] {
			list = append(list, "shard "+shard+" is missing")
		}
	}
	return list
}

// maxShards bounds the shards that are looked for: a number in a file is not to be believed.
const maxShards = 10_000

func shardWords(shard string) string {
	if shard == "" {
		return "no shard but a whole selection"
	}
	return "shard " + Sanitize(shard)
}

// checkSelections finds shards that are parts of different selections: what the user left out of one must be left out
// of all.
func checkSelections(all []Named) []string {
	var list []string
	type seen struct{ left, where string }
	first := map[Key]seen{}
	for _, one := range all {
		for i := range one.Report.Results {
			r := &one.Report.Results[i]
			left := r.Left
			if left == OtherShard {
				left = ""
			}
			before, known := first[r.Key()]
			if !known {
				first[r.Key()] = seen{left, one.Name}
			} else if before.left != left {
				list = append(list, fmt.Sprintf("%s: %s in %s, %s in %s: these are shards of different selections", Sanitize(r.Key().String()),
					leftWords(before.left), Sanitize(before.where), leftWords(left), Sanitize(one.Name)))
			}
		}
	}
	return list
}

func leftWords(left string) string {
	if left == "" {
		return "selected"
	}
	return "left out by " + Sanitize(left)
}

// interruptions names the runs that ended early, and why.
func interruptions(all []Named) string {
	var list []string
	for _, one := range all {
		if why := one.Report.Interrupted; why != "" {
			list = append(list, cmp.Or(one.Report.Shard, one.Name)+": "+why)
		}
	}
	return strings.Join(list, "; ")
}

// found is a result together with the name of the report that has it.
type found struct {
	*Result
	where string
}

// union gives the results of all runs, and what is wrong with them. What no run has because it ended early is left out,
// as in the report of one run; where every shard is complete it is an error.
func union(all []Named, complete bool) (results []Result, wrong []string) {
	results = []Result{}
	at := map[Key][]found{}
	for _, one := range all {
		for i := range one.Report.Results {
			r := &one.Report.Results[i]
			at[r.Key()] = append(at[r.Key()], found{r, one.Name})
		}
	}
	for _, key := range ordered(all) {
		result := worst(at[key])
		switch {
		case result.Left != OtherShard:
			results = append(results, result)
		case complete:
			wrong = append(wrong, Sanitize(key.String())+": no shard has run it")
		}
	}
	return results, wrong
}

// ordered gives the keys of all results in an order that agrees with that of each run, as far as those agree.
func ordered(all []Named) []Key {
	next, known := map[Key]Key{}, map[Key]bool{} // the key after each; the zero key stands before the first
	for _, one := range all {
		last := Key{}
		for i := range one.Report.Results {
			key := one.Report.Results[i].Key()
			if !known[key] {
				known[key] = true
				next[last], next[key] = key, next[last]
			}
			last = key
		}
	}
	keys := make([]Key, 0, len(known))
	for key := next[Key{}]; key != (Key{}); key = next[key] {
		keys = append(keys, key)
	}
	return keys
}

// worst gives the result that stands for several of one key: that with the worst verdict of those that were run.
func worst(list []found) Result {
	ran := slices.DeleteFunc(slices.Clone(list), func(f found) bool { return f.Verdict == Excluded })
	if len(ran) == 0 { // excluded everywhere: by the user, if anywhere by him
		i := slices.IndexFunc(list, func(f found) bool { return f.Left != OtherShard })
		return *list[max(i, 0)].Result
	}
	stands := slices.MinFunc(ran, func(a, b found) int {
		return cmp.Compare(slices.Index(Verdicts, a.Verdict), slices.Index(Verdicts, b.Verdict))
	})
	result := *stands.Result
	if len(ran) > 1 {
		var words []string
		for _, f := range ran {
			words = append(words, fmt.Sprintf("%s in %s", f.Verdict, f.where))
		}
		result.Notes = append(slices.Clone(result.Notes), fmt.Sprintf("run %d times: %s; the worst stands", len(ran), strings.Join(words, ", ")))
	}
	return result
}
