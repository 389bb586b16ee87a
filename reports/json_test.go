package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func jsonOf(t interface {
	Helper()
	Fatal(...any)
}, r *Report) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WriteJSON(&buf, r); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Any report survives JSON, satisfies the schema, and can be shown in every format.
func TestAnyReport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyCompared().Draw(t, "report")
		data := jsonOf(t, r)
		if err := Validate(data); err != nil {
			t.Fatalf("not valid: %v", err)
		}
		back, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if again := jsonOf(t, back); !bytes.Equal(again, data) {
			t.Fatalf("written again:\n%s\nwas:\n%s", again, data)
		}
		for name, write := range map[string]func(io.Writer, *Report) error{"HTML": WriteHTML, "JUnit": WriteJUnit, "Markdown": WriteMarkdown} {
			var buf bytes.Buffer
			if err := write(&buf, r); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch name {
			case "JUnit":
				checkJUnit(t, buf.Bytes(), r)
			case "HTML":
				checkScripts(t, buf.String(), len(r.Results))
			case "Markdown":
				if buf.Len() > maxMarkdown {
					t.Fatalf("Markdown has %d bytes", buf.Len())
				}
			}
		}
	})
}

func TestRoundTrip(t *testing.T) {
	for _, r := range []*Report{sample(160, 2), poisoned(), {}} {
		data := jsonOf(t, r)
		if err := Validate(data); err != nil {
			t.Fatal(err)
		}
		back, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Results) == 160 && !reflect.DeepEqual(back, normalize(r)) {
			t.Error("the report that came back differs")
		}
		if strings.Contains(string(data), ": null") {
			t.Error("a list is null")
		}
	}
}

func TestWriteJSONDoesNotChangeItsReport(t *testing.T) {
	r, same := sample(20, 1), sample(20, 1)
	r.Results[3].Transcript, same.Results[3].Transcript = nil, nil
	jsonOf(t, r)
	if !reflect.DeepEqual(r, same) {
		t.Error("the report was changed")
	}
}

func TestWriteJSONDecidesWhatJSONCannotSay(t *testing.T) {
	r := sample(1, 1)
	r.Seconds, r.Results[0].Seconds = math.Inf(1), math.NaN()
	r.Results[0].Figures = []Figure{{"ratio", math.NaN(), ""}}
	r.Results[0].Evidence = []Evidence{{Exchange: 9}}
	r.Summary.Conformance = "wonderful"
	data := jsonOf(t, r)
	if err := Validate(data); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "figure ratio was not a finite number") {
		t.Error("the figure went away in silence")
	}
}

func TestWriteJSONRefusesAnotherFormat(t *testing.T) {
	for want, spoil := range map[string]func(*Report){
		`results[1].verdict: unknown word "fine"`:                          func(r *Report) { r.Results[1].Verdict = "fine" },
		`results[0].level: unknown word ""`:                                func(r *Report) { r.Results[0].Level = "" },
		`results[2].fault: unknown word "␛[31m"`:                           func(r *Report) { r.Results[2].Fault = "\x1b[31m" },
		`results[2]: the same id, point, fault and transport as results[0`: func(r *Report) { r.Results[2] = r.Results[0] },
	} {
		r := sample(3, 1)
		spoil(r)
		var buf bytes.Buffer
		if err := WriteJSON(&buf, r); err == nil || !strings.Contains(err.Error(), want) || buf.Len() > 0 {
			t.Errorf("got %v and %d bytes, want %s", err, buf.Len(), want)
		}
	}
}

