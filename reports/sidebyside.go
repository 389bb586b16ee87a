package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SideBySide makes a matrix of the reports of several servers: those of one server stand together, by version, the older
// one first. Where two columns would have one name, the names of the reports tell them apart.
func SideBySide(all []Named) Matrix {
	list := slices.Clone(all)
	place := map[string]int{}
	for i, one := range list {
		name := targetName(one.Report)
		if _, known := place[name]; !known {
			place[name] = i
		}
	}
	slices.SortStableFunc(list, func(a, b Named) int {
		return cmp.Or(cmp.Compare(place[targetName(a.Report)], place[targetName(b.Report)]),
			compareVersions(a.Report.Target.Version, b.Report.Target.Version), a.Report.Started.Compare(b.Report.Started))
	})
	m := Matrix{
		Title: plural(len(place), "server", "servers") + " compared",
		Lead: "Each server was run through the cases of the protocols that it speaks. Choose a cell to see what was expected, what came, " +
			"and where the connection was cut.",
		Facts: factsOf(list), Alerts: alertsOf(list),
	}
	if len(list) > len(place) {
		m.Title = plural(len(place), "server", "servers") + " in " + plural(len(list), "run", "runs")
	}
	for i, one := range list {
		c := Column{Report: one.Report}
		if twin(list, i) {
			c.Label = one.Name
		}
		m.Columns = append(m.Columns, c)
	}
	return m
}

// twin says whether a neighbour has the same name and version.
func twin(list []Named, i int) bool {
	same := func(j int) bool {
		return j >= 0 && j < len(list) && targetName(list[j].Report) == targetName(list[i].Report) &&
			list[j].Report.Target.Version == list[i].Report.Target.Version
	}
	return same(i-1) || same(i+1)
}

// factsOf tells how the runs came about.
func factsOf(list []Named) []Fact {
	cases, results := map[string]bool{}, 0
	var first, last time.Time
	for i, one := range list {
		r := one.Report
		results += len(r.Results)
		for j := range r.Results {
			cases[r.Results[j].ID] = true
		}
		if i == 0 || r.Started.Before(first) {
			first = r.Started
		}
		if r.Started.After(last) {
			last = r.Started
		}
	}
	const day = "2 January 2006"
	tested := first.UTC().Format(day)
	if to := last.UTC().Format(day); to != tested {
		tested += " to " + to
	}
	return []Fact{
		{"Cases", comma(int64(len(cases)))}, {"Results", comma(int64(results))}, {"Tested", tested},
		{"By", strings.Join(tools(list), ", ")},
	}
}

// tools names what made the reports, each once.
func tools(list []Named) []string {
	var names []string
	for _, one := range list {
		if name := strings.TrimSpace(one.Report.Tool.Name + " " + one.Report.Tool.Version); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// alertsOf says what keeps the columns from being compared.
func alertsOf(list []Named) []string {
	var alerts []string
	for _, one := range list {
		if why := one.Report.Interrupted; why != "" {
			alerts = append(alerts, fmt.Sprintf("%s: the run ended early (%s). What was not reached is empty here.",
				strings.TrimSpace(targetName(one.Report)+" "+one.Report.Target.Version), why))
		}
	}
	if names := tools(list); len(names) > 1 {
		alerts = append(alerts, "The reports were made by different versions: "+strings.Join(names, ", ")+". A case that one of them does not know is empty.")
	}
	return alerts
}

// compareVersions orders versions as people do: 2.9 before 2.10.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		var one, other string
		one, a = versionPart(a)
		other, b = versionPart(b)
		digits := one[0] >= '0' && one[0] <= '9' && other[0] >= '0' && other[0] <= '9'
		if d := cmp.Compare(len(one), len(other)); digits && d != 0 {
			return d
		}
		if d := strings.Compare(one, other); d != 0 {
			return d
		}
	}
	return cmp.Compare(len(a), len(b))
}

// versionPart takes the number or the word off with which a version begins, without the zeros before a number.
func versionPart(s string) (part, rest string) {
	number := func(c rune) bool { return c >= '0' && c <= '9' }
	end := strings.IndexFunc(s, func(c rune) bool { return number(c) != number(rune(s[0])) })
	if end < 0 {
		end = len(s)
	}
	part, rest = s[:end], s[end:]
	if trimmed := strings.TrimLeft(part, "0"); number(rune(s[0])) {
		part = cmp.Or(trimmed, "0")
	}
	return part, rest
}
