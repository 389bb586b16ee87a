package partialput

import (
	"slices"
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
	// Rest is what brings the rest of an upload: "PUT to the URI of the range".
	Rest string
	// Open is the case that sends what is of unknown length in parts: "range.open-length".
	Open string
}

// Points are the profile's words for the interruption matrix.
func (t Terms) Points() matrix.Terms {
	silent := catalog.Loose(t.Source, catalog.Silent)
	return matrix.Terms{
		Profile: t.Profile,
		Ask:     "HEAD on the document",
		Write:   t.Rest,
		Place:   "the document",
		Source: map[string]catalog.Source{
			"before100": catalog.RFC(9110, "10.1.1"),
			"upload":    silent,
			"response":  silent,
			"download":  catalog.RFC(9110, "14.2"),
			"restart":   silent,
			"sweep":     silent,
		},
		Omit: map[string]string{
			"response.available": notShown, "response.not-yet": notShown, "response.stable": notShown, "response.error": notShown,
			"response.slow": notShown, "restart.response": notShown,
			"upload.unknown-length": "a range names its last byte: what is of unknown length is sent in parts, for which see " + t.Open,
		},
	}
}

// notShown says why the protocols have no room for cases that look at a response again.
const notShown = "the answer to a PUT is shown to nobody again; what became of an upload is seen at the document"

// With makes a case's code from one that works on a flow of the profile.
type With func(func(*Flow)) func(*matrix.Session)

// Checks gives the cases of a profile in the order of the catalogue: its own, those that all of these profiles have, and those
// of the interruption matrix.
func Checks(t Terms, with With, own, points []matrix.Check) []matrix.Check {
	all := named(t, slices.Concat(own, rangeChecks(t, with), writeChecks(t, with), preconditionChecks(with), responseChecks(t, with)))
	return matrix.Catalogue(t.Profile, t.presumed(all, points), all, points)
}

// presumed is the table of presumes without the cases that only the other profile has.
func (t Terms) presumed(areas ...[]matrix.Check) map[string][]string {
	there := map[string]bool{}
	for _, check := range slices.Concat(areas...) {
		there[strings.TrimPrefix(check.ID, t.Profile+".")] = true
	}
	table := t.presumes()
	for name, before := range table {
		table[name] = slices.DeleteFunc(slices.Clone(before), func(one string) bool { return !there[one] })
	}
	return table
}

// named puts a profile's words into cases, and its name before their IDs.
func named(t Terms, checks []matrix.Check) []matrix.Check {
	words := strings.NewReplacer("{write}", t.Write)
	for i := range checks {
		c := &checks[i].Case
		c.ID = t.Profile + "." + c.ID
		c.Requires, c.Why, c.Sends, c.Failure = words.Replace(c.Requires), words.Replace(c.Why), words.Replace(c.Sends), words.Replace(c.Failure)
	}
	return checks
}

// presumes lists, for cases of these profiles, those on whose requirements they rely.
func (t Terms) presumes() map[string][]string {
	refused := []string{"refuse.past-end", "refuse.several", "refuse.unknown-unit", "refuse.malformed", "refuse.length"}
	begun := []string{"range.create", "expect.continue"}
	return map[string][]string{
		"offer.lasting":               {t.First, "range.middle"},
		"expect.refused-at-once":      refused,
		"expect.forms":                {"range.middle"},
		"query.encoded":               {"range.middle"},
		"expect.unknown":              {"expect.continue"},
		"expect.http10":               {"expect.continue"},
		"query.open-length":           {"range.middle"},
		"range.open-length":           {"range.middle"},
		"refuse.length":               {"refuse.malformed", "refuse.several"},
		"refuse.length-chunked":       {"refuse.length"},
		"refuse.past-end":             {"refuse.malformed", "range.create"},
		"refuse.several":              {"refuse.unknown-unit", "range.create"},
		"refuse.unknown-unit":         begun,
		"refuse.malformed":            begun,
		"refuse.no-range":             begun,
		"refuse.reversed":             {"refuse.malformed"},
		"refuse.repeated":             {"refuse.malformed"},
		"refuse.bad-length":           {"refuse.malformed"},
		"refuse.overlong":             {"refuse.malformed"},
		"before100.lost":              {"upload.not-complete"},
		"before100.state-unchanged":   {"upload.not-complete"},
		"before100.reissue":           {"upload.not-complete"},
		"before100.repeated":          {"before100.lost"},
		"range.middle":                {t.First},
		"range.borders":               {"range.middle"},
		"range.large":                 {"range.middle"},
		"range.again":                 {"range.create"},
		"range.gap":                   {"range.create"},
		"range.past-length":           {"range.create"},
		"write.cut":                   {"range.middle"},
		"write.lost":                  {"range.middle"},
		"write.concurrent":            {"range.middle"},
		"precondition.if-match-fresh": {"range.middle"},
		"response.repeat":             {"range.create"},
		"upload.offset-lawful":        {"range.create"},
		"upload.offset-accepted":      {"upload.offset-lawful"},
		"upload.offsets":              {"upload.offset-accepted", "upload.not-complete"},
		"upload.not-complete":         {"upload.offset-accepted"},
		"upload.kept":                 {"upload.offset-accepted"},
		"upload.completed":            {"upload.offset-accepted", "upload.not-complete"},
		"upload.content-intact":       {"upload.completed"},
		"upload.many-pieces":          {"upload.completed"},
		"upload.interrupted-again":    {"upload.completed"},
		"upload.isolated":             {"upload.completed"},
		"upload.concurrent":           {"upload.completed"},
		"upload.stalled-connection":   {"upload.offset-accepted"},
		"restart.kept":                {"upload.completed"},
		"restart.intact":              {"upload.completed"},
		"sweep.request":               {"upload.offsets"},
		"sweep.response":              {"response.once"},
	}
}
