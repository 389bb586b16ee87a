package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// matrixData is the island: all that a cell, a row or a column opens to.
type matrixData struct {
	Strings []string     `json:"strings"`
	Wires   [][]int64    `json:"wires"` // cut exchanges, as dataWire numbers them
	Columns []dataColumn `json:"columns"`
	Rows    []dataRow    `json:"rows"`
}

type dataColumn struct {
	Name     string   `json:"name"`
	Word     string   `json:"word"`
	URL      string   `json:"url,omitempty"`
	Server   string   `json:"server,omitempty"`
	Run      string   `json:"run,omitempty"` // when it was tested, how long that took, and by what
	Broken   int      `json:"broken"`
	Cases    [7]int   `json:"cases"` // in the order of Verdicts
	Mutant   bool     `json:"mutant,omitempty"`
	Area     string   `json:"area,omitempty"`
	Sentence string   `json:"sentence,omitempty"`
	Breaks   []string `json:"breaks,omitempty"`
	First    string   `json:"first,omitempty"`
	Ended    string   `json:"ended,omitempty"` // why the run ended early
}

type dataRow struct {
	ID       string `json:"id"`
	Profile  string `json:"profile"`
	Level    string `json:"level"`
	Requires string `json:"requires"`
	Source   string `json:"source"`
	Link     string `json:"link,omitempty"`
	Note     string `json:"note,omitempty"`
	Verdicts string `json:"verdicts"` // a letter for each column, "." where there is no result
	// Cells says by column what there is to open: a list of results, each the index of its verdict among Verdicts, then its
	// place, and where more is to be said of it what was expected, what was got, where, and the command to rerun it, all as
	// indices of Strings; then its cut exchanges, as indices of Wires.
	Cells map[string][][]int `json:"cells,omitempty"`
}

const (
	// matrixWires is how many cut exchanges of a result that did not pass are drawn; of one that did it is the first.
	matrixWires = 3
	// matrixTurns bounds how often the direction changes on one of them.
	matrixTurns = 40
)

// pool keeps each text and each exchange once.
type pool struct {
	list  []string
	at    map[string]int
	wires [][]int64
	drawn map[string]int
}

func newPool() *pool {
	return &pool{at: map[string]int{}, wires: [][]int64{}, drawn: map[string]int{}}
}

func (p *pool) index(s string) int {
	i, known := p.at[s]
	if !known {
		i = len(p.list)
		p.list = append(p.list, s)
		p.at[s] = i
	}
	return i
}

// word is index for a word that a target may have chosen.
func (p *pool) word(s string) int64 { return int64(p.index(shorten(Sanitize(s), 160))) }

func (p *pool) wire(numbers []int64) int {
	key := fmt.Sprint(numbers)
	i, known := p.drawn[key]
	if !known {
		i = len(p.wires)
		p.wires = append(p.wires, numbers)
		p.drawn[key] = i
	}
	return i
}

func matrixIsland(m *Matrix, g *grid) matrixData {
	texts := newPool()
	data := matrixData{Columns: []dataColumn{}, Rows: []dataRow{}}
	for i := range g.columns {
		data.Columns = append(data.Columns, newDataColumn(&g.columns[i]))
	}
	for i := range g.rows {
		data.Rows = append(data.Rows, g.rows[i].data(m, g, texts))
	}
	data.Strings, data.Wires = texts.list, texts.wires
	return data
}

func (r *gridRow) data(m *Matrix, g *grid, texts *pool) dataRow {
	d := dataRow{ID: shorten(Sanitize(r.id), 300), Profile: Sanitize(r.profile), Level: Sanitize(string(r.level)),
		Requires: shorten(Sanitize(r.first.Requires), matrixField), Source: cited(r.first.Source), Link: webLink(r.first.Source.URL),
		Note: Sanitize(m.Notes[r.id]), Cells: map[string][][]int{}}
	for column := range r.cells {
		cell := &r.cells[column]
		if cell.verdict == "" {
			d.Verdicts += "."
			continue
		}
		d.Verdicts += letters[rank(cell.verdict):][:1]
		if cell.verdict != Pass || g.columns[column].Mutant == nil {
			d.Cells[strconv.Itoa(column)] = cell.texts(texts)
		}
	}
	return d
}

