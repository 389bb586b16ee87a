package suite

import (
	"encoding/hex"
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// How much of a result's transcript is kept: the first exchanges and the last ones. Where nothing is
// wrong a glimpse is enough.
const (
	keepPassed = 6
	keepOther  = 24
	keepCuts   = 40
)

// blank gives a result with all that is known before the case is run.
func (r *runner) blank(i item) reports.Result {
	c := i.check.Case
	return reports.Result{
		ID: c.ID, Profile: c.Profile(), Level: reports.Level(c.Level), Point: c.Point,
		Fault: i.variant.Fault, Transport: i.variant.Transport, Version: i.variant.Version, Requires: c.Requires, Why: c.Why,
		Source:   reports.Source{Document: c.Source.Document, Section: c.Source.Section, URL: c.Source.URL, Loose: c.Source.Loose},
		Presumes: c.Presumes, Rerun: r.rerun(i), Evidence: []reports.Evidence{}, Transcript: []reports.Exchange{},
	}
}

// rerun gives the command that runs one result again.
func (r *runner) rerun(i item) string {
	title := i.title()
	if i.variant.Version == "" {
		title = title[:strings.LastIndex(title, " ")] // whatever the transport
	}
	return r.options.Rerun + " --focus '^" + regexp.QuoteMeta(title) + "'"
}

// excluded gives the result of what the user left out.
func (r *runner) excluded(i item) reports.Result {
	result := r.blank(i)
	result.Verdict, result.Expected, result.Got, result.Left = reports.Excluded, result.Requires, "not run: "+i.left, i.left
	return result
}

// result gives the result of a session.
func (r *runner) result(i item, s *matrix.Session) reports.Result {
	result := r.blank(i)
	finding := s.Finding
	result.Verdict = reports.Verdict(finding.Verdict)
	result.Expected, result.Got = r.secrets.text(finding.Expected), r.secrets.text(finding.Got)
	if finding.Byte >= 0 {
		at := finding.Byte
		result.Byte, result.Where = &at, r.secrets.text(finding.Where) // it may name a place that the target chose
	}
	result.Notes = r.secrets.texts(s.Notes)
	result.Figures = figures(s.Figures())
	result.Sweep = r.sweep(s)
	result.Seconds = s.Elapsed().Seconds()
	r.transcribe(&result, s.Steps())
	return result
}

func figures(all map[string]matrix.Figure) []reports.Figure {
	var list []reports.Figure
	for name, figure := range all {
		list = append(list, reports.Figure{Name: name, Value: figure.Value, Unit: figure.Unit})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// transcribe puts the exchanges of a session into the result, and leaves out the middle of many.
func (r *runner) transcribe(result *reports.Result, steps []matrix.Step) {
	keep := keepOther
	if result.Verdict == reports.Pass || result.Verdict == reports.Unsupported {
		keep = keepPassed
	}
	kept := make(map[int]int, keep)
	for i, step := range steps {
		if i < keep/2 || i >= len(steps)-keep/2 {
			kept[i] = len(result.Transcript)
			result.Transcript = append(result.Transcript, r.exchange(step, steps[0].Record.Began))
		}
	}
	result.Omitted = len(steps) - len(result.Transcript)
	for i, step := range steps {
		if step.Evidence == nil || len(result.Evidence) >= keepCuts {
			continue
		}
		at, ok := kept[i]
		if !ok {
			at = -1
		}
		result.Evidence = append(result.Evidence, evidence(*step.Evidence, at))
	}
}

func evidence(e faults.Evidence, at int) reports.Evidence {
	flow := func(f faults.Flow) reports.Flow {
		return reports.Flow{Received: f.Received, Forwarded: f.Forwarded, HeadBytes: f.HeadBytes, BodyBytes: f.BodyBytes}
	}
	return reports.Evidence{
		Place: string(e.Cut.Place), Offset: e.Cut.Offset, FromEnd: e.Cut.FromEnd, Fault: string(e.Cut.Fault), Side: string(e.Cut.Side),
		Fired: e.Fired, Why: e.Why, Up: flow(e.Up), Down: flow(e.Down), Complete: e.RequestComplete, Interim: e.Interim,
		Final: e.FinalStatus, ClosedBy: e.ClosedBy, Closed: string(e.Closed), AfterUsec: e.FiredAfter.Microseconds(), Exchange: at,
	}
}

func (r *runner) exchange(step matrix.Step, began time.Time) reports.Exchange {
	link := "clean"
	if step.Evidence != nil {
		link = "cut"
	}
	x := reports.Exchange{
		Label: r.secrets.text(step.Record.Label), Link: link, AtUsec: step.Record.Began.Sub(began).Microseconds(),
		Sent: step.Record.SentAll, Read: step.Record.ReadAll, Events: []reports.Event{},
	}
	for _, e := range step.Record.Events {
		x.Events = append(x.Events, r.events(e)...)
	}
	return x
}

// events gives one event of the record, as two where its middle was left out.
func (r *runner) events(e exchange.Event) []reports.Event {
	first := reports.Event{
		Kind: string(e.Kind), AtUsec: e.At.Microseconds(), Offset: e.Offset, Bytes: e.Bytes - int64(len(e.Tail)),
		Omitted: e.Omitted(), Note: r.secrets.text(e.Note),
	}
	r.show(&first, e.Data, false, int64(len(e.Data)) < e.Bytes)
	if len(e.Tail) == 0 {
		return []reports.Event{first}
	}
	last := reports.Event{Kind: first.Kind, AtUsec: first.AtUsec, Offset: e.Offset + first.Bytes, Bytes: int64(len(e.Tail))}
	r.show(&last, e.Tail, true, false)
	return []reports.Event{first, last}
}

// show puts bytes into an event, as text where they are printable, else in hex. It is told whether bytes
// before or after them were left out.
func (r *runner) show(e *reports.Event, b []byte, before, after bool) {
	if len(b) == 0 {
		return
	}
	b = r.secrets.cutOff(b, before, after)
	if printable(b) {
		e.Text = string(b)
	} else {
		e.Hex = hex.EncodeToString(b)
	}
}

func printable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range string(b) {
		if c != '\r' && c != '\n' && c != '\t' && !unicode.IsPrint(c) {
			return false
		}
	}
	return true
}

// summary is the finding as text, for Ginkgo's own output.
func summary(result reports.Result) string {
	var b strings.Builder
	b.WriteString(string(result.Verdict) + ": " + result.Requires + "\n")
	b.WriteString("source:   " + catalog.Source{Document: result.Source.Document, Section: result.Source.Section}.String() + "\n")
	b.WriteString("expected: " + reports.Sanitize(result.Expected) + "\n")
	b.WriteString("got:      " + reports.Sanitize(result.Got) + "\n")
	for _, e := range result.Evidence {
		if e.Why != "" {
			b.WriteString("link:     " + e.Why + "\n")
		}
	}
	b.WriteString("again:    " + result.Rerun)
	return b.String()
}
