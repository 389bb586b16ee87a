package rufh

import (
	"context"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerChecks: how a server says that uploads can be resumed, and in which version.
func offerChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("offer", upCreation, []row{
		{name: "spoken", level: must, versions: everyVersion, bare: true, loose: "a server can choose whether it offers resumption; the profile is named for one that does",
			requires: "An upload begun in the version asked for is given an upload resource, by a 104 with Location or by the Location of the answer to a creation that leaves the upload open.",
			why:      "Without its URI nothing can be resumed.",
			sends:    "A whole upload in one request; where no 104 comes, a creation without content, and its content by an append.",
			failure:  "The server does not speak this version, ignores which one is asked for, or refuses it (412, 400).", run: offerSpoken},
		{name: "announced", level: should, versions: everyVersion,
			requires: "The upload resource is announced by a 104 with Location before the content is in.",
			why:      "An upload that breaks off before its URI is known begins again from nothing.",
			sends:    "Uploads in one request, with Expect: 100-continue and without, that stand still before the end of their content; a wait for the 104.",
			failure:  "The 104 is sent when everything has arrived, or held back with the final response.",
			loose:    "a server of a draft sends none where no version is named: the case does not apply to one that sends none without a version", run: offerAnnounced},
		{name: "echo", level: must, versions: names("3", newest), source: upVersion,
			requires: "Every 104 names the interop version of the request in Upload-Draft-Interop-Version.",
			why:      "A client has to ignore any other 104, and then cannot resume.",
			sends:    "A whole upload in one request.",
			failure:  "The field is missing, or is always the same.", run: offerEcho},
		{name: "other-version", level: must, versions: names("3", newest), source: upVersion,
			requires: "No 104 that names an interop version is sent for a request that names none, or one that the server does not know.",
			why:      "A client of another draft would take it for its own and send what the server misreads.",
			sends:    "Whole uploads in one request without Upload-Draft-Interop-Version, and with 99 in it.",
			failure:  "The version of the request is not looked at, or is copied into the 104.", run: offerOther},
		{name: "interim", level: must, versions: everyVersion, source: upStatus,
			requires: "A 104 in answer to a creation names the upload resource in Location, or tells the progress in Upload-Offset.",
			why:      "Without either it says that the upload can be resumed, and not where.",
			sends:    "A large upload in one request, with Expect: 100-continue.",
			failure:  "The 104 is sent before the upload resource has its URI.", run: offerInterim},
		{name: "progress-location", level: must, versions: names("5", "7"), source: older("08", "Upload Creation, Server Behavior"),
			requires: "Of the 104s in answer to one creation, those that tell the progress have no Location.",
			why:      "A client of these versions takes each Location for a new upload resource.",
			sends:    "A large upload in one request, with Expect: 100-continue.",
			failure:  "Every 104 is written with the same fields.", run: offerProgressLocation},
		{name: "continue", level: must, versions: since(newest), source: upStatus,
			requires: "A request that expects 100-continue gets its 100 (Continue), also when a 104 was sent before.",
			why:      "A client that knows nothing of 104 waits for the 100.",
			sends:    "An upload in one request with Expect: 100-continue, whose content is held back until 100 has come.",
			failure:  "The 104 is taken for the 100.",
			unkilled: "The package on which the reference server stands sends the 100 by itself; a server of the self-test leaves it out, and is caught.", run: offerContinue},
		{name: "http10", level: must, versions: everyVersion, source: catalog.RFC(9110, "15.2"),
			requires: "An HTTP/1.0 client is sent no interim response.",
			why:      "It would take the 104 for the final response.",
			sends:    "A whole upload in one HTTP/1.0 request.",
			failure:  "Interim responses are sent without a look at the request's version.", run: offerHTTP10},
		{name: "not-asked", level: should, versions: everyVersion, source: catalog.Loose(upUpgrading, "what a target makes of a plain request is its own"),
			requires: "A request without the field of completeness is an upload as ever: it is answered without a 104, and its effect happens once where it succeeds.",
			why:      "Clients that know nothing of resumption use the same target.",
			sends:    "A whole upload without the protocol's fields, and one with the version's own alone.",
			failure:  "Every request creates an upload resource, and waits to be completed.", run: offerNotAsked},
		{name: "uri-reference", level: must, versions: everyVersion, source: catalog.RFC(9110, "10.2.2"),
			requires: "The Location of an upload resource is one valid URI-reference, and leads to a resource that answers HEAD with an offset.",
			why:      "A client resolves it and goes there.",
			sends:    "A creation that leaves the upload open; HEAD on what its Location resolves to.",
			failure:  "A space or another character that has to be percent-encoded is in it, or it leads to what is being made.", run: offerReference},
		{name: "same-location", level: must, versions: everyVersion,
			requires: "Every interim and final response to one creation that has a Location for the upload resource has the same one.",
			why:      "A client that meets two does not know which one is its upload, and gives up.",
			sends:    "A creation with half of the content that leaves the upload open; the Locations of its 104s and of its final response.",
			failure:  "The 104 and the final response are written by different parts of the server, one of which leaves out a prefix.",
			loose:    "older texts ask for the upload resource in each, not for the same text", run: offerSame},
		{name: "own", level: should, versions: everyVersion, source: upResource,
			requires: "Each upload has an upload resource of its own, also where nothing of an earlier one was written yet.",
			why:      "An upload that is shared mixes the bytes of two.",
			sends:    "Two creations without content, alike; an append to the first; HEAD on the second.",
			failure:  "An upload without bytes is given out again.", run: offerOwn},
		{name: "unguessable", level: should, versions: everyVersion, source: upSecurity,
			requires: "The URIs of upload resources are hard to guess: those of 200 uploads seem to carry at least 120 random bits.",
			why:      "Whoever knows the URI may read, append and cancel.",
			sends:    "200 creations without content.",
			failure:  "They are counted, or made of the time.", run: offerUnguessable},
		{name: "no-effect", level: must, versions: everyVersion, needs: []catalog.Need{catalog.NeedCount},
			requires: "An upload that was created and never completed has no effect.",
			why:      "What the client has not said is whole is not to be acted on.",
			sends:    "A creation without content, and one with half of it, that leave the upload open; a read of the number of effects.",
			failure:  "The target's own work is done when the upload resource is created.", run: offerNoEffect},
	})
}

