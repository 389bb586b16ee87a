package catalog

// Verdict is the outcome of one case.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Warn         Verdict = "warn"
	Unsupported  Verdict = "unsupported"
	Excluded     Verdict = "excluded"
	Inconclusive Verdict = "inconclusive"
	Error        Verdict = "error"
)

// Finding is what a case found out: why its verdict is what it is.
type Finding struct {
	Verdict  Verdict
	Expected string
	Got      string
	Byte     int64  // offset at which it went wrong, counted in Where; -1 when no byte can be named
	Where    string // "request body", "response body"
}

// Judge gives the verdict for a broken requirement of the given level: a broken MUST fails, a
// broken SHOULD warns, and an option (MAY) that is offered and does not work fails.
func Judge(level Level) Verdict {
	if level == Should {
		return Warn
	}
	return Fail
}

// Worse gives the weightier of two findings; the first where they weigh the same.
func Worse(a, b Finding) Finding {
	if weight[b.Verdict] > weight[a.Verdict] {
		return b
	}
	return a
}

var weight = map[Verdict]int{Pass: 0, Excluded: 1, Unsupported: 2, Warn: 3, Inconclusive: 4, Error: 5, Fail: 6}
