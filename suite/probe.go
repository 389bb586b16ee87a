package suite

import (
	"context"
	"net/url"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// Probed is what a look at a target shows.
type Probed struct {
	URL      string
	Server   string // its Server field
	Profiles []ProbedProfile
	Hints    []Hint
}

// ProbedProfile tells whether the target speaks a profile, and what shows it.
type ProbedProfile struct {
	Name, Title string
	Speaks      bool
	Seen        []string
}

// Hint is a configuration key that would turn more cases on.
type Hint struct {
	Key     string
	Enables string // what the target must offer for it
	Cases   int    // how many cases it turns on
}

// Probe looks at what the target speaks. It sends GET, HEAD and OPTIONS; and, where the user or the target has said that it
// is in its place, the head of an upload, but never a byte of a body. Errors: ErrTargetDead, or what the harness failed at.
func Probe(ctx context.Context, c *target.Config) (*Probed, error) {
	answer, err := preflight(ctx, c)
	if err != nil {
		return nil, err
	}
	probed := &Probed{URL: c.Target, Server: answer.Fields.Get("Server")}
	if probed.Profiles, err = discover(ctx, c); err != nil {
		return nil, err
	}
	names := named(Options{Config: c})
	for _, p := range probed.Profiles {
		if p.Speaks && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		names = []string{profiles[0].name}
	}
	probed.Hints = hints(c, names)
	return probed, nil
}

// discover asks the target for each profile whether it speaks it.
func discover(ctx context.Context, c *target.Config) ([]ProbedProfile, error) {
	base, err := url.Parse(c.Target)
	if err != nil {
		return nil, err
	}
	bench := &matrix.Bench{Config: c, Base: base, Limits: exchange.Limits{Time: answerLimit, Body: c.Limits.Body}}
	var all []ProbedProfile
	for _, p := range profiles {
		one := ProbedProfile{Name: p.name, Title: p.title}
		s := matrix.Run(ctx, bench, matrix.Check{Case: catalog.Case{ID: p.name + ".probe", Level: catalog.May}, Run: func(s *matrix.Session) {
			one.Speaks, one.Seen = p.probe(s)
		}}, catalog.Variant{Fault: "none", Transport: "h1"})
		if s.Finding.Verdict != catalog.Pass {
			one.Seen = append(one.Seen, s.Finding.Got)
		}
		all = append(all, one)
	}
	return all, nil
}

// enables says what each key of the configuration tells the suite.
var enables = []struct {
	need catalog.Need
	what string
	set  func(*target.Config, *target.Profile) bool
}{
	{catalog.NeedCount, "where the number of effects can be read", func(_ *target.Config, p *target.Profile) bool { return p.Count != nil }},
	{catalog.NeedLarge, "an upload that is answered with 64 KiB or more, so that its download can be cut", func(_ *target.Config, p *target.Profile) bool { return p.Large != nil }},
	{catalog.NeedSlow, "an upload that is processed slowly", func(_ *target.Config, p *target.Profile) bool { return p.Slow != nil }},
	{catalog.NeedFailing, "uploads that end in an error", func(_ *target.Config, p *target.Profile) bool { return len(p.Failing) > 0 }},
	{catalog.NeedExpiring, "an upload that expires within two seconds while it is unfinished", func(_ *target.Config, p *target.Profile) bool { return p.Expiring != nil }},
	{catalog.NeedLimited, "an upload of which each append has a least size", func(_ *target.Config, p *target.Profile) bool { return p.Limited != nil }},
	{catalog.NeedRestart, "how the server is stopped and started again", func(c *target.Config, _ *target.Profile) bool { return c.Restart != nil }},
	{catalog.NeedUsers, "credentials of two users", func(c *target.Config, _ *target.Profile) bool { return len(c.Users) > 1 }},
}

// hints lists the keys that are not set, with the number of cases of the profiles that need them.
func hints(c *target.Config, names []string) []Hint {
	var all []Hint
	for _, e := range enables {
		hint := Hint{Key: string(e.need), Enables: e.what}
		for _, p := range profiles {
			if slices.Contains(names, p.name) && !e.set(c, c.Profile(p.name)) {
				hint.Cases += p.needing(e.need)
			}
		}
		if hint.Cases > 0 {
			all = append(all, hint)
		}
	}
	return all
}

// needing counts the cases that a key turns on.
func (p profile) needing(need catalog.Need) int {
	n := 0
	for _, check := range p.checks() {
		if slices.Contains(check.Needs, need) {
			n++
		}
	}
	return n
}