func offerSpoken(f *flow) {
	if w := f.look(); w.why != "" {
		f.Broken("an upload resource for an upload in version "+f.v.name, "%s", w.why)
	}
}

func offerAnnounced(f *flow) {
	met := 0
	for _, expects := range []bool{true, false} {
		f.Round()
		op := f.fresh()
		req := f.d.Start(op)
		if !expects {
			req.Fields = without(req.Fields, "Expect")
		}
		switch {
		case f.announcedFor(op, req):
			met++
		case f.v.number() || met > 0:
			f.Broken("a 104 with Location and version "+f.v.name+" before the content is in", "none%s", map[bool]string{false: " without Expect"}[expects])
		default:
			f.Unsupported("%s", f.unannounced())
		}
	}
}

// announcedFor sends all but the last byte of an upload, and says whether a 104 names its resource within a while; then
// the upload is sent to its end.
func (f *flow) announcedFor(op *matrix.Operation, req exchange.Request) (announces bool) {
	_, err := f.TryBy(req, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if err := x.SendHead(ctx); err != nil {
			return nil, err
		}
		if req.ExpectsContinue() {
			_, _ = f.leave(ctx, x) // that it comes is another case's
		}
		if err := x.SendBody(ctx, op.Len()-1); err != nil {
			return nil, err
		}
		announces = f.awaited(x, f.d.announces)
		if err := x.SendEnd(ctx); err != nil {
			return nil, err
		}
		return x.Final(ctx)
	})
	if err != nil && !announces {
		f.Broken("a creation to be answered", "%v", err)
	}
	return announces
}

