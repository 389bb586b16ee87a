package selftest

import (
	"regexp"
	"strconv"
	"strings"
)

// span is where a PUT writes; first is -1 for the whole document.
type span struct {
	first, last int64
	complete    int64 // -1: not told
}

var wholeSpan = span{-1, -1, -1}

func (p span) len() int64 { return p.last - p.first + 1 }

// partRefusal is an answer other than 2xx with which the reading of a head ends.
type partRefusal int

func (r partRefusal) Error() string { return strconv.Itoa(int(r)) }

// expectations gives the members of Expect, in lower case.
func (x *partCall) expectations() (all []string) {
	lines := x.r.Header.Values("Expect")
	if x.s.has(expectFirstLine) {
		lines = lines[:min(1, len(lines))]
	}
	text := strings.Join(lines, ",")
	if x.s.has(expectAsWhole) {
		return []string{strings.ToLower(text)}
	}
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			if !x.s.has(expectByCase) {
				one = strings.ToLower(one)
			} else if one == "Range" {
				one = "range"
			}
			all = append(all, one)
		}
	}
	return all
}

func in(all []string, one string) bool {
	for _, other := range all {
		if other == one {
			return true
		}
	}
	return false
}

// span finds the range that a PUT names.
func (x *partCall) span(isPart bool) (span, error) {
	s, expects := x.s, x.expectations()
	announced := in(expects, "range") && !s.has(partIgnorant) && !s.has(partPolite)
	switch {
	case s.has(partPolite) && in(expects, "range"):
		return span{}, partRefusal(417)
	case s.has(partRefuses400) && in(expects, "range"):
		return span{}, partRefusal(400)
	case s.has(unknownRefused) && len(expects) > 0 && x.unknown(expects):
		return span{}, partRefusal(417)
	case s.has(unknownIgnoresAll) && x.unknown(expects):
		announced = false
	case s.has(expectOldIgnored) && !x.r.ProtoAtLeast(1, 1):
		announced = false
	}
	if s.has(rangeUnexpected) && x.r.Header.Get("Range") != "" {
		announced = true
	}
	if announced {
		return x.fieldSpan(x.r.Header.Values("Range"))
	}
	if isPart && !s.has(queryIgnored) && !(s.has(lastingOnce) && x.written()) {
		return x.uriSpan()
	}
	return wholeSpan, nil
}

// written says whether the document was written to by a range already.
func (x *partCall) written() bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	d := x.s.docs[x.r.URL.Path]
	return d != nil && d.writes > 1
}

func (x *partCall) unknown(expects []string) bool {
	for _, one := range expects {
		if one != "range" && one != "100-continue" {
			return true
		}
	}
	return false
}

var (
	literalForm = regexp.MustCompile(`^([A-Za-z]+) (\d+)-(\d+)/(\d+|\*)$`)
	equalsForm  = regexp.MustCompile(`^([A-Za-z]+)=(\d+)-(\d+)$`)
	looseForm   = regexp.MustCompile(`(\d+)\D+(\d+)`)
)

// fieldSpan reads Range.
func (x *partCall) fieldSpan(lines []string) (span, error) {
	s := x.s
	bad := error(partRefusal(400))
	if s.has(malformedIgnored) {
		bad = nil
	}
	if len(lines) == 0 {
		if s.has(noRangeWhole) {
			return wholeSpan, nil
		}
		return wholeSpan, partRefusal(400)
	}
	text := lines[0]
	if len(lines) > 1 && !s.has(firstOfSeveral) {
		return wholeSpan, bad
	}
	if s.has(firstOfSeveral) {
		text = firstOf(text)
	}
	m := literalForm.FindStringSubmatch(text)
	if m == nil {
		if m = equalsForm.FindStringSubmatch(text); m != nil && !s.has(equalsUnknown) {
			m = append(m, "*")
		} else {
			m = nil
		}
	}
	if m == nil && s.has(rangeLoose) {
		if loose := looseForm.FindStringSubmatch(text); loose != nil {
			m = []string{text, "bytes", loose[1], loose[2], "*"}
		}
	}
	if m == nil {
		return wholeSpan, bad
	}
	if unit := m[1]; !strings.EqualFold(unit, "bytes") && !s.has(anyUnit) || s.has(unitByCase) && unit != "bytes" {
		if s.has(unitIgnored) {
			return wholeSpan, nil
		}
		return wholeSpan, partRefusal(416)
	}
	if m[4] == "*" && s.has(openRefused2) && !strings.Contains(text, "=") {
		return wholeSpan, partRefusal(400)
	}
	return x.checked(m[2], m[3], m[4])
}

// firstOf takes the first range of a list.
func firstOf(text string) string {
	if head, _, found := strings.Cut(text, ","); found {
		return strings.TrimSpace(head)
	}
	return text
}

// uriSpan reads the range in the URI.
func (x *partCall) uriSpan() (span, error) {
	s := x.s
	all, length := s.shape().spans(x.r.URL)
	bad := error(partRefusal(400))
	if s.has(malformedIgnored) {
		bad = nil
	}
	if s.has(queryRaw) && strings.Contains(x.r.URL.RawQuery, "%2D") {
		return wholeSpan, nil
	}
	switch {
	case len(all) > 1 && s.has(firstOfSeveral):
	case len(all) > 1 && s.has(lastOfSeveral):
		all = all[len(all)-1:]
	case len(all) != 1:
		return wholeSpan, partRefusal(400)
	}
	m := regexp.MustCompile(`^(\d+)-(\d+)$`).FindStringSubmatch(all[0])
	if m == nil && s.has(rangeLoose) {
		m = looseForm.FindStringSubmatch(all[0])
	}
	if m == nil {
		return wholeSpan, bad
	}
	if length == "" {
		length = "*"
	}
	if _, err := strconv.ParseInt(length, 10, 64); err != nil && length != "*" && s.has(badLengthZero) {
		length = "*"
	}
	return x.checked(m[1], m[2], length)
}

// checked makes a span of positions and of a complete length.
func (x *partCall) checked(first, last, complete string) (p span, err error) {
	s := x.s
	number := func(text string) int64 {
		n, e := strconv.ParseInt(text, 10, 64)
		switch {
		case e != nil && s.has(numbersWrap) && strings.Trim(text, "0123456789") == "":
			tail := text[max(0, len(text)-2):]
			n, _ = strconv.ParseInt(tail, 10, 64)
		case e != nil || n < 0:
			err = partRefusal(400)
		}
		return n
	}
	p = span{number(first), number(last), -1}
	if complete != "*" {
		p.complete = number(complete)
	}
	switch {
	case err != nil:
		return p, err
	case p.last < p.first && s.has(reversedSwapped):
		p.first, p.last = p.last, p.first
	case p.last < p.first:
		return p, partRefusal(416)
	case p.complete >= 0 && p.last >= p.complete && !s.has(pastEndWritten):
		return p, partRefusal(416)
	}
	if s.has(lastExcluded) {
		p.last = max(p.first, p.last-1)
	}
	if s.has(fromOne) {
		p.first, p.last = max(0, p.first-1), max(0, p.last-1)
	}
	return p, nil
}
