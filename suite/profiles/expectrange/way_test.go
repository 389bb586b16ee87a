package expectrange

import (
	"net/url"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

func upload(t *testing.T) *matrix.Operation {
	t.Helper()
	u, err := url.Parse("http://127.0.0.1:8080/d/x?tag=t")
	if err != nil {
		t.Fatal(err)
	}
	return &matrix.Operation{
		Method: "PUT", URL: u, Body: []byte("0123456789"), Known: -1, Fields: exchange.Fields{{Name: "Content-Type", Value: "text/plain"}},
		Handles: map[string]*url.URL{}, Facts: map[string]string{},
	}
}

// TestPut writes Expect and Range as the part asks for.
func TestPut(t *testing.T) {
	for _, c := range []struct {
		way    way
		part   partialput.Part
		expect string
		spec   string
	}{
		{way{}, partialput.Part{At: 0, Data: []byte("0123456789"), Complete: 10, Wait: true}, "Range, 100-continue", "bytes 0-9/10"},
		{way{}, partialput.Part{At: 4, Data: []byte("45"), Complete: 10}, "Range", "bytes 4-5/10"},
		{way{}, partialput.Part{At: 4, Data: []byte("4"), Complete: partialput.Untold}, "Range", "bytes 4-4/*"},
		{way{equals: true}, partialput.Part{At: 4, Data: []byte("45"), Complete: 10}, "Range", "bytes=4-5"},
	} {
		req, err := c.way.Put(upload(t), c.part)
		if err != nil {
			t.Fatal(err)
		}
		if req.Method != "PUT" || req.Target != "/d/x?tag=t" || string(req.Body) != string(c.part.Data) {
			t.Errorf("%s", req.Head())
		}
		if req.Fields.Get("Expect") != c.expect || req.Fields.Get("Range") != c.spec || req.Fields.Get("Content-Type") != "text/plain" {
			t.Errorf("%v", req.Fields)
		}
	}
	if _, err := (way{}).Put(upload(t), partialput.Part{At: 3, Complete: 10}); err == nil {
		t.Error("a range without bytes")
	}
}

// TestFieldsAreTheRequestsOwn: what one request adds is not in the next.
func TestFieldsAreTheRequestsOwn(t *testing.T) {
	op := upload(t)
	for range 3 {
		req, err := way{}.Put(op, partialput.Part{Data: []byte("0"), Complete: 10, Fields: exchange.Fields{{Name: "If-Match", Value: "*"}}})
		if err != nil || len(req.Fields) != 4 || len(op.Fields) != 1 {
			t.Errorf("%v, %v", req.Fields, op.Fields)
		}
	}
}

func TestUnderstands(t *testing.T) {
	for value, want := range map[string]bool{
		"range": true, "Range": true, "100-continue, RANGE": true, " , range ,": true, "": false, "ranges": false, "100-continue": false, "range-x": false,
	} {
		if understands(value) != want {
			t.Errorf("Accept-Expect: %s: %t", value, !want)
		}
	}
}

// TestTrial tells apart what a server may do with a range that it was not asked for.
func TestTrial(t *testing.T) {
	before := []byte("aaaaaaaaaa")
	part := partialput.Part{At: 3, Data: []byte("xyz"), Complete: 10}
	for _, c := range []struct {
		status                          int
		after                           string
		applied, unchanged, overwritten bool
		says                            string
	}{
		{204, "aaaxyzaaaa", true, false, false, "wrote the range"},
		{417, "aaaaaaaaaa", false, true, false, "gave 417 and changed nothing"},
		{204, "aaaaaaaaaa", false, true, false, "gave 204 and changed nothing"},
		{204, "xyz", false, false, true, "replaced the document of 10 bytes by the 3 of the part"},
		{417, "xyz", false, false, true, "replaced"},
		{417, "aaaxyzaaaa", false, false, false, "otherwise"},
		{417, "", false, false, false, "otherwise"},
	} {
		tr := trial{before: before, after: []byte(c.after), part: part, status: c.status}
		if tr.applied() != c.applied || tr.unchanged() != c.unchanged || tr.overwritten() != c.overwritten || !strings.Contains(tr.String(), c.says) {
			t.Errorf("%d with %q: %s", c.status, c.after, tr)
		}
	}
}
