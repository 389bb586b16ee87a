package reference

import (
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// TusCreation is what the fields of a POST say.
type TusCreation struct {
	Length   int64    // Upload-Length, in bytes; -1 where it is deferred, or that of a final upload
	Metadata string   // as it was given
	Type     string   // media type of the content
	Concat   string   // as it was given
	Partial  bool     // it is to become a part of a final upload
	Parts    []string // identifiers of the partial uploads of a final one
	Content  bool     // bytes come with it
	Write    TusWrite // what they are
}

// postTus answers POST: it creates an upload, and takes the bytes that come with it.
func (s *Server) postTus(x *exchange) {
	x.w.always.Set("Cache-Control", "no-store")
	rec, p := s.examineJob(x)
	if p != nil {
		s.refuseTus(x, *p)
		return
	}
	c, err := s.seams.Tus.Creation(x.r, x.owner)
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	rec.Length, rec.Partial, rec.Parts, rec.Job.ContentType = c.Length, c.Partial, c.Parts, c.Type
	rec.Notes = map[string]string{}
	for name, value := range map[string]string{fieldUploadMetadata: c.Metadata, fieldUploadConcat: c.Concat} {
		if value != "" {
			rec.Notes[name] = value
		}
	}
	op, err := s.store.Begin(rec)
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	if err := s.beginWith(x, op, c); err != nil {
		s.abandon(op) // nobody knows of it
		s.tusFailed(x, err)
		return
	}
	x.op = op
	x.w.Header().Set("Location", tusURI(op))
	s.answerTus(x, http.StatusCreated)
}

// examineJob reads the query of a creation.
func (s *Server) examineJob(x *exchange) (rec store.Record, p *problem) {
	rec = store.Record{Owner: x.owner, Save: true, Length: -1, Protocol: protocolTus, Lasting: true}
	if rec.Job, p = parseJob(x.r.URL.RawQuery); p != nil {
		return rec, p
	}
	rec.Keep, p = keepOf(x.r.URL.RawQuery)
	return rec, p
}

// beginWith does what can be done of an upload when it is created.
func (s *Server) beginWith(x *exchange, op *store.Operation, c TusCreation) error {
	switch {
	case len(op.Parts) > 0:
		return s.join(op)
	case c.Content, c.Length == 0:
		_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
		w := &tusWrite{TusWrite: c.Write, s: s, x: x, op: op}
		return w.carry()
	default:
		return nil
	}
}

// creationFields reads the fields of a POST.
func (s *Server) creationFields(r *http.Request, owner string) (c TusCreation, _ error) {
	c.Write = TusWrite{Length: -1}
	if err := s.concatFields(r, owner, &c); err != nil {
		return c, err
	}
	if err := lengthFields(r, &c); err != nil {
		return c, err
	}
	if err := s.metadataField(r, &c); err != nil {
		return c, err
	}
	if err := s.contentFields(r, &c.Write); err != nil {
		return c, err
	}
	err := c.contents(r, s.opts.MaxBody)
	return c, err
}

// metadataField reads Upload-Metadata.
func (s *Server) metadataField(r *http.Request, c *TusCreation) (err error) {
	var given bool
	if c.Metadata, given, err = oneLine(r.Header, fieldUploadMetadata); err != nil {
		return errTusMetadata
	}
	if !given {
		return nil
	}
	pairs, err := s.seams.Tus.Metadata(c.Metadata)
	c.Type = typeOf(pairs)
	return err
}

// lengthFields reads Upload-Length and Upload-Defer-Length, of which there is one, but none of a final upload.
func lengthFields(r *http.Request, c *TusCreation) (err error) {
	deferred, given, err := oneLine(r.Header, fieldUploadDefer)
	if err != nil || given && deferred != "1" {
		return errTusDefer
	}
	c.Length, err = bytesIn(r.Header, fieldUploadLength, errTusLength)
	switch {
	case err != nil:
		return err
	case len(c.Parts) > 0 && (given || c.Length >= 0):
		return errTusJoin
	case given && c.Length >= 0:
		return errTusDefer
	case !given && c.Length < 0 && len(c.Parts) == 0:
		return errTusLength
	}
	return nil
}

// contents looks at what comes with a creation (Creation With Upload).
func (c *TusCreation) contents(r *http.Request, limit int64) error {
	c.Content = mediaTypeIs(r.Header, mediaOffset)
	switch {
	case c.Length > limit:
		return errTooLarge
	case len(c.Parts) > 0 && (c.Content || c.Write.Size != 0):
		return errTusFinal
	case c.Write.Size == 0 && !c.Content:
		return nil
	case !c.Content || !isUncoded(r.Header):
		return errTusType
	case c.Length >= 0 && c.Write.Size > c.Length:
		return store.ErrPastEnd
	}
	return nil
}
