package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The elements of JUnit XML, as Jenkins, GitLab and GitHub actions read them.
type (
	junitRoot struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
		Timestamp string       `xml:"timestamp,attr"`
		Suites    []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Timestamp  string          `xml:"timestamp,attr"`
		Hostname   string          `xml:"hostname,attr"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Cases      []junitCase     `xml:"testcase"`
		seconds    float64
	}
	junitCounts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
	}
	junitCase struct {
		Name       string          `xml:"name,attr"`
		Classname  string          `xml:"classname,attr"`
		File       string          `xml:"file,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Skipped    *junitOutcome   `xml:"skipped,omitempty"`
		Error      *junitOutcome   `xml:"error,omitempty"`
		Failure    *junitOutcome   `xml:"failure,omitempty"`
		SystemOut  string          `xml:"system-out,omitempty"`
	}
	junitOutcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

// WriteJUnit writes r as JUnit XML, one suite for each area of each profile. A failure is a <failure>; a
// harness error and an inconclusive result are an <error>, because neither says anything about the target;
// unsupported and excluded are <skipped>, and so is a failure that the baseline has too, with the property "known"; a warning passes and says so in its output. Where the run ended
// early or has no result, one more test case in error says so: a reader that only counts must not see green.
func WriteJUnit(w io.Writer, r *Report) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(newJUnit(normalize(r))); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}

func newJUnit(r *Report) *junitRoot {
	root := &junitRoot{Name: "resumespec", Timestamp: r.Started.UTC().Format(time.RFC3339)}
	index := map[string]int{}
	suite := func(name string) *junitSuite {
		if _, ok := index[name]; !ok {
			index[name] = len(root.Suites)
			root.Suites = append(root.Suites, junitSuite{Name: name, Timestamp: root.Timestamp, Hostname: Sanitize(r.Target.URL),
				Properties: []junitProperty{{"target", targetName(r)}, {"tool", Sanitize(r.Tool.Name + " " + r.Tool.Version)},
					{"seed", fmt.Sprint(r.Seed)}, {"conformance", string(r.Summary.Conformance)}}})
		}
		return &root.Suites[index[name]]
	}
	for i := range r.Results {
		suite(className(&r.Results[i])).add(newJUnitCase(&r.Results[i]), r.Results[i].Seconds)
	}
	if why := ended(r); why != "" {
		suite("run").add(junitCase{Name: "the run is complete", Classname: "run", File: "resumespec", Time: "0.000",
			Error: &junitOutcome{Message: why, Type: "inconclusive", Text: why}}, 0)
	}
	slices.SortStableFunc(root.Suites, func(a, b junitSuite) int { return strings.Compare(a.Name, b.Name) })
	for i := range root.Suites {
		s := &root.Suites[i]
		s.Time = seconds(s.seconds)
		root.Tests += s.Tests
		root.Failures += s.Failures
		root.Errors += s.Errors
		root.Skipped += s.Skipped
	}
	root.Time = seconds(r.Seconds)
	return root
}

// ended says why a report tells less than it seems to; empty where it does not.
func ended(r *Report) string {
	switch {
	case r.Interrupted != "":
		return "the run ended early: " + Sanitize(r.Interrupted)
	case len(r.Results) == 0:
		return "the report has no results"
	}
	return ""
}

func (s *junitSuite) add(c junitCase, took float64) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.seconds += took
	s.Cases = append(s.Cases, c)
}

func newJUnitCase(r *Result) junitCase {
	c := junitCase{
		Name: Sanitize(r.Key().String()), Classname: className(r), File: "resumespec", Time: seconds(r.Seconds),
		Properties: []junitProperty{
			{"verdict", string(r.Verdict)}, {"level", string(r.Level)}, {"source", cited(r.Source)}, {"point", r.Point},
			{"fault", r.Fault}, {"transport", Sanitize(r.Transport)}, {"rerun", Sanitize(r.Rerun)},
		},
	}
	if r.Version != "" {
		c.Properties = append(c.Properties, junitProperty{"version", Sanitize(r.Version)})
	}
	if r.File != "" {
		c.File = Sanitize(r.File)
	}
	for _, f := range r.Figures {
		c.Properties = append(c.Properties, junitProperty{"figure " + Sanitize(f.Name), strings.TrimSpace(number(f.Value) + " " + Sanitize(f.Unit))})
	}
	outcome := &junitOutcome{Message: shorten(Sanitize(r.Got), 1000), Type: string(r.Verdict), Text: outcomeText(r)}
	switch r.Verdict {
	case Pass:
		c.SystemOut = SanitizeLines(strings.Join(r.Notes, "\n"), "")
	case Warn:
		c.SystemOut = "warning: a SHOULD is broken\n" + outcome.Text
	case Fail:
		if r.Known {
			c.Properties = append(c.Properties, junitProperty{"known", "true"})
			c.Skipped = &junitOutcome{Message: "known failure: " + outcome.Message}
			break
		}
		c.Failure = outcome
	case Unsupported, Excluded:
		c.Skipped = &junitOutcome{Message: string(r.Verdict) + ": " + outcome.Message}
	default:
		c.Error = outcome
	}
	return c
}

// outcomeText tells a result that did not pass, in lines.
func outcomeText(r *Result) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s %s\n", name+":", SanitizeLines(value, strings.Repeat(" ", 10)))
		}
	}
	line("requires", r.Requires)
	line("source", cited(r.Source))
	line("expected", r.Expected)
	line("got", r.Got)
	line("byte", atByte(r))
	for _, note := range r.Notes {
		line("note", note)
	}
	for _, text := range r.Sweep.lines(50) {
		line("cut at", text)
	}
	line("rerun", r.Rerun)
	return b.String()
}

// className gives profile.area.
func className(r *Result) string {
	return Sanitize(strings.Trim(r.Profile+"."+r.Area(), "."))
}

func seconds(v float64) string { return fmt.Sprintf("%.3f", v) }
