package exchange

import "strings"

// ParsePreferenceApplied parses the field lines of Preference-Applied (RFC 7240, 3) into preference
// and value. Names are given in lower case, values unquoted, "" when there is none (an empty quoted
// value means the same). Parameters of a preference are dropped, of a preference named twice the
// first counts (2), and an element that is none is passed over.
func ParsePreferenceApplied(values []string) map[string]string {
	applied := map[string]string{}
	for _, line := range values {
		for s := (scanner{line}); s.rest != ""; {
			name, value, ok := s.preference()
			if _, again := applied[name]; ok && !again {
				applied[name] = value
			}
		}
	}
	return applied
}

// scanner reads a field value from its start.
type scanner struct{ rest string }

// preference reads one list element with the comma after it.
func (s *scanner) preference() (name, value string, ok bool) {
	s.space()
	if name = strings.ToLower(s.token()); name == "" {
		s.skipElement()
		return "", "", false
	}
	ok = true
	s.space()
	if s.take('=') {
		s.space()
		value, ok = s.word()
		s.space()
	}
	ok = ok && (s.rest == "" || s.rest[0] == ',' || s.rest[0] == ';')
	s.skipElement()
	return name, value, ok
}

// word reads token / quoted-string.
func (s *scanner) word() (string, bool) {
	if strings.HasPrefix(s.rest, `"`) {
		return s.quoted()
	}
	t := s.token()
	return t, t != ""
}

// quoted reads a quoted-string (RFC 9110, 5.6.4) and gives what it stands for; false when it does not end.
func (s *scanner) quoted() (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	s.rest = ""
	return "", false
}

func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && tokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// skipElement drops everything up to and with the next comma that is not in a quoted-string.
func (s *scanner) skipElement() {
	for s.rest != "" {
		switch {
		case strings.HasPrefix(s.rest, ","):
			s.rest = s.rest[1:]
			return
		case s.rest[0] == '"':
			s.quoted()
		default:
			s.rest = s.rest[1:]
		}
	}
}
