package tus

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// polite is the pause between two questions to a server that may still be at work.
const polite = 10 * time.Millisecond

// flow is the flow of the matrix, with this profile's own driver.
type flow struct {
	*matrix.Flow
	d *driver
}

// with makes a case's code from one that works on a flow. What the server announces, and whether it gives bytes back, is
// found out first.
func with(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := &flow{Flow: matrix.NewFlow(s, Name, nil)}
		f.use(&driver{})
		if r, err := f.Try(optionsOn(f.Op(0))); err == nil {
			f.d.offer = parseAnnounced(r)
			if most, err := integer(f.d.offer.maxSize); err == nil {
				f.Most = most
			}
		}
		switch f.W.Readback.From {
		case "none":
			f.d.hide = true
		case "upload":
			if !f.givesBack() {
				f.W.Readback.From, f.d.hide = "none", true
			}
		}
		run(f)
	}
}

// shared makes a case's code from one that every profile has.
func shared(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *flow) { run(f.Flow) })
}

// use changes the driver of the case's uploads.
func (f *flow) use(d *driver) { f.d, f.D = d, d }

// optionsOn gives the question what a server can do.
func optionsOn(op *matrix.Operation) exchange.Request { return matrix.RequestTo("OPTIONS", op.URL) }

// The facts that GET on an upload gives its bytes, or does not.
const (
	gives     = "GET on a tus upload gives its bytes"
	givesNone = "GET on a tus upload does not give its bytes"
)

// givesBack says whether GET on an upload that nothing has disturbed gives its bytes. It never ends the case.
func (f *flow) givesBack() bool {
	if f.Known(gives) || f.Known(givesNone) {
		return f.Known(gives)
	}
	op, r := f.fetched()
	if r == nil {
		return false
	}
	if !bytes.Equal(r.Body, op.Body) || r.Status != 200 {
		f.Remember(givesNone)
		return false
	}
	f.Remember(gives)
	return true
}

// fetched gives an upload that nothing has disturbed and the answer to GET on it; none where it could not be made.
func (f *flow) fetched() (*matrix.Operation, *exchange.Response) {
	op := f.OpAs(matrix.NewTag(), 1024)
	r, err := f.Try(f.d.Prepare(op))
	if err != nil {
		return op, nil
	}
	f.d.Learn(op, r)
	u, err := handle(op)
	if err != nil {
		return op, nil
	}
	for at := int64(0); at < op.Len(); {
		r, err = f.Try(patchAt(op, matrix.Itoa(at), op.Body[at:]))
		if err != nil || r.Status != 204 {
			return op, nil
		}
		told, ok := f.d.Told(op, r)
		if !ok {
			told = op.Len()
		}
		if told <= at {
			return op, nil
		}
		at = told
	}
	got, err := f.Try(matrix.RequestTo("GET", u))
	for pause := polite; err == nil && got.Status == 404 && pause < f.Patient()/4 && f.Wait(pause); pause *= 2 {
		got, err = f.Try(matrix.RequestTo("GET", u)) // what was stored may be seen a moment later
	}
	if err != nil {
		return op, nil
	}
	return op, got
}

// readable ends the case as unsupported where GET on an upload gives no bytes.
func (f *flow) readable() {
	if f.d.hide || !f.givesBack() {
		f.Unsupported("GET on an upload does not give its bytes")
	}
}

// witnessed ends the case as unsupported where stored bytes cannot be read.
func (f *flow) witnessed() {
	if f.W.Readback.From == "none" {
		f.Unsupported("the stored bytes cannot be read: GET on an upload does not give them, and readback names no other place")
	}
}

// announces ends the case as unsupported where the server does not announce an extension.
func (f *flow) announces(extension string) {
	if !f.d.offer.has(extension) {
		f.Unsupported("the server does not announce %s", extension)
	}
}

// created gives an upload of n bytes of which none was written. The case ends as unsupported where an ordinary POST
// creates nothing.
func (f *flow) created(n int) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), n)
	f.Prepare(f.d, op)
	return op
}

// createdWith is created for a POST with these fields in place of the length. The answer must be 201.
func (f *flow) createdWith(n int, what string, fields ...exchange.Field) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), n)
	f.made(op, what, f.d.create(op, fields...))
	return op
}

// made sends a POST that must create, and learns where.
func (f *flow) made(op *matrix.Operation, what string, req exchange.Request) *exchange.Response {
	r := f.Do(what, req)
	if r.Status != 201 {
		f.Broken(what+" to be answered 201 (Created)", "%d", r.Status)
	}
	f.d.Learn(op, r)
	f.here(op)
	return r
}

