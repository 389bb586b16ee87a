package uploadresource

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

func upload(t *testing.T, body string) *matrix.Operation {
	t.Helper()
	base, err := url.Parse("http://127.0.0.1:8080/uploads?tag=x")
	if err != nil {
		t.Fatal(err)
	}
	return &matrix.Operation{
		Method: "POST", URL: base, Body: []byte(body), Known: -1, Fields: exchange.Fields{{Name: "content-type", Value: "text/plain"}},
		Handles: map[string]*url.URL{}, Facts: map[string]string{},
	}
}

// answer gives a response with fields, name and value in turn.
func answer(status int, body string, fields ...string) *exchange.Response {
	r := &exchange.Response{Status: status, Body: []byte(body), Complete: true}
	for i := 0; i < len(fields); i += 2 {
		r.Fields = r.Fields.With(fields[i], fields[i+1])
	}
	return r
}

func handled(op *matrix.Operation, name string) string {
	if u := op.Handle(name); u != nil {
		return strings.TrimPrefix(u.String(), "http://127.0.0.1:8080")
	}
	return ""
}

// TestPrepare tells the length, unless it is not known, and the media type; the upload's own Content-Type is not the POST's.
func TestPrepare(t *testing.T) {
	for _, c := range []struct {
		chunked bool
		post    func(*matrix.Operation) []byte
		want    string
	}{
		{false, nil, `{"length":3,"type":"text/plain"}`},
		{true, nil, `{"type":"text/plain"}`},
		{false, func(*matrix.Operation) []byte { return nil }, ""},
	} {
		op := upload(t, "abc")
		op.Chunked = c.chunked
		req := (&driver{post: c.post}).Prepare(op)
		if string(req.Body) != c.want || !req.HasBody || req.Target != "/uploads?tag=x" {
			t.Errorf("%+v", req)
		}
		if got := req.Fields.Joined("Content-Type"); got != map[bool]string{true: "application/json", false: ""}[c.want != ""] {
			t.Errorf("Content-Type: %s", got)
		}
	}
}

