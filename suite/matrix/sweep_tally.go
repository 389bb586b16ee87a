package matrix

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
)

// Swept is what a sweep found at each byte of a message. Positions count the bytes before a cut, from the start of
// the message.
type Swept struct {
	Bytes    int64 // length of the message
	Cuts     int   // that were made
	Parts    []SweptPart
	Runs     []SweptRun     // in order; together they hold every position that was to be cut
	Failures []SweptFailure // in order, at most mostFailures
	More     int            // failing cuts beyond them
}

// SweptPart is a stretch of the message: "request head".
type SweptPart struct {
	Name     string
	From, To int64 // inclusive, exclusive; the last part holds the position To as well
}

// SweptRun is a run of cuts with one outcome: at From, From+Step, and so on to To.
type SweptRun struct {
	From, To, Step int64
	Outcome        SweepOutcome
}

// SweptFailure is a run of failing cuts next to each other that fail alike. Expected and Got are those of the first.
type SweptFailure struct {
	Part          string
	From, To      int64 // bytes of the part before the cut, inclusive
	Cuts          int
	Expected, Got string
}

// SweepOutcome says what became of one cut.
type SweepOutcome string

// The outcomes.
const (
	SweptPass      SweepOutcome = "pass"      // recovered, and nothing shows it
	SweptWarn      SweepOutcome = "warn"      // recovered by a client that had to ask twice
	SweptFail      SweepOutcome = "fail"      // not recovered as it must be
	SweptUnoffered SweepOutcome = "unoffered" // the server offered no way on this time; it did no harm
	SweptBeyond    SweepOutcome = "beyond"    // the message was shorter this time: there was nothing to cut
	SweptMissed    SweepOutcome = "missed"    // the cut did not land, or the harness failed
	SweptUnmade    SweepOutcome = "unmade"    // the sweep had ended before
)

// mostFailures bounds the runs of failing cuts that are told one by one.
const mostFailures = 50

// Swept gives what a sweep found; nil for every other case.
func (s *Session) Swept() *Swept { return s.swept }

// tally keeps what becomes of the cuts.
type tally struct {
	b        *sweeping
	at       []int64
	index    map[int64]int
	outcomes []SweepOutcome
	findings map[int64]catalog.Finding // of what is neither a pass nor unmade
	shown    []*attempt                // whose transcripts are kept, by position
	glimpse  *attempt                  // the last one that passed
	made     int
	failed   int
	dead     int // in a row
	unread   string
}

func newTally(b *sweeping, at []int64) *tally {
	t := &tally{b: b, at: at, index: make(map[int64]int, len(at)), outcomes: make([]SweepOutcome, len(at)), findings: map[int64]catalog.Finding{}}
	for i, position := range at {
		t.index[position] = i
		t.outcomes[i] = SweptUnmade
	}
	return t
}

// outcomes by verdict. What a cut shows about the harness is no outcome of the target's.
var outcomeOf = map[catalog.Verdict]SweepOutcome{
	catalog.Pass: SweptPass, catalog.Warn: SweptWarn, catalog.Fail: SweptFail, catalog.Unsupported: SweptUnoffered,
	catalog.Inconclusive: SweptMissed, catalog.Error: SweptMissed,
}

func (t *tally) add(a *attempt) {
	outcome := outcomeOf[a.Finding.Verdict]
	switch {
	case outcome == SweptMissed && t.b.s.parent.Err() != nil:
		return // the run ended first
	case a.beyond && outcome == SweptPass:
		outcome = SweptBeyond
	}
	t.made++
	t.outcomes[t.index[a.at]] = outcome
	t.dead++
	if a.Finding.Verdict != catalog.Error {
		t.dead = 0
	}
	if outcome == SweptPass {
		t.glimpse = a
		t.readNotes(a)
		return
	}
	if outcome == SweptBeyond {
		return
	}
	t.findings[a.at] = a.Finding
	if outcome == SweptFail {
		t.failed++
	}
	t.show(a)
}

// readNotes keeps what says that the stored bytes cannot be read.
func (t *tally) readNotes(a *attempt) {
	for _, note := range a.Notes {
		if strings.HasPrefix(note, errNoReadback.Error()) {
			t.unread = note
		}
	}
}

// mostShown is how many of the cuts that are no pass keep their transcripts.
const mostShown = 3

// show keeps the transcripts of the first cuts of the message that are no pass, failing ones before others.
func (t *tally) show(a *attempt) {
	t.shown = append(t.shown, a)
	slices.SortFunc(t.shown, func(a, b *attempt) int {
		if (a.Finding.Verdict == catalog.Fail) != (b.Finding.Verdict == catalog.Fail) {
			return map[bool]int{true: -1, false: 1}[a.Finding.Verdict == catalog.Fail]
		}
		return int(a.at - b.at)
	})
	t.shown = t.shown[:min(len(t.shown), mostShown)]
}

// enough says that no further cut is worth its time.
func (t *tally) enough() bool { return t.failed >= hopeless || t.dead >= lifeless }

// conclude puts the sweep into its session, and ends the case with what it found.
func (t *tally) conclude() {
	s := t.b.s
	s.swept = &Swept{Bytes: t.b.parts[len(t.b.parts)-1].To, Cuts: t.made, Runs: t.runs()}
	for _, p := range t.b.parts {
		s.swept.Parts = append(s.swept.Parts, p.SweptPart)
	}
	s.swept.Failures, s.swept.More = t.failures()
	t.keepSteps()
	t.notes()
	t.verdict()
}

