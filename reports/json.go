package reports

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// maxJSON is how many bytes of a report ReadJSON takes: far above any run, far below what hurts.
const maxJSON = 256 << 20

// WriteJSON writes r as JSON that satisfies Validate, without changing r: nil lists become [], an empty
// point or fault becomes "none", numbers that JSON cannot say become 0 with a note, and schema and
// summary are those of this package. A report that breaks the format in another way (an unknown verdict,
// two results of one key) is a bug of the caller: it gives an error that names the place, and nothing is
// written.
func WriteJSON(w io.Writer, r *Report) error {
	out := normalize(r)
	if err := problems(checkWords(out), checkKeys(out), checkSweeps(out), checkBaseline(out)); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	return nil
}

// ReadJSON reads what WriteJSON wrote, up to 256 MiB. Fields that it does not know are passed over, as
// a later version may have added them; Validate is the strict reader. Errors: too large, not JSON, not a
// report, or a report in a version of the format that this program does not read.
func ReadJSON(r io.Reader) (*Report, error) { return readJSON(r, maxJSON) }

func readJSON(r io.Reader, limit int64) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read JSON report: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read JSON report: larger than %d bytes", limit)
	}
	if err := checkSchemaField(data); err != nil {
		return nil, fmt.Errorf("read JSON report: %w", err)
	}
	var report Report
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("read JSON report: %w", explainJSON(err))
	}
	return &report, nil
}

// checkSchemaField says whether data is a report at all, and in the version that we speak.
func checkSchemaField(data []byte) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return errors.New("not a resumespec report: no object with a schema field")
		}
		return fmt.Errorf("not JSON: %w", err)
	}
	cut := strings.LastIndexByte(Schema, '/') + 1
	switch {
	case head.Schema == nil:
		return errors.New("not a resumespec report: it has no schema field")
	case *head.Schema == Schema:
		return nil
	case strings.HasPrefix(*head.Schema, Schema[:cut]):
		return fmt.Errorf("report format version %q, but this program reads version %q (use the version of resumespec that wrote it)",
			Sanitize((*head.Schema)[cut:]), Schema[cut:])
	}
	return fmt.Errorf("not a resumespec report: its schema is %q, not %q", Sanitize(*head.Schema), Schema)
}

// explainJSON names the field where a value has the wrong type.
func explainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("field %s: a %s where a %s is needed", Sanitize(kind.Field), kind.Value, kind.Type)
	}
	return err
}

// normalize gives a copy of r in which everything that JSON leaves open is decided. The copy shares
// what it need not change.
func normalize(r *Report) *Report {
	out := *r
	out.Schema = Schema
	out.Seconds = finite(out.Seconds)
	out.Summary = Summarize(r.Results, r.Interrupted)
	out.Baseline = normalizeBaseline(r.Baseline)
	out.Parts = slices.Clone(r.Parts)
	for i := range out.Parts {
		out.Parts[i].Seconds = finite(out.Parts[i].Seconds)
	}
	out.Results = make([]Result, len(r.Results))
	for i := range r.Results {
		out.Results[i] = normalizeResult(r.Results[i])
	}
	return &out
}

func normalizeResult(r Result) Result {
	if r.Point == "" {
		r.Point = "none"
	}
	if r.Fault == "" {
		r.Fault = "none"
	}
	r.Seconds = finite(r.Seconds)
	r.Figures, r.Notes = slices.Clone(r.Figures), slices.Clone(r.Notes)
	for i, figure := range r.Figures {
		if math.IsNaN(figure.Value) || math.IsInf(figure.Value, 0) {
			r.Notes = append(r.Notes, fmt.Sprintf("figure %s was not a finite number", figure.Name))
			r.Figures[i].Value = 0
		}
	}
	r.Sweep = normalizeSweep(r.Sweep)
	r.Omitted = max(r.Omitted, 0)
	r.Evidence = append([]Evidence{}, r.Evidence...)
	for i := range r.Evidence {
		e := &r.Evidence[i]
		if e.Exchange < 0 || e.Exchange >= len(r.Transcript) {
			e.Exchange = -1
		}
		for _, f := range []*Flow{&e.Up, &e.Down} {
			natural(&f.Received, &f.Forwarded, &f.HeadBytes, &f.BodyBytes)
		}
	}
	r.Transcript = append([]Exchange{}, r.Transcript...)
	for i := range r.Transcript {
		x := &r.Transcript[i]
		natural(&x.Sent, &x.Read)
		x.Events = append([]Event{}, x.Events...)
		for j := range x.Events {
			normalizeEvent(&x.Events[j])
		}
	}
	return r
}

// normalizeEvent makes counts natural and Hex hexadecimal.
func normalizeEvent(e *Event) {
	natural(&e.Offset, &e.Bytes, &e.Omitted)
	if strings.Trim(e.Hex, "0123456789abcdef") != "" {
		e.Hex = hex.EncodeToString([]byte(e.Hex))
		e.Note = strings.TrimSpace(e.Note + " (the bytes were not given as lower-case hex)")
	}
}

// natural makes counts that are negative zero: a byte count below it means nothing.
func natural(list ...*int64) {
	for _, n := range list {
		*n = max(*n, 0)
	}
}

// finite gives a duration in seconds that JSON can say and that is not negative.
func finite(seconds float64) float64 {
	if seconds > 0 && !math.IsInf(seconds, 1) {
		return seconds
	}
	return 0
}
