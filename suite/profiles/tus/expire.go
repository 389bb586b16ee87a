package tus

import (
	"net/http"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// expireChecks: unfinished uploads come to an end by themselves. Only where expiration is announced.
func expireChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.expire.told", Level: must, Source: uploadExpires,
			Requires: "If an upload is going to expire, the answer to every PATCH that leaves it unfinished has Upload-Expires.",
			Why:      "A client that does not know how long it has comes back too late.",
			Sends:    "POST; two PATCHes that leave bytes missing.",
			Failure:  "The time is told with the POST alone, or with one of the PATCHes.",
		}, Run: expiring(expireTold)},
		{Case: catalog.Case{
			ID: "tus.expire.created", Level: should, Source: catalog.Loose(uploadExpires, "whether the time is known at the creation shows in what HEAD tells before anything else has happened"),
			Requires: "Where the time is known at the creation, the answer to POST has Upload-Expires.",
			Why:      "A client that waits before its first PATCH finds its upload gone, and nobody has said so.",
			Sends:    "POST; HEAD at once.",
			Failure:  "The field is written where bytes are taken, and nowhere else.",
		}, Run: expiring(expireCreated)},
		{Case: catalog.Case{
			ID: "tus.expire.date", Level: must, Source: uploadExpires,
			Requires: "Upload-Expires is a date as HTTP has it (RFC 9110, 5.6.7), wherever it is told.",
			Why:      "A date that cannot be read is none.",
			Sends:    "POST; a PATCH; HEAD; the field in each answer.",
			Failure:  "A timestamp, an ISO 8601 date or a local time is written.",
		}, Run: expiring(expireDate)},
		{Case: catalog.Case{
			ID: "tus.expire.later", Level: must, Source: expiration,
			Requires: "The time told lies ahead, and until then the upload can be resumed.",
			Why:      "A client that goes by it gives up an upload that has just begun.",
			Sends:    "POST; a PATCH; the Upload-Expires of each answer against its Date; the rest.",
			Failure:  "Seconds are taken for milliseconds, or the time of the creation is told.",
		}, Run: expiring(expireLater)},
		{Case: catalog.Case{
			ID: "tus.expire.gone", Level: should, Source: uploadExpires, Needs: []catalog.Need{catalog.NeedExpiring},
			Requires: "An unfinished upload whose time is over can still be resumed, or is answered 404 or 410, without an effect.",
			Why:      "The client begins anew; anything else leaves it trying.",
			Sends:    "Half an upload that expires within two seconds; when its time is over, HEAD and PATCH.",
			Failure:  "The bytes are removed and what tells of them is not.",
		}, Run: expiring(expireGone)},
	}
}

// expiring is with for cases of uploads that expire.
func expiring(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extExpire)
		run(f)
	})
}

// expires reads Upload-Expires; false where it is not told.
func (f *flow) expires(r *exchange.Response, what string) (time.Time, bool) {
	if !r.Fields.Has("Upload-Expires") {
		return time.Time{}, false
	}
	at, err := http.ParseTime(r.Fields.Get("Upload-Expires"))
	if err != nil {
		f.Broken("a date as HTTP has it in Upload-Expires of the answer to "+what, "%q", r.Fields.Get("Upload-Expires"))
	}
	return at, true
}

// expireTold asks nothing of a server that tells no time at all: it may announce that unfinished uploads can expire, and be
// configured so that none does.
func expireTold(f *flow) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	told := f.made(op, "POST", f.d.Prepare(op)).Fields.Has("Upload-Expires")
	var untold []string
	for at, to := int64(0), int64(1000); to <= 2000; to += 1000 {
		r := f.Do("a PATCH that leaves bytes missing", patchAt(op, matrix.Itoa(at), op.Body[at:to]))
		at = f.taken(op, r, at, to, "a PATCH that leaves bytes missing")
		if r.Fields.Has("Upload-Expires") {
			told = true
		} else {
			untold = append(untold, matrix.Itoa(int64(r.Status))+" without it")
		}
	}
	if !told {
		f.Unsupported("Upload-Expires is told nowhere")
	}
	if len(untold) > 0 {
		f.Broken("Upload-Expires in the answer to every PATCH that leaves bytes missing", "%s", untold[0])
	}
}

