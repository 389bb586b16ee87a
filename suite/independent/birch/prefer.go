package birch

import "strings"

// resumePreference reads the resume preference of the Prefer fields (RFC 7240): whether it is there, and whether a partial upload is
// to be saved. Only its first instance counts; no value, an empty one and an unknown one mean save-incomplete.
func resumePreference(f fields) (asked, save bool) {
	for _, member := range splitQuoted(f.list("prefer"), ',') {
		first := splitQuoted(member, ';')[0] // the rest are parameters, of which none is known
		name, value, _ := strings.Cut(first, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "resume") {
			continue
		}
		return true, unquote(strings.Trim(value, " \t")) != "ignore-incomplete"
	}
	return false, false
}

// splitQuoted splits at sep outside of quoted strings.
func splitQuoted(s string, sep byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}
