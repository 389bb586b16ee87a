package rufh

import (
	"slices"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// limitChecks: the limits that a server tells, and what it makes of them.
func limitChecks() []matrix.Check {
	must, should, may := catalog.Must, catalog.Should, catalog.May
	return checks("limit", upLimit, []row{
		{name: "options", level: must, versions: since("7"),
			requires: "OPTIONS on the target tells the limits in Upload-Limit, with min-size=0 where there are none.",
			why:      "A client finds out beforehand whether uploads can be resumed, and how long they may be.",
			sends:    "OPTIONS on the target, without the field of completeness.",
			failure:  "The field is missing or empty.",
			loose:    "drafts of version 8 differ: Accept-Patch with application/partial-upload is as good there", run: limitOptions},
		{name: "asterisk", level: may, versions: since("6"),
			requires: "Where OPTIONS * tells limits, it tells them in the same form.",
			why:      "A client need not ask for each target.",
			sends:    "OPTIONS for the whole server, with the target *.",
			failure:  "The general answer is made by another part of the server.", run: limitAsterisk},
		{name: "form", level: must, versions: since("6"),
			requires: "Every Upload-Limit is a Dictionary whose known members are Integers of at least 0.",
			why:      "A client ignores the whole field for one member of another type.",
			sends:    "OPTIONS; an upload in one request; a creation without content; HEAD; an append.",
			failure:  "A limit is written with a unit, as a text, or as a date.", run: limitForm},
		{name: "told", level: must, versions: since(newest), source: upCreation,
			requires: "Limits that exist are told in the 104 that announces an upload resource, and in the answer to a creation that leaves the upload open.",
			why:      "Clients usually learn them there.",
			sends:    "OPTIONS; an upload in one request; a creation without content; HEAD.",
			failure:  "They are told to those only who ask.", run: limitTold},
		{name: "options-wide", level: should, versions: since("7"),
			requires: "The limits of the answer to OPTIONS are not wider than those of an upload.",
			why:      "A client that kept to them is refused.",
			sends:    "OPTIONS; a creation without content; HEAD.",
			failure:  "The general limits are told, and narrower ones applied.", run: limitWide},
		{name: "stable", level: should, versions: since("6"),
			requires: "Over the life of an upload its limits do not become narrower.",
			why:      "An upload that kept to the limits that were told could not be completed.",
			sends:    "A creation without content; HEAD; an append; HEAD.",
			failure:  "What is left is told instead of the limit.", run: limitStable},
		{name: "max-size", level: may, versions: since("6"),
			requires: "Where max-size is told, a creation with a length above it is refused with a 4xx or taken, and one with a length of that size is not refused for it.",
			why:      "The client learns before it sends whether its upload fits.",
			sends:    "Creations without content with Upload-Length of max-size and of one byte more.",
			failure:  "The server breaks, or the limit is off by one.", run: limitMaxSize},
		{name: "with-413", level: should, versions: []string{latest},
			requires: "A 413 (Content Too Large) that a limit has led to tells the limits in Upload-Limit.",
			why:      "The client tries again with a size that is taken.",
			sends:    "Where max-size is told, a creation without content with a length above it; where max-append-size is, an append above that.",
			failure:  "Errors are written by another part of the server.", run: limit413},
		{name: "max-append-size", level: may, versions: since("6"),
			requires: "Where max-append-size is told, an append of that size is taken, and one byte more is refused with a 4xx, which leaves the upload as it was, or taken.",
			why:      "Clients cut their uploads into parts of that size.",
			sends:    "Creations without content; appends of max-append-size and of one byte more; HEAD.",
			failure:  "The limit is off by one, or an append that is refused spoils the upload.", run: limitMaxAppend},
		{name: "min-append-size", level: may, versions: since("6"),
			requires: "Where min-append-size is told, an append of that size is taken, and one of a byte less is refused with a 4xx, which leaves the upload as it was, or taken.", needs: []catalog.Need{catalog.NeedLimited},
			why:     "Clients cut their uploads into parts of at least that size.",
			sends:   "Creations without content; appends of min-append-size and of one byte less; HEAD.",
			failure: "The limit is off by one, or an append that is refused spoils the upload.", run: limitMinAppend},
		{name: "min-append-final", level: must, versions: since("6"),
			requires: "Where min-append-size is told, an append that completes the upload is taken though it is smaller.", needs: []catalog.Need{catalog.NeedLimited},
			why:     "What is left at the end is as small as it is.",
			sends:   "A creation without content; an append of all but the last byte; one of the last byte that completes the upload.",
			failure: "The last append is refused for its size, and the upload can never be completed.", run: limitMinFinal},
		{name: "max-age", level: should, versions: since("6"),
			requires: "Where the lifetime of an upload is told, its end does not come nearer from one response to the next.",
			why:      "The client plans by it when to come back.",
			sends:    "A creation without content; HEAD; a while later HEAD again.",
			failure:  "It is counted from the creation of another upload, or told in milliseconds.", run: limitMaxAge},
	})
}

// options is OPTIONS on the target.
func (f *flow) options() *exchange.Response {
	return f.Do("OPTIONS on the target", matrix.RequestTo("OPTIONS", f.Op(0).URL, f.v.common()...))
}

func limitOptions(f *flow) {
	r := f.options()
	if f.v.name == newest && offers(r) {
		return
	}
	members, err := dictionary(r.Fields.Values("Upload-Limit"))
	if !r.Fields.Has("Upload-Limit") || err != nil || len(members) == 0 {
		f.Broken("Upload-Limit with at least one limit in the answer to OPTIONS", "%d with Upload-Limit: %q", r.Status, r.Fields.Joined("Upload-Limit"))
	}
}

func limitAsterisk(f *flow) {
	r, err := f.Try(exchange.Request{Method: "OPTIONS", Target: "*", Fields: f.v.common()})
	if err != nil || !r.Fields.Has("Upload-Limit") {
		f.Unsupported("OPTIONS * tells no limits")
	}
	f.formed(r, "to OPTIONS *")
}

// formed asks that the limits of a response are in their form, and gives them.
func (f *flow) formed(r *exchange.Response, of string) map[string]int64 {
	if !r.Fields.Has("Upload-Limit") {
		return nil
	}
	value := r.Fields.Joined("Upload-Limit")
	members, err := dictionary(r.Fields.Values("Upload-Limit"))
	if err != nil {
		f.Broken("a Dictionary in the Upload-Limit of the answer "+of, "%q", value)
	}
	for _, key := range knownLimits {
		if item, there := members[key]; there {
			if _, ok := bareInteger(item); !ok {
				f.Broken("an Integer of at least 0 for "+key+" in the answer "+of, "%q", value)
			}
		}
	}
	return limitsOf(value)
}

// lives gives every response that may tell limits in the life of an upload, by what it is the answer to.
func (f *flow) lives() (told []map[string]int64, seen []string) {
	add := func(r *exchange.Response, of string) {
		if r.Fields.Has("Upload-Limit") {
			told, seen = append(told, f.formed(r, of)), append(seen, of)
		}
	}
	op := f.fresh()
	final, interims, err := f.TryAll(f.d.creation(op, nil, false))
	if err != nil || final.Status/100 != 2 {
		f.Unsupported("a creation without content gets no success")
	}
	op.Facts[sending] = creating
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
		add(r, "to a creation")
	}
	add(f.asked("HEAD", op), "to HEAD")
	add(f.appended(op, 0, op.Body[:matrix.Usual/2], false), "to an append")
	add(f.asked("HEAD", op), "to HEAD")
	return told, seen
}

