package rangequery

import (
	"net/url"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

func document(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func answer(values ...string) *exchange.Response {
	r := &exchange.Response{Status: 204}
	for _, value := range values {
		r.Fields = r.Fields.With("link-template", value)
	}
	return r
}

// TestExpansion expands templates of every shape as RFC 6570 says, against the document's URL.
func TestExpansion(t *testing.T) {
	for template, want := range map[string]string{
		"/d/x{?range}":                        "/d/x?range=10-19&tag=t",
		"/d/x{?range,length}":                 "/d/x?range=10-19&length=100&tag=t",
		"/d/x?tag=own{&range,length}":         "/d/x?tag=own&range=10-19&length=100",
		"/d/x{?bytes,complete_length}":        "/d/x?bytes=10-19&complete_length=100&tag=t",
		"/d/x{?bytes,complete%2Dlength}":      "/d/x?bytes=10-19&complete%2Dlength=100&tag=t",
		"/d/x{?first,last,length}":            "/d/x?first=10&last=19&length=100&tag=t",
		"?from={start}&to={end}":              "/d/x?from=10&to=19&tag=t",
		"/d/x/ranges/{range}":                 "/d/x/ranges/10-19?tag=t",
		"/d/x{/range}{?length}":               "/d/x/10-19?length=100&tag=t",
		"/d/x{;range}":                        "/d/x;range=10-19?tag=t",
		"/d/x{.range}":                        "/d/x.10-19?tag=t",
		"/d/x{?range*}":                       "/d/x?range=10-19&tag=t",
		"parts/{+range}":                      "/d/parts/10-19?tag=t",
		"http://127.0.0.1:8080/d/x{?range,q}": "/d/x?range=10-19&tag=t",
	} {
		doc := document(t, "http://127.0.0.1:8080/d/x?tag=t")
		found, err := advertised(answer(`"`+template+`"; rel="range"`), doc)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		u, err := found.target(doc, of(partialput.Part{At: 10, Data: make([]byte, 10), Complete: 100}))
		if err != nil || u.RequestURI() != want {
			t.Errorf("%s: %v instead of %s, %v", template, u, want, err)
		}
	}
}

// TestUnusable refuses what would lose the range, and the document with it.
func TestUnusable(t *testing.T) {
	for _, c := range []struct {
		values []string
		says   string
	}{
		{nil, "no Link-Template"},
		{[]string{`"/d/x{?q}"; rel="search"`}, `rel="range"`},
		{[]string{`</d/x{?range}>; rel="range"`}, "no list of strings"},
		{[]string{`/d/x{?range}; rel=range`}, "no list of strings"},
		{[]string{`range; rel=range`}, "no string"},
		{[]string{`("/d/x{?range}"); rel=range`}, "no string"},
		{[]string{`"/d/x{?range"; rel="range"`}, "no URI Template"},
		{[]string{`"/d/x?range=0-9"; rel="range"`}, "no variable"},
		{[]string{`"/d/x{?length}"; rel="range"`}, "no variable"},
		{[]string{`"/d/x{?from,to}"; rel="range"`}, "no variable"},
		{[]string{`"/d/x{#range}"; rel="range"`}, "fragment"},
		{[]string{`"/d/x{?range:4}"; rel="range"`}, "loses the range"},
		{[]string{`"http://elsewhere.example/d/x{?range}"; rel="range"`}, "another origin"},
		{[]string{`"//elsewhere.example/d/x{?range}"; rel="range"`}, "another origin"},
		{[]string{`"/d/x{?range}"; rel="range"; anchor="/d/y"`}, `rel="range"`},
		{[]string{`"/d/x {?range}"; rel="range"`}, "URI"},
	} {
		if found, err := advertised(answer(c.values...), document(t, "http://127.0.0.1:8080/d/x")); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, %v", c.values, found, err)
		}
	}
}

// TestChoice takes the link that is meant, and rather one with a complete length.
func TestChoice(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{`"/s{?q}"; rel="search", "/d/x{?range}"; rel="Range"`}, "/d/x{?range}"},
		{[]string{`"/s{?q}"; rel="search"`, `"/d/x{?range}"; rel="edit range"`}, "/d/x{?range}"},
		{[]string{`"/d/x{?range}"; rel=range, "/d/x{?range,length}"; rel=range`}, "/d/x{?range,length}"},
		{[]string{`"/d/x{?range,length}"; rel=range, "/d/x{?range}"; rel=range`}, "/d/x{?range,length}"},
		{[]string{`"/d/x{#range}"; rel=range, "/d/x{?range}"; rel=range`}, "/d/x{?range}"},
		{[]string{`"/d/x{?range}"; rel=range, "/d/x{#range,length}"; rel=range`}, "/d/x{?range}"},
		{[]string{`"/d/x{?range}"; rel=range; anchor="x"`}, "/d/x{?range}"},
		{[]string{`"/d/x{?a,range,b}"; rel=range`}, "/d/x{?a,range,b}"},
	} {
		if found, err := advertised(answer(c.values...), document(t, "http://127.0.0.1:8080/d/x")); err != nil || found.Raw() != c.want {
			t.Errorf("%q: %v", c.values, err)
		}
	}
}

// TestDriver writes nothing before the template was learnt, and the range of each part afterwards.
func TestDriver(t *testing.T) {
	op := &matrix.Operation{
		Method: "PUT", URL: document(t, "http://127.0.0.1:8080/d/x"), Body: []byte("0123456789"), Known: -1,
		Handles: map[string]*url.URL{}, Facts: map[string]string{},
	}
	d := newDriver("OPTIONS")
	if _, err := d.Resume(op, 4, 10); err == nil {
		t.Error("a part without a template")
	}
	if req := d.Start(op); req.Target != "/d/x" || string(req.Body) != "0123456789" {
		t.Errorf("%s with %q", req.Target, req.Body)
	}
	d.Learn(op, answer())
	if err := d.Prepared(op); err == nil || !strings.Contains(err.Error(), "no Link-Template") {
		t.Errorf("prepared: %v", err)
	}
	d.Learn(op, answer(`"/d/x{?range,length}"; rel="range"`))
	d.Learn(op, answer(`"/elsewhere{?range}"; rel="range"`)) // the answer of another resource
	if err := d.Prepared(op); err != nil {
		t.Fatal(err)
	}
	if req := d.Start(op); req.Target != "/d/x?range=0-9&length=10" || !req.ExpectsContinue() {
		t.Errorf("%s", req.Head())
	}
	piece, err := d.Resume(op, 4, 7)
	if err != nil || piece.Request.Target != "/d/x?range=4-6&length=10" || string(piece.Request.Body) != "456" || piece.Payload != 0 {
		t.Errorf("%+v, %v", piece, err)
	}
	if _, err := d.Resume(op, 10, 10); err == nil {
		t.Error("a range without bytes")
	}
}
