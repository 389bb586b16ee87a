package suite

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// usual gives the config of a target of which only the URL is known.
func usual(t *testing.T) *target.Config {
	t.Helper()
	c, err := target.Default("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// whole is the plan of everything.
func whole(t *testing.T) plan {
	t.Helper()
	p, err := newPlan(nil, usual(t), Selection{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSelection(t *testing.T) {
	all := whole(t)
	focus := func(s string) *regexp.Regexp { return regexp.MustCompile(s) }
	for _, c := range []struct {
		name      string
		selection Selection
		runs      func(c catalog.Case, v catalog.Variant) bool
	}{
		{"nothing said", Selection{}, func(catalog.Case, catalog.Variant) bool { return true }},
		{"--profile resume", Selection{Profiles: []string{"resume"}}, func(c catalog.Case, _ catalog.Variant) bool { return c.Profile() == "resume" }},
		{"--point", Selection{Points: []string{"mid-upload", "before-100"}}, func(c catalog.Case, _ catalog.Variant) bool {
			return c.Point == "mid-upload" || c.Point == "before-100"
		}},
		{"--point none", Selection{Points: []string{"none"}}, func(c catalog.Case, _ catalog.Variant) bool { return len(c.Faults) == 0 }},
		{"--fault", Selection{Faults: []string{"stall"}}, func(_ catalog.Case, v catalog.Variant) bool { return v.Fault == "stall" }},
		{"--transport", Selection{Transports: []string{"h1"}}, func(catalog.Case, catalog.Variant) bool { return true }},
		{"--level must", Selection{Level: "must"}, func(c catalog.Case, _ catalog.Variant) bool { return c.Level == catalog.Must }},
		{"--level should", Selection{Level: "should"}, func(c catalog.Case, _ catalog.Variant) bool { return c.Level != catalog.May }},
		{"--level may", Selection{Level: "may"}, func(catalog.Case, catalog.Variant) bool { return true }},
		{"--focus", Selection{Focus: focus(`resume.*offsets \[.* rst`)}, func(c catalog.Case, v catalog.Variant) bool {
			return c.ID == "resume.upload.offsets" && v.Fault == "rst"
		}},
		{"--skip", Selection{Skip: focus(`^[a-z-]+\.[^o]`)}, func(c catalog.Case, _ catalog.Variant) bool { return strings.HasPrefix(c.Area(), "o") }},
		{"all at once", Selection{Points: []string{"mid-upload"}, Faults: []string{"fin"}, Level: "must", Focus: focus("upload"), Skip: focus("bad-")}, func(c catalog.Case, v catalog.Variant) bool {
			return c.Point == "mid-upload" && v.Fault == "fin" && c.Level == catalog.Must && strings.Contains(c.Title(v), "upload") && !strings.Contains(c.ID, "bad-")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newPlan(nil, usual(t), c.selection)
			if err != nil {
				t.Fatal(err)
			}
			if len(p) != len(all) {
				t.Errorf("%d of %d results in the plan", len(p), len(all))
			}
			for _, i := range p {
				if want := c.runs(i.check.Case, i.variant); (i.left == "") != want {
					t.Errorf("%s: left out by %q", i.title(), i.left)
				}
			}
			for i, one := range p.selected() {
				if one.left != "" {
					t.Errorf("selected %d: %s, left out by %s", i, one.title(), one.left)
				}
			}
		})
	}
}

// TestNothingSelected: an error that names what was asked for, never an empty plan.
func TestNothingSelected(t *testing.T) {
	for _, c := range []struct {
		selection Selection
		says      string
	}{
		{Selection{Nothing: true}, `--focus ""`},
		{Selection{Focus: regexp.MustCompile("no-such-case")}, "--focus no-such-case"},
		{Selection{Skip: regexp.MustCompile(".")}, "--skip ."},
		{Selection{Points: []string{"none"}, Faults: []string{"fin"}}, "--point none --fault fin"},
		{Selection{Faults: []string{"FIN"}}, "--fault FIN"},
		{Selection{Transports: []string{"h2"}}, "--transport h2"},
		{Selection{Profiles: []string{"webdav"}}, "--profile webdav"},
		{Selection{Level: "must", Focus: regexp.MustCompile("unguessable")}, "--level must --focus unguessable"},
	} {
		p, err := newPlan(nil, usual(t), c.selection)
		if p != nil || !errors.Is(err, ErrNothingSelected) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %d results, %v", c.selection, len(p), err)
		}
	}
	if _, err := newPlan([]string{"webdav"}, usual(t), Selection{}); !errors.Is(err, ErrNothingSelected) {
		t.Errorf("a profile that is not there: %v", err)
	}
}

// TestRerunSelectsOne: the command to repeat a result selects just that one of all.
func TestRerunSelectsOne(t *testing.T) {
	r := &runner{options: Options{Config: &target.Config{}, Rerun: "resumespec run http://127.0.0.1:8080/items"}}
	all := whole(t)
	quoted := regexp.MustCompile(`^resumespec run http://127\.0\.0\.1:8080/items --focus '([^']+)'$`)
	for _, i := range all {
		m := quoted.FindStringSubmatch(r.rerun(i))
		if m == nil {
			t.Fatalf("rerun: %s", r.rerun(i))
		}
		var titles []string
		only := Selection{Focus: regexp.MustCompile(m[1])}
		for _, other := range all {
			if only.leaves(other.check.Case, other.variant) == "" {
				titles = append(titles, other.title())
			}
		}
		if len(titles) != 1 || titles[0] != i.title() {
			t.Errorf("%s selects %d results", m[1], len(titles))
		}
	}
}

func TestPlanIsInOrder(t *testing.T) {
	var ids []string
	for _, i := range whole(t) {
		if id := i.check.ID; len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	var cases []string
	for _, c := range Cases() {
		newest := len(c.Versions) == 0 || slices.Contains(c.Versions, target.Newest)
		if !c.Sweep && newest {
			cases = append(cases, c.ID)
		}
	}
	if !slices.Equal(ids, cases) {
		t.Errorf("plan %v\ncatalogue %v", ids, cases)
	}
	areas, items := byArea(whole(t))
	n := 0
	for _, area := range areas {
		n += len(items[area])
		if len(items[area]) > 1000 {
			t.Errorf("%d results in %s: too many for one container", len(items[area]), area)
		}
	}
	if n != len(whole(t)) {
		t.Errorf("%d of %d results in an area", n, len(whole(t)))
	}
}

// TestSweepPlan: the sweep cases are run where a sweep is asked for, alone, and are missing elsewhere.
func TestSweepPlan(t *testing.T) {
	p, err := newPlan(nil, usual(t), Selection{Sweep: true})
	if err != nil {
		t.Fatal(err)
	}
	var titles, want []string
	for _, i := range p {
		titles = append(titles, i.title())
		if !i.check.Sweep {
			t.Errorf("%s in a sweep", i.title())
		}
	}
	for _, profile := range profiles {
		for _, result := range []string{"request [mid-upload fin", "request [mid-upload rst", "response [pre-response fin", "response [pre-response rst"} {
			version := ""
			if v := usual(t).Profile(profile.name).Interop; len(v) > 0 {
				version = " " + v[0]
			}
			want = append(want, profile.name+".sweep."+result+" h1"+version+"]")
		}
	}
	if !slices.Equal(titles, want) {
		t.Errorf("%q", titles)
	}
	for _, i := range whole(t) {
		if i.check.Sweep {
			t.Errorf("%s in a run without a sweep", i.title())
		}
	}
	if _, err := newPlan(nil, usual(t), Selection{Focus: regexp.MustCompile("sweep")}); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "--sweep") {
		t.Errorf("sweep cases without a sweep: %v", err)
	}
	if _, err := newPlan(nil, usual(t), Selection{Sweep: true, Focus: regexp.MustCompile("offsets")}); !errors.Is(err, ErrNothingSelected) {
		t.Errorf("other cases in a sweep: %v", err)
	}
}

// TestShards: the parts of a selection make the whole, share nothing, and differ by at most one in size.
func TestShards(t *testing.T) {
	for _, selection := range []Selection{{}, {Points: []string{"mid-upload"}}} {
		for _, n := range []int{1, 2, 3, 7, 20} {
			runs, sizes := map[string]int{}, []int{}
			for part := range n {
				selection.Shard = Shard{Part: part + 1, Of: n}
				p, err := newPlan(nil, usual(t), selection)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range p.selected() {
					runs[i.title()]++
				}
				sizes = append(sizes, len(p.selected()))
			}
			selection.Shard = Shard{}
			all, err := newPlan(nil, usual(t), selection)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range all {
				if want := i.left == ""; (runs[i.title()] == 1) != want || runs[i.title()] > 1 {
					t.Errorf("of %d parts: %s is run by %d", n, i.title(), runs[i.title()])
				}
			}
			if slices.Max(sizes)-slices.Min(sizes) > 1 {
				t.Errorf("%d parts of %v", n, sizes)
			}
		}
	}
	if _, err := newPlan(nil, usual(t), Selection{Focus: regexp.MustCompile(`^resume\.offer\.continue `), Shard: Shard{2, 2}}); !errors.Is(err, ErrNothingSelected) || !strings.Contains(err.Error(), "--shard 2/2") {
		t.Errorf("the second half of one result: %v", err)
	}
}