func limitForm(f *flow) {
	f.formed(f.options(), "to OPTIONS")
	final, interims := f.uploadedWith(func(*exchange.Request) {})
	for _, r := range append(interims, final) {
		f.formed(r, "to an upload in one request")
	}
	_, seen := f.lives()
	if len(seen) == 0 && !f.options().Fields.Has("Upload-Limit") {
		f.Unsupported("no limits are told")
	}
}

func limitTold(f *flow) {
	op := f.fresh()
	final := f.created(op, 0)
	told := f.real(limitsOf(f.announcedLimits()))
	for key, n := range f.real(limitsOf(f.asked("HEAD", op).Fields.Joined("Upload-Limit"))) {
		told[key] = n
	}
	if len(told) == 0 {
		f.Unsupported("no limits are told that limit anything")
	}
	if !final.Fields.Has("Upload-Limit") {
		f.Broken("Upload-Limit in the answer to a creation that leaves the upload open", "none, though there is %v", told)
	}
	_, interims := f.uploadedWith(func(*exchange.Request) {})
	first := slices.IndexFunc(interims, f.d.announces) // the later ones tell the progress
	if first >= 0 && !interims[first].Fields.Has("Upload-Limit") {
		f.Broken("Upload-Limit in the 104 that announces an upload resource", "none, though there is %v", told)
	}
}

