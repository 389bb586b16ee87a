package reports

import "fmt"

// Sweep is what was found where one message was cut at each of its bytes, or at many. A position is the number of
// bytes of the message before the cut.
type Sweep struct {
	Message  string         `json:"message"` // "request" or "response"
	Bytes    int64          `json:"bytes"`   // length of the message
	Cuts     int            `json:"cuts"`    // that were made
	Parts    []SweepPart    `json:"parts"`   // stretches of the message, in order
	Runs     []SweepRun     `json:"runs"`    // what became of the cuts, in order
	Failures []SweepFailure `json:"failures"`
	More     int            `json:"more,omitempty"` // failing cuts beyond those in Failures
}

// SweepPart is a stretch of the message: "request head", from its first position to the one behind its last.
type SweepPart struct {
	Name string `json:"name"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
}

// SweepRun is a run of cuts with one outcome: at the positions From, From+Step, and so on to To.
type SweepRun struct {
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Step    int64  `json:"step"`
	Outcome string `json:"outcome"` // "pass", "warn", "fail", "unoffered", "beyond", "missed", "unmade"
}

// SweepFailure is a run of failing cuts next to each other that fail alike. From and To count bytes of the part
// before the cut, both inclusive; Expected and Got are those of the first.
type SweepFailure struct {
	Part     string `json:"part"`
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Cuts     int    `json:"cuts"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// Where says where the failing cuts are: "byte 17 of the request body", "bytes 17 to 20 of the request body (2 cuts)".
func (f SweepFailure) Where() string {
	if f.From == f.To {
		return fmt.Sprintf("byte %d of the %s", f.From, f.Part)
	}
	text := fmt.Sprintf("bytes %d to %d of the %s", f.From, f.To, f.Part)
	if int64(f.Cuts) != f.To-f.From+1 {
		text += fmt.Sprintf(" (%s)", plural(f.Cuts, "cut", "cuts"))
	}
	return text
}

// Others gives the number of failing cuts that are not among the first n failures.
func (s *Sweep) Others(n int) int {
	more := s.More
	for _, f := range s.Failures[min(n, len(s.Failures)):] {
		more += f.Cuts
	}
	return more
}
