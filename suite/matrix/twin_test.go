package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// shown gives an outcome for a comparison.
func shown(via string, status int, body string, fields ...string) *Outcome {
	r := &exchange.Response{Proto: "HTTP/1.1", Status: status, Body: []byte(body), Complete: true}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Fields = r.Fields.With(fields[i], fields[i+1])
	}
	return &Outcome{Response: r, Via: via}
}

const anyJSON = "application/json"

func TestCompare(t *testing.T) {
	doc := func(body string) *Outcome { return shown("the request", 200, body, "Content-Type", anyJSON) }
	text := func(body string) *Outcome { return shown("the request", 200, body, "Content-Type", "text/plain") }
	status := func(n int) *Outcome { return shown("the request", n, "x") }
	for _, c := range []struct {
		name  string
		twins []*Outcome
		got   *Outcome
		want  string // the aspects that differ
	}{
		{"the same", []*Outcome{status(200), status(200)}, status(200), ""},
		{"status", []*Outcome{status(201), status(201)}, status(200), "status"},
		{"status that varies", []*Outcome{status(201), status(200)}, status(500), ""},
		{"text", []*Outcome{text("a"), text("a")}, text("b"), "body"},
		{"text, shorter", []*Outcome{text("ab"), text("ab")}, text("b"), "body, body length"},
		{"text that varies, cut short", []*Outcome{text("a1"), text("a2")}, text("a"), "body length"},
		{"JSON member", []*Outcome{doc(`{"a":1,"t":5}`), doc(`{"t":6,"a":1}`)}, doc(`{"a":2,"t":7}`), "body.a"},
		{"JSON member missing", []*Outcome{doc(`{"a":1,"b":2}`), doc(`{"a":1,"b":2}`)}, doc(`{"a":1}`), "body.b, body.b kind"},
		{"JSON member more", []*Outcome{doc(`{"a":1}`), doc(`{"a":1}`)}, doc(`{"a":1,"b":2}`), "body.b, body.b kind"},
		{"JSON kind", []*Outcome{doc(`{"t":5}`), doc(`{"t":6}`)}, doc(`{"t":"7"}`), "body.t kind"},
		{"JSON, other white space and order", []*Outcome{doc(`{"a":1,"b":[true,null]}`), doc(`{"a":1,"b":[true,null]}`)}, doc("{ \"b\": [true, null],\n\"a\": 1}"), ""},
		{"JSON, long numbers", []*Outcome{doc(`9007199254740993`), doc(`9007199254740993`)}, doc(`9007199254740992`), "body"},
		{"JSON, a number beyond float64", []*Outcome{doc(`1e400`), doc(`1e400`)}, doc(`1e401`), "body"},
		{"JSON, names with dots", []*Outcome{doc(`{"a.b":1,"a":{"b":2}}`), doc(`{"a.b":1,"a":{"b":2}}`)}, doc(`{"a":{"b":2},"a.b":3}`), `body["a.b"]`},
		{"JSON, a name like a kind", []*Outcome{doc(`{"a":1,"a kind":2}`), doc(`{"a":1,"a kind":2}`)}, doc(`{"a":1,"a kind":3}`), `body["a kind"]`},
		{"JSON against text", []*Outcome{doc(`{"a":1}`), doc(`{"a":1}`)}, text(`{"a":1}`), "field Content-Type, body, body kind, body length, body.a, body.a kind"},
		{"JSON cut short", []*Outcome{doc(`{"t":5}`), doc(`{"t":6}`)}, doc(`{"t":`), "body, body kind, body length, body.t kind"},
		{"two JSON values", []*Outcome{doc(`1`), doc(`1`)}, doc(`1 2`), "body, body kind, body length"},
		{"field gone", []*Outcome{shown("", 200, "", "Allow", "GET"), shown("", 200, "", "Allow", "GET")}, shown("", 200, ""), "field Allow"},
		{"field's list in another order", []*Outcome{shown("", 200, "", "Allow", "GET, HEAD"), shown("", 200, "", "Allow", "GET, HEAD")}, shown("", 200, "", "Allow", "HEAD,GET"), ""},
		{"media type in other writing", []*Outcome{shown("", 200, "", "Content-Type", "Text/HTML;Charset=utf-8"), shown("", 200, "", "Content-Type", "text/html; charset=utf-8")}, shown("", 200, "", "content-type", "text/html ;charset=\"utf-8\""), ""},
		{"another Location", []*Outcome{shown("", 201, "", "Location", "/1"), shown("", 201, "", "Location", "/2")}, shown("", 201, "", "Location", "/3"), ""},
		{"Location gone", []*Outcome{shown("", 201, "", "Location", "/1"), shown("", 201, "", "Location", "/2")}, shown("", 201, ""), "field Location"},
		{"fields of the way", []*Outcome{shown("", 200, "", "Date", "a", "Via", "x"), shown("", 200, "", "Date", "a", "Via", "x")}, shown("", 200, "", "Connection", "close"), ""},
		{"replay without body", []*Outcome{doc(`{"a":1}`), doc(`{"a":1}`)}, shown("the replay", 200, "", "Content-Type", anyJSON), ""},
		{"last part without body", []*Outcome{doc(`{"a":1}`), doc(`{"a":1}`)}, shown("the last part", 200, "", "Content-Type", anyJSON), "body, body kind, body length, body.a, body.a kind"},
		{"replay with another body", []*Outcome{doc(`{"a":1}`), doc(`{"a":1}`)}, shown("the replay", 200, `{"a":2}`, "Content-Type", anyJSON), "body.a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var names []string
			for _, d := range compare(c.twins, c.got) {
				names = append(names, d.aspect)
				if d.want == d.got || d.want == "" || d.got == "" {
					t.Errorf("%+v", d)
				}
			}
			if got := strings.Join(names, ", "); got != c.want {
				t.Errorf("differences %q, want %q", got, c.want)
			}
		})
	}
}

