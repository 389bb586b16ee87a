package resume

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

var acknowledgeText = catalog.Source{Document: "draft-wright-http-resume-request", Section: "Acknowledge", URL: laterText}

// laterChecks: what a later text of the same draft adds; nothing of it is a MUST.
func laterChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.privacy.other-user", Level: catalog.Should, Source: privacyText, Later: true,
			Requires: "A second user gets 401, 403 or 404 on all three locations, for every method, and changes nothing.",
			Why:      "A location that leaks, in a log or a Referer, must not give the upload away.",
			Sends:    "An upload of the first user, cut in the middle; GET, HEAD, PATCH, PUT, POST and DELETE on its locations by the second; then its completion by the first.",
			Failure:  "Whoever knows the location is served.",
			Point:    "mid-upload", Faults: matrix.Closing, Needs: []catalog.Need{catalog.NeedUsers},
		}, Run: with(privacyOther)},
		{Case: catalog.Case{
			ID: "resume.privacy.not-cached", Level: catalog.Should, Source: privacyText, Later: true,
			Requires: "The three resources are not kept by shared caches: Cache-Control says private or no-store.",
			Why:      "A cache that answers with an old offset corrupts the upload; one that answers another user gives it away.",
			Sends:    "A whole upload whose response is cut off; then a read of the three locations.",
			Failure:  "Cache-Control is missing or public.",
			Point:    "pre-response", Faults: matrix.FinOnly,
		}, Run: with(privacyCache)},
		acknowledge("never-more", matrix.EveryFault, "Acknowledge never exceeds what was sent.",
			"A client frees what was acknowledged; it cannot free what it has not sent.", ackNeverMore),
		acknowledge("never-decreases", matrix.FinOnly, "Acknowledge never decreases.",
			"What was persisted once stays so.", ackNeverDecreases),
		acknowledge("kept", matrix.EveryFault, "After an interruption HEAD never says less than the last Acknowledge.",
			"The client may have freed those bytes already.", ackKept),
	}
}

func acknowledge(name string, faults []string, requires, why string, run func(*flow, acked)) matrix.Check {
	return matrix.Check{Case: catalog.Case{
		ID: "resume.acknowledge." + name, Level: catalog.May, Source: acknowledgeText, Later: true,
		Requires: requires, Why: why,
		Sends:   "An upload of 1 MiB with Prefer: resume, acknowledge, cut after three quarters; the 100 responses until then are read.",
		Failure: "Acknowledge counts what was read from the connection instead of what was persisted, or is computed from the length announced.",
		Point:   "mid-upload", Faults: faults,
	}, Run: with(func(f *flow) { run(f, f.acknowledged()) })}
}

// acked is an interrupted upload with what was acknowledged on the way.
type acked struct {
	op     *matrix.Operation
	values []int64
}

func (f *flow) acknowledged() acked {
	length := f.AtMost(1 << 20)
	at := int64(length / 4 * 3)
	if f.Known(unacknowledged) {
		f.Unsupported("no interim response carried Acknowledge in an earlier case, and it is optional")
	}
	f.use(asking(f.Set, "resume, acknowledge"))
	a := acked{op: f.Op(length)}
	t := f.AttemptBy(f.d, a.op, f.At(matrix.RequestBody, at), untilAcknowledged(at-1))
	f.Landed(t)
	for _, r := range t.Interims {
		if value := r.Fields.Get("Acknowledge"); value != "" {
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil {
				f.Broken("Acknowledge to be a number", "%q", value)
			}
			a.values = append(a.values, int64(n)) // #nosec G115 -- 63 bits
		}
	}
	if len(a.values) == 0 {
		f.Remember(unacknowledged)
		f.Unsupported("no interim response carries Acknowledge, which is optional")
	}
	f.Note("acknowledged: %v", a.values)
	return a
}

// patience is how long a client waits for an acknowledgement that may never come: nothing says
// beforehand whether a server sends any, so the run remembers one that does not.
const (
	patience       = 3 * time.Second
	unacknowledged = "resume: no Acknowledge"
)

// untilAcknowledged gives a client that sends a body up to a byte, and the rest only after something
// was acknowledged.
func untilAcknowledged(upTo int64) matrix.Client {
	return func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if err := x.SendHead(ctx); err != nil {
			return nil, err
		}
		if final, err := x.AwaitContinue(ctx); final != nil || err != nil {
			return final, err
		}
		if err := x.SendBody(ctx, upTo); err != nil {
			return nil, err
		}
		for left := patience; ; left = patience / 60 { // more may come, and need not
			value := nextAcknowledged(ctx, x, left)
			if value == "" || value == strconv.FormatInt(upTo, 10) {
				break // no more, or all of it
			}
		}
		if err := x.SendEnd(ctx); err != nil {
			return nil, err
		}
		return x.Final(ctx)
	}
}

