package partialput

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Terms are a profile's words for the cases that it shares with others, and where its source stands.
type Terms struct {
	Profile string // "expect-range"
	Write   string // what writes a range: "PUT with Expect: Range"
	Source  catalog.Source
	// First is the case on whose requirement those that write ranges rely: "offer.no-overwrite".
	First string
	// Untold is the level at which a write that does not tell the complete length is asked for.
	Untold catalog.Level
}

// With makes a case's code from one that works on a flow of the profile.
type With func(func(*Flow)) func(*matrix.Session)

// Checks gives the cases that all of these profiles have, but for those of the interruption matrix.
func Checks(t Terms, with With) []matrix.Check {
	var all []matrix.Check
	for _, area := range [][]matrix.Check{rangeChecks(t, with), writeChecks(t, with), preconditionChecks(with), responseChecks(t, with)} {
		all = append(all, area...)
	}
	return Named(t, all)
}

// Named puts a profile's words into cases, and its name before their IDs.
func Named(t Terms, checks []matrix.Check) []matrix.Check {
	words := strings.NewReplacer("{write}", t.Write, "{first}", t.First)
	for i := range checks {
		c := &checks[i].Case
		for _, before := range presumes[c.ID] {
			c.Presumes = append(c.Presumes, t.Profile+"."+words.Replace(before))
		}
		c.ID = t.Profile + "." + c.ID
		if c.Point == "" {
			c.Point = "none"
		}
		c.Requires, c.Why, c.Sends, c.Failure = words.Replace(c.Requires), words.Replace(c.Why), words.Replace(c.Sends), words.Replace(c.Failure)
	}
	return checks
}

// presumes lists, for cases of these profiles, those on whose requirements they rely.
var presumes = map[string][]string{
	"range.middle":                {"{first}"},
	"range.borders":               {"range.middle"},
	"range.large":                 {"range.middle"},
	"write.cut":                   {"range.middle"},
	"write.lost":                  {"range.middle"},
	"write.concurrent":            {"range.middle"},
	"precondition.if-match-fresh": {"range.middle"},
	"range.again":                 {"range.create"},
	"response.repeat":             {"range.create"},
}

// cut fills in what the cases that cut a write share.
func cut(point string, faults []string, c catalog.Case) catalog.Case {
	c.Point, c.Faults = point, faults
	return c
}
