package reference

import (
	"errors"
	"io"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// joined tells whether the bytes of an upload are those that it is made of: always, but for a final upload that is still to
// be put together (Concatenation).
func joined(op *store.Operation, p store.Progress) bool {
	return len(op.Parts) == 0 || p.State == store.Complete || p.State == store.Done
}

// wholeOf tells whether all bytes of a partial upload are there.
func wholeOf(op *store.Operation) bool {
	p := op.Progress()
	return p.State == store.Receiving && p.Offset == p.Length
}

// concatFields reads Upload-Concat, and finds the partial uploads that it names. They must be there and belong to the user.
func (s *Server) concatFields(r *http.Request, owner string, c *TusCreation) error {
	value, given, err := oneLine(r.Header, fieldUploadConcat)
	if err != nil {
		return errTusConcat
	}
	if !given {
		return nil
	}
	all, err := parseConcat(value)
	if err != nil {
		return err
	}
	c.Concat, c.Partial = value, all.partial
	for _, uri := range all.parts {
		op, ok := s.tusUpload(partID(uri))
		if !ok || !s.seams.Tus.Part(r, op, owner) {
			return errTusPart
		}
		c.Parts = append(c.Parts, op.RequestContent)
	}
	return nil
}

// isPart tells whether a user may make an upload part of a final one.
func (s *Server) isPart(r *http.Request, op *store.Operation, owner string) bool {
	return op.Partial && op.Owner == owner && !s.seams.Tus.Expired(r, op)
}

// parts are the partial uploads of a final one; false where one is not there any more.
func (s *Server) parts(op *store.Operation) ([]*store.Operation, bool) {
	var all []*store.Operation
	for _, id := range s.seams.Tus.Order(op) {
		part, ok := s.tusUpload(id)
		if !ok {
			return nil, false
		}
		all = append(all, part)
	}
	return all, true
}

// joinedLength is the length of a final upload in bytes as far as it can be told: -1 where it cannot.
func (s *Server) joinedLength(op *store.Operation) (sum int64) {
	all, ok := s.parts(op)
	if !ok {
		return -1
	}
	for _, part := range all {
		length := part.Progress().Length
		if length < 0 {
			return -1
		}
		sum += length // of at most maxJoined, so that it fits
	}
	return sum
}

// joinWith puts together what waited for a partial upload, in the background: no connection can interrupt it.
func (s *Server) joinWith(part *store.Operation) {
	for _, op := range part.Wholes() {
		s.begin(func() { s.joinLater(op) })
	}
}

// joinLater is join for an upload whose creation was answered. One that has no room is forgotten.
func (s *Server) joinLater(op *store.Operation) {
	switch err := s.join(op); {
	case errors.Is(err, store.ErrBytes), errors.Is(err, errTooLarge):
		s.abandon(op)
	case err != nil && !errors.Is(err, store.ErrFenced) && !errors.Is(err, http.ErrServerClosed):
		s.opts.Logger.Error("concatenation", "error", err)
	}
}

// join puts a final upload together when its parts are all there, and lets it be processed.
func (s *Server) join(op *store.Operation) error {
	all, ok := s.parts(op)
	length := s.joinedLength(op)
	if length > s.opts.MaxBody {
		return errTooLarge
	}
	for _, part := range all {
		ok = ok && s.seams.Tus.Whole(part)
	}
	if !ok {
		return nil
	}
	writer, err := op.Acquire(nil, unstoppable{})
	switch {
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrComplete), errors.Is(err, store.ErrClosed):
		return nil // somebody else is at it, or was
	case err != nil:
		return err
	}
	defer writer.Release()
	if err := writer.Truncate(0); err != nil { // what a process that was killed has left
		return err
	}
	for _, part := range all {
		if err := s.appendPart(writer, part); err != nil {
			return err
		}
	}
	if err := writer.SetLength(op.Progress().Offset); err != nil {
		return err
	}
	if writer.Complete() {
		s.process(op, nil)
	}
	return nil
}

// unstoppable is a peer that never waits. Nobody asks what it has still to read: see settleTus.
type unstoppable struct{}

func (unstoppable) Stop() {}

// appendPart appends the bytes of a partial upload.
func (s *Server) appendPart(writer *store.Writer, part *store.Operation) error {
	content, err := part.Open(part.Progress().Offset)
	if err != nil {
		return err
	}
	defer content.Close()
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	for s.ctx.Err() == nil {
		n, err := content.Read(*p)
		if n > 0 {
			if err := writer.Append((*p)[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return http.ErrServerClosed
}
