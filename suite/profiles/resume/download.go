package resume

import (
	"fmt"
	"net/url"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// downloadChecks: the response arrives in part.
func downloadChecks() []matrix.Check {
	return []matrix.Check{
		{Case: download(catalog.Case{
			ID: "resume.download.range", Level: catalog.Must, Source: catalog.Loose(workflow, "a server may ignore Range (RFC 9110, 14.2): the whole again is a warning"),
			Requires: "When the body of the response was cut after 0, 1, half or all but one of its bytes, a Range request to the content location gives 206 with an exact Content-Range, and the two parts make the whole.",
			Why:      "A client on a bad line gets a large response only piece by piece.",
			Sends:    "A whole upload whose response body is cut at each of these bytes; then GET with Range on the Content-Location of the 100, and on that of the final response.",
			Failure:  "Range is off by one, or answers from other content than the response had.",
		}, matrix.EveryFault), Run: with(downloadRange)},
		{Case: download(catalog.Case{
			ID: "resume.download.repeat", Level: catalog.Must, Source: workflow,
			Requires: "A download that is cut again and again is brought to its end by Range requests, in at least five pieces.",
			Why:      "What broke the first connection breaks the next as well.",
			Sends:    "A whole upload whose response body is cut; then GETs with Range, each cut in turn.",
			Failure:  "A Range request depends on the one before it having ended.",
		}, matrix.EveryFault), Run: with(downloadRepeat)},
		{Case: download(catalog.Case{
			ID: "resume.download.if-range", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.5"),
			Requires: "If-Range with the validator of the first part gives the rest; with a stale one the whole comes with 200, never a mixture.",
			Why:      "Two halves of different versions make a corrupt whole.",
			Sends:    "A whole upload whose response body is cut; then GET with Range and If-Range, with the ETag seen and with another.",
			Failure:  "If-Range is ignored, or compared wrongly.",
		}, matrix.EveryFault), Run: with(downloadIfRange)},
		{Case: download(catalog.Case{
			ID: "resume.download.unsatisfiable", Level: catalog.Should, Source: catalog.RFC(9110, "15.5.17"),
			Requires: "A range past the end is refused with 416 and Content-Range: bytes */L.",
			Why:      "A client that has everything already learns that it does, and the length.",
			Sends:    "A whole upload whose response body is cut; then GET with a range that begins at its length.",
			Failure:  "An empty or wrong 206 is given, or Content-Range is missing.",
		}, matrix.FinOnly), Run: with(downloadUnsatisfiable)},
		{Case: download(catalog.Case{
			ID: "resume.download.head", Level: catalog.Should, Source: catalog.RFC(9110, "8.6"),
			Requires: "HEAD on the content location gives the length of the response body.",
			Why:      "The client learns what is left before it asks for it.",
			Sends:    "A whole upload whose response body is cut; then HEAD and GET on the Content-Location.",
			Failure:  "Content-Length is missing from HEAD, or differs from what GET gives.",
		}, matrix.FinOnly), Run: with(downloadHead)},
		{Case: download(catalog.Case{
			ID: "resume.download.suffix", Level: catalog.May, Source: catalog.RFC(9110, "14.1.2"),
			Requires: "A suffix range (the last N bytes), where it is served, is right.",
			Why:      "It is how a client fetches the end of what it cannot measure.",
			Sends:    "A whole upload whose response body is cut; then GET with Range: bytes=-N.",
			Failure:  "The suffix is taken for a range from the start.",
		}, matrix.FinOnly), Run: with(downloadSuffix)},
		{Case: download(catalog.Case{
			ID: "resume.download.multi", Level: catalog.May, Source: catalog.RFC(9110, "14.6"),
			Requires: "Several ranges in one request, where they are served, come as multipart/byteranges, each part right.",
			Why:      "A client with several holes fills them with one request.",
			Sends:    "A whole upload whose response body is cut; then GET with two ranges.",
			Failure:  "Parts carry the wrong bytes or the wrong Content-Range.",
		}, matrix.FinOnly), Run: with(downloadMulti)},
		{Case: download(catalog.Case{
			ID: "resume.download.message", Level: catalog.May, Source: messageRes,
			Requires: "The response message holds a long response body whole; a Range request on it, where it is served, gives the right part of it.",
			Why:      "The message holds the body too, and its download can be cut as well.",
			Sends:    "A whole upload whose response body is cut; GET on the response message, whole and with Range.",
			Failure:  "The body in the message ends early, or the range is taken from something else than the message.",
		}, matrix.FinOnly), Run: with(downloadMessage)},
	}
}

// download fills in what the cases of this area share.
func download(c catalog.Case, faults []string) catalog.Case {
	c.Point, c.Faults, c.Needs = "partial-download", faults, []catalog.Need{catalog.NeedLarge}
	return c
}

// larger gives the template whose response body is long where there is one.
func (f *flow) larger() target.Request {
	if f.Set.Large != nil {
		return *f.Set.Large
	}
	return f.Set.Upload
}

// responseLength gives the length of the body of an undisturbed response.
func (f *flow) responseLength(least int) int64 {
	f.Decoy(f.larger())
	twin := f.Upload(f.d, f.Shaped(f.larger(), matrix.NewTag(), matrix.Usual))
	f.Success(twin, "the undisturbed upload")
	if len(twin.Response.Body) < least {
		f.Unsupported("the response body has %d bytes, too few to cut; %q would give more", len(twin.Response.Body), catalog.NeedLarge)
	}
	f.named = twin.Response.Fields.Has("Content-Length")
	return int64(len(twin.Response.Body))
}

// partial is a response of which the client has only the beginning.
type partial struct {
	op     *matrix.Operation
	have   []byte // the beginning of the body
	places []*url.URL
}

// cutResponse sends a whole upload and cuts the response after at bytes of its body.
func (f *flow) cutResponse(at int64) partial {
	return f.partially(f.At(matrix.ResponseBody, at))
}

// cutLastByte cuts the response before the last byte of its body. Responses to like uploads may differ in
// length: where a response names its own, that counts.
func (f *flow) cutLastByte(length int64) partial {
	if f.named {
		return f.partially(f.AtFromEnd(matrix.ResponseBody, 1))
	}
	return f.cutResponse(length - 1)
}

func (f *flow) partially(cut matrix.Cut) partial {
	op := f.Shaped(f.larger(), matrix.NewTag(), matrix.Usual)
	t := f.Interrupt(f.d, op, cut)
	if t.Final == nil {
		f.Inconclusive("the head of the final response to arrive", "it did not: %v", t.Err)
	}
	f.Decoy(f.larger())
	p := partial{op: op, have: t.Final.Body, places: f.d.Downloads(op)}
	if len(p.places) == 0 {
		f.Unsupported("neither the interim nor the final response carries a Content-Location within the target's origin")
	}
	return p
}

func downloadRange(f *flow) {
	length := f.responseLength(4)
	for _, at := range []int64{0, 1, length / 2, length - 1} {
		f.Round()
		var p partial
		if at == length-1 {
			p = f.cutLastByte(length)
		} else {
			p = f.cutResponse(at)
		}
		for _, place := range p.places {
			whole := f.Fetched(place)
			f.began(p, place, whole)
			f.Rest(place, p.have, whole)
		}
	}
}

// began asks that what the client has is the beginning of what the place holds.
func (f *flow) began(p partial, place *url.URL, whole []byte) {
	if len(p.have) > len(whole) {
		f.Broken("the whole response body at "+place.RequestURI(), "%d bytes, fewer than the %d that had come", len(whole), len(p.have))
	}
	f.SameBytes("response body at "+place.RequestURI(), whole[:len(p.have)], p.have)
	if announced := p.op.Final.Fields.Get("Content-Length"); announced != "" && announced != matrix.Itoa(len(whole)) {
		f.Broken("the response body of "+announced+" bytes at "+place.RequestURI(), "%d bytes", len(whole))
	}
}

func downloadRepeat(f *flow) {
	length := f.responseLength(10)
	step := max(length/6, 1)
	p := f.cutResponse(step)
	place := p.places[0]
	whole := f.Fetched(place)
	f.began(p, place, whole)
	have := append([]byte{}, p.have...)
	for range 4 {
		f.Round()
		spec := fmt.Sprintf("bytes=%d-", len(have))
		t := f.Cut(matrix.RequestTo("GET", place, exchange.Field{Name: "Range", Value: spec}), f.At(matrix.ResponseBody, step))
		f.Landed(t)
		if t.Final == nil {
			f.Inconclusive("the head of the partial response to arrive", "it did not: %v", t.Err)
		}
		if t.Final.Status == 200 {
			f.Unsupported("Range is ignored at the Content-Location")
		}
		f.That(t.Final.Status, Equal(206), matrix.Itoa(t.Final.Status), "206 for Range: %s", spec)
		have = append(have, t.Final.Body...)
		f.SameBytes("response body, piece by piece", have, whole[:min(len(have), len(whole))])
	}
	f.Round()
	f.Rest(place, have, whole)
}

func downloadIfRange(f *flow) {
	length := f.responseLength(4)
	p := f.cutResponse(length / 2)
	place := p.places[0]
	r := f.Do("GET on the Content-Location", matrix.RequestTo("GET", place))
	tag := r.Fields.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		f.Unsupported("the Content-Location has no strong ETag, which If-Range needs (%q)", tag)
	}
	whole, spec := r.Body, fmt.Sprintf("%d-", len(p.have))
	fresh := f.Ranged(place, spec, exchange.Field{Name: "If-Range", Value: tag})
	if fresh.Status == 200 {
		f.Warn("206 for If-Range with the validator of the first part", "200 with the whole")
		f.SameBytes("response body", fresh.Body, whole)
	} else {
		f.Part(fresh, int64(len(p.have)), int64(len(whole))-1, whole)
	}
	stale := f.Ranged(place, spec, exchange.Field{Name: "If-Range", Value: `"resumespec-stale"`})
	f.That(stale.Status, Equal(200), matrix.Itoa(stale.Status), "200 with the whole for If-Range with a stale validator")
	f.SameBytes("response body", stale.Body, whole)
}

