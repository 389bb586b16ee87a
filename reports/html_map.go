package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// mapColumn is one column of the map: a point and a fault. Span is set on the first column of a point
// and tells how many columns that has.
type mapColumn struct {
	Point, Fault  string
	Span          int
	Failed, Tried int
}

// mapArea is the cases of one area of one profile.
type mapArea struct {
	Title   string
	Rows    []*mapRow
	profile string
	first   int // the first column that has a mark
}

type mapRow struct {
	Name     string
	Fragment string
	Cells    []mapCell
}

type mapCell struct {
	Edge  bool // the first column of a point
	Marks []mapMark
}

type mapMark struct {
	Verdict Verdict
	Anchor  string
	Title   string
}

// mapColumns gives the columns: the undisturbed one, then each point with each fault, whether it has
// results or not, so that two reports look alike. A result with a point and no fault, or the other way
// round, adds a column of its own.
func mapColumns(rows []*htmlRow) []mapColumn {
	columns := []mapColumn{{Point: "none", Fault: "none"}}
	for _, point := range points[1:] {
		for _, fault := range faults[1:] {
			columns = append(columns, mapColumn{Point: point, Fault: fault})
		}
	}
	have := map[[2]string]bool{}
	for _, c := range columns {
		have[[2]string{c.Point, c.Fault}] = true
	}
	for _, row := range rows {
		if key := [2]string{row.Point, row.Fault}; !have[key] {
			have[key] = true
			columns = append(columns, mapColumn{Point: row.Point, Fault: row.Fault})
		}
	}
	slices.SortStableFunc(columns, func(a, b mapColumn) int {
		return cmp.Or(
			cmp.Compare(slices.Index(points, a.Point), slices.Index(points, b.Point)),
			cmp.Compare(slices.Index(faults, a.Fault), slices.Index(faults, b.Fault)))
	})
	for i := 0; i < len(columns); {
		n := i
		for n < len(columns) && columns[n].Point == columns[i].Point {
			n++
		}
		columns[i].Span = n - i
		i = n
	}
	return columns
}

// newMap lays the results out, one mark for each: profiles in the order of the report, areas in the order
// in which an exchange meets them, cases by name.
func newMap(r *Report, rows []*htmlRow) ([]mapColumn, []mapArea) {
	columns := mapColumns(rows)
	index := map[[2]string]int{}
	for i, c := range columns {
		index[[2]string{c.Point, c.Fault}] = i
	}
	type place struct{ profile, area string }
	areas := map[place]*mapArea{}
	lines := map[string]*mapRow{}
	for _, row := range rows {
		at := place{row.Profile, row.Area()}
		col := index[[2]string{row.Point, row.Fault}]
		if areas[at] == nil {
			areas[at] = &mapArea{profile: row.Profile, Title: strings.Trim(at.profile+" · "+at.area, " ·"), first: col}
		}
		areas[at].first = min(areas[at].first, col)
		key := row.Profile + "\x00" + row.ID
		if lines[key] == nil {
			lines[key] = newMapRow(row, columns)
			areas[at].Rows = append(areas[at].Rows, lines[key])
		}
		lines[key].Cells[col].Marks = append(lines[key].Cells[col].Marks, mapMark{row.Verdict, row.Anchor,
			shorten(Sanitize(row.ID), 160) + ", " + placeWords(row.Result) + ": " + string(row.Verdict)})
		columns[col].count(row.Verdict)
	}
	rank := func(profile string) int {
		return slices.IndexFunc(r.Profiles, func(p Profile) bool { return p.Name == profile })
	}
	out := slices.SortedFunc(maps.Values(areas), func(a, b *mapArea) int {
		return cmp.Or(cmp.Compare(rank(a.profile), rank(b.profile)), cmp.Compare(a.profile, b.profile),
			cmp.Compare(a.first, b.first), cmp.Compare(a.Title, b.Title))
	})
	list := make([]mapArea, len(out))
	for i, area := range out {
		slices.SortFunc(area.Rows, func(a, b *mapRow) int { return cmp.Compare(a.Fragment, b.Fragment) })
		list[i] = *area
	}
	return columns, list
}

func newMapRow(row *htmlRow, columns []mapColumn) *mapRow {
	line := &mapRow{Name: caseName(row.Result), Fragment: fragment(row.ID), Cells: make([]mapCell, len(columns))}
	for i := range columns {
		line.Cells[i].Edge = columns[i].Span > 0
	}
	return line
}

// caseName gives the last part of profile.area.name.
func caseName(r *Result) string {
	if name, ok := strings.CutPrefix(r.ID, r.Profile+"."+r.Area()+"."); ok && name != "" {
		return name
	}
	return r.ID
}

// count adds a result to the totals of a column. What says nothing about the target is not a trial.
func (c *mapColumn) count(v Verdict) {
	switch v {
	case Fail:
		c.Failed++
		c.Tried++
	case Pass, Warn:
		c.Tried++
	}
}
