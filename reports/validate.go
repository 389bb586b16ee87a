package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed report.schema.json
var schemaJSON []byte

// SchemaJSON gives the JSON Schema (draft 2020-12) of the report, whose $id is Schema.
func SchemaJSON() []byte { return bytes.Clone(schemaJSON) }

// The words that results may use, beside verdicts and levels.
var (
	points = []string{"none", "before-100", "mid-upload", "pre-response", "partial-download"}
	faults = []string{"none", "fin", "rst", "stall"}
)

// maxProblems bounds how many problems one error tells.
const maxProblems = 20

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		return nil, fmt.Errorf("read the report schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(Schema, doc); err != nil {
		return nil, fmt.Errorf("read the report schema: %w", err)
	}
	return compiler.Compile(Schema)
})

// Validate says whether data is a report as this package writes it: it satisfies the JSON Schema, and
// it agrees with itself (the summary counts its results and says what they amount to, no two results
// share a key, evidence points at exchanges that are there). The error names every place that is wrong,
// up to twenty, one on a line.
func Validate(data []byte) error {
	if err := checkSchemaField(data); err != nil {
		return err
	}
	compiled, err := schema()
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if err := compiled.Validate(doc); err != nil {
		var wrong *jsonschema.ValidationError
		if errors.As(err, &wrong) {
			return problems(leaves(wrong, nil))
		}
		return err
	}
	var report Report
	if err := json.Unmarshal(data, &report); err != nil {
		return explainJSON(err)
	}
	return problems(checkSummary(&report), checkKeys(&report), checkEvidence(&report), checkSweeps(&report), checkBaseline(&report))
}

// leaves lists the innermost errors, each with its place.
func leaves(err *jsonschema.ValidationError, list []string) []string {
	if len(err.Causes) == 0 {
		text := err.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		return append(list, place(err.InstanceLocation)+": "+shorten(Sanitize(text), 300))
	}
	for _, cause := range err.Causes {
		list = leaves(cause, list)
	}
	return list
}

// place writes a JSON Pointer the way a reader would: results[3].verdict.
func place(pointer []string) string {
	var b strings.Builder
	for _, part := range pointer {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(shorten(Sanitize(part), 80))
	}
	if b.Len() == 0 {
		return "report"
	}
	return b.String()
}

func checkSummary(r *Report) []string {
	var list []string
	want := Summarize(r.Results, r.Interrupted)
	for _, v := range Verdicts {
		if got := r.Summary.Count(v); got != want.Count(v) {
			list = append(list, fmt.Sprintf("summary.%s: says %d, but %d results have that verdict", v, got, want.Count(v)))
		}
	}
	if r.Summary.Known != want.Known {
		list = append(list, fmt.Sprintf("summary.known: says %d, but %d results are known failures", r.Summary.Known, want.Known))
	}
	if r.Summary.Conformance != want.Conformance {
		list = append(list, fmt.Sprintf("summary.conformance: says %s, but the results amount to %s",
			Sanitize(string(r.Summary.Conformance)), want.Conformance))
	}
	return list
}

func checkKeys(r *Report) []string {
	var list []string
	first := make(map[Key]int, len(r.Results))
	for i := range r.Results {
		key := r.Results[i].Key()
		// JSON holds U+FFFD for each byte that is not UTF-8, and so do these strings once converted.
		key.ID, key.Transport, key.Version = string([]rune(key.ID)), string([]rune(key.Transport)), string([]rune(key.Version))
		if before, taken := first[key]; taken {
			list = append(list, fmt.Sprintf("results[%d]: the same id, point, fault and transport as results[%d]: %s",
				i, before, shorten(Sanitize(key.String()), 200)))
			continue
		}
		first[key] = i
	}
	return list
}

func checkEvidence(r *Report) []string {
	var list []string
	for i := range r.Results {
		for j, e := range r.Results[i].Evidence {
			if n := len(r.Results[i].Transcript); e.Exchange >= n {
				list = append(list, fmt.Sprintf("results[%d].evidence[%d].exchange: is %d, but the transcript has %d exchanges", i, j, e.Exchange, n))
			}
		}
	}
	return list
}

// checkWords finds what the schema would refuse in a normalized report.
func checkWords(r *Report) []string {
	var list []string
	check := func(i int, field, got string, ok bool) {
		if !ok {
			list = append(list, fmt.Sprintf("results[%d].%s: unknown word %q", i, field, Sanitize(got)))
		}
	}
	for i := range r.Results {
		result := &r.Results[i]
		check(i, "id", result.ID, result.ID != "")
		check(i, "verdict", string(result.Verdict), slices.Contains(Verdicts, result.Verdict))
		check(i, "level", string(result.Level), slices.Contains(Levels, result.Level))
		check(i, "point", result.Point, slices.Contains(points, result.Point))
		check(i, "fault", result.Fault, slices.Contains(faults, result.Fault))
		for j, run := range result.sweepRuns() {
			check(i, fmt.Sprintf("sweep.runs[%d].outcome", j), run.Outcome, sweepOutcomes[run.Outcome] != "")
		}
	}
	return list
}

// problems makes one error of the lists, nil when they are empty.
func problems(lists ...[]string) error {
	all := slices.Concat(lists...)
	if len(all) == 0 {
		return nil
	}
	if more := len(all) - maxProblems; more > 0 {
		all = append(all[:maxProblems:maxProblems], fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(all, "\n"))
}

// shorten cuts s to about n bytes, at a character, and says so.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
