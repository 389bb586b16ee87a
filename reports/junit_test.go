package reports

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// node is any XML element, read without knowing what junit.go writes.
type node struct {
	Name  string
	Attr  map[string]string
	Nodes []*node
	Text  string
}

// junitRules says, as the schema of Jenkins does, what each element needs and what it may hold, in order.
var junitRules = map[string]struct {
	needs []string
	holds []string
}{
	"testsuites": {[]string{"tests", "failures", "errors", "skipped", "time"}, []string{"testsuite"}},
	"testsuite":  {[]string{"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, []string{"properties", "testcase"}},
	"testcase":   {[]string{"name", "classname", "time", "file"}, []string{"properties", "skipped", "error", "failure", "system-out"}},
	"properties": {nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, nil},
	"skipped":    {[]string{"message"}, nil},
	"error":      {[]string{"message", "type"}, nil},
	"failure":    {[]string{"message", "type"}, nil},
	"system-out": {},
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func parseXML(t failer, data []byte) *node {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(data))
	root := &node{}
	stack := []*node{root}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			child := &node{Name: token.Name.Local, Attr: map[string]string{}}
			for _, attr := range token.Attr {
				child.Attr[attr.Name.Local] = attr.Value
			}
			top.Nodes = append(top.Nodes, child)
			stack = append(stack, child)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.Text += string(token)
		}
	}
	if len(root.Nodes) != 1 || root.Nodes[0].Name != "testsuites" {
		t.Fatalf("the root is not one testsuites element")
	}
	return root.Nodes[0]
}

func checkRules(t failer, n *node) {
	t.Helper()
	rule, known := junitRules[n.Name]
	if !known {
		t.Fatalf("unknown element %s", n.Name)
	}
	for _, name := range rule.needs {
		if _, ok := n.Attr[name]; !ok {
			t.Fatalf("%s has no attribute %s", n.Name, name)
		}
	}
	last := 0
	for _, child := range n.Nodes {
		at := slices.Index(rule.holds, child.Name)
		if at < last {
			t.Fatalf("%s in %s is not allowed, or out of order", child.Name, n.Name)
		}
		last = at
		checkRules(t, child)
	}
}

// count counts the elements of a name below n.
func (n *node) count(name string) int {
	total := 0
	for _, child := range n.Nodes {
		if child.Name == name {
			total++
		}
		total += child.count(name)
	}
	return total
}

// checkJUnit says that data is JUnit XML, that its counters are right, and that it tells what r does.
func checkJUnit(t failer, data []byte, r *Report) {
	t.Helper()
	root := parseXML(t, data)
	checkRules(t, root)
	for _, n := range append([]*node{root}, root.Nodes...) {
		for attr, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
			if got, _ := strconv.Atoi(n.Attr[attr]); got != n.count(element) {
				t.Fatalf("%s %q says %d %s, but has %d", n.Name, n.Attr["name"], got, attr, n.count(element))
			}
		}
	}
	sum := Summarize(r.Results, r.Interrupted)
	more := 0
	if r.Interrupted != "" || len(r.Results) == 0 {
		more = 1
	}
	if root.count("failure") != sum.Fail-sum.Known || root.count("error") != sum.Error+sum.Inconclusive+more ||
		root.count("skipped") != sum.Unsupported+sum.Excluded+sum.Known || root.count("testcase") != sum.Total()+more {
		t.Fatalf("the counts differ from %+v", sum)
	}
}

func TestJUnit(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sample(160, 1), "poisoned": poisoned(), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			if err := WriteJUnit(&buf, r); err != nil {
				t.Fatal(err)
			}
			checkJUnit(t, buf.Bytes(), r)
		})
	}
}

func TestJUnitCase(t *testing.T) {
	at := int64(512)
	r := &Report{Results: []Result{
		{ID: "resume.upload.offsets", Profile: "resume", Level: Must, Point: "mid-upload", Fault: "fin", Transport: "h1", Verdict: Fail,
			Requires: "It resumes.", Source: Source{Document: "resume-request", Section: "Upload"}, Expected: "201", Got: "500\x00 <oops> ]]>",
			Byte: &at, Where: "request body", Rerun: "resumespec run", File: "suite/profiles/resume/upload.go", Seconds: 1.5},
		{ID: "resume.upload.kept", Profile: "resume", Level: Should, Verdict: Warn, Got: "kept 0 of 9", Seconds: 0.25},
	}}
	var buf bytes.Buffer
	if err := WriteJUnit(&buf, r); err != nil {
		t.Fatal(err)
	}
	suite := parseXML(t, buf.Bytes()).Nodes[0]
	if suite.Attr["name"] != "resume.upload" || suite.Attr["time"] != "1.750" {
		t.Errorf("suite %v", suite.Attr)
	}
	cases := slices.DeleteFunc(suite.Nodes, func(n *node) bool { return n.Name != "testcase" })
	for name, want := range map[string]string{"name": "resume.upload.offsets [mid-upload fin h1]", "classname": "resume.upload", "file": "suite/profiles/resume/upload.go", "time": "1.500"} {
		if got := cases[0].Attr[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	failure := cases[0].Nodes[len(cases[0].Nodes)-1]
	if failure.Name != "failure" || failure.Attr["message"] != "500␀ <oops> ]]>" || failure.Attr["type"] != "fail" || failure.Text != `requires: It resumes.
source:   resume-request, Upload
expected: 201
got:      500␀ <oops> ]]>
byte:     at byte 512 of the request body
rerun:    resumespec run
` {
		t.Errorf("%s %v\n%s", failure.Name, failure.Attr, failure.Text)
	}
	out := cases[1].Nodes[len(cases[1].Nodes)-1]
	if out.Name != "system-out" || !strings.HasPrefix(out.Text, "warning: a SHOULD is broken\n") || cases[1].Attr["file"] != "resumespec" {
		t.Errorf("%s %q, %v", out.Name, out.Text, cases[1].Attr)
	}
}
