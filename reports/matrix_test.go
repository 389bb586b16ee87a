package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sampleServers makes a matrix of real servers: so many columns, and so many cases, most of which pass.
func sampleServers(servers, cases int) Matrix {
	m := Matrix{Title: fmt.Sprint(servers, " servers compared"), Lead: "Each was run through the same cases.",
		Facts: []Fact{{"Cases", fmt.Sprint(cases)}, {"Made", "4 May 2026"}}}
	for i := range servers {
		rnd := rand.New(rand.NewPCG(7, uint64(i)))
		r := &Report{Target: Target{URL: fmt.Sprint("http://127.0.0.1:", 8000+i), Name: fmt.Sprint("Server ", string(rune('A'+i%26)), " of a long name"),
			Version: fmt.Sprint("1.", i)}, Started: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)}
		for n := range cases {
			c := sampleCases[n%len(sampleCases)]
			if n >= len(sampleCases) {
				c.id = fmt.Sprint(c.id, "-", n/len(sampleCases))
			}
			for _, fault := range faults {
				if (c.point == "none") == (fault == "none") {
					r.Results = append(r.Results, sampleResult(rnd, c, fault, 0, 0))
				}
			}
		}
		r.Summary = Summarize(r.Results, "")
		m.Columns = append(m.Columns, Column{Report: r})
	}
	return m
}

// sampleVersions gives reports of one server in two versions, one of them run twice, and of another whose run ended early.
func sampleVersions() []Named {
	var all []Named
	for _, one := range []struct{ file, name, version, interrupted string }{
		{"new.json", "tusd", "2.10.0", ""}, {"other.json", "other", "1.0", "no more"}, {"older.json", "tusd", "2.9.2", ""}, {"old.json", "tusd", "2.10.0", ""},
	} {
		r := sample(60, 0)
		r.Target.Name, r.Target.Version, r.Interrupted = one.name, one.version, one.interrupted
		if one.file == "new.json" {
			r.Started = r.Started.Add(time.Hour)
		}
		all = append(all, Named{one.file, r})
	}
	return all
}

