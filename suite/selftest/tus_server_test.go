package selftest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// tusServer speaks tus 1.0.0 with all of its extensions, in memory, on net/http: plain and correct without a quirk.
type tusServer struct {
	quirks map[quirk]bool
	*httptest.Server

	mu      sync.Mutex
	uploads map[string]*tusUpload // by path
	counts  map[string]int        // effects by tag
	last    string                // Upload-Metadata of the last upload that had any
	seen    int                   // uploads that were ever created
	open    int                   // of those, the unfinished
}

// tusUpload is one upload.
type tusUpload struct {
	path, tag, owner string
	number           int // in the order of creation
	metadata         string
	concat           string // as it was sent, "" for none
	parts            []*tusUpload
	length           int64 // -1: not known
	data             []byte
	done, gone       bool
	marked           bool // terminated, and still there, as a bug has it
	fail             int  // the status that it ends with, 0 for success
	delay            time.Duration
	expires          time.Time
	ends             func()        // ends the PATCH at work
	over             chan struct{} // closed when that has ended
	epoch            int           // counts the PATCHes
	locked           bool          // for good
	heads, patches   int
	fresh            time.Time // of a final upload: when it is put together
	shown            time.Time // when its bytes can be read
}

// startTus gives a listening server; it is closed with the test.
func startTus(t *testing.T, quirks ...quirk) *tusServer {
	t.Helper()
	s := &tusServer{quirks: map[quirk]bool{}, uploads: map[string]*tusUpload{}, counts: map[string]int{}}
	for _, q := range quirks {
		s.quirks[q] = true
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *tusServer) has(q quirk) bool { return s.quirks[q] }

// tusConfig tells the suite everything that the server offers.
const tusConfig = `
version: 1
target: %s
users:
  - {name: alice, headers: {Authorization: "Bearer secret-of-alice"}}
  - {name: bob, headers: {Authorization: "Bearer secret-of-bob"}}
profiles:
  tus:
    path: "/files?tag={tag}"
    count: {path: "/files?tag={tag}", pointer: /count}
    slow: {path: "/files?tag={tag}&delay=100"}
    failing: [{path: "/files?tag={tag}&fail=422"}, {path: "/files?tag={tag}&fail=503"}]
    expiring: {path: "/files?tag={tag}&keep=1s"}
`

// key gives what an upload is found by, and "/files" where uploads are created.
func (s *tusServer) key(u *url.URL) string {
	if id := u.Query().Get("upload"); s.has(tusQueried) && id != "" {
		return u.Path + "?upload=" + id
	}
	return u.Path
}

// adorn writes what has nothing to do with the protocol.
func (s *tusServer) adorn(w http.ResponseWriter) {
	if s.has(tusCloses) {
		w.Header().Set("Connection", "close")
	}
	if s.has(tusNoDate) {
		w.Header()["Date"] = nil
	}
	if s.has(tusHints) {
		w.WriteHeader(http.StatusEarlyHints)
	}
}

// most is the length that the server takes at most.
func (s *tusServer) most() int {
	if s.has(tusSmall) {
		return 20000
	}
	return tusMost
}

// tusMost is the length that a server usually takes at most.
const tusMost = 1 << 40

func (s *tusServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.adorn(w)
	method := r.Method
	if other := r.Header.Get("X-HTTP-Method-Override"); other != "" && !s.has(tusNoOverride) &&
		(!s.has(tusOverridesPost) || method == "POST") && (!s.has(tusOverridesPatch) || other == "PATCH") {
		method = other
	}
	switch {
	case r.URL.Path == "/":
		return
	case method == "OPTIONS":
		s.options(w, r)
		return
	case s.key(r.URL) == "/files" && method == "GET":
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"count":%d}`, s.counts[r.URL.Query().Get("tag")])
		return
	}
	if !s.has(tusVersionUntold) {
		w.Header().Set("Tus-Resumable", "1.0.0")
	}
	if given := r.Header.Get("Tus-Resumable"); given != "1.0.0" && (method != "GET" || s.has(tusGetVersioned)) && !s.has(tusAnyVersion) && (!s.has(tusHeadAnyVersion) || method != "HEAD") {
		if s.has(tusVersionLate) && method == "PATCH" {
			s.patch(httptest.NewRecorder(), r, s.find(r))
		}
		if !s.has(tusVersionsUntold) {
			w.Header().Set("Tus-Version", "1.0.0")
		}
		s.refuse(w, http.StatusPreconditionFailed)
		return
	}
	if s.key(r.URL) == "/files" && method == "POST" {
		s.create(w, r)
		return
	}
	u := s.find(r)
	switch {
	case u == nil:
		s.missing(w, r, method)
	case u.owner != r.Header.Get("Authorization") && !s.has(tusStrangers):
		s.refuse(w, http.StatusForbidden)
	case method == "HEAD":
		s.head(w, u)
	case method == "PATCH":
		s.patch(w, r, u)
	case method == "DELETE" && !s.has(tusCoreOnly):
		s.remove(w, u)
	case method == "GET" && !s.has(tusNoGet):
		s.get(w, r, u)
	default:
		w.Header().Set("Allow", "HEAD, PATCH, DELETE")
		s.refuse(w, http.StatusMethodNotAllowed)
	}
}

// refuse answers with an error.
func (s *tusServer) refuse(w http.ResponseWriter, status int) {
	if s.has(tusErrorsUntold) {
		w.Header().Del("Tus-Resumable")
	}
	http.Error(w, http.StatusText(status), status)
}

// find gives the upload of a request, nil where there is none.
func (s *tusServer) find(r *http.Request) *tusUpload {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[s.key(r.URL)]
	switch {
	case u == nil:
		return nil
	case u.gone, !u.done && time.Now().After(u.expires):
		return nil
	}
	return u
}

// missing answers for an upload that is not there.
func (s *tusServer) missing(w http.ResponseWriter, r *http.Request, method string) {
	status := http.StatusNotFound
	switch {
	case s.has(tusGone410):
		status = http.StatusGone
	case (s.has(tusHead403) || s.has(tusGoneAtEnd403)) && method == "HEAD":
		status = http.StatusForbidden
	case s.has(tusMissingBreaks), s.has(tusExpiredBreaks):
		status = http.StatusInternalServerError
	case s.has(tusMissingEmpty) && method == "HEAD":
		w.Header().Set("Upload-Offset", "0")
	case s.has(tusPatchCreates) && method == "PATCH":
		w.Header().Set("Upload-Offset", "100")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_ = r.Body.Close()
	s.refuse(w, status)
}

// tusExtensions gives what is announced.
func (s *tusServer) extensions() string {
	switch {
	case s.has(tusCoreOnly):
		return "creation"
	case s.has(tusUnannounced):
		return "termination"
	case s.has(tusSpaced):
		return "creation checksum"
	case s.has(tusOrphanExtension):
		return "creation-with-upload"
	}
	all := "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation"
	if !s.has(tusFinishedOnly) && !s.has(tusJoinsOpen) {
		all += ",concatenation-unfinished"
	}
	if s.has(tusSpacedCommas) {
		all = strings.ReplaceAll(all, ",", " , ")
	}
	return all
}

func (s *tusServer) options(w http.ResponseWriter, r *http.Request) {
	if s.has(tusOptionsChecked) && r.Header.Get("Tus-Resumable") != "" && r.Header.Get("Tus-Resumable") != "1.0.0" {
		s.refuse(w, http.StatusPreconditionFailed)
		return
	}
	if s.has(tusNoOptions) {
		s.refuse(w, http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Tus-Version", "1.0.0")
	switch {
	case s.has(tusManyVersions):
		h.Set("Tus-Version", "1.0.0, 0.2.2,0.2.1")
	case s.has(tusVersionWords):
		h.Set("Tus-Version", "1.0.0;0.2.2")
	}
	h.Set("Tus-Extension", s.extensions())
	if !s.has(tusCoreOnly) {
		h.Set("Tus-Checksum-Algorithm", "md5,sha1,sha256,crc32")
		h.Set("Tus-Max-Size", strconv.Itoa(s.most()))
	}
	if s.has(tusMaxUnit) {
		h.Set("Tus-Max-Size", "1GB")
	}
	if s.has(tusUpperAlgorithms) {
		h.Set("Tus-Checksum-Algorithm", "SHA1")
	}
	if s.has(tusOptions200) {
		fmt.Fprint(w, "tus is spoken here")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// head answers the question for the offset.
func (s *tusServer) head(w http.ResponseWriter, u *tusUpload) {
	s.settle(u)
	if s.has(tusForgets) && s.isGone(u) {
		s.refuse(w, http.StatusNotFound)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(tusLocksHead) && u.ends != nil {
		s.refuse(w, http.StatusLocked)
		return
	}
	u.heads++
	if u.ends != nil && !s.has(tusLocks) && !s.has(tusBusy) {
		u.ends() // the offset must not move once it was told
		u.epoch++
		u.ends = nil
	}
	h := w.Header()
	if !s.has(tusCacheable) {
		h.Set("Cache-Control", "no-store")
	}
	if s.has(tusNoCache) {
		h.Set("Cache-Control", "no-cache")
	}
	if u.metadata != "" && !s.has(tusMetadataLost) {
		h.Set("Upload-Metadata", u.metadata)
		if s.has(tusMetadataTurned) {
			items := strings.Split(u.metadata, ",")
			slices.Reverse(items)
			h.Set("Upload-Metadata", strings.Join(items, ","))
		}
	}
	if s.has(tusMetadataOfLast) && s.last != "" {
		h.Set("Upload-Metadata", s.last)
	}
	if s.has(tusSmuggles) {
		h.Set(smuggledName, "yes")
	}
	if u.concat != "" && !s.has(tusConcatForgotten) {
		h.Set("Upload-Concat", u.concat)
		if s.has(tusConcatAbsolute) {
			h.Set("Upload-Concat", strings.ReplaceAll(u.concat, " /", " "+s.URL+"/"))
		}
	}
	s.assemble(u)
	if (s.has(tusExpiryAsked) || s.has(tusExpiryUnsaid)) && !u.done {
		s.expiry(w, u, "HEAD")
	}
	offset := s.offset(u)
	switch {
	case len(u.parts) > 0 && !u.done:
		if s.has(tusFinalZero) {
			h.Set("Upload-Offset", "0")
		}
		if s.has(tusFinalEarly) {
			h.Set("Upload-Offset", strconv.FormatInt(u.length, 10))
		}
	case offset == 0 && s.has(tusZeroUntold), u.done && s.has(tusDoneUntold):
	default:
		h.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	}
	switch {
	case u.length < 0 && s.has(tusDeferZero):
		h.Set("Upload-Length", "0")
	case u.length < 0 && s.has(tusDeferUntold):
	case u.length < 0:
		h.Set("Upload-Defer-Length", "1")
	case s.has(tusLengthUntold):
	case s.has(tusLengthSoFar):
		h.Set("Upload-Length", strconv.Itoa(len(u.data)))
	default:
		h.Set("Upload-Length", strconv.FormatInt(u.length, 10))
	}
	if s.has(tusHead204) {
		w.WriteHeader(http.StatusNoContent)
	}
	if s.has(tusHead206) {
		w.WriteHeader(http.StatusPartialContent)
	}
}

// settle waits, where a bug harms what is cut, until the PATCH at work has ended: so that it is always there to be seen.
func (s *tusServer) settle(u *tusUpload) {
	if !slices.ContainsFunc([]quirk{tusForgets, tusDropsAll, tusTailLost, tusFills, tusLockStays, tusHalfIsAll, tusPlusOne}, s.has) {
		return
	}
	s.mu.Lock()
	over := u.over
	s.mu.Unlock()
	if over == nil {
		return
	}
	select {
	case <-over:
	case <-time.After(time.Second): // a connection that hangs
	}
}

func (s *tusServer) isGone(u *tusUpload) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return u.gone
}

// offset gives what HEAD tells.
func (s *tusServer) offset(u *tusUpload) int64 {
	n := int64(len(u.data))
	switch {
	case s.has(tusAnnounced) && n > 0:
		return u.length
	case s.has(tusGoesDown) && u.heads%2 == 0 && n > 0 && !u.done:
		return n - 1
	case s.has(tusPlusOne) && n > 0 && !u.done:
		return n + 1
	}
	return n
}

// get serves what is stored.
func (s *tusServer) get(w http.ResponseWriter, r *http.Request, u *tusUpload) {
	s.mu.Lock()
	s.assemble(u)
	data := u.data
	done := u.done && !time.Now().Before(u.shown)
	s.mu.Unlock()
	switch {
	case s.has(tusGetDocument):
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"size":%d}`, len(data))
		return
	case !done:
		s.refuse(w, http.StatusNotFound)
		return
	case s.has(tusGetShort) && u.patches > 1:
		data = data[:len(data)-1]
	case s.has(tusGetShifted) && r.Header.Get("Range") != "":
		data = append([]byte{0}, data[:len(data)-1]...)
	}
	w.Header().Set("ETag", `"`+u.path+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// remove terminates.
func (s *tusServer) remove(w http.ResponseWriter, u *tusUpload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.done && s.has(tusDeleteOpenOnly) {
		s.refuse(w, http.StatusForbidden)
		return
	}
	if u.ends != nil {
		u.ends()
	}
	switch {
	case s.has(tusDeleteIgnored):
	case s.has(tusDeleteMarks):
		u.marked = true
	case s.has(tusDeleteAll):
		for _, other := range s.uploads {
			other.gone = other.gone || other.owner == u.owner
		}
	default:
		u.gone = true
		u.epoch++
	}
	if s.has(tusDelete200) {
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// smuggledName is what a value of the metadata must not become.
const smuggledName = "X-Resumespec-Smuggled"

// location gives the URL of an upload as it is told.
func (s *tusServer) location(r *http.Request, u *tusUpload) string {
	switch {
	case s.has(tusAbsolute):
		return "http://" + r.Host + u.path
	case s.has(tusRelative):
		return strings.TrimPrefix(u.path, "/")
	case s.has(tusSpaceInPlace):
		return u.path + " x"
	}
	return u.path
}

// newPath gives the path of a new upload.
func (s *tusServer) newPath() string {
	s.seen++
	if s.has(tusCounted) {
		return "/files/" + strconv.Itoa(s.seen)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // crypto/rand never fails
	if s.has(tusQueried) {
		return "/files?upload=" + hex.EncodeToString(id)
	}
	return "/files/" + hex.EncodeToString(id)
}