// TestAllocated finds the upload URI in each of the places where a server may name it.
func TestAllocated(t *testing.T) {
	for _, c := range []struct {
		name           string
		r              *exchange.Response
		status, upload string
	}{
		{"link", answer(201, "", "Location", "/uploads/1", "Link", `</uploads/1/content>; rel="upload"`), "/uploads/1", "/uploads/1/content"},
		{"202", answer(202, "", "Location", "/uploads/1", "Link", `<uploads/1/content>; rel=upload`), "/uploads/1", "/uploads/1/content"},
		{"link to the target", answer(201, "", "Location", "/uploads/1", "Link", `</uploads>; rel=upload, </u>; rel=upload`), "/uploads/1", "/u"},
		{"the target with another query", answer(201, "", "Location", "/uploads/1", "Link", `</uploads?id=1>; rel=upload`), "/uploads/1", "/uploads?id=1"},
		{"member", answer(201, `{"upload":"/u"}`, "Location", "/uploads/1"), "/uploads/1", "/u"},
		{"member against Content-Location", answer(201, `{"upload":"content"}`, "Location", "/uploads/1", "Content-Location", "/uploads/1/"), "/uploads/1", "/uploads/1/content"},
		{"link before member", answer(201, `{"upload":"/u"}`, "Location", "/uploads/1", "Link", "</l>; rel=upload"), "/uploads/1", "/l"},
		{"Location itself", answer(201, "", "Location", "uploads/1"), "/uploads/1", "/uploads/1"},
		{"no Location", answer(201, `{"upload":"/u"}`), "", ""},
		{"refused", answer(403, "", "Location", "/uploads/1"), "", ""},
		{"interim", answer(103, "", "Location", "/uploads/1"), "", ""},
	} {
		op := upload(t, "abc")
		(&driver{}).Learn(op, c.r)
		if handled(op, statusPlace) != c.status || handled(op, uploadPlace) != c.upload {
			t.Errorf("%s: %s, %s", c.name, handled(op, statusPlace), handled(op, uploadPlace))
		}
		if err := (&driver{}).Prepared(op); (err == nil) != (c.upload != "") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	op := upload(t, "abc")
	(&driver{}).Learn(op, answer(201, "", "Location", "http://elsewhere.example/1"))
	if err := (&driver{}).Prepared(op); err == nil {
		t.Error("another origin is written to")
	}
}

// TestGuessed writes to a Location that nothing was said of only where a status document is found there.
func TestGuessed(t *testing.T) {
	for _, c := range []struct {
		answer *exchange.Response
		asks   bool
		there  *exchange.Response
		writes bool
	}{
		{answer(201, `{"state":"waiting"}`, "Location", "/uploads/1"), false, nil, true},
		{answer(201, `{"upload":"/u"}`, "Location", "/uploads/1"), false, nil, true},
		{answer(201, "", "Location", "/uploads/1"), true, answer(200, `{"state":"waiting"}`), true},
		{answer(201, "", "Location", "/items/1"), true, answer(200, "the bytes that were posted"), false},
		{answer(201, "", "Location", "/items/1"), true, answer(404, ""), false},
	} {
		d, op := &driver{}, upload(t, "abc")
		d.Learn(op, c.answer)
		req, asks := d.Inquire(op)
		if asks != c.asks || asks && req.Method != "GET" {
			t.Errorf("%s: asks %v with %s", c.answer.Body, asks, req.Method)
		}
		if asks {
			d.Learn(op, c.there)
		}
		if err := d.Prepared(op); (err == nil) != c.writes {
			t.Errorf("%s: %v", c.answer.Body, err)
		}
		if _, again := d.Inquire(op); again {
			t.Error("it asks twice")
		}
	}
}

// begun gives an upload of which a driver knows its resources.
func begun(t *testing.T, body string) *matrix.Operation {
	t.Helper()
	op := upload(t, body)
	(&driver{}).Learn(op, answer(201, "", "Location", "/uploads/1", "Link", `</uploads/1/content>; rel="upload"`))
	return op
}

// TestWritten finds the result in the answer to a write, and takes the upload's own resources for none.
func TestWritten(t *testing.T) {
	for _, c := range []struct {
		r    *exchange.Response
		want string
	}{
		{answer(201, "", "Location", "/items/1"), "/items/1"},
		{answer(200, "", "Content-Location", "../../items/1"), "/items/1"},
		{answer(200, `{"state":"done"}`, "Content-Location", "/uploads/1.json"), ""},
		{answer(200, "", "Content-Location", "/uploads/1"), ""},
		{answer(201, "", "Location", "/uploads/1/content"), ""},
		{answer(202, "", "Location", "/monitor"), ""},
		{answer(308, "", "Location", "/elsewhere"), ""},
	} {
		op := begun(t, "abc")
		(&driver{}).Learn(op, c.r)
		if got := handled(op, resultPlace); got != c.want {
			t.Errorf("%+v: %q", c.r, got)
		}
	}
}

// TestWrite writes the Content-Range that each part asks for, with PUT and with PATCH.
func TestWrite(t *testing.T) {
	for _, c := range []struct {
		chunked  bool
		from, to int64
		want     string
	}{
		{false, 0, 4, "bytes 0-3/10"}, {false, 4, 10, "bytes 4-9/10"}, {true, 4, 6, "bytes 4-5/*"},
		{true, 4, 10, "bytes 4-9/10"}, {true, 10, 10, "bytes */10"},
	} {
		for _, patch := range []bool{false, true} {
			op := begun(t, "0123456789")
			op.Chunked = c.chunked
			if patch {
				op.Facts[acceptPatch] = "Message/ByteRange"
			}
			piece, err := (&driver{}).Resume(op, c.from, c.to)
			if err != nil || piece.From != c.from || piece.To != c.to {
				t.Fatalf("%+v, %v", piece, err)
			}
			head := string(piece.Request.Body[:piece.Payload])
			if got := string(piece.Request.Body[piece.Payload:]); got != string(op.Body[c.from:c.to]) {
				t.Errorf("%s: the part is %q", c.want, got)
			}
			if got := piece.Request.Fields.Get("Content-Range"); !patch && (got != c.want || piece.Request.Method != "PUT" || head != "") {
				t.Errorf("PUT with %q, not %q", got, c.want)
			}
			if patch && (head != "Content-Range: "+c.want+"\r\n\r\n" || piece.Request.Method != "PATCH" || piece.Request.Fields.Get("Content-Type") != byterange) {
				t.Errorf("PATCH with %q", head)
			}
		}
	}
}

// TestStart begins with the whole body; what comes before it in the frame of a PATCH is counted.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		body    string
		chunked bool
		want    string
	}{{"0123456789", false, "bytes 0-9/10"}, {"0123456789", true, "bytes 0-9/*"}, {"", false, "bytes */0"}} {
		op := begun(t, c.body)
		op.Chunked = c.chunked
		op.Fields = op.Fields.With("Idempotency-Key", `"k"`)
		req := (&driver{}).Start(op)
		if req.Fields.Get("Content-Range") != c.want || req.Chunked != c.chunked || !req.ExpectsContinue() || req.Fields.Has("Idempotency-Key") {
			t.Errorf("%+v", req)
		}
		patch := &driver{patch: byterange}
		if req, lead := patch.Start(op), patch.Lead(op); string(req.Body[lead:]) != c.body {
			t.Errorf("%q after a lead of %d", req.Body, lead)
		}
		if lead := (&driver{}).Lead(op); lead != 0 {
			t.Errorf("a PUT has a lead of %d", lead)
		}
	}
	if _, err := (&driver{patch: "multipart/byteranges"}).Resume(begun(t, "abc"), 0, 1); err == nil {
		t.Error("a media type that the suite does not write here")
	}
}

