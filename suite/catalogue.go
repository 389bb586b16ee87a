package suite

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/byterange"
	"github.com/resumespec/resumespec/suite/profiles/expectrange"
	"github.com/resumespec/resumespec/suite/profiles/rangequery"
	"github.com/resumespec/resumespec/suite/profiles/resume"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
	"github.com/resumespec/resumespec/suite/profiles/tus"
	"github.com/resumespec/resumespec/suite/profiles/uploadresource"
)

// profile is a protocol that the suite can test.
type profile struct {
	name, title, source string
	checks              func() []matrix.Check
	omitted             func() []catalog.Omission // nil: the profile leaves nothing out
	// probe tells whether the target speaks the profile, and what shows it, without a write of any kind.
	probe func(*matrix.Session) (speaks bool, seen []string)
}

// profiles lists them in the order of the report. A new profile is one line here.
var profiles = []profile{
	{resume.Name, resume.Title, resume.Source, resume.Checks, nil, resume.Probe},
	{byterange.Name, byterange.Title, byterange.Source, byterange.Checks, byterange.Omitted, byterange.Probe},
	{uploadresource.Name, uploadresource.Title, uploadresource.Source, uploadresource.Checks, uploadresource.Omitted, uploadresource.Probe},
	{expectrange.Name, expectrange.Title, expectrange.Source, expectrange.Checks, expectrange.Omitted, expectrange.Probe},
	{rangequery.Name, rangequery.Title, rangequery.Source, rangequery.Checks, rangequery.Omitted, rangequery.Probe},
	{tus.Name, tus.Title, tus.Source, tus.Checks, tus.Omitted, tus.Probe},
	{rufh.Name, rufh.Title, rufh.Source, rufh.Checks, rufh.Omitted, rufh.Probe},
}

// pages is where the profiles are defined: what they are, and what they take their sources to say.
const pages = "https://github.com/resumespec/resumespec/blob/main/suite/profiles/"

// Definition gives the title of a profile, and the URL of the page that defines it.
func Definition(name string) (title, page string) {
	for _, p := range profiles {
		if p.name == name {
			title = p.title
		}
	}
	return title, pages + strings.ReplaceAll(name, "-", "") + "/README.md"
}

// Cases gives every case in catalogue order.
func Cases() []catalog.Case { return slices.Clone(cases()) }

// cases is Cases for those who do not change the list.
var cases = sync.OnceValue(func() []catalog.Case {
	var all []catalog.Case
	for _, p := range profiles {
		for _, check := range p.checks() {
			all = append(all, check.Case)
		}
	}
	return all
})

// Omissions gives the cases of the interruption matrix that profiles have no room for.
func Omissions() []catalog.Omission {
	var all []catalog.Omission
	for _, p := range profiles {
		if p.omitted != nil {
			all = append(all, p.omitted()...)
		}
	}
	return all
}

// Case gives the case with the given ID.
func Case(id string) (catalog.Case, bool) {
	for _, c := range cases() {
		if c.ID == id {
			return c, true
		}
	}
	return catalog.Case{}, false
}

// Similar gives up to five IDs that are near to one that does not exist, the nearest first.
func Similar(id string) []string {
	var ids []string
	for _, c := range Cases() {
		ids = append(ids, c.ID)
	}
	return Nearest(id, ids)
}

// Nearest gives up to five names, in lower case, that are near to a word that is none of them, the nearest first.
func Nearest(word string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	word = strings.ToLower(word)
	var all []near
	for _, name := range names {
		d := distance(word, name)
		if strings.Contains(name, word) && word != "" {
			d = 0
		}
		if d <= max(3, len(name)/3) {
			all = append(all, near{name, d})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].distance < all[j].distance })
	var nearest []string
	for _, n := range all[:min(5, len(all))] {
		nearest = append(nearest, n.name)
	}
	return nearest
}

// distance is the number of insertions, deletions and replacements between two texts (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
