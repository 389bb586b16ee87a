package reports

import (
	"strings"
)

// The words and marks that more than one rendering uses.

var groupTitle = map[Verdict]string{
	Fail: "Failed", Error: "Harness errors", Inconclusive: "Inconclusive", Warn: "Warnings",
	Unsupported: "Unsupported", Excluded: "Excluded", Pass: "Passed",
}

// symbol gives the mark of a verdict. The marks differ in shape, so that nobody depends on colour.
func symbol(v Verdict) string {
	switch v {
	case Fail:
		return "✕"
	case Error:
		return "E"
	case Inconclusive:
		return "?"
	case Warn:
		return "!"
	case Unsupported:
		return "–"
	case Excluded:
		return "○"
	case Pass:
		return "✓"
	}
	return "E"
}

// meaning says what a verdict means.
func meaning(v Verdict) string {
	switch v {
	case Fail:
		return "a requirement is broken"
	case Error:
		return "the harness failed; says nothing about the target"
	case Inconclusive:
		return "the fault did not fire where it was meant to; says nothing about the target"
	case Warn:
		return "a SHOULD is broken"
	case Unsupported:
		return "the target or its configuration does not offer what the case needs"
	case Excluded:
		return "left out by the user"
	case Pass:
		return "the requirement is met"
	}
	return "unknown verdict"
}

// levelMeans says what a level means for a server that breaks it.
func levelMeans(l Level) string {
	switch l {
	case Must:
		return "a server that breaks it is not conformant"
	case Should:
		return "a server that breaks it gets a warning"
	case May:
		return "optional, but what is offered has to work"
	}
	return ""
}

// meaningHere says above a result what its verdict means, where a reader could take it for the
// target's failure or success.
func meaningHere(v Verdict) string {
	switch v {
	case Error:
		return "The harness failed here. This is neither a failure nor a success of the target."
	case Inconclusive:
		return "The fault did not fire where it was meant to. This is neither a failure nor a success of the target."
	case Warn:
		return "A SHOULD is broken. This does not make the target nonconformant."
	case Unsupported:
		return "Not tested: the target or its configuration does not offer what this case needs."
	case Excluded:
		return "Not tested: left out by the user."
	}
	return ""
}

// conformanceTitle gives the word in large letters.
func conformanceTitle(c Conformance) string {
	switch c {
	case Conformant:
		return "Conformant"
	case Partial:
		return "Partially conformant"
	case Nonconformant:
		return "Not conformant"
	}
	return "Inconclusive"
}

// placeWords says where a result was taken: "mid-upload, fin, h1"; "undisturbed, h1" without a cut; with "known" behind it
// for a failure that the baseline has too.
func placeWords(r *Result) string {
	var parts []string
	if r.Point == "none" && r.Fault == "none" {
		parts = append(parts, "undisturbed")
	} else {
		parts = append(parts, r.Point, r.Fault)
	}
	if r.Transport != "" {
		parts = append(parts, shorten(Sanitize(r.Transport), 80))
	}
	if r.Version != "" {
		parts = append(parts, "version "+shorten(Sanitize(r.Version), 80))
	}
	if r.Known {
		parts = append(parts, "known")
	}
	return strings.Join(parts, ", ")
}

// atByte says at which byte it went wrong; empty where no byte can be named.
func atByte(r *Result) string {
	if r.Byte == nil {
		return ""
	}
	at := "at byte " + comma(*r.Byte)
	if r.Where != "" {
		at += " of the " + Sanitize(r.Where)
	}
	return at
}

// cited names a source: "RFC 9110, 10.1.1".
func cited(s Source) string {
	return Sanitize(strings.Trim(s.Document+", "+s.Section, ", "))
}

// plural writes a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return comma(int64(n)) + " " + many
}