// here gives the upload's URI, and ends the case where there is none.
func (f *flow) here(op *matrix.Operation) *url.URL {
	u, err := handle(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	return u
}

// half gives an upload whose first half was written, undisturbed.
func (f *flow) half() *matrix.Operation {
	op := f.created(matrix.Usual)
	f.Partly(op, 0, matrix.Usual/2)
	return op
}

// done gives an upload that was written whole, undisturbed.
func (f *flow) done() *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.Uploaded(op)
	return op
}

// head is HEAD on the upload.
func (f *flow) head(op *matrix.Operation) *exchange.Response { return f.send("HEAD", op) }

// send is Do for a request without a body.
func (f *flow) send(method string, op *matrix.Operation) *exchange.Response {
	return f.Do(method+" on the upload", matrix.RequestTo(method, f.here(op), resumable))
}

// stays asks that the offset is as before.
func (f *flow) stays(op *matrix.Operation, n int64, when string) {
	if now := f.Offset(f.d, op); now != n {
		f.HarmfulAt(min(n, now), "request body", "the offset to stay at "+matrix.Itoa(n)+" "+when, "%d", now)
	}
}

// refused asks for a 4xx.
func (f *flow) refused(r *exchange.Response, what string) {
	if r.Status/100 != 4 {
		f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
	}
}

// taken asks that a PATCH is answered 204, with the offset that it leads to, or a smaller one that is still above that
// at which it began. It gives the offset.
func (f *flow) taken(op *matrix.Operation, r *exchange.Response, from, to int64, what string) int64 {
	if r.Status != 204 {
		f.Broken("204 (No Content) for "+what, "%d", r.Status)
	}
	told, err := integer(r.Fields.Joined("Upload-Offset"))
	if err != nil {
		f.Broken("Upload-Offset in the answer to "+what, "%v", err)
	}
	if told < from || told > to || told == from && to > from {
		f.HarmfulAt(to, "request body", fmt.Sprintf("the offset %d after %s, the sum of the one before and of the bytes that were sent", to, what), "%d", told)
	}
	op.Sent, op.Known = max(op.Sent, to), max(op.Known, told)
	return told
}

// write sends a PATCH with the bytes from (inclusive) to (exclusive) and asks that it is taken.
func (f *flow) write(op *matrix.Operation, from, to int64, what string, more ...exchange.Field) int64 {
	op.Sent = max(op.Sent, to)
	return f.taken(op, f.Do(what, patchAt(op, matrix.Itoa(from), op.Body[from:to], more...)), from, to, what)
}

// whole completes an upload from its offset, and asks that it is intact.
func (f *flow) whole(op *matrix.Operation) { f.Completed(op) }

// rest brings what is missing of an upload that has its first n bytes, and asks that it is then complete and intact.
func (f *flow) rest(op *matrix.Operation, n int64) {
	if n < op.Len() {
		f.whole(op)
	}
	f.over(op)
	f.intact(op)
}

// over asks that an upload that has its last byte is complete: HEAD says so, or that it is gone.
func (f *flow) over(op *matrix.Operation) {
	r := f.head(op)
	if absent(r) {
		f.Note("the upload is gone (%d)", r.Status)
		return
	}
	n, err := f.d.ReadOffset(op, r)
	if err != nil || n != op.Len() {
		f.Broken("the offset "+matrix.Itoa(op.Len())+" of an upload that is complete", "%d (%v)", n, err)
	}
}

// gone says whether an answer says that the resource is not there.
func gone(r *exchange.Response) bool { return r.Status == 404 || r.Status == 410 }

// absent says whether an answer to HEAD says that the upload is not there: there 403 says so, too (HEAD).
func absent(r *exchange.Response) bool { return gone(r) || (*driver)(nil).Absent(r) }

// intact asks that the stored bytes are those of the upload, where they can be read.
func (f *flow) intact(op *matrix.Operation) {
	f.Intact(f.W, op, &matrix.Outcome{Bases: []*url.URL{op.URL}, Places: f.d.Downloads(op), Response: op.Final})
}

// stranger gives the URI of an upload that never was: that of one there is, with other letters and digits in its last
// segment.
func stranger(u *url.URL) *url.URL {
	other := *u
	if other.RawPath != "" || strings.Contains(u.EscapedPath(), "%") {
		other.Path, other.RawPath = u.Path+"0", ""
		return &other
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	at := strings.LastIndexByte(path, '/') + 1
	changed := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c < '9', c >= 'a' && c < 'f', c >= 'A' && c < 'F':
			return c + 1
		case c == '9':
			return '0'
		case c >= 'f' && c <= 'z':
			return 'a'
		case c >= 'F' && c <= 'Z':
			return 'A'
		}
		return c
	}, path[at:])
	other.Path = path[:at] + changed
	return &other
}
