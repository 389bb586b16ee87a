package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// item is one result to come: a check and the way to run it.
type item struct {
	check   matrix.Check
	variant catalog.Variant
	// left says why the user left it out; empty: it is run.
	left string
}

func (i item) title() string { return i.check.Title(i.variant) }

// plan is everything that a run could do, in catalogue order.
type plan []item

// newPlan lists every result of the profiles to test and marks what the selection leaves out.
func newPlan(named []string, c *target.Config, selection Selection) (plan, error) {
	var p plan
	for _, profile := range profiles {
		if len(named) > 0 && !slices.Contains(named, profile.name) {
			continue
		}
		for _, check := range profile.checks() {
			if check.Sweep != selection.Sweep {
				continue
			}
			for _, variant := range check.Variants(c.Transports, c.Profile(profile.name).Interop...) {
				p = append(p, item{check, variant, selection.leaves(check.Case, variant)})
			}
		}
	}
	p.shard(selection.Shard)
	if len(p.selected()) > 0 {
		return p, nil
	}
	if other := selection; !selection.Sweep && !selection.Nothing {
		other.Sweep = true
		if _, err := newPlan(named, c, other); err == nil {
			return nil, fmt.Errorf("%w: %s matches only cases that sweep: they are run with --sweep", ErrUsage, selection)
		}
	}
	return nil, fmt.Errorf("%w: no %s of %d matches %s", ErrNothingSelected, selection.noun(), len(p), selection)
}

// noun names what is selected from.
func (s Selection) noun() string {
	if s.Sweep {
		return "sweep case"
	}
	return "case"
}

// shard leaves out what belongs to other parts of the selection. Neighbours go to different parts: the variants of a case
// take about the same time.
func (p plan) shard(s Shard) {
	if s.Of == 0 {
		return
	}
	n := 0
	for i := range p {
		if p[i].left != "" {
			continue
		}
		if n%s.Of != s.Part-1 {
			p[i].left = reports.OtherShard
		}
		n++
	}
}

// selected gives what is to be run.
func (p plan) selected() plan {
	return slices.DeleteFunc(slices.Clone(p), func(i item) bool { return i.left != "" })
}

// leaves says why the selection leaves a variant out, "" when it does not.
func (s Selection) leaves(c catalog.Case, v catalog.Variant) string {
	title := c.Title(v)
	switch {
	case s.Nothing:
		return "an empty --focus selects nothing"
	case len(s.Profiles) > 0 && !slices.Contains(s.Profiles, c.Profile()):
		return "--profile"
	case len(s.Points) > 0 && !slices.Contains(s.Points, c.Point):
		return "--point"
	case len(s.Faults) > 0 && !slices.Contains(s.Faults, v.Fault):
		return "--fault"
	case len(s.Transports) > 0 && !slices.Contains(s.Transports, v.Transport):
		return "--transport"
	case s.Level != "" && c.Level.Weight() < catalog.Level(strings.ToUpper(s.Level)).Weight():
		return "--level"
	case s.Focus != nil && !s.Focus.MatchString(title):
		return "--focus"
	case s.Skip != nil && s.Skip.MatchString(title):
		return "--skip"
	}
	return ""
}

// String lists what was selected, as on the command line.
func (s Selection) String() string {
	var parts []string
	add := func(flag string, values ...string) {
		for _, value := range values {
			parts = append(parts, flag+" "+value)
		}
	}
	add("--profile", s.Profiles...)
	add("--point", s.Points...)
	add("--fault", s.Faults...)
	add("--transport", s.Transports...)
	if s.Level != "" {
		add("--level", s.Level)
	}
	if s.Nothing {
		add("--focus", `""`)
	}
	if s.Focus != nil {
		add("--focus", s.Focus.String())
	}
	if s.Skip != nil {
		add("--skip", s.Skip.String())
	}
	if s.Shard.Of > 0 {
		add("--shard", s.Shard.String())
	}
	if len(parts) == 0 {
		return "the selection"
	}
	return strings.Join(parts, " ")
}
