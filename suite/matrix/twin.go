package matrix

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
)

// Twins are undisturbed uploads of the same shape as an interrupted one. The first is taken before
// the interrupted upload and the second after it, so that what merely passes with time (a date, a
// counter) differs between the two; some more confirm what would break the case.
type Twins struct {
	s     *Session
	d     Driver
	make  func(tag string) *Operation
	taken *sample
}

// sample holds the final responses of twins. It is safe for concurrent use.
type sample struct {
	mu       sync.Mutex
	outcomes []*Outcome // as many as mostTwins; then later ones replace each other
	replaced int
	answer   int // the status of a last part's own answer for which the replay had to stand in, 0: none yet
}

// mostTwins bounds how many twins are kept, however many bytes a sweep finds broken.
const mostTwins = 64

func (t *sample) add(o *Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.outcomes) < mostTwins {
		t.outcomes = append(t.outcomes, o)
		return
	}
	t.outcomes[mostTwins/2+t.replaced%(mostTwins/2)] = o
	t.replaced++
}

// all gives what is there; it does not change any more.
func (t *sample) all() []*Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.outcomes)
}

func (t *sample) standIn(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answer = status
}

func (t *sample) replayStands(status int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answer == status
}

// Twins takes the first twin. The function gives an operation of the same shape with another token.
func (s *Session) Twins(d Driver, shape func(tag string) *Operation) *Twins {
	t := &Twins{s: s, d: d, make: shape, taken: &sample{}}
	t.take()
	return t
}

// in gives the same twins for another session to compare with, in a goroutine of its own.
func (t *Twins) in(s *Session) *Twins {
	other := *t
	other.s = s
	return &other
}

// First gives the final response of the first twin.
func (t *Twins) First() *Outcome { return t.taken.all()[0] }

// confirmed is how many twins more must agree on what the response under test has otherwise, and certain how
// many in all where it is only something in the body: of two values that are given out at random (the name of a
// backend) a dozen twins agree by chance once in 2,048 times. Only a server that is about to be failed pays for them.
const (
	confirmed = 10
	certain   = 64
)

// takeSlowly takes a twin that takes its time, so that what tells of time or of load differs.
func (t *Twins) takeSlowly() {
	op := t.make(NewTag())
	pause := time.Duration(min(len(t.taken.all()), 2+confirmed)) * glance
	t.s.Prepare(t.d, op)
	t.keep(op, t.s.UploadBy(t.d, op, t.s.slow(t.d.Start(op), pause)))
}

// keep keeps the outcome of a twin: the final response, or the report where the protocol makes one.
func (t *Twins) keep(op *Operation, o *Outcome) { t.taken.add(t.reported(op, o)) }

func (t *Twins) reported(op *Operation, o *Outcome) *Outcome {
	if _, reports := t.d.(Reporter); reports && o.Via != "the replay" {
		return t.s.Replayed(t.d, op)
	}
	return o
}

// slow gives a client that pauses in the middle of its body.
func (s *Session) slow(req exchange.Request, pause time.Duration) Client {
	return func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		err := x.SendHead(ctx)
		if err == nil && req.ExpectsContinue() {
			waiting, cancel := context.WithTimeout(ctx, s.limits().Continue)
			defer cancel()
			if final, err := x.AwaitContinue(waiting); final != nil {
				return final, err
			}
		}
		if err == nil {
			err = x.SendBody(ctx, int64(len(req.Body)/2))
		}
		if err == nil {
			s.Wait(pause)
			err = x.SendEnd(ctx)
		}
		if err != nil && exchange.KindOf(err) != exchange.Answered {
			return nil, err
		}
		return x.Final(ctx)
	}
}

func (t *Twins) take() {
	op := t.make(NewTag())
	t.keep(op, t.s.Upload(t.d, op))
}