// nextAcknowledged waits for the next Acknowledge, "" when none comes in time.
func nextAcknowledged(ctx context.Context, x *exchange.Exchange, limit time.Duration) string {
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		r, err := x.Next(waiting)
		if err != nil || !r.Interim() {
			return ""
		}
		if value := r.Fields.Get("Acknowledge"); value != "" {
			return value
		}
	}
}

func ackNeverMore(f *flow, a acked) {
	for _, n := range a.values {
		if n > a.op.Sent {
			f.BrokenAt(a.op.Sent, "request body", fmt.Sprintf("at most the %d bytes that were sent", a.op.Sent), "Acknowledge: %d", n)
		}
	}
}

func ackNeverDecreases(f *flow, a acked) {
	for i := 1; i < len(a.values); i++ {
		if a.values[i] < a.values[i-1] {
			f.BrokenAt(a.values[i-1], "request body", fmt.Sprintf("at least %d, as before", a.values[i-1]), "Acknowledge: %d", a.values[i])
		}
	}
}

func ackKept(f *flow, a acked) {
	last := a.values[len(a.values)-1]
	if at := f.Offset(f.d, a.op); at < last {
		f.BrokenAt(at, "request body", fmt.Sprintf("at least the %d bytes that were acknowledged", last), "the offset %d", at)
	}
	f.Completed(a.op)
}

func privacyOther(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.d, op, f.At(matrix.RequestBody, matrix.Usual/2))
	before := f.Stable(op)
	piece := f.Tail(op, before)
	tried := 0
	for _, name := range offers {
		u, err := handle(op, name)
		if err != nil {
			continue
		}
		for _, method := range []string{"GET", "HEAD", "PATCH", "PUT", "POST", "DELETE"} {
			f.Round()
			tried++
			req := matrix.RequestTo(method, u)
			if method == "PATCH" {
				req = piece.Request
				req.Target = u.RequestURI()
			}
			f.foreign(name, method, req)
		}
	}
	f.Note("%d requests by the second user were refused", tried)
	if now := f.Offset(f.d, op); now != before {
		f.BrokenAt(before, "request body", "the second user to change nothing", "the offset went from %d to %d", before, now)
	}
	effects.None("of what the second user did")
	f.Completed(op)
	for _, name := range []string{responseMessage, contentLocation} { // only now is there something to see
		if u, err := handle(op, name); err == nil {
			f.foreign(name, "GET", matrix.RequestTo("GET", u))
			f.foreign(name, "HEAD", matrix.RequestTo("HEAD", u))
		}
	}
}

// foreign sends a request as the second user. 405 and 501 tell nothing and change nothing, and so are
// taken where the first user would get them too: of methods that no resource here needs to know.
func (f *flow) foreign(name, method string, req exchange.Request) {
	r, err := f.TryAs(1, req)
	if err != nil {
		f.Broken(method+" on the "+name+" by another user to be refused", "%v", err)
	}
	unknown := (r.Status == 405 || r.Status == 501) && method != "HEAD" && method != "PATCH"
	if r.Status != 401 && r.Status != 403 && r.Status != 404 && !unknown {
		f.Broken("401, 403 or 404 for "+method+" on the "+name+" by another user", "%d", r.Status)
	}
}

func privacyCache(f *flow) {
	op := f.Op(matrix.Usual)
	f.Interrupt(f.d, op, f.At(matrix.ResponseHead, 0))
	if len(named(op)) == 0 {
		f.Unsupported("no location is offered")
	}
	if _, err := handle(op, responseMessage); err == nil {
		f.Replayed(f.d, op)
	}
	for name, method := range map[string]string{requestContent: "HEAD", responseMessage: "GET", contentLocation: "GET"} {
		u, err := handle(op, name)
		if err != nil {
			continue
		}
		r := f.Do(method+" on the "+name, matrix.RequestTo(method, u))
		control := strings.ToLower(r.Fields.Joined("Cache-Control"))
		if r.Status/100 == 2 && !strings.Contains(control, "private") && !strings.Contains(control, "no-store") {
			f.Broken("Cache-Control with private or no-store on the "+name, "Cache-Control: %s", control)
		}
	}
}
