package matrix

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
)

// Ranged asks a place for a range.
func (f *Flow) Ranged(place *url.URL, spec string, more ...exchange.Field) *exchange.Response {
	fields := append([]exchange.Field{{Name: "Range", Value: "bytes=" + spec}}, more...)
	return f.Do("GET with Range: bytes="+spec, RequestTo("GET", place, fields...))
}

// Fetched gives the whole of a place.
func (f *Flow) Fetched(place *url.URL) []byte {
	r := f.Do("GET on "+place.RequestURI(), RequestTo("GET", place))
	for pause := glance; r.Status == 404 && pause < f.Patient() && f.Wait(pause); pause *= 2 { // it may be there a moment later
		r = f.Do("GET on "+place.RequestURI(), RequestTo("GET", place))
	}
	if r.Status != 200 {
		f.Broken("the whole of "+place.RequestURI(), "%d", r.Status)
	}
	return r.Body
}

// Rest fetches what is missing after have bytes. The whole again is accepted with a warning.
func (f *Flow) Rest(place *url.URL, have, whole []byte) {
	r := f.Ranged(place, fmt.Sprintf("%d-", len(have)))
	if r.Status == 200 {
		f.Warn("206 for a Range request to "+place.RequestURI(), "200 with the whole of %d bytes", len(r.Body))
		f.SameBytes("response body", r.Body, whole)
		return
	}
	f.Part(r, int64(len(have)), int64(len(whole))-1, whole)
	f.SameBytes("response body", append(append([]byte{}, have...), r.Body...), whole)
}

// Part asks that r is a 206 with exactly the bytes first to last of whole.
func (f *Flow) Part(r *exchange.Response, first, last int64, whole []byte) {
	if r.Status != 206 {
		f.Broken("206 (Partial Content)", "%d", r.Status)
	}
	want := fmt.Sprintf("bytes %d-%d/%d", first, last, len(whole))
	a, b, complete, _, err := exchange.ParseContentRange(r.Fields.Get("Content-Range"))
	if err != nil || a != first || b != last || (complete >= 0 && complete != int64(len(whole))) {
		f.BrokenAt(first, "response body", "Content-Range: "+want, "%q", r.Fields.Get("Content-Range"))
	}
	f.SameBytes("response body from byte "+Itoa(first), r.Body, whole[first:last+1])
}

// downloaded uploads what is long enough to be cut, undisturbed, and gives the place from which to download it and
// the whole of it.
func (f *Flow) downloaded(least int) (*url.URL, []byte) {
	op := f.Op(f.AtMost(66 << 10))
	o := f.Upload(f.D, op)
	f.Success(o, "the undisturbed upload")
	if f.reports() {
		f.Replayed(f.D, op)
	}
	place := f.Places(op)[0]
	whole := f.Fetched(place)
	if len(whole) < least {
		f.Unsupported("what can be downloaded has %d bytes, too few to cut", len(whole))
	}
	return place, whole
}

// cutGet cuts a GET after at bytes of its body, and gives what came.
func (f *Flow) cutGet(place *url.URL, cut Cut, fields ...exchange.Field) *exchange.Response {
	t := f.Cut(RequestTo("GET", place, fields...), cut)
	f.Landed(t)
	if t.Final == nil {
		f.Inconclusive("the head of the response to arrive", "it did not: %v", t.Err)
	}
	return t.Final
}

// DownloadRange cuts a download at several bytes and fetches the rest by Range.
func DownloadRange(f *Flow) {
	place, whole := f.downloaded(4)
	for _, at := range []int64{0, 1, int64(len(whole) / 2), int64(len(whole) - 1)} {
		f.Round()
		have := f.cutGet(place, f.At(ResponseBody, at)).Body
		f.SameBytes("what had come of the download", have, whole[:min(len(have), len(whole))])
		f.Rest(place, have, whole)
	}
}

// DownloadRepeat cuts each of the Range requests that should complete a download.
func DownloadRepeat(f *Flow) {
	place, whole := f.downloaded(10)
	step := int64(max(len(whole)/6, 1))
	have := append([]byte{}, f.cutGet(place, f.At(ResponseBody, step)).Body...)
	for range 4 {
		f.Round()
		spec := fmt.Sprintf("bytes=%d-", len(have))
		r := f.cutGet(place, f.At(ResponseBody, step), exchange.Field{Name: "Range", Value: spec})
		if r.Status == 200 {
			f.Unsupported("Range is ignored at %s", place.RequestURI())
		}
		if r.Status != 206 {
			f.Broken("206 for Range: "+spec, "%d", r.Status)
		}
		have = append(have, r.Body...)
		f.SameBytes("response body, piece by piece", have, whole[:min(len(have), len(whole))])
	}
	f.Round()
	f.Rest(place, have, whole)
}

// DownloadIfRange resumes a download with the validator seen, and with another.
func DownloadIfRange(f *Flow) {
	place, whole := f.downloaded(4)
	first := f.cutGet(place, f.At(ResponseBody, int64(len(whole)/2)))
	tag := first.Fields.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		f.Unsupported("%s has no strong ETag, which If-Range needs (%q)", place.RequestURI(), tag)
	}
	spec := fmt.Sprintf("%d-", len(first.Body))
	fresh := f.Ranged(place, spec, exchange.Field{Name: "If-Range", Value: tag})
	if fresh.Status == 200 {
		f.Warn("206 for If-Range with the validator of the first part", "200 with the whole")
		f.SameBytes("response body", fresh.Body, whole)
	} else {
		f.Part(fresh, int64(len(first.Body)), int64(len(whole))-1, whole)
	}
	stale := f.Ranged(place, spec, exchange.Field{Name: "If-Range", Value: `"resumespec-stale"`})
	if stale.Status != 200 {
		f.Broken("200 with the whole for If-Range with a stale validator", "%d", stale.Status)
	}
	f.SameBytes("response body", stale.Body, whole)
}

// DownloadUnsatisfiable asks for a range past the end.
func DownloadUnsatisfiable(f *Flow) {
	place, whole := f.downloaded(4)
	f.cutGet(place, f.At(ResponseBody, int64(len(whole)/2)))
	r := f.Ranged(place, fmt.Sprintf("%d-", len(whole)))
	if r.Status == 200 {
		f.SameBytes("response body", r.Body, whole)
		f.Unsupported("Range is ignored at %s", place.RequestURI())
	}
	if r.Status != 416 {
		f.Broken("416 (Range Not Satisfiable)", "%d", r.Status)
	}
	_, _, complete, unsatisfied, err := exchange.ParseContentRange(r.Fields.Get("Content-Range"))
	if err != nil || !unsatisfied || complete != int64(len(whole)) {
		f.Broken(fmt.Sprintf("Content-Range: bytes */%d", len(whole)), "%q", r.Fields.Get("Content-Range"))
	}
}

// DownloadSuffix asks for the last bytes.
func DownloadSuffix(f *Flow) {
	place, whole := f.downloaded(4)
	have := f.cutGet(place, f.At(ResponseBody, int64(len(whole)/2))).Body
	left := len(whole) - len(have)
	r := f.Ranged(place, fmt.Sprintf("-%d", left))
	if r.Status == 200 || r.Status == 416 {
		f.Unsupported("suffix ranges are not served: %d", r.Status)
	}
	f.Part(r, int64(len(whole)-left), int64(len(whole))-1, whole)
}