func TestVersionsAreOrdered(t *testing.T) {
	ordered := []string{"", "0.9", "1.0", "01.1", "1.2", "1.10", "1.10.1", "2.0-beta2", "2.0-beta10", "v1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := compareVersions(a, b); got != cmp.Compare(i, j) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}

// sampleKills makes a kill matrix: each mutant breaks the case that it is meant to break and sometimes others; the last
// one survives.
func sampleKills(n int) Matrix {
	m := Matrix{Title: fmt.Sprintf("%d of %d mutants killed", n-1, n), Lead: "Each mutant is the reference server with one deliberate bug.",
		Alerts: []string{"1 mutant survives: the last."}, Notes: map[string]string{"resume.download.suffix": "The reference offers no other."}}
	for i := range n {
		rnd := rand.New(rand.NewPCG(9, uint64(i)))
		r := &Report{Target: Target{Name: "mutant"}}
		meant := sampleCases[i*len(sampleCases)/n]
		for _, c := range sampleCases {
			for _, fault := range faults {
				if (c.point == "none") != (fault == "none") {
					continue
				}
				one := sampleResult(rand.New(rand.NewPCG(1, 3)), c, fault, 0, 0)
				one.Verdict, one.Byte = Pass, nil
				if i < n-1 && (c.id == meant.id || rnd.IntN(20) == 0) {
					one.Verdict, one.Got = judged(c.level), fmt.Sprintf("204 with Content-Length: %d", rnd.IntN(65536))
				}
				r.Results = append(r.Results, one)
			}
		}
		r.Summary = Summarize(r.Results, "")
		mutant := &Mutant{Name: fmt.Sprintf("%s-%s-%d", strings.Split(meant.id, ".")[1], "goes-wrong", i), Area: strings.Split(meant.id, ".")[1],
			Sentence: "The offset that HEAD gives is one byte more than what is kept.", Breaks: []string{meant.id}, First: meant.id}
		if i == n-1 {
			mutant.First = ""
		}
		m.Columns = append(m.Columns, Column{Report: r, Mutant: mutant})
	}
	return m
}

// judged is the verdict of a broken requirement.
func judged(level Level) Verdict {
	if level == Should {
		return Warn
	}
	return Fail
}

func TestMatrixTakesTheWorst(t *testing.T) {
	one := func(id string, level Level, verdicts ...Verdict) []Result {
		var list []Result
		for i, v := range verdicts {
			list = append(list, Result{ID: id, Profile: "p", Level: level, Point: "mid-upload", Fault: faults[1:][i], Transport: "h1", Verdict: v})
		}
		return list
	}
	concat := func(lists ...[]Result) *Report {
		r := &Report{}
		for _, list := range lists {
			r.Results = append(r.Results, list...)
		}
		return r
	}
	g := newGrid(&Matrix{Columns: []Column{
		{Report: concat(one("p.b.one", Must, Pass, Fail, Warn), one("p.a.two", Should, Pass, Warn), one("p.b.three", Must, Pass, Warn), one("p.b.four", May, "odd", Pass))},
		{Report: concat(one("p.a.two", Should, Pass), one("p.b.five", Must, Unsupported, Excluded), one("p.b.one", Should, Inconclusive, Warn))},
	}})
	var got []string
	for _, row := range g.rows {
		got = append(got, fmt.Sprintf("%s %s %s/%s %d", row.id, row.level, row.cells[0].verdict, row.cells[1].verdict, row.breakers))
	}
	want := []string{
		"p.b.one MUST fail/inconclusive 1", // the stronger level; areas as they were met first
		"p.b.three MUST warn/ 0",           // a MUST with a warning has held
		"p.b.four MAY error/ 0",            // an unknown verdict says nothing of the target
		"p.b.five MUST /unsupported 0",
		"p.a.two SHOULD warn/pass 1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
	if g.mutants || g.columns[0].broken != 2 || g.columns[1].broken != 0 {
		t.Errorf("columns %+v", g.columns)
	}
}

func TestMatrixOfMutants(t *testing.T) {
	m := sampleKills(12)
	g := newGrid(&m)
	if !g.mutants {
		t.Fatal("no kill matrix")
	}
	for i, c := range g.columns {
		meant, named, broken := 0, 0, 0
		for _, row := range g.rows {
			cell := row.cells[i]
			if cell.meant {
				meant++
			}
			if cell.named {
				named++
			}
			if cell.verdict == Fail || cell.verdict == Warn {
				broken++
			}
		}
		survives := i == len(g.columns)-1
		if meant != 1 || (named == 1) == survives || broken != c.broken || (c.broken == 0) != survives {
			t.Errorf("%s: meant %d, named %d, breaks %d or %d", c.name, meant, named, c.broken, broken)
		}
	}
}

func TestMatrixHTML(t *testing.T) {
	for name, m := range map[string]Matrix{"servers": sampleServers(3, 20), "mutants": sampleKills(8), "empty": {}} {
		var buf bytes.Buffer
		if err := WriteMatrixHTML(&buf, m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkScripts(t, buf.String(), 1)
		for _, bad := range []string{" src=", "@import", "url(", " onclick=", " style=", "innerHTML", "eval("} {
			if strings.Contains(buf.String(), bad) {
				t.Errorf("%s: %s is in the page", name, bad)
			}
		}
	}
	if err := WriteMatrixHTML(&bytes.Buffer{}, Matrix{Columns: []Column{{}}}); err == nil {
		t.Error("a column without a report is no error")
	}
}

// Passed cells carry no text, and each text is in the page once.
func TestMatrixSize(t *testing.T) {
	for _, c := range []struct {
		m     Matrix
		limit int
	}{{sampleKills(100), 1 << 20}, {sampleServers(30, 1000), 4 << 20}} {
		var buf bytes.Buffer
		began := time.Now()
		if err := WriteMatrixHTML(&buf, c.m); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes in %s", c.m.Title, buf.Len(), time.Since(began))
		if buf.Len() > c.limit {
			t.Errorf("%s: %d bytes, more than %d", c.m.Title, buf.Len(), c.limit)
		}
	}
}

// Whatever reports hold, the page has two script elements, and no text of theirs stands in it unescaped.
func TestMatrixOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return anyText().Draw(t, "text") }
		m := Matrix{Title: text(), Lead: text(), Alerts: []string{text()}, Facts: []Fact{{text(), text()}}, Notes: map[string]string{}}
		for range rapid.IntRange(0, 3).Draw(t, "columns") {
			c := Column{Report: anyReport().Draw(t, "report")}
			if rapid.Bool().Draw(t, "mutant") {
				c.Mutant = &Mutant{text(), text(), text(), []string{text()}, text()}
			}
			for i := range c.Report.Results {
				m.Notes[c.Report.Results[i].ID] = text()
			}
			m.Columns = append(m.Columns, c)
		}
		var buf bytes.Buffer
		if err := WriteMatrixHTML(&buf, m); err != nil {
			t.Fatal(err)
		}
		checkScripts(t, buf.String(), 1)
		for _, bad := range []string{"<img", "<svg", "<b onclick", `href="javascript:`} {
			if strings.Contains(buf.String(), bad) {
				t.Fatalf("%s is in the page", bad)
			}
		}
	})
}
