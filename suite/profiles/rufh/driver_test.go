package rufh

import (
	"net/url"
	"slices"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

func operation(body string) *matrix.Operation {
	return &matrix.Operation{
		Method: "POST", URL: &url.URL{Scheme: "http", Host: "h", Path: "/files"}, Body: []byte(body), Handles: map[string]*url.URL{}, Facts: map[string]string{}, Known: -1,
		Fields: exchange.Fields{{Name: "Content-Type", Value: "text/plain"}},
	}
}

func answer(status int, pairs ...string) *exchange.Response {
	r := &exchange.Response{Status: status}
	for i := 0; i < len(pairs); i += 2 {
		r.Fields = append(r.Fields, exchange.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return r
}

// TestTable holds the rows against what each version's text names.
func TestTable(t *testing.T) {
	for _, c := range []struct {
		version, field, open, over, media string
		named, length                     bool
	}{
		{"3", "Upload-Incomplete", "?1", "?0", "", true, false},
		{"4", "Upload-Complete", "?0", "?1", "", true, false},
		{"5", "Upload-Complete", "?0", "?1", "", true, false},
		{"6", "Upload-Complete", "?0", "?1", partialUpload, true, true},
		{"7", "Upload-Complete", "?0", "?1", partialUpload, true, true},
		{"8", "Upload-Complete", "?0", "?1", partialUpload, true, true},
		{"latest", "Upload-Complete", "?0", "?1", partialUpload, false, true},
	} {
		d := &driver{v: versionOf(c.version)}
		op := operation("abcdef")
		create := d.Start(op)
		if got := create.Fields.Get(c.field); got != c.over {
			t.Errorf("%s: a whole creation says %s: %q", c.version, c.field, got)
		}
		if got := create.Fields.Get(interop); got != c.version && c.named || got != "" && !c.named {
			t.Errorf("%s: the version is %q", c.version, got)
		}
		if create.Fields.Has("Upload-Length") != c.length || create.Fields.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %v", c.version, create.Fields)
		}
		op.Resource = &url.URL{Scheme: "http", Host: "h", Path: "/u/1"}
		part, err := d.Resume(op, 2, 4)
		if err != nil || part.Request.Method != "PATCH" || part.Request.Target != "/u/1" || string(part.Request.Body) != "cd" {
			t.Fatalf("%s: %+v %v", c.version, part, err)
		}
		fields := part.Request.Fields
		if fields.Get(c.field) != c.open || fields.Get("Upload-Offset") != "2" || fields.Get("Content-Type") != c.media {
			t.Errorf("%s: %v", c.version, fields)
		}
		if last, err := d.Resume(op, 4, 6); err != nil || last.Request.Fields.Get(c.field) != c.over {
			t.Errorf("%s: the last part %v %v", c.version, last.Request.Fields, err)
		}
	}
}

func TestNamesOfVersions(t *testing.T) {
	if got := names("3", "6"); !slices.Equal(got, []string{"3", "4", "5", "6"}) {
		t.Error(got)
	}
	if got := since("8"); !slices.Equal(got, []string{"8", latest}) {
		t.Error(got)
	}
	if versionOf("").name != latest || versionOf("5").name != "5" {
		t.Error("an unnamed version is the newest")
	}
}

// TestLearns: what of responses is learnt, and what is not.
func TestLearns(t *testing.T) {
	for _, c := range []struct {
		name, version, sent string
		r                   *exchange.Response
		resource, result    string
		known               int64
		over                bool
	}{
		{"104", "6", wholly, answer(104, "Location", "/u/1", interop, "6"), "http://h/u/1", "", -1, false},
		{"104 of another version", "6", wholly, answer(104, "Location", "/u/1", interop, "5"), "", "", -1, false},
		{"104 without a version", "8", wholly, answer(104, "Location", "/u/1"), "", "", -1, false},
		{"104 for the newest", latest, wholly, answer(104, "Location", "/u/1"), "http://h/u/1", "", -1, false},
		{"104 for an append", latest, partly, answer(104, "Location", "/u/1", "Upload-Offset", "7"), "", "", 7, false},
		{"103", latest, wholly, answer(103, "Location", "/u/1"), "", "", -1, false},
		{"open", latest, creating, answer(201, "Location", "/u/1"), "http://h/u/1", "", -1, false},
		{"open, marked", "3", creating, answer(201, "Location", "/u/1", "Upload-Incomplete", "?1"), "http://h/u/1", "", -1, false},
		{"refused", latest, creating, answer(400, "Location", "/u/1"), "", "", -1, false},
		{"final", latest, wholly, answer(201, "Location", "/i/1"), "", "http://h/i/1", -1, true},
		{"final, failed", latest, wholly, answer(422, "Upload-Complete", "?1"), "", "", -1, true},
		{"conflict", latest, wholly, answer(409, "Upload-Complete", "?0", "Upload-Offset", "3"), "", "", -1, false},
		{"part", latest, partly, answer(204), "", "", -1, false},
		{"content location", latest, wholly, answer(200, "Content-Location", "/i/2"), "", "http://h/i/2", -1, true},
		{"elsewhere", latest, wholly, answer(201, "Location", "http://other/i/1"), "", "", -1, true},
	} {
		op := operation("abcdef")
		op.Facts[sending] = c.sent
		d := &driver{v: versionOf(c.version)}
		d.Learn(op, c.r)
		text := func(u *url.URL) string {
			if u == nil {
				return ""
			}
			return u.String()
		}
		if text(op.Resource) != c.resource || text(op.Handle(resultPlace)) != c.result || op.Known != c.known || d.Closed(op) != c.over {
			t.Errorf("%s: resource %q, result %q, offset %d, over %v", c.name, text(op.Resource), text(op.Handle(resultPlace)), op.Known, d.Closed(op))
		}
	}
}

func TestLocationOfTheUploadResourceIsNoResult(t *testing.T) {
	op := operation("abcdef")
	op.Facts[sending] = wholly
	d := &driver{v: versionOf("6")}
	d.Learn(op, answer(104, "Location", "/u/1", interop, "6"))
	d.Learn(op, answer(201, "Location", "/u/1", "Content-Location", "/i/1", "Upload-Offset", "6"))
	if got := d.Downloads(op); len(got) != 1 || got[0].Path != "/i/1" {
		t.Error(got)
	}
}

func TestReadOffset(t *testing.T) {
	d := &driver{v: versionOf(latest)}
	for _, c := range []struct {
		r    *exchange.Response
		want int64 // -1: an error
	}{
		{answer(204, "Upload-Offset", "12"), 12}, {answer(200, "Upload-Offset", "0012;a=b"), 12}, {answer(204, "Upload-Offset", "0"), 0},
		{answer(204), -1}, {answer(404, "Upload-Offset", "12"), -1}, {answer(204, "Upload-Offset", "-1"), -1}, {answer(204, "Upload-Offset", "1.0"), -1},
		{answer(204, "Upload-Offset", `"12"`), -1}, {answer(204, "Upload-Offset", "1", "Upload-Offset", "1"), -1}, {answer(307, "Location", "/x"), -1},
		{answer(204, "Upload-Offset", "1234567890123456"), -1},
	} {
		if got, err := d.ReadOffset(nil, c.r); (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%v: %d %v", c.r.Fields, got, err)
		}
	}
}

func TestConflict(t *testing.T) {
	d := &driver{v: versionOf(latest)}
	for _, c := range []struct {
		r       *exchange.Response
		failing bool
		want    bool
	}{
		{answer(409, "Upload-Complete", "?0"), false, true}, {answer(409), false, true}, {answer(409), true, false}, {answer(409, "Upload-Complete", "?0"), true, true},
		{answer(409, "Upload-Complete", "?1"), false, false}, {answer(423), false, true}, {answer(400), false, false}, {answer(204), false, false},
	} {
		op := operation("")
		op.Failing = c.failing
		if got := d.Conflict(op, c.r); got != c.want {
			t.Errorf("%d %v: %v", c.r.Status, c.r.Fields, got)
		}
	}
}

func TestDictionary(t *testing.T) {
	for value, want := range map[string]map[string]int64{
		"max-size=10":                              {"max-size": 10},
		"max-size=10, min-size=0;x":                {"max-size": 10, "min-size": 0},
		"max-size=10,\tother=(1 2 \"a\");b=:YQ==:": {"max-size": 10},
		"x=\"a, b\\\"\", max-age=5":                {"max-age": 5},
		"":                                         {},
		"max-size=\"10\"":                          nil,
		"max-size=1.5":                             nil,
		"max-size":                                 nil,
		"max-size=10,":                             nil,
		"Max-Size=10":                              nil,
		"max-size=10 min-size=0":                   nil,
		"max-size=-1":                              nil,
	} {
		got := limitsOf(value)
		if (got == nil) != (want == nil) || len(got) != len(want) {
			t.Errorf("%q: %v", value, got)
		}
		for key, n := range want {
			if got[key] != n {
				t.Errorf("%q: %v", value, got)
			}
		}
	}
}

func TestBoolean(t *testing.T) {
	for value, want := range map[string][2]bool{
		"?1": {true, true}, "?0": {false, true}, "?1;a": {true, true}, " ?1 ": {true, true}, "?2": {}, "1": {}, "true": {}, "?1, ?1": {}, "": {}, "?1x": {},
	} {
		if got, ok := boolean([]string{value}); got != want[0] && ok || ok != want[1] {
			t.Errorf("%q: %v %v", value, got, ok)
		}
	}
	if _, ok := boolean(nil); ok {
		t.Error("none is one")
	}
}
