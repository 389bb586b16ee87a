package reference

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // tus names it, for errors of transmission
	"crypto/sha1" //nolint:gosec // tus demands it, for errors of transmission
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// What can be wrong with a request of tus.
var (
	errTusField       = errors.New("a field is malformed, or is there twice")
	errTusOffset      = errors.New("Upload-Offset is missing, or is no number of bytes")
	errTusLength      = errors.New("Upload-Length is missing, or is no number of bytes")
	errTusDefer       = errors.New("Upload-Defer-Length is 1, and comes without Upload-Length")
	errTusMetadata    = errors.New("Upload-Metadata is malformed, or too long")
	errTusConcat      = errors.New("Upload-Concat is partial, or final; and the URLs of partial uploads, 256 at most")
	errTusJoin        = errors.New("Upload-Concat: final comes without a length and without content")
	errTusPart        = errors.New("Upload-Concat names what is no partial upload")
	errTusFinal       = errors.New("a final upload takes no bytes")
	errTusType        = errors.New("bytes come with " + mediaOffset + ", and without a content coding")
	errTusLengthKnown = errors.New("Upload-Length contradicts what is known")
	errTusChecksum    = errors.New("Upload-Checksum is malformed, or is there twice")
	errTusAlgorithm   = errors.New("the algorithm of Upload-Checksum is none of " + tusAlgorithms)
	errTusMismatch    = errors.New("the bytes do not have the checksum")
)

// statusMismatch is 460 (Checksum).
const statusMismatch = 460

// Checksum is what Upload-Checksum says.
type Checksum struct {
	Algorithm string
	Digest    []byte
}

const tusAlgorithms = "sha1,sha256,md5"

// algorithm gives the hash of a name; nil where there is none.
func algorithm(name string) func() hash.Hash {
	switch name {
	case "sha1":
		return sha1.New
	case "sha256":
		return sha256.New
	case "md5":
		return md5.New
	default:
		return nil
	}
}

// parseChecksum reads the name of an algorithm, a space and the checksum in Base64.
func parseChecksum(value string) (Checksum, error) {
	name, encoded, ok := strings.Cut(trimOWS(value), " ")
	if !ok || !isToken(name) {
		return Checksum{}, errTusChecksum
	}
	h := algorithm(name)
	if h == nil {
		return Checksum{}, errTusAlgorithm
	}
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(digest) != h().Size() || strings.ContainsAny(encoded, "\r\n") {
		return Checksum{}, errTusChecksum
	}
	return Checksum{name, digest}, nil
}

// matchesChecksum reads content to its end, and tells whether it has the checksum.
func matchesChecksum(c Checksum, content io.Reader) (bool, error) {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	h := algorithm(c.Algorithm)()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{content}, *p); err != nil {
		return false, fmt.Errorf("checksum: %w", err)
	}
	return bytes.Equal(h.Sum(nil), c.Digest), nil
}

// maxMetadata bounds the metadata of an upload, in bytes, and maxJoined the parts of a final one: both are kept in memory.
const (
	maxMetadata = 8 << 10
	maxJoined   = 256
)

// checkMetadata reads Upload-Metadata: pairs of a key and a value in Base64.
func checkMetadata(value string) (map[string]string, error) {
	if len(value) > maxMetadata {
		return nil, errTusMetadata
	}
	pairs := map[string]string{}
	for _, pair := range strings.Split(value, ",") {
		key, encoded, _ := strings.Cut(trimOWS(pair), " ")
		decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if _, twice := pairs[key]; err != nil || twice || key == "" || strings.ContainsAny(value, "\r\n\t") {
			return nil, errTusMetadata
		}
		pairs[key] = string(decoded)
	}
	return pairs, nil
}

// typeOf is the media type that the metadata name, where it is one that can be kept as it is.
func typeOf(metadata map[string]string) string {
	if t := metadata["filetype"]; isStorable(t) && !strings.ContainsFunc(t, func(r rune) bool { return r < ' ' || r > '~' }) {
		return t
	}
	return ""
}

// concat is what Upload-Concat says.
type concat struct {
	partial bool
	parts   []string // URLs, of a final upload
}

// parseConcat reads Upload-Concat.
func parseConcat(value string) (c concat, err error) {
	if value == "partial" {
		return concat{partial: true}, nil
	}
	list, ok := strings.CutPrefix(value, "final;")
	for _, uri := range strings.Split(list, " ") {
		if uri != "" {
			c.parts = append(c.parts, uri)
		}
	}
	if !ok || len(c.parts) == 0 || len(c.parts) > maxJoined || len(value) > maxMetadata*4 {
		return concat{}, errTusConcat
	}
	return c, nil
}

// partID is the identifier in the URL of an upload, "" where it is none. Which host an absolute one names does not matter:
// a server has several names, and the identifier cannot be guessed.
func partID(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil || u.Opaque != "" ||
		u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	id, ok := strings.CutPrefix("/"+strings.TrimPrefix(u.EscapedPath(), "/"), pathTus+"/")
	if !ok || !store.ValidID(id) {
		return ""
	}
	return id
}

// oneLine gives the value of a field; "" where it is not there.
func oneLine(h http.Header, name string) (value string, given bool, err error) {
	switch lines := h.Values(name); len(lines) {
	case 0:
		return "", false, nil
	case 1:
		return trimOWS(lines[0]), true, nil
	default:
		return "", true, errTusField
	}
}

// bytesIn reads a field that is a number of bytes; -1 where it is not there, and wrong where it is none.
func bytesIn(h http.Header, name string, wrong error) (int64, error) {
	value, given, err := oneLine(h, name)
	if err != nil || !given {
		return -1, err
	}
	n, ok := parseDigits(value)
	if !ok {
		return -1, wrong
	}
	return n, nil
}

func mediaTypeIs(h http.Header, want string) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == want
}

// isUncoded tells whether no content coding is applied.
func isUncoded(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding == "" || strings.EqualFold(coding, "identity")
}

// tusProblem says what an error means to a client.
func tusProblem(err error) problem {
	for _, t := range []struct {
		err    error
		status int
	}{
		{store.ErrOffset, http.StatusConflict},
		{store.ErrGap, http.StatusConflict},
		{store.ErrLength, http.StatusBadRequest},
		{store.ErrPastEnd, http.StatusRequestEntityTooLarge},
		{errTusFinal, http.StatusForbidden},
		{errTusType, http.StatusUnsupportedMediaType},
		{errTusField, http.StatusBadRequest},
		{errTusOffset, http.StatusBadRequest},
		{errTusLength, http.StatusBadRequest},
		{errTusDefer, http.StatusBadRequest},
		{errTusMetadata, http.StatusBadRequest},
		{errTusConcat, http.StatusBadRequest},
		{errTusJoin, http.StatusBadRequest},
		{errTusPart, http.StatusBadRequest},
		{errTusLengthKnown, http.StatusBadRequest},
		{errTusChecksum, http.StatusBadRequest},
		{errTusAlgorithm, http.StatusBadRequest},
		{errShort, http.StatusBadRequest},
	} {
		if errors.Is(err, t.err) {
			return problem{Status: t.status, Detail: "The upload: " + t.err.Error() + "."}
		}
	}
	if errors.Is(err, errTusMismatch) {
		return problem{Status: statusMismatch, Title: "Checksum Mismatch", Detail: "The upload: " + errTusMismatch.Error() + "."}
	}
	return problemOf(err)
}
