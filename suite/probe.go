package suite

import (
	"context"
	"net/url"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/resume"
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

// Probe looks at what the target speaks. It sends heads only, and never a byte of a body: a server
// that does not understand them keeps nothing. Errors: ErrTargetDead, or what the harness failed at.
func Probe(ctx context.Context, c *target.Config) (*Probed, error) {
	answer, err := preflight(ctx, c)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.Target)
	if err != nil {
		return nil, err
	}
	bench := &matrix.Bench{Config: c, Base: base, Limits: exchange.Limits{Time: answerLimit, Body: c.Limits.Body}}
	spoken := ProbedProfile{Name: resume.Name, Title: resume.Title}
	s := matrix.Run(ctx, bench, matrix.Check{Case: catalog.Case{ID: "resume.probe", Level: catalog.May}, Run: func(s *matrix.Session) {
		spoken.Speaks, spoken.Seen = resume.Probe(s)
	}}, catalog.Variant{Fault: "none", Transport: "h1"})
	if s.Finding.Verdict != catalog.Pass {
		spoken.Seen = append(spoken.Seen, s.Finding.Got)
	}
	return &Probed{URL: c.Target, Server: answer.Fields.Get("Server"), Profiles: []ProbedProfile{spoken}, Hints: hints(c)}, nil
}

// enables says what each key of the configuration tells the suite.
var enables = []struct {
	need catalog.Need
	what string
	set  func(*target.Config) bool
}{
	{catalog.NeedCount, "where the number of effects can be read", func(c *target.Config) bool { return c.Profile("resume").Count != nil }},
	{catalog.NeedLarge, "an upload that is answered with 64 KiB or more, so that its download can be cut", func(c *target.Config) bool { return c.Profile("resume").Large != nil }},
	{catalog.NeedSlow, "an upload that is processed slowly", func(c *target.Config) bool { return c.Profile("resume").Slow != nil }},
	{catalog.NeedFailing, "uploads that end in an error", func(c *target.Config) bool { return len(c.Profile("resume").Failing) > 0 }},
	{catalog.NeedRestart, "how the server is stopped and started again", func(c *target.Config) bool { return c.Restart != nil }},
	{catalog.NeedUsers, "credentials of two users", func(c *target.Config) bool { return len(c.Users) > 1 }},
}

// hints lists the keys that are not set, with the number of cases that need them.
func hints(c *target.Config) []Hint {
	counts := map[catalog.Need]int{}
	for _, one := range Cases() {
		for _, need := range one.Needs {
			counts[need]++
		}
	}
	counts[catalog.NeedLarge] = largeCases()
	var all []Hint
	for _, e := range enables {
		if !e.set(c) {
			all = append(all, Hint{Key: string(e.need), Enables: e.what, Cases: counts[e.need]})
		}
	}
	return all
}

// largeCases counts the cases that cut a response's body, which needs one that is long enough.
func largeCases() int {
	n := 0
	for _, c := range Cases() {
		if c.Point == "partial-download" {
			n++
		}
	}
	return n
}
