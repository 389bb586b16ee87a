package rangequery

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
	"github.com/yosida95/uritemplate/v3"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// linkTemplate is the field in which a template is advertised (RFC 9652), and relation what the link is for.
const (
	linkTemplate = "Link-Template"
	relation     = "range"
)

// template is a URI Template with variables for a range.
type template struct {
	*uritemplate.Template
	whole       string // the variable for "first-last"; "" where there are two
	first, last string // those for the positions
	length      string // that for the complete length; "" where there is none
}

// The names of variables that mean something; every other may be the one for the range.
var (
	lengths = []string{"length", "complete_length", "complete.length", "complete%2Dlength", "complete%2dlength"}
	pairs   = [][2]string{{"first", "last"}, {"start", "end"}}
)

// parse reads a URI Template (RFC 6570) and finds the variables for the range.
func parse(text string) (template, error) {
	parsed, err := uritemplate.New(text)
	if err != nil {
		return template{}, fmt.Errorf("%q is no URI Template: %w", text, err)
	}
	t := template{Template: parsed}
	var others []string
	for _, name := range parsed.Varnames() {
		switch {
		case slices.Contains(lengths, name):
			t.length = name
		case !slices.Contains(others, name):
			others = append(others, name)
		}
	}
	for _, pair := range pairs {
		if slices.Contains(others, pair[0]) && slices.Contains(others, pair[1]) {
			t.first, t.last = pair[0], pair[1]
			return t, nil
		}
	}
	switch {
	case slices.Contains(others, relation):
		t.whole = relation
	case len(others) == 1:
		t.whole = others[0]
	default:
		return template{}, fmt.Errorf("%q has no variable that must be the range: %v", text, others)
	}
	return t, nil
}

// values are what stands for the variables of a template, lawful or not.
type values struct {
	first, last string
	complete    string // "" leaves the variable undefined
}

// of gives the values of a part.
func of(p partialput.Part) values {
	v := values{first: matrix.Itoa(p.At), last: matrix.Itoa(p.Last())}
	if p.Complete != partialput.Untold {
		v.complete = matrix.Itoa(p.Complete)
	}
	return v
}

// expand gives the URI reference for values.
func (t template) expand(v values) (string, error) {
	defined := uritemplate.Values{}
	if t.whole != "" {
		defined.Set(t.whole, uritemplate.String(v.first+"-"+v.last))
	} else {
		defined.Set(t.first, uritemplate.String(v.first))
		defined.Set(t.last, uritemplate.String(v.last))
	}
	if t.length != "" && v.complete != "" {
		defined.Set(t.length, uritemplate.String(v.complete))
	}
	text, err := t.Expand(defined)
	if err != nil {
		return "", fmt.Errorf("%q does not expand: %w", t.Raw(), err)
	}
	return text, nil
}

// target gives the URL to which a write for the document goes. What the document's own URL says in its query, and the
// expansion does not, is put behind.
func (t template) target(document *url.URL, v values) (*url.URL, error) {
	text, err := t.expand(v)
	if err != nil {
		return nil, err
	}
	u, err := exchange.Resolve(document.String(), text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q expands to %q: %w", t.Raw(), text, err)
	case !matrix.SameOrigin(u, document):
		return nil, fmt.Errorf("%q leads to another origin, to which nothing is sent: %s", t.Raw(), u.Redacted())
	case u.Fragment != "":
		return nil, fmt.Errorf("%q has a fragment, which is not sent", t.Raw())
	}
	u.RawQuery = joined(u.RawQuery, document.RawQuery)
	return u, nil
}

// joined gives a query with the parameters of another that it does not have.
func joined(query, other string) string {
	has := map[string]bool{}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		has[name] = true
	}
	for pair := range strings.SplitSeq(other, "&") {
		if name, _, _ := strings.Cut(pair, "="); pair != "" && !has[name] {
			query = strings.TrimPrefix(query+"&"+pair, "&")
		}
	}
	return query
}

// usable says why a template cannot be used for a document, nil where it can: both positions must show in the URL, or the
// part would replace the document.
func (t template) usable(document *url.URL) error {
	v := values{first: "172839", last: "4050607"}
	u, err := t.target(document, v)
	if err != nil {
		return err
	}
	if uri := u.RequestURI(); !strings.Contains(uri, v.first) || !strings.Contains(uri, v.last) {
		return fmt.Errorf("%q loses the range: %s", t.Raw(), uri)
	}
	return nil
}

// errNone says that nothing is advertised.
var errNone = errors.New("no " + linkTemplate + ` with rel="` + relation + `"`)

// advertised gives the template that a response for a document advertises; of several the first that can be used, and
// rather one with a complete length.
func advertised(r *exchange.Response, document *url.URL) (best template, err error) {
	lines := r.Fields.Values(linkTemplate)
	if len(lines) == 0 {
		return template{}, errNone
	}
	list, err := httpsfv.UnmarshalList(lines)
	if err != nil {
		return template{}, fmt.Errorf("%s is no list of strings: %w", linkTemplate, err)
	}
	err = errNone
	for _, member := range list {
		item, isItem := member.(httpsfv.Item)
		text, isString := item.Value.(string)
		if !isItem || !isString {
			return template{}, fmt.Errorf("%s has a member that is no string", linkTemplate)
		}
		if !relates(item.Params, document) {
			continue
		}
		t, e := parse(text)
		if e == nil {
			e = t.usable(document)
		}
		switch {
		case e != nil && best.Template == nil:
			err = e
		case e == nil && (best.Template == nil || best.length == "" && t.length != ""):
			best, err = t, nil
		}
	}
	return best, err
}

// relates says whether a link is from the document, with the relation that counts.
func relates(params *httpsfv.Params, document *url.URL) bool {
	rel, _ := params.Get("rel")
	text := fmt.Sprint(rel) // a token is as good
	if !slices.ContainsFunc(strings.Fields(text), func(one string) bool { return strings.EqualFold(one, relation) }) {
		return false
	}
	anchor, found := params.Get("anchor")
	if !found {
		return true
	}
	u, err := exchange.Resolve(document.String(), fmt.Sprint(anchor))
	return err == nil && u.Path == document.Path && matrix.SameOrigin(u, document)
}
