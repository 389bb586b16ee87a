package matrix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// Witness sees the effect of an upload from outside: the stored bytes and, where the target tells
// it, the number of effects.
type Witness struct {
	Readback target.Readback
	Count    *target.Count
}

// Effects is the number of effects at one moment, to compare a later one with.
type Effects struct {
	s      *Session
	w      Witness
	tag    string
	before int64
}

// Effects remembers how many effects the token has had so far. Without count it compares nothing.
func (s *Session) Effects(w Witness, tag string) Effects {
	e := Effects{s: s, w: w, tag: tag}
	e.before, _ = e.now()
	return e
}

func (e Effects) now() (int64, bool) {
	if e.w.Count == nil {
		return 0, false
	}
	path := strings.ReplaceAll(e.w.Count.Path, "{tag}", url.QueryEscape(e.tag))
	response := e.s.Do("the read of the count", exchange.Request{Method: "GET", Target: resolved(e.s.Base(), path).RequestURI()})
	n, err := numberAt(response, e.w.Count.Pointer)
	if err != nil {
		e.s.Unsupported("the count cannot be read at %s: %v", path, err)
	}
	return n, true
}

// None asks that nothing has happened since.
func (e Effects) None(when string) {
	if n, counted := e.now(); counted && n != e.before {
		e.s.Harmful("no effect "+when, "%d more than before", n-e.before)
	}
}

// Watched is an upload that is to have no effect, though the target may not have noticed yet what happened to
// its connection.
type Watched struct {
	Effects Effects
	When    string
	Look    func() // at what else would tell of an effect; may be nil
}

// NoneYet looks several times at uploads of which none may have an effect. They wait side by side.
func (s *Session) NoneYet(uploads ...Watched) {
	for look := range looks {
		if look > 0 && !s.Wait(glance) {
			return
		}
		for _, u := range uploads {
			u.Effects.None(u.When)
			if u.Look != nil {
				u.Look()
			}
		}
	}
}

// looks is how often, and glance how long apart, a target is looked at that may be a moment behind.
const (
	looks  = 4
	glance = 15 * time.Millisecond
)

// Once asks that exactly one thing has happened since. What is counted may be a moment behind what has
// happened, so that too few are counted again for a while; too many are too many.
func (e Effects) Once(when string) {
	n, counted := e.now()
	for pause := glance; counted && n <= e.before && pause < time.Second && e.s.Wait(pause); pause *= 2 {
		n, counted = e.now()
	}
	if counted && n != e.before+1 {
		e.s.Harmful("exactly one effect "+when, "%d", n-e.before)
	}
}

// Since gives the number of effects since, and whether they are counted at all.
func (e Effects) Since() (int64, bool) {
	n, counted := e.now()
	return n - e.before, counted
}

// numberAt reads the number at a JSON Pointer (RFC 6901) of a 2xx response.
func numberAt(r *exchange.Response, pointer string) (int64, error) {
	if r.Status/100 != 2 {
		return 0, fmt.Errorf("status %d", r.Status)
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return 0, fmt.Errorf("no JSON: %w", err)
	}
	for _, token := range pointerTokens(pointer) {
		switch at := value.(type) {
		case map[string]any:
			value = at[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return 0, fmt.Errorf("nothing at %q", pointer)
			}
			value = at[i]
		default:
			return 0, fmt.Errorf("nothing at %q", pointer)
		}
	}
	number, _ := value.(json.Number)
	n, err := number.Int64()
	if err != nil {
		return 0, fmt.Errorf("no whole number of 64 bits at %q", pointer) // which may be long, and so is not told
	}
	return n, nil
}

func pointerTokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, token := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens
}

// errNoReadback says why stored bytes can't be read.
var errNoReadback = errors.New("stored bytes cannot be read back")

// Stored reads the stored bytes of an upload. A place that is not found is looked at again for a while: what an
// upload has stored may be seen a moment after its response. The error wraps errNoReadback where the target or
// its configuration gives no way to.
func (s *Session) Stored(w Witness, op *Operation, outcome *Outcome) ([]byte, error) {
	places := w.places(s, op, outcome)
	read := func() ([]byte, bool, error) { return s.storedAt(w, op, places) }
	if w.Readback.From == "file" {
		read = func() ([]byte, bool, error) { return s.filed(w, op, outcome) }
	}
	stored, missing, err := read()
	for pause := glance; missing && pause < time.Second && s.Wait(pause); pause *= 2 {
		stored, missing, err = read()
	}
	if err == nil && stored == nil {
		return nil, fmt.Errorf("%w: the response names no place (readback: %s)", errNoReadback, w.Readback.From)
	}
	return stored, err
}

