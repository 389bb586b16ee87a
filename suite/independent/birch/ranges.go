package birch

import (
	"fmt"
	"strings"
)

// preconditions evaluates If-Match and If-None-Match for a representation whose entity tag is weak: 0, 304 or 412.
func preconditions(r *request, etag string) int {
	if v, ok := r.fields["if-match"]; ok && strings.TrimSpace(strings.Join(v, ",")) != "*" {
		return 412 // the strong comparison fails for every weak entity tag
	}
	for _, v := range splitQuoted(r.fields.list("if-none-match"), ',') {
		v = strings.TrimSpace(v)
		if v == "*" || v != "" && strings.TrimPrefix(v, "W/") == strings.TrimPrefix(etag, "W/") {
			if r.method == "GET" || r.method == "HEAD" {
				return 304
			}
			return 412
		}
	}
	return 0
}

// span reads a Range field for a representation of size bytes. whole: the field is to be ignored; !ok: it cannot be satisfied.
func span(r *request, size int64) (from, to int64, whole, ok bool) {
	v, there := r.fields["range"]
	if !there || len(v) > 1 || r.method != "GET" || r.fields["if-range"] != nil { // If-Range is false: our entity tags are weak
		return 0, 0, true, true
	}
	unit, set, _ := strings.Cut(v[0], "=")
	if !strings.EqualFold(strings.TrimSpace(unit), "bytes") || strings.Contains(set, ",") {
		return 0, 0, true, true
	}
	first, last, found := strings.Cut(strings.Trim(set, " \t"), "-")
	a, okA := number(first)
	b, okB := number(last)
	switch {
	case !found || !okA && first != "" || !okB && last != "" || first == "" && last == "":
		return 0, 0, true, true
	case first == "":
		if b == 0 || size == 0 {
			return 0, 0, false, false
		}
		return max(size-b, 0), size, false, true
	case last == "":
		b = size - 1
	case a > b:
		return 0, 0, true, true
	}
	if a >= size {
		return 0, 0, false, false
	}
	return a, min(b, size-1) + 1, false, true
}

// represent answers GET and HEAD of bytes: conditions, one range, or the whole in chunks.
func represent(r *request, data []byte, etag string, fs ...field) *response {
	res := &response{status: 200, frame: byChunks, body: data}
	res.add("etag", etag).add("accept-ranges", "bytes")
	switch st := preconditions(r, etag); st {
	case 304:
		res.status, res.body = 304, nil
		return res
	case 412:
		return text(412, "precondition failed\n")
	}
	res.fields = append(res.fields, fs...)
	size := int64(len(data))
	from, to, whole, ok := span(r, size)
	switch {
	case !ok:
		return text(416, "range not satisfiable\n").add("content-range", fmt.Sprintf("bytes */%d", size))
	case !whole:
		res.status, res.frame, res.body = 206, byLength, data[from:to]
		res.add("content-range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, size))
	}
	return res
}
