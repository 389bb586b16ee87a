package byterange

import (
	"fmt"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// acceptPatch is the field in which a server says what it takes in a PATCH (RFC 5789, 3.1).
const acceptPatch = "Accept-Patch"

// small is the length in bytes of the documents of cases that do not cut.
const small = 1000

// flow is the flow of the matrix, with this profile's own driver.
type flow struct {
	matrix.DocumentFlow
	d *driver
	// types are the media types that the target takes.
	types []string
}

func newFlow(s *matrix.Session) *flow {
	f := &flow{}
	f.DocumentFlow = matrix.NewDocumentFlow(s, Name, nil)
	f.use(usual(messageType))
	return f
}

// use changes the way in which the case's requests are made.
func (f *flow) use(d *driver) { f.d, f.D = d, d }

// with makes a case's code from one that works on a flow. What the target does not speak is not tried; that it does not
// is told by offer.patch.
func with(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := newFlow(s)
		var got string
		if f.types, got = f.discover(); len(f.types) == 0 {
			f.Unsupported("the target takes no byte range patch: %s", got)
		}
		f.use(usual(f.types[0]))
		run(f)
	}
}

// shared makes a case's code from one that every profile has.
func shared(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *flow) { run(f.Flow) })
}

// discover gives the media types that the target takes: the configured one, those that OPTIONS names, else those
// that a small PATCH finds out; and what was seen.
func (f *flow) discover() (types []string, seen string) {
	types, seen = f.named()
	if f.Set.Patch != "" && slices.Contains(mediaTypes, f.Set.Patch) {
		types = append([]string{f.Set.Patch}, slices.DeleteFunc(types, func(t string) bool { return t == f.Set.Patch })...)
	}
	if len(types) > 0 {
		return types, seen
	}
	op := f.OpAs(matrix.NewTag(), 4)
	r, err := f.Try((&driver{media: messageType}).Start(op))
	switch {
	case err != nil:
		return nil, seen + "; a PATCH was not answered: " + err.Error()
	case r.Status/100 == 2:
		return []string{messageType}, seen
	}
	named := r.Fields.Joined(acceptPatch)
	return takes(named), fmt.Sprintf("%s; a PATCH gave %d with %s: %q", seen, r.Status, acceptPatch, named)
}

// named gives the media types that OPTIONS on a document that is not there names, and what was seen.
func (f *flow) named() (types []string, seen string) {
	r, err := f.Try(matrix.RequestTo("OPTIONS", f.OpAs(matrix.NewTag(), 0).URL))
	if err != nil {
		return nil, "OPTIONS was not answered: " + err.Error()
	}
	named := r.Fields.Joined(acceptPatch)
	return takes(named), fmt.Sprintf("OPTIONS gave %d with %s: %q", r.Status, acceptPatch, named)
}

// needs ends the case as unsupported unless the target takes the media type, and uses it from here on.
func (f *flow) needs(media string) {
	if !slices.Contains(f.types, media) {
		f.Unsupported("the target does not name %s in %s", media, acceptPatch)
	}
	f.use(usual(media))
}

// severally ends the case as unsupported unless the target takes a media type with room for several parts, and uses it
// from here on.
func (f *flow) severally() {
	for _, media := range f.types {
		if media != messageType {
			f.needs(media)
			return
		}
	}
	f.Unsupported("the target names no media type with room for several parts in %s", acceptPatch)
}

// document gives a document of n bytes that is complete.
func (f *flow) document(n int) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), n)
	f.Success(f.Upload(f.D, op), "the creation of a document")
	f.Holds(op, op.Body, "after its creation")
	return op
}

// patch sends a patch document to the operation's document.
func (f *flow) patch(op *matrix.Operation, fr frame, more ...exchange.Field) *exchange.Response {
	return f.Do("the PATCH", f.d.request(op, fr, more...))
}

// write sends parts in the case's own media type.
func (f *flow) write(op *matrix.Operation, p part, more ...exchange.Field) *exchange.Response {
	return f.patch(op, framed(f.d.media, p), more...)
}

// refused asks for a 4xx, and for one of the statuses where some are given.
func (f *flow) refused(r *exchange.Response, what string, statuses ...int) {
	f.Refused(r, what)
	if len(statuses) > 0 && !slices.Contains(statuses, r.Status) {
		f.Broken(fmt.Sprintf("%s to be refused with one of %v", what, statuses), "%d", r.Status)
	}
}

// draftURL is where the draft stands.
const draftURL = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-patch-byterange/"

// The sections of the draft.
var (
	segmented    = draft("Segmented Document Creation with PATCH")
	contentRange = draft("The Content-Range Field")
	contentLen   = draft("The Content-Length Field")
	contentOff   = draft("The Content-Offset Field")
	contentType  = draft("The Content-Type Field")
	modifying    = draft("Modifying a Content Range with PATCH")
	applying     = draft("Applying a Patch")
	rangeUnits   = draft("Range Units")
	multipartDoc = draft("The multipart/byteranges Media Type")
	messageDoc   = draft("The message/byterange Media Type")
	binaryDoc    = draft("The application/byteranges Media Type")
	transaction  = draft(`Preserving Incomplete Uploads with "Prefer: transaction"`)
	uninit       = draft("Uninitialized ranges")
	initializing = draft("Initializing large documents")
)

// draft cites a heading of the profile's source.
func draft(heading string) catalog.Source {
	return catalog.Source{Document: "draft-ietf-httpapi-patch-byterange", Section: heading, URL: draftURL}
}
