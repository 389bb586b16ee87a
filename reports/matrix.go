package reports

import (
	"cmp"
	"slices"
	"strings"
)

// Matrix puts reports side by side: a row for each case, a column for each server.
type Matrix struct {
	Title   string   // what stands in large letters: "92 of 92 mutants killed"
	Lead    string   // what the page shows, in a few sentences
	Alerts  []string // what a reader must know before anything else, one paragraph each
	Facts   []Fact   // how it came about
	Columns []Column
	// Notes says by the ID of a case what is to be known of it beside its results: why no mutant breaks it.
	Notes map[string]string
}

// Fact is one particular of a matrix: "Took", "8 min 03 s".
type Fact struct{ Label, Text string }

// Column is one server and its report.
type Column struct {
	Report *Report
	Label  string  // stands behind name and version of the server, where these do not tell columns apart
	Mutant *Mutant // what is wrong with it on purpose; nil for a server that means well
}

// Mutant is what is known of a server that has one deliberate bug. A column that has one goes by its name.
type Mutant struct {
	Name     string
	Area     string   // mutants of one area stand together
	Sentence string   // what the server does wrong
	Breaks   []string // the IDs of the cases whose requirement the bug breaks, the best one first
	First    string   // the ID of the case that the report names first; empty for a survivor
}

// grid is a matrix laid out: rows in reading order, a cell for each row and column.
type grid struct {
	columns []gridColumn
	rows    []gridRow
	mutants bool // a column has a mutant: the words are those of a kill matrix
}

type gridColumn struct {
	Column
	name, version string
	edge          bool    // the first column of an area of mutants, or of the versions of one server
	summary       Summary // of results, as the report has it
	cases         [7]int  // cases by worst verdict, in the order of Verdicts
	broken        int     // cases that it breaks
	levels        map[Level]matrixHeld
}

type gridRow struct {
	id, profile, area string
	level             Level
	first             *Result // of the first report that has the case: its texts
	breakers          int     // servers that break it
	cells             []gridCell
}

// gridCell is what one server made of one case.
type gridCell struct {
	verdict Verdict   // the worst; empty where the report has no result of this case
	results []*Result // worst first
	meant   bool      // the mutant is meant to break it
	named   bool      // the report names it first
}

// broken says whether a requirement of this level is broken by a verdict: a SHOULD is by a warning. A MUST with a
// warning has held, what is broken there is a SHOULD on the way; but a mutant is caught by a warning, whatever the level:
// the server that it was made of has none.
func broken(level Level, v Verdict, mutant bool) bool {
	return v == Fail || v == Warn && (mutant || level == Should)
}

// newGrid lays a matrix out. Rows stand in the order in which the reports have their cases, those of one profile and
// one area together.
func newGrid(m *Matrix) *grid {
	g := &grid{mutants: slices.ContainsFunc(m.Columns, func(c Column) bool { return c.Mutant != nil })}
	index := map[[2]string]int{} // profile and ID to the row
	for _, column := range m.Columns {
		for i := range column.Report.Results {
			r := &column.Report.Results[i]
			key := [2]string{r.Profile, r.ID}
			at, known := index[key]
			if !known {
				at = len(g.rows)
				index[key] = at
				g.rows = append(g.rows, gridRow{id: r.ID, profile: r.Profile, area: r.Area(), level: r.Level, first: r,
					cells: make([]gridCell, len(m.Columns))})
			}
			if slices.Index(Levels, r.Level) < slices.Index(Levels, g.rows[at].level) {
				g.rows[at].level = r.Level // reports of two versions differ: the stronger word holds
			}
		}
	}
	for i, column := range m.Columns {
		g.columns = append(g.columns, newGridColumn(column))
		g.fill(i, index)
	}
	g.edges()
	g.sort()
	return g
}

// edges finds out where the columns of one group end: mutants of one area, or versions of one server. Where no server
// has several, there is nothing to tell apart.
func (g *grid) edges() {
	grouped := g.mutants
	for i := range g.columns {
		g.columns[i].edge = i > 0 && g.columns[i].group() != g.columns[i-1].group()
		grouped = grouped || i > 0 && !g.columns[i].edge
	}
	for i := range g.columns {
		g.columns[i].edge = g.columns[i].edge && grouped
	}
}

// group names what columns that belong together have in common.
func (c *gridColumn) group() string {
	if c.Mutant != nil {
		return c.Mutant.Area
	}
	return c.name
}

func newGridColumn(c Column) gridColumn {
	if c.Mutant != nil {
		return gridColumn{Column: c, name: shorten(Sanitize(c.Mutant.Name), 200), summary: c.Report.Summary}
	}
	return gridColumn{Column: c, name: targetName(c.Report), version: shorten(Sanitize(strings.TrimSpace(c.Report.Target.Version+" "+c.Label)), 80), summary: c.Report.Summary}
}

// fill puts the results of one column into its cells and counts them.
func (g *grid) fill(column int, index map[[2]string]int) {
	c := &g.columns[column]
	c.levels = map[Level]matrixHeld{}
	for i := range c.Report.Results {
		r := &c.Report.Results[i]
		cell := &g.rows[index[[2]string{r.Profile, r.ID}]].cells[column]
		cell.results = append(cell.results, r)
	}
	for i := range g.rows {
		row, cell := &g.rows[i], &g.rows[i].cells[column]
		if c.Mutant != nil {
			cell.meant = slices.Contains(c.Mutant.Breaks, row.id)
			cell.named = c.Mutant.First == row.id
		}
		if len(cell.results) == 0 {
			continue
		}
		slices.SortStableFunc(cell.results, func(a, b *Result) int { return cmp.Compare(rank(a.Verdict), rank(b.Verdict)) })
		cell.verdict = Verdicts[rank(cell.results[0].Verdict)]
		c.cases[rank(cell.verdict)]++
		breaks := broken(row.level, cell.verdict, c.Mutant != nil)
		if breaks {
			c.broken++
			row.breakers++
		}
		if cell.verdict == Pass || against(cell.verdict) {
			c.tried(row.level, !breaks)
		}
	}
}

// tried counts a case that says something of the server.
func (c *gridColumn) tried(level Level, held bool) {
	n := c.levels[level]
	n.Tried++
	if held {
		n.Held++
	}
	c.levels[level] = n
}

// rank gives the place of a verdict among Verdicts; that of Error for one that is not known, as Summarize does.
func rank(v Verdict) int {
	if i := slices.Index(Verdicts, v); i >= 0 {
		return i
	}
	return slices.Index(Verdicts, Error)
}

// sort brings rows of one profile and one area together, in the order in which each was met first.
func (g *grid) sort() {
	profiles, areas := map[string]int{}, map[[2]string]int{}
	for _, row := range g.rows {
		if _, known := profiles[row.profile]; !known {
			profiles[row.profile] = len(profiles)
		}
		if key := [2]string{row.profile, row.area}; areas[key] == 0 {
			areas[key] = len(areas) + 1
		}
	}
	slices.SortStableFunc(g.rows, func(a, b gridRow) int {
		return cmp.Or(cmp.Compare(profiles[a.profile], profiles[b.profile]),
			cmp.Compare(areas[[2]string{a.profile, a.area}], areas[[2]string{b.profile, b.area}]))
	})
}

// title names the area of a row: "resume · upload".
func (r *gridRow) title() string {
	return shorten(Sanitize(strings.Trim(r.profile+" · "+r.area, " ·")), 160)
}
