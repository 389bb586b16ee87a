package reports

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

const (
	// matrixField bounds one text of a cell: the report of that server has it whole.
	matrixField = 600
	// matrixResults is how many results of one cell have their texts in the page.
	matrixResults = 12
	// fewColumns is how many columns have room for names that are not turned.
	fewColumns = 8
)

var (
	matrixStyle  = pageStyle + asset("matrix.css")
	matrixScript = asset("exchange.js") + asset("matrix.js")
	matrixTmpl   = pageTemplate("matrix.html.tmpl")
)

// WriteMatrixHTML writes m as one self-contained page that asks the network for nothing. The cells stand in a plain
// table; what opens when one is chosen lies in the page once, as inert JSON, each text of it once. The content security
// policy allows the one script of the page and no other. Error: a column has no report, or w took no more.
func WriteMatrixHTML(w io.Writer, m Matrix) error {
	columns := slices.Clone(m.Columns)
	for i, c := range columns {
		if c.Report == nil {
			return fmt.Errorf("write HTML matrix: column %d has no report", i)
		}
		columns[i].Report = normalize(c.Report)
	}
	m.Columns = columns
	if err := writeMatrix(w, &m); err != nil {
		return fmt.Errorf("write HTML matrix: %w", err)
	}
	return nil
}

func writeMatrix(w io.Writer, m *Matrix) error {
	g := newGrid(m)
	page := newMatrixPage(m, g)
	var data bytes.Buffer
	err := errors.Join(
		matrixTmpl.ExecuteTemplate(w, "head", page),
		inertJSON(&data, "data", matrixIsland(m, g)),
	)
	if err != nil {
		return err
	}
	if _, err := data.WriteTo(w); err != nil {
		return err
	}
	return matrixTmpl.ExecuteTemplate(w, "foot", page)
}

// matrixPage is what the template of the page shows.
type matrixPage struct {
	*Matrix
	CSP           string
	Style, Script template.HTML
	Mutants, Few  bool
	One, Many     string // the nouns: "server" and "servers"
	Columns       []matrixColumn
	Levels        []Level
	Areas         []matrixArea
	Facets        []facet
	Verdicts      []Verdict
	Width         int
}

type matrixColumn struct {
	Name, Version string
	Class         template.HTMLAttr // class="e": the first of an area
	Broken        int
	Word          Conformance
	Title         string
	Cells         []matrixCount // cases per verdict
	Levels        []matrixHeld
	Ended         string // why the run ended early
	Mutant        *Mutant
	Index         int
}

type matrixCount struct {
	Verdict Verdict
	N       int
}

// matrixHeld is how many of the cases of one level that were tried have held.
type matrixHeld struct{ Held, Tried int }

// matrixArea is a heading and the rows below it.
type matrixArea struct {
	Title string
	Rows  []matrixRow
}

type matrixRow struct {
	Name  string
	Level string
	Class string // "l-must"
	N     int    // servers that break it
	Cells template.HTML
}

func newMatrixPage(m *Matrix, g *grid) *matrixPage {
	p := &matrixPage{
		Matrix: m, CSP: policy(matrixStyle, matrixScript),
		Style:   template.HTML("<style>" + matrixStyle + "</style>"),    // #nosec G203 -- embedded, nothing of a report is in it
		Script:  template.HTML("<script>" + matrixScript + "</script>"), // #nosec G203 -- likewise
		Mutants: g.mutants, Few: len(g.columns) <= fewColumns, One: "server", Many: "servers", Verdicts: Verdicts, Levels: Levels, Width: len(g.columns) + 1, Facets: g.facets(),
	}
	if g.mutants {
		p.One, p.Many = "mutant", "mutants"
	}
	for i := range g.columns {
		p.Columns = append(p.Columns, newMatrixColumn(i, &g.columns[i]))
	}
	for i := range g.rows {
		row := &g.rows[i]
		if i == 0 || row.profile != g.rows[i-1].profile || row.area != g.rows[i-1].area {
			p.Areas = append(p.Areas, matrixArea{Title: row.title()})
		}
		area := &p.Areas[len(p.Areas)-1]
		area.Rows = append(area.Rows, matrixRow{shorten(Sanitize(caseName(row.first)), 160), Sanitize(string(row.level)), levelClass(row.level), row.breakers, row.markup(g.columns)})
	}
	return p
}

// levelClass marks the rows of each level, so that it is seen where there is no room for the word.
func levelClass(l Level) string {
	if slices.Contains(Levels, l) {
		return "l-" + strings.ToLower(string(l))
	}
	return ""
}

func newMatrixColumn(i int, c *gridColumn) matrixColumn {
	out := matrixColumn{Name: c.name, Version: c.version, Broken: c.broken, Word: c.summary.Conformance,
		Title: conformanceTitle(c.summary.Conformance), Mutant: c.Mutant, Index: i,
		Ended: Sanitize(c.Report.Interrupted)}
	if c.edge {
		out.Class = `class="e"`
	}
	for _, level := range Levels {
		out.Levels = append(out.Levels, c.levels[level])
	}
	for i, n := range c.cases {
		out.Cells = append(out.Cells, matrixCount{Verdicts[i], n})
	}
	return out
}

// letters name the verdicts in the classes of cells and in the island, in the order of Verdicts.
const letters = "FEIWUXP"

// markup gives the cells of a row. Nothing of a report is in it but verdicts, and those as letters and marks of ours.
func (r *gridRow) markup(columns []gridColumn) template.HTML {
	var b strings.Builder
	for i := range r.cells {
		cell := &r.cells[i]
		class, mark := "N", ""
		if cell.verdict != "" {
			class, mark = letters[rank(cell.verdict):][:1], symbol(cell.verdict)
		}
		for _, more := range []struct {
			on    bool
			class string
		}{{columns[i].edge, " e"}, {cell.meant, " m"}, {cell.named, " k"}} {
			if more.on {
				class += more.class
			}
		}
		b.WriteString(`<td class="` + class + `">` + mark)
	}
	return template.HTML(b.String()) // #nosec G203 -- see above
}

// facets lists by what the rows can be filtered.
func (g *grid) facets() []facet {
	levels, profiles := facet{Title: "Level", Name: "level"}, facet{Title: "Profile", Name: "profile"}
	add := func(f *facet, value string) {
		if i := slices.IndexFunc(f.Values, func(v facetValue) bool { return v.Value == value }); i >= 0 {
			f.Values[i].N++
			return
		}
		f.Values = append(f.Values, facetValue{value, 1})
	}
	for i := range g.rows {
		add(&levels, Sanitize(string(g.rows[i].level)))
		add(&profiles, Sanitize(g.rows[i].profile))
	}
	order := wordsOf(Levels)
	slices.SortStableFunc(levels.Values, func(a, b facetValue) int {
		return cmp.Compare(slices.Index(order, a.Value), slices.Index(order, b.Value))
	})
	return []facet{levels, profiles}
}
