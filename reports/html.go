package reports

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

//go:embed html
var htmlFiles embed.FS

const (
	// eagerResults is how many results have their texts in the page itself. Above it only failures do,
	// and the texts of the others wait in inert scripts until somebody opens them.
	eagerResults = 1000
	// eagerFailures bounds the failures that stand in the page itself, and openFailures those that are
	// open from the start: past that, a reader wants the list.
	eagerFailures = 200
	openFailures  = 40
)

var (
	pageStyle  = asset("style.css")
	pageScript = asset("exchange.js") + asset("sweep.js") + asset("page.js")
	pageTmpl   = pageTemplate("page.html.tmpl")
)

// pageTemplate parses an embedded template with the functions by which every page makes texts safe to read.
func pageTemplate(name string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"line":        Sanitize,
		"text":        func(s string) string { return SanitizeLines(s, "") },
		"name":        func(s string) string { return shorten(Sanitize(s), 160) },
		"short":       func(s string) string { return shorten(s, 600) },
		"link":        webLink,
		"number":      number,
		"comma":       comma,
		"place":       placeWords,
		"symbol":      symbol,
		"meaning":     meaning,
		"meaningHere": meaningHere,
		"levelClass":  levelClass,
		"levelMeans":  levelMeans,
	}).ParseFS(htmlFiles, "html/"+name))
}

// WriteHTML writes r as one self-contained page that asks the network for nothing. Texts are in the page;
// evidence and transcripts lie beside each result as inert JSON, from which the script of the page draws
// them when the result is opened. The content security policy allows that one script and no other.
func WriteHTML(w io.Writer, r *Report) error {
	if err := writeHTML(w, normalize(r)); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

func writeHTML(w io.Writer, r *Report) error {
	rows := htmlRows(r)
	page := newPage(r, rows)
	if err := pageTmpl.ExecuteTemplate(w, "head", page); err != nil {
		return err
	}
	for _, v := range Verdicts {
		if err := writeGroup(w, v, rows); err != nil {
			return err
		}
	}
	return pageTmpl.ExecuteTemplate(w, "foot", page)
}

// writeGroup writes the results of one verdict under a heading.
func writeGroup(w io.Writer, v Verdict, rows []*htmlRow) error {
	first := slices.IndexFunc(rows, func(row *htmlRow) bool { return row.Verdict == v })
	if first < 0 {
		return nil
	}
	rows = rows[first:]
	if last := slices.IndexFunc(rows, func(row *htmlRow) bool { return row.Verdict != v }); last >= 0 {
		rows = rows[:last]
	}
	group := struct {
		Verdict Verdict
		Title   string
		N       int
	}{v, groupTitle[v], len(rows)}
	if err := pageTmpl.ExecuteTemplate(w, "group", group); err != nil {
		return err
	}
	var scratch bytes.Buffer
	for _, row := range rows {
		if err := row.write(w, &scratch); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "</section>\n")
	return err
}

// htmlRow is one result on the page.
type htmlRow struct {
	*Result
	Anchor string
	Alias  string // a second anchor, the bare ID, on the first result of a case
	Open   bool
	Inert  bool // the body waits in a script
}

// htmlRows gives the results in reading order: worst first, news before what is known, what relies on something else that is broken after that, then
// by case.
func htmlRows(r *Report) []*htmlRow {
	first := r.precedence()
	rows := make([]*htmlRow, len(r.Results))
	for i := range r.Results {
		rows[i] = &htmlRow{Result: &r.Results[i], Anchor: r.Results[i].Anchor()}
	}
	slices.SortStableFunc(rows, func(a, b *htmlRow) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Verdicts, a.Verdict), slices.Index(Verdicts, b.Verdict)),
			newsFirst(a.Result, b.Result), first.compare(a.Result, b.Result),
			cmp.Compare(slices.Index(Levels, a.Level), slices.Index(Levels, b.Level)),
			cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.ID, b.ID),
			cmp.Compare(slices.Index(points, a.Point), slices.Index(points, b.Point)),
			cmp.Compare(slices.Index(faults, a.Fault), slices.Index(faults, b.Fault)),
			cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Version, b.Version))
	})
	seen := map[string]bool{}
	for i, row := range rows {
		row.Open = row.Verdict == Fail && !row.Known && i < openFailures
		row.Inert = len(rows) > eagerResults && !(row.Verdict == Fail && i < eagerFailures)
		// IDs of the page's own parts have no dot, so an alias never hides one of them.
		if !seen[row.ID] && strings.Contains(row.ID, ".") {
			row.Alias = fragment(row.ID)
		}
		seen[row.ID] = true
	}
	return rows
}

