package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// receipt is the body of a successful response.
type receipt struct {
	ID     string `json:"id"`
	Tag    string `json:"tag"`
	Length int64  `json:"length"`           // bytes
	SHA256 string `json:"sha256,omitempty"` // up to Options.HashLimit
}

// receiptOf makes the response body of an item: JSON, padded to the bytes that were asked for, and
// always the same for the same item.
func receiptOf(it *store.Item) *store.Response {
	body, _ := json.Marshal(receipt{it.ID, it.Tag, it.Length, it.SHA256}) // strings and numbers only
	resp := &store.Response{Status: http.StatusOK, Body: append(body, '\n')}
	if it.Respond > int64(len(resp.Body)) {
		pad(resp, body, it)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.FormatInt(bodyOf(resp).size(), 10))
	h.Set("ETag", etag(it.ID))
	resp.Header = h
	return resp
}

// pad fills up with a member "pad"; where not even its name has room, with white space.
func pad(resp *store.Response, body []byte, it *store.Item) {
	head := append(bytes.TrimSuffix(body, []byte("}")), `,"pad":"`...)
	tail := []byte("\"}\n")
	missing := it.Respond - int64(len(head)+len(tail))
	if missing < 0 {
		n := int(it.Respond) - len(resp.Body)
		resp.Body = append(resp.Body, bytes.Repeat([]byte(" "), n)...)
		return
	}
	resp.Body, resp.Tail, resp.Pad = head, tail, missing
	resp.Seed = it.SHA256
	if resp.Seed == "" {
		resp.Seed = strconv.FormatInt(it.Length, 10)
	}
}

// created is the final response of an operation that made an item.
func (s *Server) created(op *store.Operation, it *store.Item) *store.Response {
	resp := receiptOf(it)
	resp.Status = http.StatusCreated
	h := http.Header(resp.Header)
	h.Set("Location", pathItems+"/"+it.ID)
	h.Set(fieldContentLocation, pathItems+"/"+it.ID+pathReceipt)
	s.common(h, op)
	return resp
}

// failure is the final response of an operation that was to fail.
func (s *Server) failure(op *store.Operation) *store.Response {
	return s.failed(op, problem{Status: op.Job.Fail, Detail: "Failed as asked for."})
}

// failed is the final response of an operation that made nothing.
func (s *Server) failed(op *store.Operation, p problem) *store.Response {
	body := p.encode()
	h := http.Header{}
	h.Set("Content-Type", mediaProblem)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("ETag", etag(op.Item))
	s.common(h, op)
	return &store.Response{Status: p.Status, Header: h, Body: body}
}

// common sets what every final response of an operation has. The Date is kept with it: a copy must
// not differ from the original.
func (s *Server) common(h http.Header, op *store.Operation) {
	h.Set("Date", s.opts.Clock().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	maps.Copy(h, s.seams.Offer.Locations(op))
}

// etag makes a strong entity tag. An item never changes, and neither does the response that it was
// announced with, so one tag serves for both.
func etag(id string) string { return `"` + id + `"` }

// send sends a final response.
func send(x *exchange, resp *store.Response) {
	maps.Copy(x.w.Header(), resp.Header)
	x.w.WriteHeader(resp.Status)
	if x.r.Method != http.MethodHead {
		body := bodyOf(resp)
		_, _ = io.Copy(x.w, io.NewSectionReader(body, 0, body.size())) // the client may be gone
	}
}

// messageOf renders a final response as message/http (RFC 9112, 10.1), body included.
func messageOf(resp *store.Response) segments {
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", resp.Status, http.StatusText(resp.Status))
	_ = http.Header(resp.Header).Write(&head) // never fails; sorted: every reading is the same
	head.WriteString("\r\n")
	return append(segments{bytesSegment(head.Bytes())}, bodyOf(resp)...)
}

// bodyOf is the body of a final response.
func bodyOf(resp *store.Response) segments {
	return segments{bytesSegment(resp.Body), {padding(resp.Seed), resp.Pad}, bytesSegment(resp.Tail)}
}

// segment is a piece of content of size bytes.
type segment struct {
	io.ReaderAt
	size int64
}

func bytesSegment(b []byte) segment { return segment{bytes.NewReader(b), int64(len(b))} }

// segments is content made of pieces, so that a padded response needs no memory.
type segments []segment

func (s segments) size() (n int64) {
	for _, seg := range s {
		n += seg.size
	}
	return n
}

// ReadAt implements io.ReaderAt.
func (s segments) ReadAt(p []byte, off int64) (n int, err error) {
	for _, seg := range s {
		if off >= seg.size {
			off -= seg.size
			continue
		}
		for n < len(p) && off < seg.size {
			k, err := seg.ReaderAt.ReadAt(p[n:min(len(p), n+int(seg.size-off))], off)
			n += k
			off += int64(k)
			if err != nil && (err != io.EOF || k == 0) {
				return n, err
			}
		}
		off = 0
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// padding is an endless text made from a seed: block i is the hexadecimal SHA-256 of seed and i. It has
// no period, so that two parts put together at the wrong place show.
type padding string

const padBlock = 2 * sha256.Size

// ReadAt implements io.ReaderAt.
func (seed padding) ReadAt(p []byte, off int64) (n int, err error) {
	var block [padBlock]byte
	key := append([]byte(seed), '/')
	for n < len(p) {
		i, skip := (off+int64(n))/padBlock, (off+int64(n))%padBlock
		sum := sha256.Sum256(strconv.AppendInt(key, i, 10))
		hex.Encode(block[:], sum[:])
		n += copy(p[n:], block[skip:])
	}
	return n, nil
}
