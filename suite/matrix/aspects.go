package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
)

// compared are the fields that belong to a final response wherever it is shown; the others (Date,
// Server, Via, those of the connection and of the framing) may be added or left out on the way.
// The value says whether the field's value is compared, or only that it is there: validators
// may follow the clock, and references may be relative to where the response is shown.
var compared = map[string]bool{
	"Content-Type": true, "Content-Language": true, "Content-Encoding": true, "Content-Disposition": true,
	"Location": false, "Content-Location": false, "ETag": false, "Allow": true, "Accept-Patch": true,
	"WWW-Authenticate": true, "Retry-After": false, "Link": false,
}

// headOnly says that the response was shown without its body, which a replay may do. One that says that
// its body is empty is not: it shows another response.
func (o *Outcome) headOnly() bool {
	r := o.Response
	empty := r.Fields.Get("Content-Length") == "0" || r.Fields.Has("Transfer-Encoding")
	return o.Via == "the replay" && len(r.Body) == 0 && !empty
}

// aspects takes a final response apart into what can be compared on its own.
func aspects(o *Outcome, headOnly bool) map[string]string {
	r := o.Response
	view := map[string]string{"status": strconv.Itoa(r.Status)}
	for name, byValue := range compared {
		if !r.Fields.Has(name) {
			continue
		}
		view["field "+name] = "present"
		if byValue {
			view["field "+name] = normal(name, r.Fields.Joined(name))
		}
	}
	if !headOnly {
		bodyAspects(view, r)
	}
	return view
}

// normal takes out of a field's value what carries no meaning: case and white space of a media
// type, the order of a list.
func normal(name, value string) string {
	switch name {
	case "Content-Type":
		if kind, params, err := mime.ParseMediaType(value); err == nil {
			return mime.FormatMediaType(kind, params)
		}
	case "Allow", "Accept-Patch":
		items := strings.Split(value, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
		sort.Strings(items)
		return strings.Join(items, ", ")
	}
	return strings.TrimSpace(value)
}

// bodyAspects compares a JSON body member by member, any other as a whole and by its length.
func bodyAspects(view map[string]string, r *exchange.Response) {
	if strings.Contains(strings.ToLower(r.Fields.Get("Content-Type")), "json") {
		if value, err := decodeJSON(r.Body); err == nil && flatten(view, value) {
			return
		}
	}
	view["body"] = fmt.Sprintf("of SHA-256 %s", digest(r.Body))
	view[bodyLength] = bytesOf(int64(len(r.Body)))
	view[bodyShape] = bytesOf(int64(len(numbers.ReplaceAll(r.Body, []byte("0")))))
}

// A text that tells a number may be longer for it: where its length is another, but not when each number
// is taken for one digit, nothing is missing.
const (
	bodyLength = "body length"
	bodyShape  = "body shape"
)

var numbers = regexp.MustCompile(`\d+`)

// decodeJSON reads one JSON value whose numbers stay as they were written: as a float64 two long
// numbers would be the same.
func decodeJSON(b []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// How much of a JSON value is taken apart: enough to compare by, and no more to hold. The path of a member
// that is nested deeply would else be as long as the body, for each of them.
const (
	mostMembers = 4096
	longestPath = 512 // bytes
)

// flatten gives each member of a JSON value a key of its own: its kind always, its value too where it
// is no list or object. It says whether that was all of the value.
func flatten(view map[string]string, value any) bool {
	f := flattener{view: view, left: mostMembers}
	f.add("body", value)
	return !f.short
}

type flattener struct {
	view  map[string]string
	left  int  // members that may still be added
	short bool // something was left out
}

func (f *flattener) add(at string, value any) {
	if f.left == 0 || len(at) > longestPath {
		f.short = true
		return
	}
	f.left--
	switch v := value.(type) {
	case map[string]any:
		f.view[at+" kind"] = "object"
		// In order: what comes before the limit must not differ from one reading to the next.
		for _, name := range slices.Sorted(maps.Keys(v)) {
			f.add(at+member(name), v[name])
		}
	case []any:
		f.view[at+" kind"] = "list"
		for i, item := range v {
			f.add(fmt.Sprintf("%s[%d]", at, i), item)
		}
	default:
		f.view[at+" kind"], f.view[at] = kind(v), scalar(v)
	}
}

// member gives the step of a path to a member. A name that holds what paths are made of is quoted: two
// members must never share a key.
func member(name string) string {
	if name == "" || strings.ContainsAny(name, `. []"`) {
		return "[" + strconv.Quote(name) + "]"
	}
	return "." + name
}

func kind(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case json.Number:
		return "number"
	case bool:
		return "truth"
	}
	return "null"
}

func scalar(value any) string {
	text := fmt.Sprint(value)
	if len(text) > 200 {
		return "text of SHA-256 " + digest([]byte(text))
	}
	return text
}
