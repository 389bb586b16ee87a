package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

const gallery = "../../reports/gallery"

// TestGalleryExplains: whatever speaks against a server in a kept report is explained in the gallery's README.
func TestGalleryExplains(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(gallery, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	defects, others, found := strings.Cut(string(text), "## By hand")
	if !found {
		t.Fatal("the README has no table of defects before the reproductions")
	}
	for _, s := range servers {
		kept, err := read(filepath.Join(gallery, s.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		explained := 0
		for _, r := range kept.Results {
			name := "`" + r.ID + "`"
			switch r.Verdict {
			case reports.Fail:
				if !strings.Contains(defects, name) {
					t.Errorf("%s: no row names the failure %s", s.name, name)
				}
				explained++
			case reports.Warn:
				if !strings.Contains(others, name) {
					t.Errorf("%s: nothing is said of the warning %s", s.name, name)
				}
			case reports.Error, reports.Inconclusive:
				t.Errorf("%s: %s is kept, which says nothing of the server: %s", s.name, name, r.Verdict)
			}
		}
		if explained == 0 {
			t.Errorf("%s: no failure is kept", s.name)
		}
	}
}

// TestGalleryReproduces: each row of the table has a reproduction of five lines at most, what came of it, and the server's
// side; and each case that a row names was run, and failed with one of the servers.
func TestGalleryReproduces(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(gallery, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, s := range servers {
		kept, err := read(filepath.Join(gallery, s.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range kept.Results {
			if r.Verdict == reports.Fail || s.undecided != nil && s.undecided.MatchString(r.ID) {
				failed[r.ID] = true
			}
		}
	}
	rows := regexp.MustCompile(`(?m)^\| \[(\d+)\]\(#\d+\) .*$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) < 10 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		section := regexp.MustCompile(fmt.Sprintf("(?s)\n### %s\n\n```bash\n(.*?)```\n```text\n(.+?)\n```\n.*?Which reading makes this legal", row[1])).FindStringSubmatch(string(text))
		if section == nil {
			t.Errorf("%s: no reproduction with its output and the server's side", row[1])
			continue
		}
		if n := strings.Count(section[1], "\n"); n > 5 {
			t.Errorf("%s: the reproduction has %d lines", row[1], n)
		}
		ids := regexp.MustCompile("`((?:tus|rufh)\\.[a-z0-9.-]+)`").FindAllStringSubmatch(row[0], -1)
		if len(ids) == 0 {
			t.Errorf("%s: no case is named", row[1])
		}
		for _, id := range ids {
			if !failed[id[1]] {
				t.Errorf("%s: %s did not fail", row[1], id[1])
			}
		}
	}
}