// answerOf gives a response with stable members and fields, and with others that change at each call.
func answerOf(stable, volatile map[string]string, noise func() string) *Outcome {
	body := map[string]any{}
	for name, value := range stable {
		body["s"+name] = value
	}
	for name := range volatile {
		body["v"+name] = []any{map[string]any{"id": noise()}}
	}
	b, _ := json.Marshal(body)
	return shown("the replay", 201, string(b), "Content-Type", anyJSON, "ETag", noise(), "Location", "/"+noise(), "Date", noise(), "X-Request", noise())
}

// TestVolatileIsNoDifference: what changes at each response never tells an interrupted upload from its
// twins, and what does not change always does.
func TestVolatileIsNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.MapOfN(rapid.StringN(0, 8, 16), rapid.String(), 0, 6)
		stable, volatile := names.Draw(t, "stable"), names.Draw(t, "volatile")
		serial := rapid.IntRange(0, 1<<40).Draw(t, "serial")
		noise := func() string { serial++; return strconv.Itoa(serial) }
		twins := []*Outcome{answerOf(stable, volatile, noise), answerOf(stable, volatile, noise), answerOf(stable, volatile, noise)}
		if d := compare(twins, answerOf(stable, volatile, noise)); len(d) > 0 {
			t.Fatalf("differences: %+v", d)
		}
		if len(stable) == 0 {
			return
		}
		name := rapid.SampledFrom(keysOf(stable)).Draw(t, "changed")
		changed := map[string]string{}
		for key, value := range stable {
			changed[key] = value
		}
		changed[name] += "!"
		if d := compare(twins, answerOf(changed, volatile, noise)); len(d) != 1 {
			t.Fatalf("a changed member gives %+v", d)
		}
		delete(changed, name)
		if d := compare(twins, answerOf(changed, volatile, noise)); len(d) == 0 {
			t.Fatal("a missing member gives no difference")
		}
	})
}

func keysOf(m map[string]string) (all []string) {
	for key := range m {
		all = append(all, key)
	}
	return all
}

// TestLargeJSON: what is too much to take apart gives no difference by chance, and still one where it differs.
func TestLargeJSON(t *testing.T) {
	wide := func(last string) *Outcome {
		members := make([]string, 0, 6000)
		for _, i := range rand.Perm(6000) {
			members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
		}
		return shown("the request", 200, "{"+strings.Join(members, ",")+`,"z":`+last+"}", "Content-Type", anyJSON)
	}
	for range 2 {
		if d := compare([]*Outcome{wide("1"), wide("1"), wide("1")}, wide("1")); len(d) > 0 {
			t.Fatalf("the order of members gives %d differences: %+v", len(d), d[0])
		}
	}
	list := func(last int) *Outcome {
		return shown("the request", 200, "["+strings.Repeat("1,", 5000)+strconv.Itoa(last)+"]", "Content-Type", anyJSON)
	}
	if d := compare([]*Outcome{list(1), list(1)}, list(2)); len(d) == 0 {
		t.Error("a change behind the limit gives no difference")
	}
	deep := func(n int) *Outcome {
		return shown("the request", 200, strings.Repeat(`{"name":`, n)+"1"+strings.Repeat("}", n), "Content-Type", anyJSON)
	}
	if d := compare([]*Outcome{deep(5000), deep(5000)}, deep(4999)); len(d) == 0 {
		t.Error("a change in the depth gives no difference")
	}
	size := 0
	for key, value := range aspects(deep(9000), false) {
		size += len(key) + len(value)
	}
	if size > 1<<20 {
		t.Errorf("the view of a body of %d bytes has %d", 9000*9, size)
	}
}

// sundial answers every PUT with the time that it is told, in two units.
type sundial struct {
	mu             sync.Mutex
	minute, second int
	id, replay     string // in the answer to a PUT, and in any other
}

func (h *sundial) set(minute, second int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.minute, h.second = minute, second
}

