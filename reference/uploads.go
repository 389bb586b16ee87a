package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// uploadWish is the content of POST /uploads. Unknown members are ignored.
type uploadWish struct {
	Length *int64 `json:"length"` // complete length in bytes
	Type   string `json:"type"`   // media type of what will be uploaded
}

// maxWish bounds the content of POST /uploads, in bytes.
const maxWish = 64 << 10

// uploadLink is the Link field that names where uploads are sent (profile upload-resource).
func uploadLink(uri string) string { return "<" + uri + `>; rel="upload"` }

func uploadURI(op *store.Operation) string { return pathUploads + "/" + op.RequestContent }

// describeUploads tells that uploads are begun here.
func (s *Server) describeUploads(x *exchange) { x.w.Header().Set("Link", uploadLink(pathUploads)) }

// countUploads answers GET /uploads: how many uploads have become done.
func (s *Server) countUploads(x *exchange) { s.count(x, s.store.TotalUploads, s.store.CountUploads) }

// postUpload answers POST /uploads: it makes the place that the parts are sent to. Nothing has been
// uploaded then, and nothing comes of an upload that nobody writes: who lost the answer may ask again.
func (s *Server) postUpload(x *exchange) {
	rec, p := s.examineUpload(x)
	if p != nil {
		s.refuse(x, *p)
		return
	}
	op, err := s.beginUpload(rec)
	if err != nil {
		s.refuse(x, problemOf(err))
		return
	}
	if op.Target != rec.Target {
		s.refuse(x, problem{Status: http.StatusUnprocessableEntity, Detail: "The Idempotency-Key was used for another request."})
		return
	}
	x.op = op
	h := x.w.Header()
	h.Set("Location", uploadURI(op))
	h.Set(fieldContentLocation, uploadURI(op))
	h.Set("Link", uploadLink(uploadURI(op)+pathContent))
	s.sendStatus(x, http.StatusCreated)
}

// beginUpload begins an upload, or gives the one that the same request began.
func (s *Server) beginUpload(rec store.Record) (*store.Operation, error) {
	for {
		if op, ok := s.seams.Upload.Known(rec); ok {
			return op, nil
		}
		op, err := s.store.Begin(rec)
		if !errors.Is(err, store.ErrKeyTaken) { // by a request that came at the same time
			return op, err
		}
	}
}

func (s *Server) knownUpload(rec store.Record) (*store.Operation, bool) {
	if rec.Key == "" {
		return nil, false
	}
	return s.store.ByKey(rec.Owner, rec.Key)
}

// examineUpload reads what a POST asks for: first all that the head says, then the content.
func (s *Server) examineUpload(x *exchange) (store.Record, *problem) {
	x.w.always.Set("Cache-Control", "private, no-store")
	rec, p := examineUploadHead(x)
	if p != nil {
		return rec, p
	}
	content, p := s.readWish(x)
	if p != nil {
		return rec, p
	}
	wish, p := s.parseWish(x.r.Header, content)
	if p != nil {
		return rec, p
	}
	sum := sha256.Sum256(content)
	rec.Target = x.r.Method + " " + x.r.URL.RequestURI() + " " + hex.EncodeToString(sum[:])
	rec.Job.ContentType = wish.Type
	if wish.Length != nil {
		rec.Length, rec.Sparse = *wish.Length, true
	}
	return rec, nil
}

func examineUploadHead(x *exchange) (rec store.Record, p *problem) {
	rec = store.Record{Owner: x.owner, Save: true, Length: -1, Upload: true}
	if rec.Job, p = parseJob(x.r.URL.RawQuery); p != nil {
		return rec, p
	}
	if rec.Key, p = idempotencyKey(x.r); p != nil {
		return rec, p
	}
	switch n := x.r.ContentLength; {
	case n > maxWish:
		tooLarge := problemOf(errTooLarge)
		return rec, &tooLarge
	case n > 0 && !isJSON(x.r.Header):
		return rec, &notJSON
	}
	return rec, nil
}

var notJSON = problem{Status: http.StatusUnsupportedMediaType, Detail: "An upload is begun with application/json, or with no content."}

func isJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/json" && (h.Get("Content-Encoding") == "" || h.Get("Content-Encoding") == "identity")
}

// readWish reads the content of a POST into memory.
func (s *Server) readWish(x *exchange) ([]byte, *problem) {
	content, err := io.ReadAll(io.LimitReader(&patch{s: s, x: x, peer: x.peer}, maxWish+1))
	if err != nil {
		s.bodyFailed(x, err)
	}
	if len(content) > maxWish {
		x.w.Header().Set("Connection", "close")
		p := problemOf(errTooLarge)
		return nil, &p
	}
	x.peer.rest()
	return content, nil
}

func (s *Server) parseWish(h http.Header, content []byte) (wish uploadWish, p *problem) {
	if len(content) == 0 {
		return wish, nil
	}
	if !isJSON(h) {
		return wish, &notJSON
	}
	if !bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("{")) {
		return wish, &problem{Status: http.StatusBadRequest, Detail: "The content is not a JSON object."}
	}
	if err := json.Unmarshal(content, &wish); err != nil {
		return wish, &problem{Status: http.StatusBadRequest, Detail: "The content is not a JSON object with an integer length and a string type."}
	}
	switch {
	case wish.Length != nil && *wish.Length < 0:
		return wish, &problem{Status: http.StatusUnprocessableEntity, Detail: "length is a number of bytes."}
	case wish.Length != nil && *wish.Length > s.opts.MaxBody:
		p := problemOf(errTooLarge)
		return wish, &p
	case wish.Type != "" && !isStorable(wish.Type):
		return wish, &problem{Status: http.StatusUnprocessableEntity, Detail: "type is a media type, but not message/* nor multipart/*."}
	}
	return wish, nil
}