// awaited says whether an interim response of a kind comes within the patience.
func (f *flow) awaited(x *exchange.Exchange, is func(*exchange.Response) bool) bool {
	for waited := polite; waited < f.patience(); waited += polite {
		if slices.ContainsFunc(x.Interims(), is) {
			return true
		}
		if ended(x) || !f.Wait(polite) {
			break
		}
	}
	return slices.ContainsFunc(x.Interims(), is)
}

// ended says whether nothing more comes.
func ended(x *exchange.Exchange) bool {
	select {
	case <-x.Ended():
		return true
	default:
		return false
	}
}

// uploadedWith carries out a whole upload in one request and gives all of its answers.
func (f *flow) uploadedWith(change func(*exchange.Request)) (*exchange.Response, []*exchange.Response) {
	op := f.fresh()
	req := f.d.Start(op)
	change(&req)
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("an upload in one request to be answered", "%v", err)
	}
	return final, interims
}

func offerEcho(f *flow) {
	_, interims := f.uploadedWith(func(*exchange.Request) {})
	seen := false
	for _, r := range interims {
		if r.Status != 104 {
			continue
		}
		seen = true
		if !f.v.speaks(r) {
			f.Broken(interop+": "+f.v.name+" in every 104", "%s: %q", interop, r.Fields.Joined(interop))
		}
	}
	if !seen {
		f.Unsupported("the server sends no 104")
	}
}

func offerOther(f *flow) {
	for _, named := range []string{"", "99"} {
		f.Round()
		_, interims := f.uploadedWith(func(req *exchange.Request) {
			req.Fields = without(req.Fields, interop)
			if named != "" {
				req.Fields = req.Fields.With(interop, named)
			}
		})
		for _, r := range interims {
			if r.Status == 104 && r.Fields.Has(interop) {
				f.Broken("no 104 of a draft for a request with "+interop+": "+quotedOrNone(named), "one with %q", r.Fields.Joined(interop))
			}
		}
	}
}

func quotedOrNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// without gives the fields but for the named ones.
func without(fields exchange.Fields, names ...string) exchange.Fields {
	return slices.DeleteFunc(slices.Clone(fields), func(field exchange.Field) bool { return slices.Contains(names, field.Name) })
}

// interimsOf gives the 104s of the version that a large upload in one request gets.
func (f *flow) interimsOf() []*exchange.Response {
	_, interims, err := f.TryAll(f.d.Start(f.OpAs(matrix.NewTag(), f.AtMost(large))))
	if err != nil {
		f.Broken("a large upload in one request to be answered", "%v", err)
	}
	interims = slices.DeleteFunc(interims, func(r *exchange.Response) bool { return !f.v.speaks(r) })
	if len(interims) == 0 {
		f.Unsupported("%s", f.unannounced())
	}
	return interims
}

func offerInterim(f *flow) {
	for _, r := range f.interimsOf() {
		if !r.Fields.Has("Location") && !r.Fields.Has("Upload-Offset") {
			f.Broken("Location or Upload-Offset in each 104", "neither")
		}
	}
}

func offerProgressLocation(f *flow) {
	met := false
	for _, r := range f.interimsOf() {
		met = met || r.Fields.Has("Upload-Offset")
		if r.Fields.Has("Upload-Offset") && r.Fields.Has("Location") {
			f.Broken("no Location in a 104 that tells the progress", "Location: %q", r.Fields.Get("Location"))
		}
	}
	if !met {
		f.Unsupported("no 104 tells an offset")
	}
}

func offerContinue(f *flow) {
	f.announcing()
	a := f.Ask(f.d, f.fresh())
	if a.Final != nil {
		f.Broken("100 (Continue) for an upload that expects it", "%d", a.Final.Status)
	}
	f.Success(a.Finish(), "the upload")
}

