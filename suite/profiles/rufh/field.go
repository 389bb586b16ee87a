package rufh

import (
	"errors"
	"strconv"
	"strings"
)

// The parts of RFC 9651 that this protocol needs: Items and Dictionaries whose values are read strictly, as a field that
// does not parse counts for nothing.

var errField = errors.New("no structured field of its type")

// mostDigits is how many digits an Integer may have (RFC 9651, 3.3.1).
const mostDigits = 15

// integer reads an Item that is an Integer of at least 0.
func integer(lines []string) (int64, bool) {
	item, err := parseItem(lines)
	if err != nil {
		return 0, false
	}
	return bareInteger(item)
}

// bareInteger reads a bare item.
func bareInteger(item string) (int64, bool) {
	digits := strings.TrimPrefix(item, "-")
	if digits == "" || len(digits) > mostDigits || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(item, 10, 64)
	return n, err == nil && n >= 0
}

// boolean reads an Item that is a Boolean.
func boolean(lines []string) (value, ok bool) {
	item, err := parseItem(lines)
	return item == "?1", err == nil && (item == "?1" || item == "?0")
}

// parseItem gives the bare item of an Item field (RFC 9651, 4.2), whose parameters nobody has defined.
func parseItem(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", errField
	}
	p := &sf{strings.Trim(strings.Join(lines, ", "), " ")}
	item, err := p.item()
	if err == nil && p.rest != "" {
		err = errField
	}
	return item, err
}

// dictionary reads a Dictionary field (RFC 9651, 4.2.2): the bare item of each member, "" for an inner list.
func dictionary(lines []string) (map[string]string, error) {
	p := &sf{strings.Trim(strings.Join(lines, ", "), " ")}
	members := map[string]string{}
	for p.rest != "" {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		members[key] = "?1"
		if p.take('=') {
			members[key], err = p.member()
		} else {
			err = p.parameters()
		}
		if err != nil {
			return nil, err
		}
		p.rest = strings.TrimLeft(p.rest, " \t")
		if p.rest == "" {
			break
		}
		if !p.take(',') {
			return nil, errField
		}
		if p.rest = strings.TrimLeft(p.rest, " \t"); p.rest == "" {
			return nil, errField // a comma at the end
		}
	}
	return members, nil
}

// sf is what is left of a field's value.
type sf struct{ rest string }

func (p *sf) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// while takes the characters of a set, at least one.
func (p *sf) while(set string) (string, error) {
	n := len(p.rest) - len(strings.TrimLeft(p.rest, set))
	if n == 0 {
		return "", errField
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word, nil
}

const (
	lower      = "abcdefghijklmnopqrstuvwxyz"
	upper      = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digit      = "0123456789"
	keySigns   = lower + digit + "_-.*"
	tokenSigns = lower + upper + digit + "!#$%&'*+-.^_`|~:/"
)

// key reads the name of a member or parameter.
func (p *sf) key() (string, error) {
	if p.rest == "" || strings.IndexByte(lower+"*", p.rest[0]) < 0 {
		return "", errField
	}
	return p.while(keySigns)
}

// member reads an item or an inner list.
func (p *sf) member() (string, error) {
	if !p.take('(') {
		return p.item()
	}
	for {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.take(')') {
			return "", p.parameters()
		}
		if _, err := p.item(); err != nil {
			return "", err
		}
	}
}

// item reads a bare item and its parameters.
func (p *sf) item() (string, error) {
	item, err := p.bare()
	if err == nil {
		err = p.parameters()
	}
	return item, err
}

func (p *sf) parameters() error {
	for p.take(';') {
		p.rest = strings.TrimLeft(p.rest, " ")
		if _, err := p.key(); err != nil {
			return err
		}
		if p.take('=') {
			if _, err := p.bare(); err != nil {
				return err
			}
		}
	}
	return nil
}

// bare reads a bare item as it stands.
func (p *sf) bare() (string, error) {
	if p.rest == "" {
		return "", errField
	}
	switch c := p.rest[0]; {
	case c == '"':
		return p.quoted()
	case c == ':':
		return p.between(":")
	case c == '?':
		if len(p.rest) < 2 || p.rest[1] != '0' && p.rest[1] != '1' {
			return "", errField
		}
		item := p.rest[:2]
		p.rest = p.rest[2:]
		return item, nil
	case c == '@' || c == '-' || strings.IndexByte(digit, c) >= 0:
		return p.while(digit + "-.@")
	case c == '*' || strings.IndexByte(lower+upper, c) >= 0:
		return p.while(tokenSigns)
	}
	return "", errField
}

// between reads what stands between two marks.
func (p *sf) between(mark string) (string, error) {
	end := strings.Index(p.rest[1:], mark)
	if end < 0 {
		return "", errField
	}
	item := p.rest[:end+2]
	p.rest = p.rest[end+2:]
	return item, nil
}

// quoted reads a String.
func (p *sf) quoted() (string, error) {
	for i := 1; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '\\':
			i++
		case '"':
			item := p.rest[:i+1]
			p.rest = p.rest[i+1:]
			return item, nil
		}
	}
	return "", errField
}
