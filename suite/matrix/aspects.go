package matrix

import (
	"encoding/json"
	"fmt"
	"mime"
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

// headOnly says that the response was shown without its body, which a replay may do.
func (o *Outcome) headOnly() bool {
	return o.Via == "the replay" && len(o.Response.Body) == 0
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
	var value any
	if strings.Contains(strings.ToLower(r.Fields.Get("Content-Type")), "json") && json.Unmarshal(r.Body, &value) == nil {
		flatten(view, "body", value)
		return
	}
	view["body"] = fmt.Sprintf("of SHA-256 %s", digest(r.Body))
	view["body length"] = bytesOf(int64(len(r.Body)))
}

// flatten gives each member of a JSON value a key of its own: its kind always, its value too where it
// is no list or object.
func flatten(view map[string]string, at string, value any) {
	if len(view) > 4096 {
		return // enough to compare by, and no more to hold
	}
	switch v := value.(type) {
	case map[string]any:
		view[at+" kind"] = "object"
		for name, member := range v {
			flatten(view, at+"."+name, member)
		}
	case []any:
		view[at+" kind"] = "list"
		for i, member := range v {
			flatten(view, fmt.Sprintf("%s[%d]", at, i), member)
		}
	default:
		view[at+" kind"] = fmt.Sprintf("%T", v)
		text := fmt.Sprint(v)
		if len(text) > 200 {
			text = "text of SHA-256 " + digest([]byte(text))
		}
		view[at] = text
	}
}