func newDataColumn(c *gridColumn) dataColumn {
	d := dataColumn{Name: strings.TrimSpace(c.name + " " + c.version), Word: conformanceTitle(c.summary.Conformance), Broken: c.broken, Cases: c.cases,
		Ended: Sanitize(c.Report.Interrupted)}
	if c.Mutant == nil {
		d.URL, d.Server = Sanitize(c.Report.Target.URL), Sanitize(c.Report.Target.Server)
		d.Run = c.Report.Started.UTC().Format("2 January 2006, 15:04 UTC") + ", " + took(c.Report.Seconds) + ", by " +
			shorten(Sanitize(strings.TrimSpace(c.Report.Tool.Name+" "+c.Report.Tool.Version)), 160)
		return d
	}
	d.Mutant = true
	d.Area, d.Sentence, d.First = Sanitize(c.Mutant.Area), Sanitize(c.Mutant.Sentence), Sanitize(c.Mutant.First)
	for _, id := range c.Mutant.Breaks {
		d.Breaks = append(d.Breaks, Sanitize(id))
	}
	return d
}

// texts gives the results of a cell as the island has them: those that did not pass and the first that did in full, of the
// others the places.
func (c *gridCell) texts(texts *pool) [][]int {
	var list [][]int
	passed := slices.IndexFunc(c.results, func(r *Result) bool { return r.Verdict == Pass })
	for i, r := range c.results[:min(len(c.results), matrixResults)] {
		one := []int{rank(r.Verdict), texts.index(placeWords(r))}
		if r.Verdict != Pass || i == passed {
			for _, s := range []string{SanitizeLines(r.Expected, ""), SanitizeLines(r.Got, ""), atByte(r), Sanitize(r.Rerun)} {
				one = append(one, texts.index(shorten(s, matrixField)))
			}
			one = append(one, r.wires(texts)...)
		}
		list = append(list, one)
	}
	return list
}

// wires gives the cut exchanges of a result that are drawn.
func (r *Result) wires(texts *pool) []int {
	most := matrixWires
	if r.Verdict == Pass {
		most = 1
	}
	var list []int
	for i := range r.Evidence[:min(len(r.Evidence), most)] {
		list = append(list, texts.wire(r.wire(&r.Evidence[i], texts)))
	}
	return list
}

// wire writes a cut exchange as numbers, which the script of the page takes apart in the same order (wireOf). Words are
// indices of strings. Behind the evidence stand the exchange, -1 where it was left out, and its turns: how many bytes the
// client had sent when it began to read, below zero how many it had read when it began to send, and so on.
func (r *Result) wire(e *Evidence, texts *pool) []int64 {
	bit := map[bool]int64{true: 1}
	numbers := []int64{
		texts.word(e.Place), e.Offset, bit[e.FromEnd], texts.word(e.Fault), texts.word(e.Side), bit[e.Fired], texts.word(e.Why),
		e.Up.Received, e.Up.Forwarded, e.Up.HeadBytes, e.Up.BodyBytes,
		e.Down.Received, e.Down.Forwarded, e.Down.HeadBytes, e.Down.BodyBytes,
		bit[e.Complete], int64(e.Final), texts.word(e.ClosedBy), texts.word(e.Closed), e.AfterUsec, int64(min(len(e.Interim), matrixTurns)),
	}
	for _, status := range e.Interim[:min(len(e.Interim), matrixTurns)] {
		numbers = append(numbers, int64(status))
	}
	if e.Exchange < 0 || e.Exchange >= len(r.Transcript) {
		return append(numbers, -1)
	}
	x := &r.Transcript[e.Exchange]
	return append(append(numbers, texts.word(x.Label), x.Sent, x.Read), x.turns()...)
}

// turns gives the points at which the direction of an exchange changed.
func (x *Exchange) turns() []int64 {
	var list []int64
	for _, event := range x.Events {
		to := event.Offset + event.Bytes
		if event.Bytes <= 0 || event.Kind != "sent" && event.Kind != "received" {
			continue
		}
		if event.Kind == "received" {
			to = -to
		}
		if last := len(list) - 1; last >= 0 && list[last] < 0 == (to < 0) {
			list[last] = to
		} else if len(list) < matrixTurns {
			list = append(list, to)
		}
	}
	return list
}
