package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What may be printed to a terminal is decided here, and nowhere else. A target chooses many of the
// strings that we print: a reason phrase, a field value, a body. Printed raw, they could move the cursor,
// forge a line that says "pass", set the window title, or turn the reading direction around.
//
// Printed as they are: what Unicode calls printable, and the ASCII space. Everything else is made
// visible: C0 controls and DEL as their control pictures (␀ ␛ ␍), all other characters as <U+202E>, and
// bytes that are not UTF-8 as <0xFF>. Nothing is dropped, because what was sent is evidence.

// Sanitize makes one line of s that is safe to print: line ends are shown as ␍ and ␊, tabs as ␉.
func Sanitize(s string) string { return sanitize(s, false) }

// SanitizeLines is Sanitize for texts of several lines: LF and tab are kept, and every line but the
// first starts with indent, so that no line can pass for one of our own. CR LF counts as LF.
func SanitizeLines(s, indent string) string {
	s = sanitize(strings.ReplaceAll(s, "\r\n", "\n"), true)
	return strings.ReplaceAll(s, "\n", "\n"+indent)
}

func sanitize(s string, lines bool) string {
	if plain(s, lines) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "<0x%02X>", s[i])
		case printable(r, lines):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7f:
			b.WriteRune('␡')
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
		i += size
	}
	return b.String()
}

func plain(s string, lines bool) bool {
	for _, r := range s {
		if r == utf8.RuneError || !printable(r, lines) {
			return false
		}
	}
	return true
}

func printable(r rune, lines bool) bool {
	return unicode.IsPrint(r) || lines && (r == '\n' || r == '\t')
}
