package selftest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// asking is a request in the terms of the draft.
type asking struct {
	w        http.ResponseWriter
	r        *http.Request
	version  int  // 3 to 8, 9 for the newest text, 0 for none that is known
	complete bool // as the request says
	stated   bool // whether it does
	offset   int64
	placed   bool // whether Upload-Offset is there and valid
	length   int64
	sized    bool // whether Upload-Length is
}

const params = `(?: *; *[a-z*][a-z0-9_.*-]*(?:=[^;,]*)?)*$`

var (
	sfInteger = regexp.MustCompile(`^(\d{1,15})` + params)
	sfBoolean = regexp.MustCompile(`^\?([01])` + params)
)

// item gives the value of an Item that matches.
func (s *rufhServer) item(r *http.Request, name string, form *regexp.Regexp) (string, bool) {
	value := strings.Trim(strings.Join(r.Header.Values(name), ", "), " ")
	if s.has(ruParameters) && strings.Contains(value, ";") || s.has(ruZeros) && strings.HasPrefix(value, "00") {
		return "", false
	}
	if s.has(ruNumberish) && form == sfInteger {
		value = regexp.MustCompile(`^\D*(\d+).*$`).ReplaceAllString(value, "$1")
	}
	if s.has(ruTruthish) && form == sfBoolean && value != "" && !strings.HasPrefix(value, "?0") {
		return "1", true
	}
	m := form.FindStringSubmatch(value)
	if m == nil {
		return "", false
	}
	return m[1], true
}

func (s *rufhServer) integer(r *http.Request, name string) (int64, bool) {
	value, ok := s.item(r, name, sfInteger)
	n, err := strconv.ParseInt(value, 10, 64)
	return n, ok && err == nil
}

// ask reads a request.
func (s *rufhServer) ask(w http.ResponseWriter, r *http.Request) *asking {
	q := &asking{w: w, r: r, version: 9}
	if named := r.Header.Get("Upload-Draft-Interop-Version"); named != "" {
		q.version, _ = strconv.Atoi(named)
		if q.version < 3 || q.version > 8 {
			q.version = 0
		}
	}
	value, stated := s.item(r, q.field(), sfBoolean)
	q.stated, q.complete = stated, stated && (value == "1") != (q.version == 3)
	if q.version == 3 && !stated && r.Method == "PATCH" {
		q.stated, q.complete = true, true
	}
	q.offset, q.placed = s.integer(r, "Upload-Offset")
	if q.version >= 6 {
		q.length, q.sized = s.integer(r, "Upload-Length")
	}
	return q
}

// field names the field of completeness.
func (q *asking) field() string {
	if q.version == 3 {
		return "Upload-Incomplete"
	}
	return "Upload-Complete"
}

// state writes completeness into the head of a response.
func (q *asking) state(s *rufhServer, complete bool) {
	value := "?0"
	if complete != (q.version == 3) {
		value = "?1"
	}
	q.w.Header().Set(q.field(), s.adorned(value))
}

func (s *rufhServer) adorned(value string) string {
	if s.has(ruAdorned) {
		return value + `;a=b;c="d;e"`
	}
	return value
}

// interim sends a 104.
func (q *asking) interim(s *rufhServer, fields map[string]string) {
	if q.version == 0 && !s.has(ruVersionCopied) || !q.r.ProtoAtLeast(1, 1) && !s.has(ruInterimsToOld) {
		return
	}
	h := q.w.Header()
	before := h.Clone()
	for name, value := range fields {
		h.Set(name, value)
	}
	if named := q.r.Header.Get("Upload-Draft-Interop-Version"); named != "" {
		h.Set("Upload-Draft-Interop-Version", named)
	}
	if s.has(ruVersionFixed) {
		h.Set("Upload-Draft-Interop-Version", "6")
	}
	q.w.WriteHeader(104)
	for name := range h {
		if _, was := before[name]; !was {
			h.Del(name)
		}
	}
}

// problem refuses with a problem document where the version has one.
func (q *asking) problem(s *rufhServer, status int, kind, members string) {
	if q.version < 6 || s.has(ruBare409) {
		q.w.WriteHeader(status)
		return
	}
	if s.has(ruProblemOwn) && kind == "inconsistent-upload-length" {
		kind = "wrong"
	}
	q.w.Header().Set("Content-Type", "application/problem+json")
	q.w.WriteHeader(status)
	fmt.Fprintf(q.w, `{"type":"https://iana.org/assignments/http-problem-types#%s","title":"refused"%s}`, kind, members)
}

// refuse answers for the upload, of which it says that it is incomplete.
func (q *asking) refuse(s *rufhServer, status int) {
	if q.version >= 7 {
		q.state(s, false)
	}
	q.w.WriteHeader(status)
}

func rufhDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// digestBroken says whether the whole is not what was told; the caller holds mu.
func (s *rufhServer) digestBroken(u *resumable) bool {
	data := u.data
	if s.has(ruDigestOfPart) {
		data = u.lastPart
	}
	return strings.HasPrefix(u.digest, "sha-256=") && u.version >= 6 && !s.has(ruDigestIgnored) && u.digest != rufhDigest(data)
}