// narrower gives the first limit that is narrower in b than in a, "" where none is. Lifetimes are another matter.
func narrower(a, b map[string]int64) string {
	for _, key := range knownLimits[:4] {
		was, told := a[key]
		is, now := b[key]
		least := strings.HasPrefix(key, "min-")
		switch {
		case !now:
		case least && is > was, !least && told && is < was:
			return key
		}
	}
	return ""
}

func limitWide(f *flow) {
	general := limitsOf(f.announcedLimits())
	if general == nil {
		f.Unsupported("OPTIONS tells no limits")
	}
	told, seen := f.lives()
	for i, limits := range told {
		if seen[i] == "to an append" {
			break // what changes later is another case's
		}
		if key := narrower(general, limits); key != "" {
			f.Broken("no narrower "+key+" in the answer "+seen[i]+" than in that to OPTIONS", "%d, not %d", limits[key], general[key])
		}
	}
}

func limitStable(f *flow) {
	told, seen := f.lives()
	if len(told) < 2 {
		f.Unsupported("limits are told less than twice in the life of an upload")
	}
	for i := range told[1:] {
		if key := narrower(told[i], told[i+1]); key != "" {
			f.Broken("no narrower "+key+" in the answer "+seen[i+1]+" than in that "+seen[i], "%d, not %d", told[i+1][key], told[i][key])
		}
	}
}

// limit gives a limit that is told, and ends the case where none is.
func (f *flow) limit(key string) int64 {
	n, ok := f.told[key]
	if !ok {
		f.Unsupported("no %s is told", key)
	}
	return n
}

// sizable ends the case where a body of n bytes is more than the configuration lets the suite send.
func (f *flow) sizable(n int64, key string) {
	if n > f.Config().Limits.Body {
		f.Unsupported("%s is more than limits.body lets the suite send", key)
	}
}

// announcingLength creates an upload without content and with a length.
func (f *flow) announcingLength(n int64) *exchange.Response {
	op := f.fresh()
	req := f.d.creation(op, nil, false)
	req.Fields = append(req.Fields, length(n))
	op.Facts[sending] = creating
	r := f.Do("a creation with Upload-Length: "+matrix.Itoa(n), req)
	return r
}

func limitMaxSize(f *flow) {
	most := f.limit("max-size")
	r := f.announcingLength(most)
	if r.Status == 413 {
		f.Broken("a creation with a length of max-size not to be refused for it", "413")
	}
	if r = f.announcingLength(most + 1); r.Status/100 != 2 && r.Status/100 != 4 {
		f.Broken("a 4xx, or a success, for a creation with a length above max-size", "%d", r.Status)
	}
	f.Note("a length above max-size is answered %d", r.Status)
}

func limit413(f *flow) {
	met := false
	check := func(r *exchange.Response, of string) {
		if r.Status != 413 {
			return
		}
		met = true
		if !r.Fields.Has("Upload-Limit") {
			f.Broken("Upload-Limit in the 413 for "+of, "none")
		}
	}
	if most, ok := f.told["max-size"]; ok {
		check(f.announcingLength(most+1), "a length above max-size")
	}
	if most, ok := f.told["max-append-size"]; ok && most < f.Config().Limits.Body {
		op := f.opening(most + 1)
		if r, err := f.Try(f.d.append(op, 0, op.Body, false)); err == nil {
			check(r, "an append above max-append-size")
		}
	}
	if !met {
		f.Unsupported("no limit led to a 413")
	}
}