func offerHTTP10(f *flow) {
	final, interims := f.uploadedWith(func(req *exchange.Request) {
		req.Proto = "HTTP/1.0"
		req.Fields = without(req.Fields, "Expect")
	})
	if len(interims) > 0 {
		f.Broken("no interim response to an HTTP/1.0 request", "%d", interims[0].Status)
	}
	f.Note("it is answered %d", final.Status)
}

func offerNotAsked(f *flow) {
	f.plain(nil)
	if f.v.number() {
		f.Round()
		f.plain(f.v.common())
	}
}

// plain asks that an upload that does not ask for resumption is one as ever.
func (f *flow) plain(more exchange.Fields) {
	op := f.fresh()
	effects := f.Effects(f.W, op.Tag)
	req := exchange.Request{Method: op.Method, Target: op.URL.RequestURI(), Fields: append(slices.Clone(op.Fields), more...), Body: op.Body, HasBody: true}
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("a plain upload to be answered", "%v", err)
	}
	for _, r := range interims {
		if r.Status == 104 {
			f.Broken("no 104 for a plain upload", "104 with Location: %q", r.Fields.Get("Location"))
		}
	}
	if final.Status/100 != 2 {
		f.Unsupported("a plain upload is answered %d", final.Status)
	}
	effects.Once("of a plain upload")
}

func offerReference(f *flow) {
	op := f.fresh()
	r := f.created(op, 0)
	if err := exchange.ParseURIReference(r.Fields.Get("Location")); err != nil {
		f.Broken("one valid URI-reference in Location", "%v", err)
	}
	if _, err := f.d.ReadOffset(op, f.asked("HEAD", op)); err != nil {
		f.Broken("an upload resource that answers HEAD with an offset", "%v", err)
	}
}

func offerSame(f *flow) {
	op := f.fresh()
	req := f.d.creation(op, op.Body[:matrix.Usual/2], false)
	req.Fields = append(req.Fields, f.d.lengthOf(op)...)
	op.Facts[sending] = creating
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("a creation to be answered", "%v", err)
	}
	var seen []string
	for _, r := range append(interims, final) {
		if !r.Interim() || f.v.speaks(r) {
			seen = append(seen, r.Fields.Values("Location")...)
		}
	}
	if len(seen) < 2 && !f.way.announces {
		f.Unsupported("%s: the final response alone has a Location", f.unannounced())
	}
	if len(seen) < 2 {
		f.Unsupported("%d responses to a creation have a Location", len(seen))
	}
	for _, value := range seen[1:] {
		one, other := resolved(op.URL, seen[0]), resolved(op.URL, value)
		same := value == seen[0] || f.v.number() && one != nil && other != nil && one.String() == other.String()
		if !same {
			f.Broken("one Location in every response to a creation", "%q and %q", seen[0], value)
		}
	}
}

func offerOwn(f *flow) {
	tag := matrix.NewTag()
	one, two := f.OpAs(tag, matrix.Usual), f.OpAs(tag, matrix.Usual)
	f.created(one, 0)
	f.created(two, 0)
	if one.Resource.String() == two.Resource.String() {
		f.Broken("an upload resource of its own for each upload", "%s for both", one.Resource.RequestURI())
	}
	f.succeeded(f.appended(one, 0, one.Body[:matrix.Usual/2], false), "an append")
	f.at(two, 0, "of another upload than the one that was appended to")
}

func offerUnguessable(f *flow) {
	var all []string
	for i := range matrix.Samples {
		if i%20 == 0 {
			f.Round()
		}
		op := f.fresh()
		f.created(op, 0)
		all = append(all, op.Resource.String())
	}
	f.Unguessable("upload resource", all)
}

func offerNoEffect(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	var uploads []matrix.Watched
	for _, n := range []int64{0, matrix.Usual / 2, matrix.Usual} {
		op := f.fresh()
		effects := f.Effects(f.W, op.Tag)
		f.created(op, n, f.d.lengthOf(op)...)
		uploads = append(uploads, matrix.Watched{Effects: effects, When: "of an upload that was begun with " + matrix.Itoa(n) + " bytes and left open"})
	}
	f.NoneYet(uploads...)
}