func TestReadJSONErrors(t *testing.T) {
	for input, want := range map[string]string{
		``:                       "not JSON",
		`{"schema":`:             "not JSON",
		`[1]`:                    "not a resumespec report",
		`null`:                   "it has no schema field",
		`{"results":[]}`:         "it has no schema field",
		`{"schema":"urn:other"}`: `its schema is "urn:other"`,
		`{"schema":"https://resumespec.github.io/schema/report/2"}`:                              `report format version "2", but this program reads version "1"`,
		`{"schema":"` + Schema + `","results":[{"id":7}]}`:                                       "field results.id: a number where a string is needed",
		`{"schema":"` + Schema + `","results":[]} {}`:                                            "not JSON",
		`{"schema":"` + Schema + `","target":{"name":"` + strings.Repeat("x", 400) + `"},"a":1}`: "larger than 300 bytes",
	} {
		limit := int64(1 << 20)
		if strings.HasPrefix(want, "larger") {
			limit = 300
		}
		if _, err := readJSON(strings.NewReader(input), limit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", input, err, want)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := ReadJSON(io.MultiReader(strings.NewReader("{"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := ReadJSON(strings.NewReader(`{"schema":"` + Schema + `","later":{"a":1}}`)); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error)  { return 0, f.error }
func (f failing) Write([]byte) (int, error) { return 0, f.error }

// Each way to break a report is found and named with its place.
func TestValidateNamesThePlace(t *testing.T) {
	result := func(doc map[string]any, i int) map[string]any { return doc["results"].([]any)[i].(map[string]any) }
	for want, spoil := range map[string]func(map[string]any){
		"results[2].verdict: value must be one of":            func(d map[string]any) { result(d, 2)["verdict"] = "great" },
		"results[1].level: value must be one of":              func(d map[string]any) { result(d, 1)["level"] = "must" },
		"results[1].point: value must be one of":              func(d map[string]any) { result(d, 1)["point"] = "later" },
		"results[1].fault: value must be one of":              func(d map[string]any) { result(d, 1)["fault"] = "dns" },
		"results[0]: additional properties 'verdit'":          func(d map[string]any) { result(d, 0)["verdit"] = "pass" },
		"results[0]: missing property 'rerun'":                func(d map[string]any) { delete(result(d, 0), "rerun") },
		"report: missing property 'tool'":                     func(d map[string]any) { delete(d, "tool") },
		"target.url: got number, want string":                 func(d map[string]any) { d["target"].(map[string]any)["url"] = 7 },
		"started: 'yesterday' is not valid date-time":         func(d map[string]any) { d["started"] = "yesterday" },
		"results[3].evidence: got null, want array":           func(d map[string]any) { result(d, 3)["evidence"] = nil },
		"summary.conformance: value must be one of":           func(d map[string]any) { d["summary"].(map[string]any)["conformance"] = "good" },
		"summary.conformance: says conformant":                func(d map[string]any) { d["summary"].(map[string]any)["conformance"] = "conformant" },
		"summary.pass: says 99, but ":                         func(d map[string]any) { d["summary"].(map[string]any)["pass"] = 99 },
		"results[4]: the same id, point, fault and transport": func(d map[string]any) { d["results"].([]any)[4] = d["results"].([]any)[0] },
		"results[10].evidence[0].exchange: is 7, but": func(d map[string]any) {
			result(d, 10)["evidence"].([]any)[0].(map[string]any)["exchange"] = 7
		},
	} {
		var doc map[string]any
		if err := json.Unmarshal(jsonOf(t, sample(40, 1)), &doc); err != nil {
			t.Fatal(err)
		}
		result(doc, 0)["x-ours"] = map[string]any{"free": true} // growth is allowed here
		spoil(doc)
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSchemaIsPublished(t *testing.T) {
	var doc struct {
		ID      string `json:"$id"`
		Dialect string `json:"$schema"`
	}
	if err := json.Unmarshal(SchemaJSON(), &doc); err != nil || doc.ID != Schema || doc.Dialect != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("%+v, %v", doc, err)
	}
}

func TestWritersTellWriteErrors(t *testing.T) {
	full := errors.New("disk full")
	for _, write := range []func(io.Writer, *Report) error{WriteJSON, WriteHTML, WriteJUnit, WriteMarkdown} {
		if err := write(failing{full}, sample(3, 1)); !errors.Is(err, full) {
			t.Errorf("got %v", err)
		}
	}
}