// opening creates an upload of n bytes without content and without a length.
func (f *flow) opening(n int64) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), int(n))
	f.created(op, 0)
	return op
}

func limitMaxAppend(f *flow) {
	most := f.limit("max-append-size")
	f.sizable(most+1, "max-append-size")
	op := f.opening(most)
	f.succeeded(f.sent(op, f.d.append(op, 0, op.Body, false), false), "an append of max-append-size")
	f.at(op, most, "after an append of max-append-size")
	f.Round()
	f.outside(f.opening(most+1), "an append above max-append-size")
}

// outside sends the whole content as an append that a limit forbids: it is taken, or refused and nothing has changed.
func (f *flow) outside(op *matrix.Operation, what string) {
	r, err := f.Try(f.d.append(op, 0, op.Body, false))
	op.Sent = op.Len()
	switch {
	case err != nil:
		f.Broken(what+" to be answered", "%v", err)
	case r.Status/100 == 2:
		f.at(op, op.Len(), "after "+what+" that was taken")
	case r.Status/100 == 4:
		f.at(op, 0, "after "+what+" that was refused")
	default:
		f.Broken("a 4xx, or a success, for "+what, "%d", r.Status)
	}
	f.Note("%s is answered %d", what, r.Status)
}

// least gives the min-append-size of uploads, and where they are created: as all are where a limit is told for all, else as
// the configuration says.
func (f *flow) least() (int64, func(n int64) *matrix.Operation) {
	if n, ok := f.told["min-append-size"]; ok {
		return f.forbids(n), f.opening
	}
	f.Need(catalog.NeedLimited, f.Set.Limited != nil)
	limited := func(n int64) *matrix.Operation {
		op := f.Shaped(*f.Set.Limited, matrix.NewTag(), int(n))
		f.created(op, 0)
		return op
	}
	told := limitsOf(f.asked("HEAD", limited(matrix.Usual)).Fields.Joined("Upload-Limit"))
	n, ok := told["min-append-size"]
	if !ok {
		f.Unsupported("no min-append-size is told for the upload of the key limited")
	}
	return f.forbids(n), limited
}

// forbids ends the case where a min-append-size is too little to forbid anything but nothing, or more than may be sent.
func (f *flow) forbids(n int64) int64 {
	f.sizable(n+1, "min-append-size")
	if n < 2 {
		f.Unsupported("min-append-size=%d forbids nothing", n)
	}
	return n
}

func limitMinAppend(f *flow) {
	least, opening := f.least()
	op := opening(least)
	f.succeeded(f.sent(op, f.d.append(op, 0, op.Body, false), false), "an append of min-append-size")
	f.at(op, least, "after an append of min-append-size")
	f.Round()
	f.outside(opening(least-1), "an append below min-append-size")
}

func limitMinFinal(f *flow) {
	least, opening := f.least()
	op := opening(max(least+1, matrix.Usual))
	f.succeeded(f.appended(op, 0, op.Body[:op.Len()-1], false), "an append of all but the last byte")
	f.once(op, op.Len()-1, "of an upload whose last append was one byte")
}

// ageOf gives the lifetime that a response tells, in seconds.
func (f *flow) ageOf(r *exchange.Response) (int64, bool) {
	n, ok := limitsOf(r.Fields.Joined("Upload-Limit"))[f.v.age]
	return n, ok
}

func limitMaxAge(f *flow) {
	op := f.opened(0)
	first := f.asked("HEAD", op)
	began := time.Now()
	before, told := f.ageOf(first)
	if !told {
		f.Unsupported("no %s is told", f.v.age)
	}
	f.Wait(4 * polite)
	after, told := f.ageOf(f.asked("HEAD", op))
	took := int64(time.Since(began)/time.Second) + 2 // both are cut to seconds
	if !told || after+took < before {
		f.Broken("an end of the lifetime that comes no nearer than it was: "+matrix.Itoa(before)+" s", "%d s a moment later", after)
	}
	if slices.Contains([]int64{before, after}, 0) {
		f.Broken("a lifetime that is not over already", "%s=%d", f.v.age, after)
	}
}