func downloadUnsatisfiable(f *flow) {
	length := f.responseLength(4)
	p := f.cutResponse(length / 2)
	place := p.places[0]
	whole := f.Fetched(place)
	r := f.Ranged(place, fmt.Sprintf("%d-", len(whole)))
	if r.Status == 200 {
		f.SameBytes("response body", r.Body, whole)
		f.Unsupported("Range is ignored at the Content-Location")
	}
	f.That(r.Status, Equal(416), matrix.Itoa(r.Status), "416 (Range Not Satisfiable)")
	_, _, complete, unsatisfied, err := exchange.ParseContentRange(r.Fields.Get("Content-Range"))
	if err != nil || !unsatisfied || complete != int64(len(whole)) {
		f.Broken(fmt.Sprintf("Content-Range: bytes */%d", len(whole)), "%q", r.Fields.Get("Content-Range"))
	}
}

func downloadHead(f *flow) {
	length := f.responseLength(4)
	p := f.cutResponse(length / 2)
	place := p.places[0]
	whole := f.Fetched(place)
	r := f.Do("HEAD on the Content-Location", matrix.RequestTo("HEAD", place))
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for HEAD on the Content-Location")
	value := r.Fields.Get("Content-Length")
	if value != "" && value != matrix.Itoa(len(whole)) {
		f.Harmful(fmt.Sprintf("Content-Length: %d, as much as GET gives", len(whole)), "%s", value)
	}
	f.That(value, Not(BeEmpty()), "no Content-Length", "Content-Length: %d", len(whole))
}

