package reports

import "strings"

// Summarize counts results per verdict and says what they amount to, as documented at Conformance.
// The order of the results does not matter. interrupted is why the run ended early, empty when it did
// not. A verdict that this package does not know counts as an error of the harness.
//
// A MUST result with the verdict warn holds its MUST: what is broken there is a SHOULD on the way. Where
// every MUST result was unsupported or excluded nothing was required of the target, and the word is
// inconclusive: a report is never green on nothing.
func Summarize(results []Result, interrupted string) Summary {
	var sum Summary
	held, left := 0, 0 // MUST results that held, and that were not tried
	for i := range results {
		*sum.slot(results[i].Verdict)++
		if results[i].Known && results[i].Verdict == Fail {
			sum.Known++
		}
		if results[i].Level != Must {
			continue
		}
		switch results[i].Verdict {
		case Pass, Warn:
			held++
		case Unsupported, Excluded:
			left++
		}
	}
	switch {
	case sum.Fail > 0:
		sum.Conformance = Nonconformant
	case interrupted != "", sum.Error > 0, sum.Inconclusive > 0, held == 0:
		sum.Conformance = InconclusiveTotal
	case left > 0:
		sum.Conformance = Partial
	default:
		sum.Conformance = Conformant
	}
	return sum
}

// Count gives the number of results with the verdict.
func (s Summary) Count(v Verdict) int { return *s.slot(v) }

// Total gives the number of results.
func (s Summary) Total() int {
	total := 0
	for _, v := range Verdicts {
		total += s.Count(v)
	}
	return total
}

// slot gives the counter of a verdict; that of Error for a verdict that it does not know.
func (s *Summary) slot(v Verdict) *int {
	switch v {
	case Pass:
		return &s.Pass
	case Fail:
		return &s.Fail
	case Warn:
		return &s.Warn
	case Unsupported:
		return &s.Unsupported
	case Excluded:
		return &s.Excluded
	case Inconclusive:
		return &s.Inconclusive
	}
	return &s.Error
}

// Means says in one sentence what the word means for the target.
func (c Conformance) Means() string {
	switch c {
	case Conformant:
		return "Every required case passed, at every point where the connection was cut."
	case Partial:
		return "No required case failed, but some were not tested: the target or its configuration does not offer what they need, or they were excluded."
	case Nonconformant:
		return "At least one case failed: a client that relies on it can lose data, repeat an effect or be stuck."
	}
	return "Nothing can be said for certain: a result is inconclusive or in error, the run was cut short, or nothing was required."
}

// Key names a result within its report: id, point, fault and transport, and the version of a protocol that has several.
type Key struct{ ID, Point, Fault, Transport, Version string }

// Key gives the name of the result within its report.
func (r *Result) Key() Key { return Key{r.ID, r.Point, r.Fault, r.Transport, r.Version} }

// String gives the key for people: "resume.upload.offsets [mid-upload fin h1]", with " v6" for a version.
func (k Key) String() string {
	words := []string{k.Point, k.Fault, k.Transport}
	if k.Version != "" {
		words = append(words, versionWord(k.Version))
	}
	return k.ID + " [" + strings.Join(words, " ") + "]"
}

// versionWord names a version within a title: "v6", "latest".
func versionWord(version string) string {
	if strings.Trim(version, "0123456789") == "" {
		return "v" + version
	}
	return version
}

// Area gives the middle part of profile.area.name; empty where the ID has fewer parts.
func (r *Result) Area() string {
	rest, ok := strings.CutPrefix(r.ID, r.Profile+".")
	if !ok {
		_, rest, _ = strings.Cut(r.ID, ".")
	}
	area, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	return area
}

// Anchor gives the fragment at which the HTML report shows the result. Letters, digits, "." and "-"
// stand for themselves, anything else as "_" and its hex bytes, so that two results never share one.
func (r *Result) Anchor() string {
	anchor := fragment(r.ID) + "~" + fragment(r.Point) + "~" + fragment(r.Fault) + "~" + fragment(r.Transport)
	if r.Version != "" {
		anchor += "~" + fragment(r.Version)
	}
	return anchor
}

func fragment(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'_', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