// runs writes the outcomes as runs.
func (t *tally) runs() []SweptRun {
	var runs []SweptRun
	for i, at := range t.at {
		if n := len(runs) - 1; n >= 0 && runs[n].Outcome == t.outcomes[i] {
			last := &runs[n]
			if last.From == last.To {
				last.Step = at - last.To
			}
			if last.To+last.Step == at {
				last.To = at
				continue
			}
		}
		runs = append(runs, SweptRun{at, at, 1, t.outcomes[i]})
	}
	return runs
}

// number is a decimal number or a digest.
var number = regexp.MustCompile(`\b[0-9a-f]*\d[0-9a-f]*\b`)

// alike says whether two findings differ in nothing but numbers and digests.
func alike(a, b catalog.Finding) bool {
	shape := func(f catalog.Finding) string { return number.ReplaceAllString(f.Expected+"\n"+f.Got, "#") }
	return shape(a) == shape(b)
}

// failures gives the runs of failing cuts, and the number of failing cuts beyond the first runs.
func (t *tally) failures() (all []SweptFailure, more int) {
	previous := int64(-1) // the position before, where that failed
	for i, at := range t.at {
		if t.outcomes[i] != SweptFail {
			previous = -1
			continue
		}
		p, finding := t.b.partAt(at), t.findings[at]
		n := len(all) - 1
		switch {
		case previous >= p.From && n >= 0 && more == 0 && alike(t.findings[previous], finding):
			all[n].To, all[n].Cuts = at-p.From, all[n].Cuts+1
		case len(all) == mostFailures:
			more++
		default:
			all = append(all, SweptFailure{p.Name, at - p.From, at - p.From, 1, finding.Expected, finding.Got})
		}
		previous = at
	}
	return all, more
}

// keepSteps puts the transcripts of the cuts that are shown, or of one that passed, into the session.
func (t *tally) keepSteps() {
	shown := t.shown
	if len(shown) == 0 && t.glimpse != nil {
		shown = []*attempt{t.glimpse}
	}
	for _, a := range shown {
		for _, step := range a.Steps() {
			t.b.s.keep(step)
		}
	}
}

// notes says what the runs alone do not.
func (t *tally) notes() {
	s := t.b.s
	count := map[SweepOutcome]int{}
	for _, outcome := range t.outcomes {
		count[outcome]++
	}
	if t.made > 0 {
		s.Note("%d cuts in %d bytes; %d recovered", t.made, s.swept.Bytes, count[SweptPass]+count[SweptWarn])
	}
	for _, line := range []struct {
		outcome SweepOutcome
		says    string
	}{
		{SweptBeyond, "were not reached: the message was shorter than the one that was measured"},
		{SweptUnoffered, "could not be recovered: the server offered no way to this time, and nothing came of them"},
		{SweptMissed, "did not land where they were meant to"},
		{SweptUnmade, "were not made any more"},
	} {
		if n := count[line.outcome]; n > 0 {
			s.Note("%d cuts %s", n, line.says)
		}
	}
	if t.unread != "" {
		s.Note("%s", t.unread)
	}
}

// verdict ends the case with the worst that was found, at the first byte at which it was.
func (t *tally) verdict() {
	s := t.b.s
	for _, verdict := range []catalog.Verdict{catalog.Fail, catalog.Error, catalog.Inconclusive} {
		if at, n := t.first(verdict); n > 0 {
			finding := t.findings[at]
			p := t.b.partAt(at)
			panic(stop{catalog.Finding{
				Verdict: verdict, Expected: finding.Expected, Byte: at - p.From, Where: p.Name,
				Got: "cut at " + p.cutName(at) + ": " + finding.Got + t.others(verdict, n),
			}})
		}
	}
	if at, n := t.first(catalog.Unsupported); n > 0 && n == t.made {
		s.Unsupported("%s", t.findings[at].Got)
	}
	if t.made == 0 || slices.Contains(t.outcomes, SweptUnmade) {
		s.Inconclusive("every cut to be made", "%d of %d were", t.made, len(t.at))
	}
	if at, n := t.first(catalog.Warn); n > 0 {
		finding := t.findings[at]
		s.Warn(finding.Expected, "cut at %s: %s%s", t.b.partAt(at).cutName(at), finding.Got, t.others(catalog.Warn, n))
	}
}

// first gives the first position with a verdict, and how many have it.
func (t *tally) first(verdict catalog.Verdict) (at int64, n int) {
	for _, position := range t.at {
		if finding, ok := t.findings[position]; ok && finding.Verdict == verdict {
			if n == 0 {
				at = position
			}
			n++
		}
	}
	return at, n
}

// others says where else it went wrong.
func (t *tally) others(verdict catalog.Verdict, n int) string {
	if n == 1 {
		return fmt.Sprintf(" (1 of %d cuts)", t.made)
	}
	text := fmt.Sprintf(" (%d of %d cuts", n, t.made)
	if verdict == catalog.Fail {
		var ranges []string
		for _, f := range t.b.s.swept.Failures[:min(len(t.b.s.swept.Failures), 5)] {
			ranges = append(ranges, f.Part+" "+f.span())
		}
		text += ": " + strings.Join(ranges, ", ")
		if len(t.b.s.swept.Failures) > len(ranges) || t.b.s.swept.More > 0 {
			text += ", …"
		}
	}
	return text + ")"
}

// span writes the bytes of a failure: "17" or "17-20".
func (f SweptFailure) span() string {
	if f.From == f.To {
		return strconv.FormatInt(f.From, 10)
	}
	return fmt.Sprintf("%d-%d", f.From, f.To)
}
