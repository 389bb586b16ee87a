package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
)

// htmlPage is what the head and the foot of the HTML report show.
type htmlPage struct {
	Report     *Report
	CSP        string
	Style      template.HTML
	Script     template.HTML
	Word       string // the verdict in large letters
	Means      string
	Tally      string
	TargetName string
	Started    string
	StartedISO string
	Took       string
	Command    string
	Lazy       bool
	Verdicts   []Verdict
	Counts     []countRow
	Failed     []*htmlRow
	MoreFailed int
	Baseline   string // what the report was compared with
	Sum        string // and what that came to
	Columns    []mapColumn
	Width      int // columns of the map, its first one included
	Map        []mapArea
	Facets     []facet
}

// countRow is one line of the table of counts.
type countRow struct {
	Name  string
	Cells []countCell
	Total int
}

type countCell struct {
	Verdict Verdict
	N       int
	Href    template.URL
}

// facet is one group of filters.
type facet struct {
	Title, Name string
	Values      []facetValue
}

type facetValue struct {
	Value string
	N     int
}

func newPage(r *Report, rows []*htmlRow) *htmlPage {
	p := &htmlPage{
		Report: r, CSP: policy(pageStyle, pageScript),
		Style:      template.HTML("<style>" + pageStyle + "</style>"),    // #nosec G203 -- embedded, nothing of the report is in it
		Script:     template.HTML("<script>" + pageScript + "</script>"), // #nosec G203 -- likewise
		Word:       conformanceTitle(r.Summary.Conformance),
		Means:      r.Summary.Conformance.Means(),
		Tally:      tally(r.Results),
		TargetName: targetName(r),
		Started:    r.Started.UTC().Format("2 January 2006, 15:04:05 UTC"),
		StartedISO: r.Started.UTC().Format(time.RFC3339),
		Took:       took(r.Seconds),
		Command:    commandLine(r.Command),
		Lazy:       len(rows) > eagerResults,
		Verdicts:   Verdicts,
		Counts:     countRows(r.Results),
		Facets:     facets(r.Results),
	}
	if b := r.Baseline; b != nil {
		p.Baseline, p.Sum = b.words(), b.sum(r.Summary.Known)
	}
	for _, row := range rows {
		if row.Verdict != Fail {
			break
		}
		p.Failed = append(p.Failed, row)
	}
	if len(p.Failed) > openFailures {
		p.MoreFailed = len(p.Failed) - openFailures
		p.Failed = p.Failed[:openFailures]
	}
	p.Columns, p.Map = newMap(r, rows)
	p.Width = len(p.Columns) + 1
	return p
}

// tally says in a sentence what became of the required results.
func tally(results []Result) string {
	total, count := 0, map[Verdict]int{}
	for i := range results {
		if results[i].Level == Must {
			total++
			count[results[i].Verdict]++
		}
	}
	if total == 0 {
		return ""
	}
	words := map[Verdict]string{Fail: "%d failed", Error: "%d ended in a harness error", Inconclusive: "%d ended inconclusive",
		Unsupported: "%d could not be tried", Excluded: "%d left out by the user"}
	var parts []string
	for _, v := range []Verdict{Fail, Error, Inconclusive, Unsupported, Excluded} {
		if count[v] > 0 {
			parts = append(parts, fmt.Sprintf(words[v], count[v]))
		}
	}
	held := fmt.Sprintf("Of %s, %d passed", plural(total, "MUST result", "MUST results"), count[Pass]+count[Warn])
	return strings.Join(append([]string{held}, parts...), ", ") + "."
}

func targetName(r *Report) string {
	return shorten(Sanitize(cmp.Or(strings.TrimSpace(r.Target.Name), r.Target.URL, "unnamed target")), 200)
}

// took writes a duration for people.
func took(seconds float64) string {
	if seconds < 60 {
		return number(seconds) + " s"
	}
	return fmt.Sprintf("%d min %02d s", int(seconds)/60, int(seconds)%60)
}

// commandLine writes a command so that it can be read; what a shell would split or interpret is quoted.
func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Sanitize(word)
		if word == "" || strings.ContainsAny(word, " \t\n\"'\\$`&|;<>()*?[]{}#~!") {
			quoted[i] = "'" + strings.ReplaceAll(quoted[i], "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

func countRows(results []Result) []countRow {
	count := map[Level]map[Verdict]int{"": {}}
	for _, level := range Levels {
		count[level] = map[Verdict]int{}
	}
	for i := range results {
		if of := count[results[i].Level]; of != nil {
			of[results[i].Verdict]++
		}
		count[""][results[i].Verdict]++
	}
	var rows []countRow
	for _, level := range append(slices.Clone(Levels), "") {
		row := countRow{Name: cmp.Or(string(level), "All")}
		for _, v := range Verdicts {
			query := url.Values{"verdict": {string(v)}}
			if level != "" {
				query.Set("level", string(level))
			}
			row.Cells = append(row.Cells, countCell{v, count[level][v], template.URL("#?" + query.Encode())}) // #nosec G203 -- a fragment, and encoded
			row.Total += count[level][v]
		}
		rows = append(rows, row)
	}
	return rows
}

// facets lists what the results can be filtered by, and how many results each value has. Known words
// come in their own order, others by name.
func facets(results []Result) []facet {
	ordered := func(words ...string) []string { return words }
	list := []struct {
		facet
		of    func(*Result) string
		order []string
	}{
		{facet{"Verdict", "verdict", nil}, func(r *Result) string { return string(r.Verdict) }, wordsOf(Verdicts)},
		{facet{"Level", "level", nil}, func(r *Result) string { return string(r.Level) }, wordsOf(Levels)},
		{facet{"Point", "point", nil}, func(r *Result) string { return r.Point }, points},
		{facet{"Fault", "fault", nil}, func(r *Result) string { return r.Fault }, faults},
		{facet{"Profile", "profile", nil}, func(r *Result) string { return r.Profile }, ordered()},
		{facet{"Transport", "transport", nil}, func(r *Result) string { return r.Transport }, ordered()},
		{facet{"Version", "version", nil}, func(r *Result) string { return r.Version }, ordered()},
	}
	var out []facet
	for _, f := range list {
		count := map[string]int{}
		for i := range results {
			count[f.of(&results[i])]++
		}
		for value, n := range count {
			f.Values = append(f.Values, facetValue{value, n})
		}
		slices.SortFunc(f.Values, func(a, b facetValue) int {
			return cmp.Or(cmp.Compare(slices.Index(f.order, a.Value), slices.Index(f.order, b.Value)), cmp.Compare(a.Value, b.Value))
		})
		if (f.Name == "transport" || f.Name == "version") && len(f.Values) < 2 {
			continue // nothing to choose
		}
		out = append(out, f.facet)
	}
	return out
}

func wordsOf[T ~string](list []T) []string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return words
}
