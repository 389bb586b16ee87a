package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
)

// reportOf makes a report in which the cases a to e pass, but for some: "b fail".
func reportOf(interrupted string, other ...string) *reports.Report {
	r := &reports.Report{Interrupted: interrupted}
	for _, id := range []string{"p.x.a", "p.x.b", "p.x.c", "p.x.d", "p.x.e"} {
		verdict := reports.Pass
		for _, o := range other {
			if name, word, _ := strings.Cut(o, " "); strings.HasSuffix(id, "."+name) {
				verdict = reports.Verdict(word)
			}
		}
		r.Results = append(r.Results, reports.Result{ID: id, Profile: "p", Level: reports.Must, Point: "none", Fault: "none", Transport: "h1", Verdict: verdict})
	}
	r.Summary = reports.Summarize(r.Results, interrupted)
	return r
}

func killOf(name string, breaks string, report *reports.Report) kill {
	m := mutants.Mutant{Name: name, Area: "area", Sentence: "It does it wrong."}
	for _, id := range strings.Fields(breaks) {
		m.Breaks = append(m.Breaks, "p.x."+id)
	}
	return newKill(m, report)
}

func TestJudge(t *testing.T) {
	kills := []kill{
		killOf("right", "a", reportOf("", "a fail", "b fail")),
		killOf("warned", "c", reportOf("", "c warn")),
		killOf("survivor", "a", reportOf("", "d unsupported", "e inconclusive")),
		killOf("missed", "b a", reportOf("", "a fail")),
		killOf("misnamed", "b", reportOf("", "a fail", "b fail")),
		killOf("failure-first", "b", reportOf("", "a warn", "b fail")),
		killOf("cut", "a", reportOf("run limit 5m reached", "a fail")),
	}
	cases := []catalog.Case{{ID: "p.x.a"}, {ID: "p.x.b"}, {ID: "p.x.c", Unkilled: "Nothing breaks it."}, {ID: "p.x.d", Unkilled: "Nothing breaks it."}, {ID: "p.x.e"}}
	f := judge(kills, cases)
	names := func(list []kill) string {
		var words []string
		for _, k := range list {
			words = append(words, k.mutant.Name)
		}
		return strings.Join(words, " ")
	}
	ids := func(list []catalog.Case) string {
		var words []string
		for _, c := range list {
			words = append(words, c.ID)
		}
		return strings.Join(words, " ")
	}
	for what, pair := range map[string][2]string{
		"survivors": {names(f.survivors), "survivor"}, "missed": {names(f.missed), "missed"}, "misnamed": {names(f.misnamed), "misnamed"},
		"cut": {names(f.cut), "cut"}, "idle": {ids(f.idle), "p.x.e"}, "excused": {ids(f.excused), "p.x.d"}, "excessive": {ids(f.excessive), "p.x.c"},
		"killed": {fmt.Sprint(f.killed(), f.wanting()), "6 true"}, "kills": {fmt.Sprint(f.kills["p.x.a"], f.kills["p.x.b"]), "5 3"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
		}
	}
	var out bytes.Buffer
	tellFindings(&out, f)
	for _, line := range []string{"killed 6 of 7", "Survivors:", "p.x.b did not, but p.x.a", "p.x.a, not p.x.b", "Cases that kill nothing, and do not say why:"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not told in:\n%s", line, out.String())
		}
	}
	if got := alerts(f); len(got) != 5 || got[0] != "Survivors: survivor." {
		t.Errorf("alerts %q", got)
	}
}

func TestNothingIsWanting(t *testing.T) {
	f := judge([]kill{killOf("right", "a", reportOf("", "a fail"))}, []catalog.Case{{ID: "p.x.a"}, {ID: "p.x.b", Unkilled: "Nothing breaks it."}})
	if f.wanting() || f.killed() != 1 || len(alerts(f)) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestPage(t *testing.T) {
	path := t.TempDir() + "/mutants.html"
	kills := []kill{killOf("right", "a", reportOf("", "a fail"))}
	if err := writePage(path, kills, judge(kills, nil), "1s"); err != nil {
		t.Fatal(err)
	}
	page := readFile(t, path)
	for _, text := range []string{"1 of 1 mutants killed", "Kill matrix", "It does it wrong."} {
		if !strings.Contains(page, text) {
			t.Errorf("%q is not in the page", text)
		}
	}
}

// The plain server and one mutant, with the case that it is for: each in a process of its own, which is this test.
func TestProcesses(t *testing.T) {
	var out, complaints bytes.Buffer
	if status := run([]string{"-mutant", "reference,offset-no-length", "-focus", `^resume\.upload\.head-length \[mid-upload fin`}, &out, &complaints); status != 0 {
		t.Fatalf("status %d: %s", status, complaints.String())
	}
	for _, line := range []string{"reference: 0 of 2013 results speak against it", "offset-no-length: 1 of 147 results speak against it", "  fail resume.upload.head-length [mid-upload fin h1]"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in:\n%s", line, out.String())
		}
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"-jobs", "0"}, {"-nothing"}, {"-mutant", "offset-no-lengths"}} {
		var out, complaints bytes.Buffer
		if status := run(args, &out, &complaints); status != statusUsage || complaints.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, status, complaints.String())
		}
	}
	var complaints bytes.Buffer
	run([]string{"-mutant", "offset-no-lengths"}, &bytes.Buffer{}, &complaints)
	if !strings.Contains(complaints.String(), "near to it: offset-no-length") {
		t.Error(complaints.String())
	}
	if status := run([]string{"-from", t.TempDir()}, &bytes.Buffer{}, &complaints); status != statusNothing {
		t.Errorf("no reports: status %d", status)
	}
	if !slices.Contains(mutants.Names(), "offset-no-length") {
		t.Error("the mutant of these tests is gone")
	}
}