// newsFirst puts failures of which the baseline knows nothing before the others.
func newsFirst(a, b *Result) int {
	part := map[bool]int{true: 1}
	return cmp.Compare(part[a.Known], part[b.Known])
}

// Cited names the source: "RFC 9110, 10.1.1".
func (row *htmlRow) Cited() string { return cited(row.Source) }

// At says at which byte it went wrong.
func (row *htmlRow) At() string { return atByte(row.Result) }

// write writes the row, its body, and its evidence and transcript. scratch is room to work in.
func (row *htmlRow) write(w io.Writer, scratch *bytes.Buffer) error {
	scratch.Reset()
	if err := pageTmpl.ExecuteTemplate(scratch, "row", row); err != nil {
		return err
	}
	if row.Inert {
		// Markup of ours with escaped text: it has no script element, so nothing in it can end this one.
		scratch.WriteString(`<script type="text/html" class="wait">`)
	}
	if err := pageTmpl.ExecuteTemplate(scratch, "body", row); err != nil {
		return err
	}
	if row.Inert {
		scratch.WriteString(`</script>`)
	}
	if err := island(scratch, row.Result); err != nil {
		return err
	}
	scratch.WriteString("</details>\n")
	_, err := w.Write(scratch.Bytes())
	return err
}

// island writes evidence and transcript as an inert script element.
func island(out *bytes.Buffer, r *Result) error {
	if len(r.Evidence) == 0 && len(r.Transcript) == 0 {
		return nil
	}
	return inertJSON(out, "data", struct {
		Evidence   []Evidence       `json:"evidence"`
		Transcript []islandExchange `json:"transcript"`
		Omitted    int              `json:"omitted,omitempty"`
	}{r.Evidence, islandExchanges(r.Transcript), r.Omitted})
}

// inertJSON writes value as a script element that no browser runs. No "<" is left in it, so nothing that a
// target sent can end the element or open a comment.
func inertJSON[T any](out *bytes.Buffer, class string, value T) error {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	out.WriteString(`<script type="application/json" class="` + class + `">`)
	for rest, more := data.Bytes(), true; more; {
		var part []byte
		part, rest, more = bytes.Cut(rest, []byte("<"))
		out.Write(part)
		if more {
			out.WriteString(`\u003c`)
		}
	}
	out.WriteString(`</script>`)
	return nil
}

// islandEvent has its bytes as base64, which takes a third less room than hex.
type islandEvent struct {
	Event
	Hex string `json:"hex,omitempty"` // only where it is no hex
	B64 []byte `json:"b64,omitempty"`
}

type islandExchange struct {
	Exchange
	Events []islandEvent `json:"events"`
}

func islandExchanges(list []Exchange) []islandExchange {
	out := make([]islandExchange, len(list))
	for i, x := range list {
		out[i] = islandExchange{x, make([]islandEvent, len(x.Events))}
		for j, event := range x.Events {
			data, err := hex.DecodeString(event.Hex)
			if err != nil {
				out[i].Events[j] = islandEvent{Event: event, Hex: event.Hex}
				continue
			}
			out[i].Events[j] = islandEvent{Event: event, B64: data}
		}
	}
	return out
}

// asset gives an embedded file of the page.
func asset(name string) string {
	data, err := htmlFiles.ReadFile("html/" + name)
	if err != nil {
		panic(err) // it is embedded, or the build would have failed
	}
	return string(data)
}

// policy is the content security policy of a page: nothing but our own style and script, by their hash.
func policy(style, script string) string {
	sum := func(s string) string {
		hash := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	}
	return "default-src 'none'; style-src " + sum(style) + "; script-src " + sum(script) +
		"; img-src data:; base-uri 'none'; form-action 'none'"
}

// webLink gives s where it is an absolute http or https URL, else "": a report must not offer to run
// javascript: or to open a file.
func webLink(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// number writes a figure with at most four significant digits after the point.
func number(v float64) string {
	if v == float64(int64(v)) {
		return comma(int64(v))
	}
	if v >= 1000 || v <= -1000 {
		return comma(int64(v))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// comma writes an integer with thousands apart: 1,048,576.
func comma(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
