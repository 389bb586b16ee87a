package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// compared is a report with each thing that can become of a failure of a baseline, and a failure that is news.
func compared() *Report {
	r := reportOf("known", "fail", "new", "fail", "mended", "pass", "warned", "warn", "left", "excluded", "lacking", "unsupported", "broken", "error", "fine", "pass")
	for i := range r.Results {
		r.Results[i].Got = "got of " + r.Results[i].ID
	}
	baseline := reportOf("known", "fail", "new", "warn", "mended", "fail", "warned", "fail", "left", "fail", "lacking", "fail", "broken", "fail", "away", "fail", "fine", "pass")
	baseline.Target.Name = "Server"
	r.Against("last.json", baseline)
	return r
}

func TestAgainst(t *testing.T) {
	r := compared()
	for i := range r.Results {
		if one := &r.Results[i]; one.Known != (one.ID == "p.x.known") {
			t.Errorf("%s: known %v", one.ID, one.Known)
		}
	}
	var got []string
	for _, list := range [][]Past{r.Baseline.Gone, r.Baseline.NotRun} {
		got = append(got, "-")
		for _, p := range list {
			got = append(got, strings.TrimPrefix(p.ID, "p.x.")+"="+string(p.Now))
		}
	}
	if want := "- mended=pass warned=warn - left=excluded lacking=unsupported broken=error away="; strings.Join(got, " ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, " "), want)
	}
	if r.Summary.Known != 1 || r.Summary.Fail != 2 || r.Summary.Conformance != Nonconformant {
		t.Errorf("%+v", r.Summary)
	}
	r.Against("other.json", reportOf("new", "fail"))
	if r.Results[0].Known || !r.Results[1].Known || len(r.Baseline.Gone)+len(r.Baseline.NotRun) != 0 {
		t.Errorf("an earlier comparison has left something: %+v", r.Baseline)
	}
}

// Every rendering tells news and what is known apart, and what became of the rest.
func TestBaselineIsTold(t *testing.T) {
	r := compared()
	told := func(write func(io.Writer, *Report) error) string {
		var buf bytes.Buffer
		if err := write(&buf, r); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	page, junit, mark, data := told(WriteHTML), told(WriteJUnit), told(WriteMarkdown), told(WriteJSON)
	for _, c := range []struct{ where, text, want string }{
		{"HTML", page, `last.json, Server , 1 January 0001: <a href="#baseline">1 known failure, 2 gone, 4 not run</a>`},
		{"HTML", page, `<span class="where">undisturbed, h1, known</span>`},
		{"HTML", page, `<th scope="row">p.x.mended [none none h1]</th><td>gone: pass</td>`},
		{"HTML", page, `<th scope="row">p.x.away [none none h1]</th><td>not run</td>`},
		{"JUnit", junit, `<skipped message="known failure: got of p.x.known">`},
		{"JUnit", junit, `<failure message="got of p.x.new" type="fail">`},
		{"JUnit", junit, `failures="1" errors="1" skipped="3"`},
		{"Markdown", mark, "Baseline last.json, Server , 1 January 0001: **1 known failure, 2 gone, 4 not run**."},
		{"Markdown", mark, "### Failed (1)\n\n#### ✕ p.x.new"},
		{"Markdown", mark, "<summary>Failed (1), known from the baseline</summary>\n\n#### ✕ p.x.known"},
		{"Markdown", mark, "- not run  p.x.lacking &#91;none none h1&#93; (now unsupported)"},
		{"JSON", data, `"known": 1,`},
		{"JSON", data, `"known": true,`},
		{"JSON", data, `"now": "excluded"`},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s lacks %s", c.where, c.want)
		}
	}
	if news, known := strings.Index(page, `id="p.x.new~`), strings.Index(page, `id="p.x.known~`); news < 0 || known < news {
		t.Errorf("news at %d, what is known at %d", news, known)
	}
	if err := Validate([]byte(data)); err != nil {
		t.Error(err)
	}
	for _, wrong := range []struct{ from, to, want string }{
		{`"known": 1,`, `"known": 2,`, "summary.known: says 2, but 1 results are known failures"},
		{`"verdict": "pass",`, `"verdict": "pass", "known": true,`, "only a failure of a run with a baseline is known"},
	} {
		err := Validate([]byte(strings.Replace(data, wrong.from, wrong.to, 1)))
		if err == nil || !strings.Contains(fmt.Sprint(err), wrong.want) {
			t.Errorf("%s: %v", wrong.to, err)
		}
	}
}

// What is known of a part may be news in the whole, or the other way round: Merge takes it off.
func TestMergeForgetsTheBaseline(t *testing.T) {
	a, b := compared(), reportOf("other", "pass")
	a.Target, a.Shard, b.Shard = b.Target, "", ""
	merged, err := Merge([]Named{{"a", a}, {"b", b}})
	if err != nil {
		t.Fatal(err)
	}
	if merged.Baseline != nil || merged.Summary.Known != 0 || merged.Summary.Fail != 2 {
		t.Errorf("%+v, %+v", merged.Baseline, merged.Summary)
	}
	if a.Baseline == nil || a.Summary.Known != 1 || !a.Results[0].Known {
		t.Error("the part was changed")
	}
}
