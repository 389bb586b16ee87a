package reference

import (
	"net/http"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/resumespec/resumespec/reference/store"
)

// UploadLimits are the limits of resumable uploads (draft-ietf-httpbis-resumable-upload, Limits), in bytes; 0 is no limit.
type UploadLimits struct {
	MaxSize   int64 // of the representation
	MinSize   int64 // of a representation whose upload can be resumed
	MaxAppend int64 // of the content of one request
	MinAppend int64 // of the content of one request that does not complete the upload
}

// limits are those of an upload that has a min-append-size of its own, or 0.
func (s *Server) limits(least int64) UploadLimits {
	l := s.seams.Rufh.Limits()
	l.MinAppend = max(l.MinAppend, least)
	return l
}

// leastAsked reads least from the query of a creation: the min-append-size of this upload in bytes.
func leastAsked(least string) (int64, *problem) {
	if least == "" {
		return 0, nil
	}
	n, ok := parseDigits(least)
	if !ok || n > maxDigits {
		return 0, badQuery("least is a number of bytes")
	}
	return n, nil
}

// uploadLimit is the value of Upload-Limit for an upload, or for one that might be begun (nil).
func (s *Server) uploadLimit(d Draft, op *store.Operation) string {
	dict := httpsfv.NewDictionary()
	l := s.limits(leastOf(op))
	for _, limit := range []struct {
		key   string
		value int64
	}{
		{"max-size", l.MaxSize}, {"min-size", l.MinSize}, {"max-append-size", l.MaxAppend}, {"min-append-size", l.MinAppend},
		{d.Lifetime, s.lifetime(op)},
	} {
		if limit.value > 0 {
			dict.Add(limit.key, httpsfv.NewItem(limit.value))
		}
	}
	if len(dict.Names()) == 0 {
		return "min-size=0"
	}
	value, err := httpsfv.Marshal(dict)
	if err != nil { // a limit of more than 15 digits is none
		return "min-size=0"
	}
	return value
}

// lifetime is how many seconds an upload is kept yet, if nobody continues it. It is rounded down: what is told is kept.
func (s *Server) lifetime(op *store.Operation) int64 {
	if op == nil {
		return int64(s.opts.KeepIncomplete / time.Second)
	}
	keep := s.opts.KeepIncomplete
	if op.State() == store.Done {
		keep = s.opts.KeepDone
	}
	return int64(max(0, keep-s.opts.Clock().Sub(op.Touched())) / time.Second)
}

// tellLimits sets Upload-Limit where the text knows it.
func (s *Server) tellLimits(h http.Header, d Draft, op *store.Operation) {
	if d.Lifetime != "" {
		h.Set(fieldUploadLimit, s.seams.Rufh.Limit(d, op))
	}
}

// Append is a request that brings bytes for an upload, as its head says.
type Append struct {
	Draft   Draft
	Fields  UploadFields
	Creates bool
	Content int64 // bytes of the content, -1 where that is not known
	Least   int64 // min-append-size of this upload in bytes; 0: that of all
}

// length is the complete length that a request that begins at offset shows, -1 for none (Length).
func (a Append) length(offset int64) (int64, error) {
	length := int64(-1)
	if a.Fields.Length != nil {
		length = *a.Fields.Length
	}
	if a.Content < 0 || !a.Fields.Completes() {
		return length, nil
	}
	if length >= 0 && length != offset+a.Content {
		return -1, errInconsistent
	}
	return offset + a.Content, nil
}

// appendFits decides whether the bytes of a request fit an upload: nil, or what is wrong.
func (s *Server) appendFits(a Append, up store.Progress) error {
	if up.State == store.Closed {
		return store.ErrClosed
	}
	if a.Fields.Offset != nil && !a.Creates && *a.Fields.Offset != up.Offset {
		return errOffset
	}
	if up.State != store.Receiving {
		if !a.Draft.Replays || !a.Fields.Completes() || a.Content > 0 {
			return errCompleted
		}
		return nil
	}
	length, err := s.seams.Rufh.Length(a, up.Offset)
	switch {
	case err != nil:
		return err
	case length >= 0 && up.Length >= 0 && length != up.Length:
		return errInconsistent
	}
	if length < 0 {
		length = up.Length
	}
	if length >= 0 && length < up.Offset {
		return errInconsistent
	}
	if a.Content >= 0 && length >= 0 && a.Content > length-up.Offset {
		return errOverflow
	}
	return withinLimits(a, s.limits(a.Least), up.Offset, length)
}

// withinLimits holds a request against the limits (Limits). The content of a creation is bound by those of an append in
// the newest text only, and not where there is none.
func withinLimits(a Append, l UploadLimits, offset, length int64) error {
	appends := !a.Creates || a.Draft.Limited
	switch {
	case l.MaxSize > 0 && max(length, offset+max(0, a.Content)) > l.MaxSize:
		return errMaxSize
	case appends && l.MaxAppend > 0 && a.Content > l.MaxAppend:
		return errMaxAppend
	case appends && a.Content >= 0 && a.Content < l.MinAppend && !a.Fields.Completes() && (!a.Creates || a.Content > 0):
		return errMinAppend
	}
	return nil
}

// room is how many bytes a request that begins at offset may bring, and what is wrong with more.
func room(a Append, l UploadLimits, offset, length int64) (n int64, beyond error) {
	n, beyond = maxDigits, errGrown
	if length >= 0 {
		n, beyond = length-offset, errOverflow
	}
	if l.MaxSize > 0 && l.MaxSize-offset < n {
		n, beyond = l.MaxSize-offset, errGrown
	}
	if l.MaxAppend > 0 && l.MaxAppend < n && (!a.Creates || a.Draft.Limited) {
		n, beyond = l.MaxAppend, errMaxAppend
	}
	return n, beyond
}