// Same asks that got is the final response that the twins had. Where a write's own answer is a
// success of another kind, the replayed response counts instead: no source says that the request that
// completes an upload is answered like the one that began it. It gives the response that counted.
func (t *Twins) Same(op *Operation, got *Outcome) *Outcome {
	got = t.reported(op, got)
	if got.Via == theOffset {
		t.s.Note("no answer to a write is there to compare with: everything had arrived")
		return got
	}
	if got.Via == "the last part" && t.taken.replayStands(got.Response.Status) {
		got = t.s.Replayed(t.d, op)
	}
	different := t.differences(got)
	if len(different) == 0 {
		return got
	}
	if r, ok := t.d.(Recommending); ok && got.Via == "the last part" && got.Response.Status/100 == 2 {
		if r.Recommends() {
			t.s.Warn("the final response that an undisturbed upload gets: "+different[0].aspect+" "+different[0].want,
				"from %s: %s %s%s", got.Via, different[0].aspect, different[0].got, more(different))
		}
		t.s.Note("the last part was answered %d", got.Response.Status)
		return got
	}
	if got.Via == "the last part" && got.Response.Status/100 == 2 {
		if _, err := t.d.Outcome(op); err != nil {
			t.s.Note("the last part was answered %d; no replay is offered to compare with", got.Response.Status)
			return got
		}
		replayed := t.s.Replayed(t.d, op)
		if different = t.differences(replayed); len(different) == 0 {
			t.taken.standIn(got.Response.Status)
			t.s.Note("the last part was answered %d, the replay holds the final response", got.Response.Status)
			return replayed
		}
		got = replayed
	}
	first := different[0]
	t.s.Broken("the final response that an undisturbed upload gets: "+first.aspect+" "+first.want,
		"from %s: %s %s%s", got.Via, first.aspect, first.got, more(different))
	return got
}

func more(different []difference) string {
	if len(different) == 1 {
		return ""
	}
	var names []string
	for _, d := range different[1:] {
		names = append(names, d.aspect)
	}
	if len(names) > 5 {
		names = append(names[:5], "…")
	}
	return fmt.Sprintf(" (also different: %s)", strings.Join(names, ", "))
}

// Different gives the first aspect in which a final response is not the one that the twins had; "" where there is none.
func (t *Twins) Different(got *Outcome) (aspect, want, have string) {
	if different := t.differences(got); len(different) > 0 {
		return different[0].aspect, different[0].want, different[0].got
	}
	return "", "", ""
}

// difference is one aspect in which the twins agree with each other and not with the response.
type difference struct{ aspect, want, got string }

func (t *Twins) differences(got *Outcome) []difference {
	for len(t.taken.all()) < 2 {
		t.take()
	}
	different := compare(t.taken.all(), got)
	// What differs now and agreed so far by chance will hardly agree again. However many there are: a time
	// that is told in minutes may have moved since the last one was taken.
	for more := 0; len(different) > 0 && more < confirmed; more++ {
		full := len(t.taken.all()) == mostTwins // then what varies is known, but for what the clock has changed
		t.takeSlowly()
		different = compare(t.taken.all(), got)
		if full {
			break
		}
	}
	for len(t.taken.all()) < certain && onlyBody(different) && t.s.early() {
		t.take()
		different = compare(t.taken.all(), got)
	}
	return different
}

// onlyBody says whether there are differences, and all of them in the body. No server draws a status by lot.
func onlyBody(different []difference) bool {
	return len(different) > 0 && !slices.ContainsFunc(different, func(d difference) bool { return !strings.HasPrefix(d.aspect, "body") })
}

// compare gives what is equal in all twins and other in got.
func compare(twins []*Outcome, got *Outcome) []difference {
	var views []map[string]string
	for _, twin := range twins {
		views = append(views, aspects(twin, got.headOnly()))
	}
	mine := aspects(got, got.headOnly())
	agreed := func(aspect string) bool {
		return !slices.ContainsFunc(views, func(view map[string]string) bool { return view[aspect] != views[0][aspect] })
	}
	sameShape := agreed(bodyShape) && mine[bodyShape] == views[0][bodyShape]
	var different []difference
	for _, aspect := range keys(append(views, mine)) {
		if aspect == bodyShape || aspect == bodyLength && sameShape {
			continue
		}
		if want := views[0][aspect]; agreed(aspect) && mine[aspect] != want {
			different = append(different, difference{aspect, orNone(want), orNone(mine[aspect])})
		}
	}
	return different
}

func orNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// keys gives every key of the views, the status first, then fields, then the body.
func keys(views []map[string]string) []string {
	seen := map[string]bool{}
	for _, view := range views {
		for key := range view {
			seen[key] = true
		}
	}
	order := func(key string) int {
		return slices.IndexFunc([]string{"status", "field", "body", ""}, func(p string) bool { return strings.HasPrefix(key, p) })
	}
	var all []string
	for key := range seen {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return all
}
