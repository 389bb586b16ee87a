package reference

import (
	"strings"
)

// Resumption is the value of the "resume" preference (resume-request, "resume" preference).
type Resumption int

// What a request may ask for.
const (
	ResumeNone   Resumption = iota // not asked for, or a value that nobody defined
	ResumeSave                     // save-incomplete, the default
	ResumeIgnore                   // ignore-incomplete
)

// resumeOf reads the resume preference.
func resumeOf(prefs map[string]string) Resumption {
	value, ok := prefs["resume"]
	if !ok {
		return ResumeNone
	}
	switch strings.ToLower(value) {
	case "", "save-incomplete":
		return ResumeSave
	case "ignore-incomplete":
		return ResumeIgnore
	default:
		return ResumeNone
	}
}

// parsePrefer reads the Prefer field lines (RFC 7240, 2): names in lower case, values unquoted,
// parameters dropped. Of a repeated preference the first counts; an element that breaks the grammar
// is skipped, because a preference must never make a request fail.
func parsePrefer(lines []string) map[string]string {
	prefs := map[string]string{}
	for _, line := range lines {
		for _, element := range splitQuoted(line, ',') {
			name, value, ok := parsePreference(splitQuoted(element, ';')[0])
			if !ok {
				continue
			}
			if _, seen := prefs[name]; !seen {
				prefs[name] = value
			}
		}
	}
	return prefs
}

// parsePreference reads token [ BWS "=" BWS word ].
func parsePreference(s string) (name, value string, ok bool) {
	name, value, hasValue := strings.Cut(s, "=")
	name = strings.ToLower(trimOWS(name))
	if !isToken(name) {
		return "", "", false
	}
	if !hasValue {
		return name, "", true
	}
	value, ok = parseWord(trimOWS(value))
	return name, value, ok
}

// parseWord reads token / quoted-string. An empty value is the same as none (RFC 7240, 2).
func parseWord(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s == "" || isToken(s)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false // not closed
}

// splitQuoted splits at sep outside quoted strings. It returns at least one element.
func splitQuoted(s string, sep byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == sep && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func trimOWS(s string) string { return strings.Trim(s, " \t") }

// isToken tells whether s is a token (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
