package uploadresource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/resumespec/resumespec/suite/exchange"
)

// The states of an upload, in their order; failed ends it as done does.
const (
	waiting    = "waiting"
	receiving  = "receiving"
	processing = "processing"
	done       = "done"
	failed     = "failed"
)

// rank orders the states: none ever goes back to one before it.
var rank = map[string]int{waiting: 1, receiving: 2, processing: 3, done: 4, failed: 4}

// span is a run of bytes, both ends inclusive.
type span struct{ first, last int64 }

// document is what a status resource says. A pointer is nil, and a list too, where the member is null or not there.
type document struct {
	state     string
	length    *int64
	received  []span
	listed    bool // received is there
	remaining *int64
	errors    []map[string]json.RawMessage
	result    string // URI-reference, "" for none
	upload    string // URI-reference, "" for none
	parallel  bool
	moved     bool // 303: the result is told by Location
}

// unknown is the length that Content-Range writes as "*".
const unknown = -1

// errNoStatus says that a body is no status document at all.
var errNoStatus = errors.New("no JSON object with a state")

// parseDocument reads a status document. Members that the definition does not know are ignored, and so is the order of
// the ranges; what a known member holds must be of its kind.
func parseDocument(body []byte) (document, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members["state"] == nil {
		return document{}, errNoStatus
	}
	var d document
	var ranges [][]int64
	for name, into := range map[string]any{
		"state": &d.state, "length": &d.length, "received": &ranges, "remaining": &d.remaining,
		"errors": &d.errors, "result": &d.result, "upload": &d.upload, "parallel": &d.parallel,
	} {
		if raw := members[name]; raw != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				return document{}, fmt.Errorf("the member %s is not of its kind: %s", name, shorten(raw))
			}
		}
	}
	if rank[d.state] == 0 {
		return document{}, fmt.Errorf("the state %q is none of waiting, receiving, processing, done and failed", d.state)
	}
	for _, r := range ranges {
		if len(r) != 2 || r[0] < 0 || r[1] < r[0] {
			return document{}, fmt.Errorf("received holds %v, which is no [first, last]", r)
		}
		d.received = append(d.received, span{r[0], r[1]})
	}
	raw := members["received"]
	d.listed = raw != nil && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
	d.received = merged(d.received)
	return d, nil
}

// shorten keeps an error readable whatever the target sent.
func shorten(raw []byte) string {
	const enough = 60
	if len(raw) > enough {
		return string(raw[:enough]) + "..."
	}
	return string(raw)
}

// merged gives the same bytes as few spans in order.
func merged(all []span) []span {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b span) int { return int(min(max(a.first-b.first, -1), 1)) })
	var out []span
	for _, s := range all {
		if n := len(out); n > 0 && s.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, s.last)
			continue
		}
		out = append(out, s)
	}
	return out
}

// prefix is how many bytes are there from byte 0 on without a hole.
func (d document) prefix() int64 {
	if len(d.received) == 0 || d.received[0].first > 0 {
		return 0
	}
	return d.received[0].last + 1
}

// total is how many bytes are there.
func (d document) total() int64 {
	n := int64(0)
	for _, s := range d.received {
		n += s.last - s.first + 1
	}
	return n
}

// hole gives the first run of bytes below length that is missing, from inclusive, to exclusive; equal when none is.
func (d document) hole(length int64) (from, to int64) {
	from, to = d.prefix(), length
	for _, s := range d.received {
		if s.first > from {
			return from, min(s.first, length)
		}
	}
	return from, max(from, to)
}

// over says whether nothing more happens to the upload.
func (d document) over() bool { return d.state == done || d.state == failed }

// readStatus reads the answer to a GET on a status resource: a status document, or a redirection to the result.
func readStatus(r *exchange.Response) (document, error) {
	switch {
	case r.Status == 303 && r.Fields.Get("Location") != "":
		return document{state: done, result: r.Fields.Get("Location"), moved: true}, nil
	case r.Status/100 != 2:
		return document{}, fmt.Errorf("the status resource gave %d", r.Status)
	}
	d, err := parseDocument(r.Body)
	if err != nil {
		return document{}, fmt.Errorf("the status resource gave %d: %w", r.Status, err)
	}
	return d, nil
}
