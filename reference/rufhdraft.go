package reference

import (
	"net/http"
	"slices"

	"github.com/dunglas/httpsfv"
)

// Fields of resumable uploads (draft-ietf-httpbis-resumable-upload, State; Draft Version Identification).
const (
	fieldInterop          = "Upload-Draft-Interop-Version"
	fieldUploadComplete   = "Upload-Complete"
	fieldUploadIncomplete = "Upload-Incomplete" // interop version 3 only
	fieldUploadOffset     = "Upload-Offset"
	fieldUploadLength     = "Upload-Length"
	fieldUploadLimit      = "Upload-Limit"
)

// mediaPartialUpload is the media type of an append (Media Type application/partial-upload).
const mediaPartialUpload = "application/partial-upload"

// Draft is what one text of draft-ietf-httpbis-resumable-upload names and demands.
type Draft struct {
	Version   int64 // Upload-Draft-Interop-Version; 0: the newest text, and no version that is known
	Announces bool  // 104 with the upload resource
	Progress  bool  // further 104s with Upload-Offset
	Located   bool  // they name the upload resource too, while it is created

	Complete string  // the field of completeness
	Negated  bool    // which says the opposite
	Missing  Missing // what an append without it is
	Length   bool    // Upload-Length is known
	Lifetime string  // key of Upload-Limit for what is left of the lifetime; "": the field is not known
	Limited  bool    // the limits of an append are those of the content of a creation as well
	Media    string  // media type of an append; "": any
	Problems bool    // problem types are defined

	Bare     bool // a HEAD or DELETE with fields of the state is refused
	Offsets  bool // every response of an upload that is there tells its offset
	Own      bool // the Location of every response to a creation is the upload resource
	Result   bool // Content-Location names what was made of the upload
	Appended int  // status of an append after which the upload is incomplete

	Received    bool // Upload-Complete of an upload tells that all was received, not that there is a final response
	Content     bool // GET on the upload resource means nothing; here it gives the content of a complete upload
	Replays     bool // what would complete a complete upload again gets the final response
	Invalidates bool // an upload that brings more than its length is deactivated
}

// Missing is what an append is that does not say whether it completes the upload.
type Missing int

// What the texts say, or show in their examples.
const (
	MissingRefused    Missing = iota // the field is a MUST (7 and later)
	MissingIncomplete                // 4 to 6
	MissingComplete                  // 3: "omitted or set to false"
)

// drafts are the texts that are spoken. The first one is for a request that names no version or one that is not here: it
// gets no 104, because a server of a draft must not send one then (Draft Version Identification). That section goes when the
// text is published: with Options.Published a request that names no version at all gets it.
//
//	version   3    4    5    6        7        8 and the newest
//	text      -01  -02  -03  -04 -05  -06 -08  -09 and later
var drafts = []Draft{
	newest(0),
	newest(8),
	{
		Version: 7, Announces: true, Progress: true,
		Complete: fieldUploadComplete, Length: true, Lifetime: "max-age", Media: mediaPartialUpload, Problems: true,
		Result: true, Appended: http.StatusNoContent, Received: true, Content: true, Invalidates: true,
	},
	early(6), early(5), early(4), early(3),
}

func newest(version int64) Draft {
	return Draft{
		Version: version, Announces: version > 0, Progress: true, Located: true,
		Complete: fieldUploadComplete, Length: true, Lifetime: "max-age", Limited: true, Media: mediaPartialUpload, Problems: true,
		Appended: http.StatusNoContent, Replays: true, Invalidates: true,
	}
}

// early are the texts before the upload resource had a section of its own.
func early(version int64) Draft {
	d := Draft{
		Version: version, Announces: true, Progress: version >= 4,
		Complete: fieldUploadComplete, Missing: MissingIncomplete,
		Bare: true, Offsets: true, Own: true, Result: true, Appended: http.StatusCreated,
		Received: true, Content: true, Replays: version < 6,
	}
	if version == 6 {
		d.Length, d.Lifetime, d.Media, d.Problems = true, "expires", mediaPartialUpload, true
	}
	if version == 3 {
		d.Complete, d.Negated, d.Missing = fieldUploadIncomplete, true, MissingComplete
	}
	return d
}

// draftOf chooses the text by the version that a request names.
func (s *Server) draftOf(r *http.Request) Draft {
	named := r.Header.Values(fieldInterop)
	version, ok := integerField(named)
	i := slices.IndexFunc(drafts, func(d Draft) bool { return ok && d.Version == version })
	d := drafts[max(0, i)]
	d.Announces = d.Announces || s.opts.Published && len(named) == 0
	return d
}

// state are the fields of the state that a text knows.
func (d Draft) state() []string {
	names := []string{fieldUploadOffset, d.Complete}
	if d.Length {
		names = append(names, fieldUploadLength)
	}
	return names
}

// UploadFields are what a request says of its upload. What cannot be read, or has the wrong type, is ignored as a whole
// (State).
type UploadFields struct {
	Complete *bool
	Offset   *int64 // bytes
	Length   *int64 // bytes
}

// uploadFields reads the fields of the state.
func uploadFields(d Draft, h http.Header) (f UploadFields) {
	if complete, ok := booleanField(h.Values(d.Complete)); ok {
		complete = complete != d.Negated
		f.Complete = &complete
	}
	if offset, ok := integerField(h.Values(fieldUploadOffset)); ok {
		f.Offset = &offset
	}
	if length, ok := integerField(h.Values(fieldUploadLength)); ok && d.Length {
		f.Length = &length
	}
	return f
}

// Completes tells whether the upload is to be complete with the request.
func (f UploadFields) Completes() bool { return f.Complete != nil && *f.Complete }

// setComplete sets the field of completeness.
func (d Draft) setComplete(h http.Header, complete bool) {
	value := "?0"
	if complete != d.Negated {
		value = "?1"
	}
	h.Set(d.Complete, value)
}

// integerField reads a structured Item that is a non-negative Integer (RFC 9651, 3.3.1).
func integerField(lines []string) (int64, bool) {
	n, ok := itemField(lines).(int64)
	return n, ok && n >= 0
}

// booleanField reads a structured Item that is a Boolean (RFC 9651, 3.3.6).
func booleanField(lines []string) (value, ok bool) {
	value, ok = itemField(lines).(bool)
	return value, ok
}

// itemField is the value of a structured Item, its parameters dropped; nil where it is none.
func itemField(lines []string) any {
	if len(lines) == 0 {
		return nil
	}
	item, err := httpsfv.UnmarshalItem(lines)
	if err != nil {
		return nil
	}
	return item.Value
}
