package reports

import "time"

// Schema is the identifier of the report format that this package writes. The part after the last
// slash is its version: it goes up when a field changes its meaning, not when one is added.
const Schema = "https://resumespec.github.io/schema/report/1"

// Verdict is the outcome of one result.
type Verdict string

// The verdicts, worst first.
const (
	Fail         Verdict = "fail"         // a requirement is broken
	Error        Verdict = "error"        // the harness failed; says nothing about the target
	Inconclusive Verdict = "inconclusive" // the fault did not fire where it was meant to
	Warn         Verdict = "warn"         // a SHOULD is broken
	Unsupported  Verdict = "unsupported"  // the target or its configuration does not offer what the case needs
	Excluded     Verdict = "excluded"     // left out by the user
	Pass         Verdict = "pass"
)

// Verdicts lists every verdict, worst first.
var Verdicts = []Verdict{Fail, Error, Inconclusive, Warn, Unsupported, Excluded, Pass}

// Level is how strongly a source demands something: MUST, SHOULD or MAY.
type Level string

// The levels.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Levels lists the levels, strongest first.
var Levels = []Level{Must, Should, May}

// Conformance sums a report up in one word.
type Conformance string

// The conformance words. Conformant: every MUST result passed. Partial: none failed, but some MUST
// results were unsupported or excluded. Nonconformant: at least one failed. Inconclusive: none failed,
// and nothing can be said because a result is inconclusive or in error, the run was cut short, or no
// result was required.
const (
	Conformant        Conformance = "conformant"
	Partial           Conformance = "partial"
	Nonconformant     Conformance = "nonconformant"
	InconclusiveTotal Conformance = "inconclusive"
)

// Report is the outcome of one run against one target: the single source of every rendering.
type Report struct {
	Schema  string    `json:"schema"`
	Tool    Tool      `json:"tool"`
	Target  Target    `json:"target"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Seed    int64     `json:"seed"`
	// Shard says which part of the selection was run ("2/3"); empty for all of it. Merge makes one report of the parts.
	Shard    string    `json:"shard,omitempty"`
	Command  []string  `json:"command,omitempty"` // the command line that made the report
	Profiles []Profile `json:"profiles,omitempty"`
	Summary  Summary   `json:"summary"`
	// Interrupted says why the run ended early ("interrupted", "run limit 10m0s reached"); empty when it did not.
	Interrupted string `json:"interrupted,omitempty"`
	// Baseline is what the run was compared with; nil for nothing.
	Baseline *Baseline `json:"baseline,omitempty"`
	// Parts are the runs that Merge put together, in the order in which they were given; empty for the report of one run.
	Parts   []Part   `json:"parts,omitempty"`
	Results []Result `json:"results"`
}

// Part is one of the runs that a merged report is made of.
type Part struct {
	Shard   string    `json:"shard,omitempty"`
	URL     string    `json:"url"` // of the target
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Seed    int64     `json:"seed"`
	Command []string  `json:"command,omitempty"`
}

// Tool is what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Faults  string `json:"faults,omitempty"` // what cut: "toxiproxy v2.12.0 (embedded)"
}

// Target is the server under test.
type Target struct {
	URL     string `json:"url"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Home    string `json:"home,omitempty"`   // the product's own page
	Server  string `json:"server,omitempty"` // what it says in its Server field
}

// Profile is a protocol that was tested.
type Profile struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Source string `json:"source"`
}

// Summary counts results per verdict.
type Summary struct {
	Pass         int         `json:"pass"`
	Fail         int         `json:"fail"`
	Warn         int         `json:"warn"`
	Unsupported  int         `json:"unsupported"`
	Excluded     int         `json:"excluded"`
	Inconclusive int         `json:"inconclusive"`
	Error        int         `json:"error"`
	Known        int         `json:"known,omitempty"` // those of Fail that the baseline has too
	Conformance  Conformance `json:"conformance"`
}