func downloadSuffix(f *flow) {
	length := f.responseLength(4)
	p := f.cutResponse(length / 2)
	place := p.places[0]
	whole := f.Fetched(place)
	left := len(whole) - len(p.have)
	r := f.Ranged(place, fmt.Sprintf("-%d", left))
	if r.Status == 200 || r.Status == 416 {
		f.Unsupported("suffix ranges are not served: %d", r.Status)
	}
	f.Part(r, int64(len(whole)-left), int64(len(whole))-1, whole)
}

func downloadMulti(f *flow) {
	length := f.responseLength(40)
	p := f.cutResponse(length / 2)
	place := p.places[0]
	whole := f.Fetched(place)
	last := int64(len(whole)) - 1
	r := f.Ranged(place, fmt.Sprintf("0-3,%d-%d", last-3, last))
	if r.Status == 200 || r.Status == 416 {
		f.Unsupported("several ranges are not served: %d", r.Status)
	}
	f.That(r.Status, Equal(206), matrix.Itoa(r.Status), "206 (Partial Content)")
	if r.Fields.Has("Content-Range") {
		f.Unsupported("only one of several ranges is served: %s", r.Fields.Get("Content-Range"))
	}
	parts, err := exchange.ParseMultipartByteranges(r.Fields.Get("Content-Type"), r.Body)
	if err != nil || len(parts) == 0 {
		f.Broken("multipart/byteranges with the parts asked for", "%d parts of %s: %v", len(parts), r.Fields.Get("Content-Type"), err)
	}
	for _, part := range parts {
		if part.First < 0 || part.Last > last || part.First > part.Last {
			f.Broken("parts within the whole", "bytes %d-%d", part.First, part.Last)
		}
		f.SameBytes("part from byte "+matrix.Itoa(part.First), part.Body, whole[part.First:part.Last+1])
	}
}

func downloadMessage(f *flow) {
	length := f.responseLength(4)
	op := f.Shaped(f.larger(), f.Tag, matrix.Usual)
	t := f.Interrupt(f.d, op, f.At(matrix.ResponseBody, length/2))
	f.offered(op, responseMessage)
	place := op.Handle(responseMessage)
	if replayed := f.Replayed(f.d, op).Response; t.Final != nil && len(replayed.Body) > 0 { // it may leave the body out
		f.began(partial{op: op, have: t.Final.Body}, place, replayed.Body)
	}
	whole := f.send("GET", op, responseMessage).Body
	at := int64(len(whole) / 2)
	r := f.Ranged(place, fmt.Sprintf("%d-", at))
	if r.Status == 200 || r.Status == 416 {
		f.Unsupported("Range is not served on the response message: %d", r.Status)
	}
	f.Part(r, at, int64(len(whole))-1, whole)
}