func expireCreated(f *flow) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	created := f.made(op, "POST", f.d.Prepare(op))
	head := f.head(op)
	switch {
	case created.Fields.Has("Upload-Expires"):
	case head.Fields.Has("Upload-Expires"):
		f.Broken("Upload-Expires in the 201 to POST, as HEAD tells it at once", "Upload-Expires: %s in the answer to HEAD alone", head.Fields.Get("Upload-Expires"))
	default:
		f.Unsupported("neither POST nor HEAD on a new upload tells when it expires: the time may not be known yet")
	}
}

// dated gives the answers to POST, PATCH and HEAD of an upload that stays unfinished.
func (f *flow) dated() (*matrix.Operation, map[string]*exchange.Response) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	answers := map[string]*exchange.Response{"POST": f.made(op, "POST", f.d.Prepare(op))}
	r := f.Do("PATCH", patchAt(op, "0", op.Body[:matrix.Usual/2]))
	f.taken(op, r, 0, matrix.Usual/2, "a PATCH")
	answers["PATCH"], answers["HEAD"] = r, f.head(op)
	return op, answers
}

func expireDate(f *flow) {
	_, answers := f.dated()
	told := false
	for what, r := range answers {
		_, here := f.expires(r, what)
		told = told || here
		if n := len(r.Fields.Values("Upload-Expires")); n > 1 {
			f.Broken("one Upload-Expires in the answer to "+what, "%d of them", n)
		}
	}
	if !told {
		f.Unsupported("Upload-Expires is told nowhere")
	}
}

func expireLater(f *flow) {
	op, answers := f.dated()
	told := false
	for what, r := range answers {
		at, here := f.expires(r, what)
		if !here {
			continue
		}
		told = true
		now := dateOf(r)
		if at.Before(now.Truncate(time.Second)) {
			f.Broken("an Upload-Expires after "+now.UTC().Format(http.TimeFormat)+" in the answer to "+what, "%s", r.Fields.Get("Upload-Expires"))
		}
	}
	if !told {
		f.Unsupported("Upload-Expires is told nowhere")
	}
	f.whole(op)
}

// expireGone waits for the end of an upload's time. That is the protocol's own, and told in seconds.
func expireGone(f *flow) {
	op, effects, left := f.short()
	f.Round()
	f.Wait(max(0, left) + time.Second)
	f.Round()
	head := f.head(op)
	if gone(head) {
		r := f.Do("a PATCH to an upload that has expired", patchAt(op, matrix.Itoa(matrix.Usual/2), op.Body[matrix.Usual/2:]))
		if !gone(r) {
			f.Broken("404 or 410 for a PATCH to an upload that has expired", "%d", r.Status)
		}
		effects.None("of an upload that has expired")
		return
	}
	if head.Status/100 != 2 {
		f.Broken("404 or 410 for HEAD on an upload that has expired", "%d", head.Status)
	}
	f.Note("an upload whose time is over is still there")
	f.whole(op)
}

// short gives an upload that expires soon, half of it written, and how much of its time is left. Where the configuration
// names none, those of every case may do.
func (f *flow) short() (*matrix.Operation, matrix.Effects, time.Duration) {
	template := f.Set.Upload
	if f.Set.Expiring != nil {
		template = *f.Set.Expiring
	}
	op := f.Shaped(template, matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Prepare(f.d, op)
	r := f.Do("PATCH", patchAt(op, "0", op.Body[:matrix.Usual/2]))
	if f.Set.Expiring != nil && gone(r) {
		return op, effects, 0 // on a busy machine its time may be over by now
	}
	f.taken(op, r, 0, matrix.Usual/2, "a PATCH")
	at, told := f.expires(r, "PATCH")
	left := at.Sub(dateOf(r))
	if !told || left > f.Patient() {
		f.Need(catalog.NeedExpiring, f.Set.Expiring != nil)
		f.Unsupported("the upload that is to expire soon does not within %s, which is as long as the case can wait", f.Patient())
	}
	return op, effects, left
}

// dateOf gives the server's time of an answer, or ours where it tells none.
func dateOf(r *exchange.Response) time.Time {
	at, err := http.ParseTime(r.Fields.Get("Date"))
	if err != nil {
		return time.Now()
	}
	return at
}