// storedAt reads the first place that has something. It says whether one was not found.
func (s *Session) storedAt(w Witness, op *Operation, places []*url.URL) (stored []byte, missing bool, err error) {
	for _, place := range places {
		if !s.Here(place) {
			err = fmt.Errorf("%w: %s is another origin", errNoReadback, place.Redacted())
			continue
		}
		response, e := s.follow(place)
		switch {
		case e != nil:
			return nil, false, e
		case response.Status == 200 && w.Readback.From == "result" && isJSON(response.Fields) && !isJSON(op.Fields):
			err = fmt.Errorf("%w: the result is a document of its own (readback can name the place of the bytes)", errNoReadback)
		case response.Status == 200:
			return append([]byte{}, response.Body...), false, nil
		default:
			missing = missing || response.Status == 404
			err = fmt.Errorf("GET %s gave %d", place.RequestURI(), response.Status)
		}
	}
	return nil, missing, err
}

// isJSON says whether the content is a JSON document, and so tells of an upload that was none.
func isJSON(fields exchange.Fields) bool {
	return strings.Contains(strings.ToLower(fields.Get("Content-Type")), "json")
}

// Placed gives the response that names the place to read from: where a write's own answer does not, the
// replayed one.
func (s *Session) Placed(w Witness, d Driver, op *Operation, o *Outcome) *Outcome {
	field := w.field()
	if w.Readback.From == "file" && op.Handle(UploadHandle) == nil {
		field = "Location"
	}
	unnamed := field != "" && o.Via == "the last part" && !o.Response.Fields.Has(field)
	if unnamed || w.Readback.From == "result" && len(o.Places) == 0 {
		if _, err := d.Outcome(op); err == nil {
			return s.Replayed(d, op)
		}
	}
	return o
}

// field names the field of a response that leads to the stored bytes, "" where none does.
func (w Witness) field() string {
	return map[string]string{"location": "Location", "content-location": "Content-Location", "path": "Location"}[w.Readback.From]
}

// places gives where the stored bytes may be.
func (w Witness) places(s *Session, op *Operation, outcome *Outcome) []*url.URL {
	switch w.Readback.From {
	case "document":
		return []*url.URL{op.URL}
	case "result", "upload":
		if outcome == nil {
			return nil
		}
		return outcome.Places
	}
	field := w.field()
	if field == "" || outcome == nil || outcome.Response == nil {
		return nil
	}
	value := outcome.Response.Fields.Get(field)
	if w.Readback.From == "path" {
		id := value[strings.LastIndex(value, "/")+1:]
		path := strings.NewReplacer("{id}", id, "{tag}", op.Tag).Replace(w.Readback.Path)
		return []*url.URL{resolved(s.Base(), path)}
	}
	if value == "" {
		return nil
	}
	var places []*url.URL
	for _, base := range outcome.Bases {
		place, err := exchange.Resolve(base.String(), value)
		if err == nil && (len(places) == 0 || places[0].String() != place.String()) {
			places = append(places, place)
		}
	}
	return places
}

// follow gets u, and follows at most three redirects within the target's origin.
func (s *Session) follow(u *url.URL) (*exchange.Response, error) {
	for range 4 {
		response := s.Do("the read of the stored bytes", RequestTo("GET", u))
		if response.Status/100 != 3 {
			return response, nil
		}
		next, err := exchange.Resolve(u.String(), response.Fields.Get("Location"))
		if err != nil || !s.Here(next) {
			return nil, fmt.Errorf("%w: redirected to another origin", errNoReadback)
		}
		u = next
	}
	return nil, fmt.Errorf("GET %s: more than three redirects", u.RequestURI())
}

// Intact asks that the stored bytes equal the upload's body. Where they can't be read, it keeps a
// note and says false.
func (s *Session) Intact(w Witness, op *Operation, outcome *Outcome) bool {
	stored, err := s.Stored(w, op, outcome)
	if errors.Is(err, errNoReadback) {
		s.Note("%v", err)
		return false
	}
	if err != nil {
		s.Broken("the stored bytes to be readable", "%v", err)
	}
	s.SameBytes("stored bytes", stored, op.Body)
	s.Note("stored bytes: %d, SHA-256 %s", len(stored), digest(stored))
	return true
}

// SameBytes asks that got equals want and names the first byte that does not.
func (s *Session) SameBytes(what string, got, want []byte) {
	if at := FirstDifference(got, want); at >= 0 {
		s.HarmfulAt(at, what,
			fmt.Sprintf("%d bytes, SHA-256 %s", len(want), digest(want)),
			"%d bytes, SHA-256 %s; the first difference is at byte %d", len(got), digest(got), at)
	}
}

// FirstDifference gives the offset of the first byte in which a and b differ, -1 when they are equal.
func FirstDifference(a, b []byte) int64 {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	if len(a) != len(b) {
		return int64(min(len(a), len(b)))
	}
	return -1
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