func (h *sundial) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", anyJSON)
	id := h.id
	if r.Method != "PUT" {
		id = h.replay
	}
	fmt.Fprintf(w, `{"minute":%d,"second":%d,"id":%q}`, h.minute, h.second, id)
}

// replaying is the toy protocol with a replay at a path of its own.
type replaying struct{ toy }

func (replaying) Outcome(op *Operation) (exchange.Request, error) {
	return RequestTo("GET", op.URL), nil
}

func (replaying) ReadOutcome(_ *Operation, r *exchange.Response) (*exchange.Response, OutcomeState, error) {
	switch r.Status {
	case 404:
		return nil, Broken, errors.New("GET gave 404")
	case 503:
		return nil, Pending, nil
	}
	return r, Ready, nil
}

// TestCoarseClock: a time in coarse steps moves between the twins and the interrupted upload, at a time when as many
// twins agree by chance as a case takes at first. However often it compares, one more twin confirms.
func TestCoarseClock(t *testing.T) {
	clock := &sundial{id: "x"}
	s := run(t, serve(t, clock), func(s *Session) {
		twins := s.Twins(toy{}, func(tag string) *Operation { return upload(s, tag, 10) })
		for _, now := range [][2]int{{0, 0}, {0, 1}, {1, 1}, {1, 1}, {2, 5}} {
			clock.set(now[0], now[1])
			op := upload(s, NewTag(), 10)
			twins.Same(op, s.Upload(toy{}, op))
		}
		if n := len(twins.taken.all()); n > 5 {
			t.Errorf("%d twins were taken", n)
		}
		clock.id = "y" // of the upload alone: the twins that confirm have it no more
		got := s.Upload(toy{}, upload(s, NewTag(), 10))
		clock.id = "x"
		twins.Same(upload(s, NewTag(), 10), got)
	})
	want(t, s, catalog.Fail, "body.id x", "from the request: body.id y")
}

// TestByLot: one of two values is given at random, and chance has it that many twins in a row have one and the upload
// under test the other. Twins are taken until both have shown themselves; where the other never does, that is a
// difference, and so at once is another status.
func TestByLot(t *testing.T) {
	for _, c := range []struct {
		name    string
		turn    int64 // the upload that is the first to be given the other value
		status  int
		verdict catalog.Verdict
		taken   int64 // twins
	}{
		{"the 40th has the other value", 40, 200, catalog.Pass, 40},
		{"none has it", 1 << 30, 200, catalog.Fail, certain},
		{"another status", 40, 201, catalog.Fail, 2 + confirmed},
	} {
		t.Run(c.name, func(t *testing.T) {
			var uploads atomic.Int64
			lot := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", anyJSON)
				value := "a"
				if uploads.Add(1) >= c.turn {
					value = "b"
				}
				fmt.Fprintf(w, `{"backend":%q}`, value)
			})
			s := run(t, serve(t, lot), func(s *Session) {
				twins := s.Twins(toy{}, func(tag string) *Operation { return upload(s, tag, 10) })
				twins.Same(upload(s, NewTag(), 10), shown("the request", c.status, `{"backend":"b"}`, "Content-Type", anyJSON))
			})
			want(t, s, c.verdict)
			if n := uploads.Load(); n != c.taken {
				t.Errorf("%d twins, not %d", n, c.taken)
			}
		})
	}
}

// TestLastPart: a part that completes an upload may be answered with a success of its own, where a replay holds the
// final response; nothing else excuses a difference.
func TestLastPart(t *testing.T) {
	part := func(status int) *Outcome { return shown("the last part", status, "") }
	for _, c := range []struct {
		name    string
		d       Driver
		got     *Outcome
		id      string // in the replay
		verdict catalog.Verdict
		words   []string
	}{
		{"204, and a replay", replaying{}, part(204), "x", catalog.Pass, nil},
		{"204, and no replay", toy{}, part(204), "x", catalog.Pass, nil},
		{"204, and a wrong replay", replaying{}, part(204), "y", catalog.Fail, []string{"from the replay", "body.id y"}},
		{"500", replaying{}, part(500), "x", catalog.Fail, []string{"status 200", "from the last part: status 500"}},
		{"the request answered 204", replaying{}, shown("the request", 204, ""), "x", catalog.Fail, []string{"from the request: status 204", "also different"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &sundial{id: "x", replay: c.id}
			s := run(t, serve(t, clock), func(s *Session) {
				twins := s.Twins(c.d, func(tag string) *Operation { return upload(s, tag, 10) })
				counted := twins.Same(upload(s, NewTag(), 10), c.got)
				if replay := counted.Via == "the replay"; replay != (c.name == "204, and a replay") {
					t.Errorf("the response counted is that of %s", counted.Via)
				}
				if len(s.Notes) != 1 || !contains(s.Notes[0], "the last part was answered 204") {
					t.Errorf("notes %q", s.Notes)
				}
			})
			want(t, s, c.verdict, c.words...)
		})
	}
}
