package reports

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A slim report is valid, compares as the whole one does, is smaller, and leaves the whole one alone.
func TestSlim(t *testing.T) {
	whole := sample(400, 4)
	before := jsonOf(t, whole)
	slim := jsonOf(t, whole.Slim())
	if err := Validate(slim); err != nil {
		t.Fatal(err)
	}
	if len(slim) > len(before)/2 {
		t.Errorf("%d bytes of %d", len(slim), len(before))
	}
	if !bytes.Equal(jsonOf(t, whole), before) {
		t.Error("the whole report was changed")
	}
	if c := Compare(whole, whole.Slim()); c.Differ() || c.Same == 0 {
		t.Errorf("%+v", c)
	}
	if !bytes.Contains(slim, []byte("the second HEAD, 2.1 s later")) || !bytes.Contains(slim, []byte("POST /items?tag=r7q2 HTTP/1.1")) {
		t.Error("a failure lacks something")
	}
}

// A matrix draws the same of a slim report.
func TestSlimMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := normalize(anyReport().Draw(t, "report"))
		slim := normalize(r.Slim())
		island := func(r *Report) matrixData {
			m := &Matrix{Columns: []Column{{Report: r}}}
			return matrixIsland(m, newGrid(m))
		}
		if diff := cmp.Diff(island(r), island(slim)); diff != "" {
			t.Fatal(diff)
		}
	})
}
