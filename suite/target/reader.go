package target

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// reader walks a YAML tree along a schema and collects every error with its place.
type reader struct {
	name string   // of the file, for errors
	dir  string   // relative file names in the config are resolved against it
	path []string // keys from the root to the value being read
	errs Errors
}

// value reads one YAML value into the place that it was made for.
type value func(*yaml.Node)

// key is one key of a mapping and what reads its value.
type key struct {
	name string
	read value
}

func (r *reader) errorf(n *yaml.Node, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if len(r.path) > 0 {
		message = strings.Join(r.path, ".") + ": " + message
	}
	r.bare(n, message)
}

// bare reports an error without the path of keys before it.
func (r *reader) bare(n *yaml.Node, message string) {
	r.errs = append(r.errs, Error{r.name, max(n.Line, 1), max(n.Column, 1), message})
}

// check reports err, if any, at n.
func (r *reader) check(n *yaml.Node, err error) bool {
	if err != nil {
		r.errorf(n, "%v", err)
	}
	return err == nil
}

// mapping reads n along the keys. Null stands for an empty mapping.
func (r *reader) mapping(n *yaml.Node, keys ...key) bool {
	return r.pairs(n, func(name *yaml.Node, v *yaml.Node) {
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == name.Value })
		if i < 0 {
			known := make([]string, len(keys))
			for i, k := range keys {
				known[i] = k.name
			}
			r.bare(name, fmt.Sprintf("unknown key %q%s", short(name.Value), meant(name.Value, known)))
			return
		}
		if !null(v) {
			keys[i].read(v)
		}
	})
}

// pairs calls each for every key of a mapping that stands there once, with the path set to the key.
func (r *reader) pairs(n *yaml.Node, each func(name, v *yaml.Node)) bool {
	if null(n) {
		return true
	}
	if n.Kind != yaml.MappingNode {
		r.errorf(n, "wants keys and values, not %s", kind(n))
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, v := n.Content[i], resolve(n.Content[i+1])
		if name.Kind != yaml.ScalarNode {
			r.errorf(name, "a key wants to be a word, not %s", kind(name))
			continue
		}
		if line, twice := seen[name.Value]; twice {
			r.bare(name, fmt.Sprintf("duplicate key %q (it stands in line %d already)", short(name.Value), line))
			continue
		}
		seen[name.Value] = name.Line
		r.path = append(r.path, short(name.Value))
		each(name, v)
		r.path = r.path[:len(r.path)-1]
	}
	return true
}

// list calls each for every item of a list that has at least one.
func (r *reader) list(n *yaml.Node, each func(i int, item *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.errorf(n, "wants a list, not %s", kind(n))
		return
	}
	if len(n.Content) == 0 {
		r.errorf(n, "is empty; leave the key out for the default")
		return
	}
	last := len(r.path) - 1
	name := r.path[last]
	for i, item := range n.Content {
		r.path[last] = fmt.Sprintf("%s[%d]", name, i)
		each(i, resolve(item))
	}
	r.path[last] = name
}

// text reads any scalar as it is written: a version 1.20 stays "1.20" without quotes.
func (r *reader) text(into *string) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || null(n) {
			r.errorf(n, "wants text, not %s", kind(n))
			return
		}
		if strings.ContainsFunc(n.Value, control) {
			r.errorf(n, "has a control character in it")
			return
		}
		*into = n.Value
	}
}

// str reads a string and checks it.
func (r *reader) str(into *string, check func(string) error) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			r.errorf(n, "wants text, not %s", kind(n))
			return
		}
		if r.check(n, check(n.Value)) {
			*into = n.Value
		}
	}
}

// words reads a command, word by word: -9 without quotes is a word, too.
func (r *reader) words(into *[]string) value {
	return func(n *yaml.Node) {
		r.list(n, func(_ int, item *yaml.Node) {
			var one string
			if r.text(&one)(item); one != "" {
				*into = append(*into, one)
			}
		})
	}
}

func (r *reader) boolean(into *bool) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(into) != nil {
			r.errorf(n, "wants true or false, not %s", kind(n))
		}
	}
}

func (r *reader) integer(into *int, check func(int) error) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(into) != nil {
			r.errorf(n, "wants an integer, not %s", kind(n))
			return
		}
		r.check(n, check(*into))
	}
}

// size reads a number of bytes: an integer, or one with a unit.
func (r *reader) size(into *int64, least, most int64) value {
	return func(n *yaml.Node) {
		bytes, err := int64(0), fmt.Errorf("wants bytes, an integer or 1MiB, not %s", kind(n))
		switch {
		case n.Kind == yaml.ScalarNode && n.Tag == "!!int":
			if n.Decode(&bytes) == nil {
				err = nil
			}
		case n.Kind == yaml.ScalarNode && n.Tag == "!!str":
			bytes, err = parseSize(n.Value)
		}
		if err == nil && (bytes < least || bytes > most) {
			err = fmt.Errorf("%d is out of range (%d to %d bytes)", bytes, least, most)
		}
		if r.check(n, err) {
			*into = bytes
		}
	}
}

func (r *reader) duration(into *time.Duration, least, most time.Duration) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.errorf(n, "wants a time such as 10s, not %s", kind(n))
			return
		}
		d, err := time.ParseDuration(n.Value)
		switch {
		case err != nil:
			r.errorf(n, "%q is not a time (write a number and its unit: 300ms, 10s, 5m)", short(n.Value))
		case d < least || d > most:
			r.errorf(n, "%v is out of range (%v to %v)", d, least, most)
		default:
			*into = d
		}
	}
}

// headers reads header fields. Names are compared without case, as in HTTP.
func (r *reader) headers(into *map[string]string) value {
	return func(n *yaml.Node) {
		fields := map[string]string{}
		lines := map[string]int{}
		r.pairs(n, func(name, v *yaml.Node) {
			folded := strings.ToLower(name.Value)
			if line, twice := lines[folded]; twice {
				r.bare(name, fmt.Sprintf("duplicate header field %q (it stands in line %d already)", short(name.Value), line))
				return
			}
			lines[folded] = name.Line
			if !r.check(name, checkFieldName(name.Value)) {
				return
			}
			if v.Kind != yaml.ScalarNode || null(v) {
				r.errorf(v, "wants the value of a header field, not %s", kind(v))
				return
			}
			if r.check(v, checkFieldValue(v.Value)) {
				fields[name.Value] = v.Value
			}
		})
		if len(fields) > 0 {
			*into = fields
		}
	}
}

// resolve follows an alias to the value that it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kind says what a value is, in the words of an error. Values are quoted short, and as Go strings: an error goes to
// the terminal.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case null(n):
		return "nothing"
	case n.Tag == "!!str":
		return fmt.Sprintf("the text %q", short(n.Value))
	}
	return short(fmt.Sprintf("%q", n.Value))
}

// short cuts a value from the file down to what fits an error line.
func short(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