// TestReadOffset takes what was received from byte 0 on, and nothing that is no status document.
func TestReadOffset(t *testing.T) {
	for body, want := range map[string]int64{
		`{"state":"receiving","received":[[0,4]]}`:                               5,
		`{"state":"receiving","received":[[5,6],[0,1],[2,4]]}`:                   7,
		`{"state":"receiving","received":[[0,1],[3,4]]}`:                         2,
		`{"state":"receiving","received":[[1,4]]}`:                               0,
		`{"state":"receiving","received":[]}`:                                    0,
		`{"state":"receiving","received":[[0,8],[2,3]]}`:                         9,
		`{"state":"waiting"}`:                                                    0,
		`{"state":"done"}`:                                                       10,
		`{"state":"processing","received":null}`:                                 10,
		`{"state":"receiving"}`:                                                  -1,
		`{"state":"failed"}`:                                                     -1,
		`{"state":"busy","received":[]}`:                                         -1,
		`{"State":"receiving","received":[]}`:                                    -1,
		`{"state":"receiving","received":[[4,0]]}`:                               -1,
		`{"state":"receiving","received":[[0]]}`:                                 -1,
		`{"state":"receiving","received":[[-1,4]]}`:                              -1,
		`{"state":"receiving","received":"0-4"}`:                                 -1,
		`{"state":"receiving","received":[[0,4]],"remaining":"5"}`:               -1,
		`{"state":"receiving","received":[[0,4]],"length":1.5}`:                  -1,
		`{"state":"receiving","received":[[0,4]],"parallel":"yes"}`:              -1,
		`{"state":"receiving","received":[[0,4]],"remaining":null,"other":[{}]}`: 5,
		`[]`:   -1,
		`null`: -1,
		``:     -1,
	} {
		got, err := (&driver{}).ReadOffset(begun(t, "0123456789"), answer(200, body))
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%s: %d, %v", body, got, err)
		}
	}
	if n, err := (&driver{}).ReadOffset(begun(t, "0123456789"), answer(303, "", "Location", "/items/1")); n != 10 || err != nil {
		t.Errorf("303: %d, %v", n, err)
	}
	if _, err := (&driver{}).ReadOffset(begun(t, "abc"), answer(404, `{"state":"done"}`)); err == nil {
		t.Error("404 is no status document")
	}
}

// TestReadOutcome tells what is over from what is not, and learns the result.
func TestReadOutcome(t *testing.T) {
	for _, c := range []struct {
		r      *exchange.Response
		state  matrix.OutcomeState
		status int
		result string
	}{
		{answer(200, `{"state":"done","result":"../items/1"}`), matrix.Ready, 200, "/items/1"},
		{answer(303, "", "Location", "/items/1"), matrix.Ready, 200, "/items/1"},
		{answer(200, `{"state":"failed","errors":[{"status":"x"},{"status":422}],"result":"/items/1"}`), matrix.Ready, 422, ""},
		{answer(200, `{"state":"failed","errors":[]}`), matrix.Ready, 500, ""},
		{answer(200, `{"state":"processing"}`), matrix.Pending, 0, ""},
		{answer(202, ``), matrix.Pending, 0, ""},
		{answer(503, ``), matrix.Pending, 0, ""},
		{answer(404, ``), matrix.Pending, 0, ""},
		{answer(410, ``), matrix.Broken, 0, ""},
		{answer(200, `done`), matrix.Broken, 0, ""},
		{answer(303, ``), matrix.Broken, 0, ""},
	} {
		op := begun(t, "abc")
		final, state, err := (&driver{}).ReadOutcome(op, c.r)
		if state != c.state || (err != nil) != (state == matrix.Broken) || handled(op, resultPlace) != c.result {
			t.Errorf("%d %s: %s, %v, %s", c.r.Status, c.r.Body, state, err, handled(op, resultPlace))
		}
		if final != nil && final.Status != c.status {
			t.Errorf("%d %s: the status %d", c.r.Status, c.r.Body, final.Status)
		}
	}
}

