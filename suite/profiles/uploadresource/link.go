package uploadresource

import "strings"

// link is one link of a Link field (RFC 8288, 3).
type link struct {
	target string
	rels   []string // relation types, in lower case
}

// parseLinks reads the values of a Link field. What cannot be read ends the value that it stands in; the links before
// it count.
func parseLinks(values []string) []link {
	var links []link
	for _, value := range values {
		for rest := value; ; {
			rest = strings.TrimLeft(rest, " \t,")
			if !strings.HasPrefix(rest, "<") {
				break
			}
			target, after, closed := strings.Cut(rest[1:], ">")
			if !closed {
				break
			}
			one := link{target: target}
			one.rels, rest = linkParams(after)
			links = append(links, one)
		}
	}
	return links
}

// linkParams reads the parameters of one link and gives its relations and what follows it. Of several rel parameters
// the first counts (RFC 8288, 3.3).
func linkParams(s string) (rels []string, rest string) {
	seen := false
	for {
		s = strings.TrimLeft(s, " \t")
		if !strings.HasPrefix(s, ";") {
			return rels, s
		}
		s = strings.TrimLeft(s[1:], " \t")
		end := strings.IndexAny(s, "=;,")
		if end < 0 || s[end] != '=' {
			if end < 0 {
				return rels, ""
			}
			s = s[end:]
			continue // a parameter without a value
		}
		name := strings.ToLower(strings.TrimSpace(s[:end]))
		var value string
		value, s = linkValue(strings.TrimLeft(s[end+1:], " \t"))
		if name == "rel" && !seen {
			seen, rels = true, strings.Fields(strings.ToLower(value))
		}
	}
}

// linkValue reads a token or a quoted string (RFC 9110, 5.6.4).
func linkValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";,")
		if end < 0 {
			end = len(s)
		}
		return strings.TrimSpace(s[:end]), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
