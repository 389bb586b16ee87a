package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// TestMain lets this program keep a processor busy, as the command does.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == spinName {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func reportOf(verdicts ...reports.Verdict) *reports.Report {
	r := &reports.Report{Seed: 7}
	for i, v := range verdicts {
		r.Results = append(r.Results, reports.Result{
			ID: "resume.a." + string(rune('a'+i)), Profile: "resume", Level: reports.Must, Point: "none", Fault: "none", Transport: "h1",
			Verdict: v, Expected: "this", Got: "that",
		})
	}
	return r
}

func TestCompare(t *testing.T) {
	const pass, fail = reports.Pass, reports.Fail
	interrupted := reportOf(pass)
	interrupted.Interrupted = "job 1 died"
	for _, row := range []struct {
		first, other *reports.Report
		want         []string
	}{
		{reportOf(pass, fail), reportOf(pass, fail), nil},
		{reportOf(pass, pass), reportOf(pass, fail), []string{"resume.a.b [none none h1]: fail, was pass (expected this, got that)"}},
		{reportOf(pass, pass), reportOf(pass), []string{"resume.a.b [none none h1]: not there, was pass"}},
		{reportOf(pass), reportOf(pass, pass), []string{"resume.a.b [none none h1]: pass, was not there"}},
		{reportOf(pass), interrupted, []string{"the run: job 1 died, was complete"}},
	} {
		var got []string
		for _, d := range compare(row.first, row.other) {
			got = append(got, d.String())
		}
		if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

// program gives a program that writes, where it is told to write its JSON report, good.json; with 4 jobs odd.json.
func program(t *testing.T, odd *reports.Report) string {
	t.Helper()
	dir := t.TempDir()
	for name, r := range map[string]*reports.Report{"good.json": reportOf(reports.Pass, reports.Pass), "odd.json": odd} {
		if r == nil {
			continue
		}
		var b bytes.Buffer
		if err := reports.WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\n" +
		"[ \"$*\" = \"run --quiet --jobs $4 --seed $6 --json $8\" ] || exit 9\n" +
		"if [ $4 = 4 ]; then cp " + dir + "/odd.json \"$8\" || echo oh dear; else cp " + dir + "/good.json \"$8\"; fi\n"
	file := filepath.Join(dir, "program")
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSoak(t *testing.T) {
	for _, row := range []struct {
		name   string
		odd    *reports.Report
		status int
		says   []string
	}{
		{"all the same", reportOf(reports.Pass, reports.Pass), 0, []string{
			"run   1  idle, 1 jobs  seed 7 ", "run   3  busy, 2 jobs  seed 7 ", "  2 results, 0 differ\n",
			"5 runs, 10 results: 0 differing verdicts\n",
		}},
		{"one differs", reportOf(reports.Pass, reports.Fail), 1, []string{
			"run   5  idle, 4 jobs  seed 7 ", "2 results, 1 differ\n    resume.a.b [none none h1]: fail, was pass (expected this, got that)\n",
			"5 runs, 10 results: 1 differing verdicts\n1 reports with differences are in ",
		}},
		{"one gives no report", nil, 1, []string{"    the run: no report: ", "oh dear", "5 runs, 8 results: 1 differing verdicts\n"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			var out, err bytes.Buffer
			if got := run([]string{"-n", "5", "-resumespec", program(t, row.odd)}, nil, &out, &err); got != row.status {
				t.Errorf("exit status %d\n%s%s", got, &out, &err)
			}
			for _, says := range row.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("no %q in\n%s", says, &out)
				}
			}
			kept, failed := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*", "*.json"))
			if want := row.status == 1 && row.odd != nil; failed != nil || (len(kept) == 1) != want {
				t.Errorf("kept %v, %v", kept, failed)
			}
		})
	}
}

// TestNothingToSoak: what cannot be run at all is no success.
func TestNothingToSoak(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range [][]string{{"-n", "1"}, {"-n", "x"}, {"more"}, {"-resumespec", filepath.Join(t.TempDir(), "nothing")}} {
		var out, err bytes.Buffer
		if got := run(args, nil, &out, &err); got != 2 || err.Len() == 0 {
			t.Errorf("%v: exit status %d, %s", args, got, &err)
		}
	}
}