// TestReport says the same of documents that mean the same, and other things of those that do not.
func TestReport(t *testing.T) {
	same := []string{
		`{"state":"done","length":9,"received":[[0,8]],"remaining":0,"result":"/i/1"}`,
		`{"state":"done","length":9,"received":[[5,8],[0,4]],"remaining":0,"result":"/i/1?signed=2","created":"now"}`,
	}
	other := []string{
		`{"state":"done","length":8,"received":[[0,8]],"remaining":0,"result":"/i/1"}`,
		`{"state":"done","length":9,"received":[[0,7]],"remaining":0,"result":"/i/1"}`,
		`{"state":"done","length":9,"received":[[0,8]],"remaining":0,"result":"/i/2"}`,
		`{"state":"failed","errors":[{"title":"a"}]}`,
		`{"state":"failed","errors":[{"title":"b"}]}`,
	}
	var seen []string
	for i, text := range slices.Concat(same, other) {
		doc, err := parseDocument([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		body := string(report(doc).Body)
		if known := slices.Contains(seen, body); known != (i == 1) {
			t.Errorf("%s: %s", text, body)
		}
		seen = append(seen, body)
	}
}

// TestHole finds what is missing.
func TestHole(t *testing.T) {
	for _, c := range []struct {
		received []span
		from, to int64
	}{
		{nil, 0, 10}, {[]span{{0, 9}}, 10, 10}, {[]span{{0, 4}}, 5, 10}, {[]span{{5, 9}}, 0, 5}, {[]span{{0, 1}, {4, 5}}, 2, 4},
		{[]span{{0, 1}, {40, 50}}, 2, 10}, {[]span{{0, 20}}, 21, 21},
	} {
		if from, to := (document{received: c.received}).hole(10); from != c.from || to != c.to {
			t.Errorf("%v: %d to %d", c.received, from, to)
		}
	}
}

// TestLinks reads Link fields as RFC 8288 writes them.
func TestLinks(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{`</u>; rel="upload"`, "/u upload"},
		{`</u>;rel=upload`, "/u upload"},
		{`</u> ; REL = "Help UPLOAD" ; title=x`, "/u help upload"},
		{`</a>; rel=next, </u>; title="a, \"b\"; rel=c"; rel=upload`, "/a next|/u upload"},
		{`</u>; rel=next; rel=upload`, "/u next"},
		{`</u>; flag; rel=upload`, "/u upload"},
		{`</u,v;w>; rel=upload`, "/u,v;w upload"},
		{`</a>,, </u>; rel=upload,`, "/a |/u upload"},
		{`</u>; rel="upload`, "/u upload"},
		{`/u; rel=upload`, ""}, {`</u; rel=upload`, ""}, {``, ""}, {`</u>; rel`, "/u "},
	} {
		var got []string
		for _, l := range parseLinks([]string{c.value}) {
			got = append(got, l.target+" "+strings.Join(l.rels, " "))
		}
		if all := strings.Join(got, "|"); all != c.want {
			t.Errorf("%s: %q, not %q", c.value, all, c.want)
		}
	}
}

// FuzzLinks ends for every value.
func FuzzLinks(f *testing.F) {
	f.Add(`</u>; rel="a \"b", <>; x=`)
	f.Fuzz(func(t *testing.T, value string) {
		if n := len(parseLinks([]string{value})); n > len(value) {
			t.Errorf("%d links", n)
		}
	})
}

// TestKeptRange reads the Range of a 308.
func TestKeptRange(t *testing.T) {
	for value, want := range map[string]int64{"": 0, "bytes=0-0": 1, "bytes=0-99": 100, "Bytes = 0-9": 10, "bytes=1-9": -1, "bytes 0-9": -1, "bytes=0-": -1, "0-9": -1, "bytes=0-x": -1} {
		r := answer(308, "")
		if value != "" {
			r = answer(308, "", "Range", value)
		}
		if n, err := keptRange(r); (err == nil) != (want >= 0) || err == nil && n != want {
			t.Errorf("%q: %d, %v", value, n, err)
		}
	}
}

// TestLeadsHere takes a link to the target for the profile, and one to another place for none.
func TestLeadsHere(t *testing.T) {
	for value, want := range map[string]bool{
		`</uploads>; rel="upload"`: true, `<>; rel=upload`: true, `<http://127.0.0.1:8080/uploads?x=y>; rel=upload`: true,
		`</other>; rel=upload`: false, `</uploads>; rel=up`: false, `<http://elsewhere.example/uploads>; rel=upload`: false, ``: false,
	} {
		if got := leadsHere(upload(t, ""), answer(204, "", "Link", value)); got != want {
			t.Errorf("%s: %v", value, got)
		}
	}
}