// Result is the outcome of one case at one point, with one fault, over one transport, in one version of the protocol.
type Result struct {
	ID        string  `json:"id"` // profile.area.name
	Profile   string  `json:"profile"`
	Level     Level   `json:"level"`
	Point     string  `json:"point"`             // "none" or one of the four interruption points
	Fault     string  `json:"fault"`             // "none", "fin", "rst", "stall"
	Transport string  `json:"transport"`         // "h1"
	Version   string  `json:"version,omitempty"` // of the protocol that was spoken ("6", "latest"); empty where the profile has no versions
	Verdict   Verdict `json:"verdict"`
	Known     bool    `json:"known,omitempty"` // a failure that the baseline has too
	Requires  string  `json:"requires"`        // what the source demands, one sentence
	Why       string  `json:"why"`             // why it matters to a client
	Source    Source  `json:"source"`
	// Presumes lists the IDs of cases whose requirements this one relies on: where one of those is broken too, it is named first.
	Presumes []string `json:"presumes,omitempty"`
	Expected string   `json:"expected"`
	Got      string   `json:"got"`
	// Byte is the offset at which it went wrong, counted in Where ("request body"); nil where no byte
	// can be named.
	Byte       *int64     `json:"byte,omitempty"`
	Where      string     `json:"where,omitempty"`
	Notes      []string   `json:"notes,omitempty"`   // "kept 512 of 1024 bytes"
	Figures    []Figure   `json:"figures,omitempty"` // measured quantities
	Sweep      *Sweep     `json:"sweep,omitempty"`   // what was found at each byte, of a case that cuts at every one
	Evidence   []Evidence `json:"evidence"`          // one per cut
	Transcript []Exchange `json:"transcript"`        // one per exchange; long results keep the first and the last
	Omitted    int        `json:"omitted,omitempty"` // exchanges left out of Transcript
	Rerun      string     `json:"rerun"`             // the command that runs this case again
	File       string     `json:"file,omitempty"`    // source file of the case, relative to the module: "suite/profiles/resume/offer.go"
	Seconds    float64    `json:"seconds"`
	// Left is the flag that left an excluded result out ("--focus", OtherShard); empty for every other verdict.
	Left string `json:"left,omitempty"`
}

// OtherShard is why a result is excluded that another part of a divided run has.
const OtherShard = "--shard"

// Source says where a requirement stands.
type Source struct {
	Document string `json:"document"`
	Section  string `json:"section"`
	URL      string `json:"url,omitempty"`
	// Loose says where the document is silent or loose, and what decides instead.
	Loose string `json:"loose,omitempty"`
}

// Figure is one measured quantity.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Evidence is what the link did to one connection: where it was meant to cut and what it forwarded.
type Evidence struct {
	Place     string `json:"place"`  // "request-head", "continue", "request-body", "request-end", "response-head", "response-body"
	Offset    int64  `json:"offset"` // bytes of that place
	FromEnd   bool   `json:"fromEnd,omitempty"`
	Fault     string `json:"fault"`
	Side      string `json:"side,omitempty"` // who was shown the fault
	Fired     bool   `json:"fired"`
	Why       string `json:"why,omitempty"` // why it did not fire
	Up        Flow   `json:"up"`            // client to server
	Down      Flow   `json:"down"`          // server to client
	Complete  bool   `json:"requestComplete"`
	Interim   []int  `json:"interim,omitempty"`
	Final     int    `json:"finalStatus,omitempty"`
	ClosedBy  string `json:"closedBy"`
	Closed    string `json:"closed"`
	AfterUsec int64  `json:"firedAfterMicroseconds"`
	Exchange  int    `json:"exchange"` // index into Transcript, -1 when it was left out
}

// Flow counts wire bytes in one direction.
type Flow struct {
	Received  int64 `json:"received"`
	Forwarded int64 `json:"forwarded"`
	HeadBytes int64 `json:"headBytes"`
	BodyBytes int64 `json:"bodyBytes"`
}

// Exchange is the transcript of one HTTP exchange over one connection.
type Exchange struct {
	Label  string  `json:"label"` // "POST /items?tag=x"
	Link   string  `json:"link"`  // "cut" or "clean"
	AtUsec int64   `json:"atMicroseconds"`
	Sent   int64   `json:"sent"`     // wire bytes
	Read   int64   `json:"received"` // wire bytes
	Events []Event `json:"events"`
}

// Event is one thing seen at the client's end of the connection. Exactly one of Text and Hex is set
// when bytes were kept.
type Event struct {
	Kind    string `json:"kind"` // "sent", "received", "mark", "end"
	AtUsec  int64  `json:"atMicroseconds"`
	Offset  int64  `json:"offset"`          // wire bytes in this direction before this event
	Bytes   int64  `json:"bytes,omitempty"` // wire bytes of this event
	Text    string `json:"text,omitempty"`  // bytes kept, where they are printable text; secrets redacted
	Hex     string `json:"hex,omitempty"`   // bytes kept, lower-case hex, where they are not
	Omitted int64  `json:"omitted,omitempty"`
	Note    string `json:"note,omitempty"`
}
