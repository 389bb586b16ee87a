package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// site is a checkout with one server, which is the reference server in a process of its own.
type site struct {
	*testing.T
	root, program string
}

const siteConfig = `
about: {name: reference}
restart: {stop: [kill, -9, "{pid}"], start: [./start]}
profiles: {resume: {upload: {path: "/items?tag={tag}"}}}
`

// breaksContinue is a mutant that breaks one of the cases below.
const breaksContinue = "offer-with-final-only"

func newSite(t *testing.T) site {
	t.Helper()
	s := site{t, t.TempDir(), filepath.Join(t.TempDir(), "resumespec")}
	if out, err := exec.Command("go", "build", "-o", s.program, "../resumespec").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	folder := server{name: "reference"}.source(s.root)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "resumespec.yaml"), []byte(siteConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	return s
}

// certify runs the command on the server as it is started with more words.
func (s site) certify(want int, start []string, args ...string) (said string) {
	s.Helper()
	all := []server{{
		name: "reference", path: "/items", jobs: 2, start: start, build: [][]string{{"sh", "-c", "echo built >{build}/built"}},
		flags: []string{"--focus", `^resume\.(offer\.(continue|http10)|restart\.kept) `},
	}}
	var out bytes.Buffer
	args = append([]string{"-root", s.root, "-resumespec", s.program, "-build", filepath.Join(s.root, "build"), "-kept", filepath.Join(s.root, "kept")}, args...)
	if got := run(args, all, &out, &out); got != want {
		s.Fatalf("status %d, want %d\n%s", got, want, &out)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		s.Errorf("left behind: %v, %v", left, err)
	}
	return out.String()
}

// plain starts the reference server, mutant the same with a bug.
func (s site) plain() []string {
	return []string{s.program, "serve", "--listen", "127.0.0.1:{port}", "--data", "{data}"}
}
func (s site) mutant(name string) []string { return append(s.plain(), "--mutant", name) }

func (s site) wants(said string, words ...string) {
	s.Helper()
	for _, word := range words {
		if !strings.Contains(said, word) {
			s.Errorf("%q is not said in:\n%s", word, said)
		}
	}
}

// TestInterop: what is found is kept when that is asked for, and any difference from it is one, for better or worse.
func TestInterop(t *testing.T) {
	s := newSite(t)
	said := s.certify(statusNothing, s.plain())
	s.wants(said, "nothing is kept of reference")
	s.certify(statusFine, s.plain(), "-update")
	kept := filepath.Join(s.root, "kept", "reference.json")
	data, err := os.ReadFile(kept)
	if err != nil || reports.Validate(data) != nil {
		t.Fatalf("%v, %v", err, reports.Validate(data))
	}
	if bytes.Contains(data, []byte(s.root)) || bytes.Contains(data, []byte(os.TempDir())) {
		t.Error("folders of this machine are kept")
	}
	said = s.certify(statusFine, s.plain())
	s.wants(said, "== reference", "PARTIAL", "reference: as kept")
	said = s.certify(statusDiffers, s.mutant(breaksContinue))
	s.wants(said, "NONCONFORMANT", "pass -> fail", "resume.offer.continue [none none h1]", "WORSE")
	s.certify(statusFine, s.mutant(breaksContinue), "-update")
	said = s.certify(statusFine, s.mutant(breaksContinue))
	s.wants(said, "(1 known)", "as kept")
	said = s.certify(statusDiffers, s.plain())
	s.wants(said, "fail -> pass", "BETTER")
	if _, err := os.Stat(filepath.Join(s.root, "build", "reference.html")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(s.root, "build", "reference", "built")); err != nil {
		t.Error(err)
	}
}

// TestServerDoesNotRun: what it printed is told.
func TestServerDoesNotRun(t *testing.T) {
	s := newSite(t)
	said := s.certify(statusNothing, []string{"sh", "-c", "echo no such luck; exit 3"}, "-update")
	s.wants(said, "it ended (exit status 3) before it listened", "no such luck")
}

// TestUndecided: what a server answers now so, now so, is no difference; all else is.
func TestUndecided(t *testing.T) {
	s := server{undecided: regexp.MustCompile(`^tus\.download\.`), overtakes: true}
	results := func(download, head, cut reports.Verdict) *reports.Report {
		return s.decided(&reports.Report{Results: []reports.Result{
			{ID: "tus.download.range", Fault: "fin", Verdict: download},
			{ID: "tus.head.offset", Fault: "none", Verdict: head},
			{ID: "tus.concat.cut", Fault: "fin", Verdict: cut},
		}})
	}
	kept := results(reports.Fail, reports.Pass, reports.Pass)
	for _, c := range []struct {
		found *reports.Report
		want  bool
	}{
		{results(reports.Unsupported, reports.Pass, reports.Pass), false},
		{results(reports.Fail, reports.Pass, reports.Warn), false},
		{results(reports.Fail, reports.Pass, reports.Fail), true},
		{results(reports.Fail, reports.Warn, reports.Pass), true},
		{results(reports.Fail, reports.Fail, reports.Pass), true},
	} {
		if got := reports.Compare(kept, c.found).Differ(); got != c.want {
			t.Errorf("%v: it differs: %v", c.found.Results, got)
		}
	}
}

// TestEnds: nobody listens any more, also where the server was started again by somebody else.
func TestEnds(t *testing.T) {
	s := newSite(t)
	p, err := begin(t.Context(), server{name: "reference", start: s.plain()}, "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !p.listens(t.Context()) {
		t.Error("nobody listens")
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", p.address); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"-nothing"}, {"-server", "nginx"}} {
		var out bytes.Buffer
		if got := run(args, servers, &out, &out); got != statusUsage || out.Len() == 0 {
			t.Errorf("%v: status %d, %q", args, got, out.String())
		}
	}
	for _, s := range servers {
		if _, err := os.Stat(filepath.Join(s.source("../.."), "resumespec.yaml")); err != nil {
			t.Error(err)
		}
	}
}
