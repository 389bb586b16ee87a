package selftest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// uploadServer speaks the profile upload-resource, in memory, on net/http: plain and correct without a quirk.
type uploadServer struct {
	quirks map[quirk]bool
	*httptest.Server

	mu      sync.Mutex
	uploads map[string]*held // by ID
	items   map[string]*held // by path
	keys    map[string]*held // by user and Idempotency-Key
	counts  map[string]int   // effects by tag
	last    *held
	ended   *sync.Cond // with mu: a write has ended
}

// held is one upload.
type held struct {
	id, tag, owner, media string
	length                int64 // -1: not known
	data                  []byte
	got                   []bool // which bytes of data are there
	state                 string // processing, done, failed; "" while it is open
	result                string
	fail                  int // the status that it ends with, 0 for success
	delay                 time.Duration
	epoch                 int  // counts the writes
	broken                int  // writes that were cut
	open                  int  // writes at work
	cancelled             bool // and still there, as a bug has it
	reads                 int  // of the status document
	frozen                []byte
	rivals                meeting // the writes of the rest, where they are mixed
}

// startUpload gives a listening server; it is closed with the test.
func startUpload(t *testing.T, quirks ...quirk) *uploadServer {
	t.Helper()
	s := &uploadServer{
		quirks: map[quirk]bool{}, uploads: map[string]*held{}, items: map[string]*held{}, keys: map[string]*held{}, counts: map[string]int{},
	}
	s.ended = sync.NewCond(&s.mu)
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

func (s *uploadServer) has(q quirk) bool { return s.quirks[q] }

// uploadConfig tells the suite everything that the server offers.
const uploadConfig = `
version: 1
target: %s
users:
  - {name: alice, headers: {Authorization: "Bearer secret-of-alice"}}
  - {name: bob, headers: {Authorization: "Bearer secret-of-bob"}}
profiles:
  upload-resource:
    upload: {method: POST, path: "/uploads?tag={tag}"}
    count: {path: "/uploads?tag={tag}", pointer: /count}
    slow: {path: "/uploads?tag={tag}&delay=100"}
    failing: [{path: "/uploads?tag={tag}&fail=422"}, {path: "/uploads?tag={tag}&fail=503"}]
`

func (s *uploadServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, below := strings.CutPrefix(r.URL.Path, "/uploads/")
	id, content := strings.CutSuffix(rest, "/content")
	s.mu.Lock()
	u, item := s.uploads[id], s.items[r.URL.Path]
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/":
	case item != nil:
		s.serveItem(w, r, item)
	case r.URL.Path == "/uploads":
		s.serveTarget(w, r)
	case !below || u == nil || s.has(upDeadPlace) && content:
		http.Error(w, "nothing here", http.StatusNotFound)
	case u.owner != r.Header.Get("Authorization") && !s.has(upStrangers):
		http.Error(w, "not yours", http.StatusForbidden)
	case content && (r.Method == "PUT" || r.Method == "PATCH"), s.itself() && r.Method == "PUT", s.has(upPatch) && r.Method == "PATCH":
		s.serveWrite(w, r, u)
	case content:
		w.Header().Set("Allow", "PUT")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		s.serveStatus(w, r, u)
	}
}

func (s *uploadServer) serveItem(w http.ResponseWriter, r *http.Request, u *held) {
	if s.has(upResultDocument) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"size":%d}`, len(u.data))
		return
	}
	data := u.data
	if s.has(upRangeShifted) && r.Header.Get("Range") != "" {
		data = append([]byte{0}, data[:len(data)-1]...)
	}
	w.Header().Set("Content-Type", u.media)
	if !s.has(upUntagged) {
		w.Header().Set("ETag", `"`+u.id+`"`)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (s *uploadServer) serveTarget(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case "OPTIONS":
		if s.has(upUndiscovered) {
			w.Header().Set("Allow", "GET, POST")
			break
		}
		w.Header().Set("Link", `</uploads>; rel="help upload"`)
		w.WriteHeader(http.StatusNoContent)
	case "GET":
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"count":%d}`, s.counts[r.URL.Query().Get("tag")])
	case "POST":
		s.begin(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// begin allocates.
func (s *uploadServer) begin(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Authorization") + " " + r.Header.Get("Idempotency-Key")
	keyed := r.Header.Get("Idempotency-Key") != "" && !s.has(upKeysIgnored)
	if keyed && s.has(upKeyBurnt) && !s.burn(key) {
		w.WriteHeader(http.StatusConflict)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil && !s.has(upHalfPost) {
		panic(http.ErrAbortHandler)
	}
	u, ok := s.announced(body)
	if !ok && !s.has(upMalformedTaken) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if u.length > 1<<40 && !s.has(upHugeTaken) {
		w.WriteHeader(map[bool]int{true: 500, false: 413}[s.has(upHugeBreaks)])
		return
	}
	u.owner, u.tag = r.Header.Get("Authorization"), r.URL.Query().Get("tag")
	u.fail, _ = strconv.Atoi(r.URL.Query().Get("fail"))
	delay, _ := strconv.Atoi(r.URL.Query().Get("delay"))
	u.delay = time.Duration(delay) * time.Millisecond
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.keys[key]; keyed && old != nil {
		u = old
		if s.has(upKeyRestarts) {
			u.data, u.got = nil, nil
		}
	} else if s.has(upSlots) && len(s.uploads)-len(s.items) > 20 {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	} else {
		u.id = rand.Text()
		if s.has(upCounted) {
			u.id = strconv.Itoa(len(s.uploads) + 1)
		}
		if s.has(upOwnless) && s.last != nil && len(s.last.data) == 0 {
			u = s.last
		}
		s.uploads[u.id], s.keys[key], s.last = u, u, u
	}
	if s.has(upEffectAtPost) {
		s.counts[u.tag]++
	}
	s.answerBegun(w, r, u)
}

// burn takes a key as used, and says whether it was not.
func (s *uploadServer) burn(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, used := s.keys[key]
	if !used {
		s.keys[key] = nil
	}
	return !used
}

// announced reads the body of the POST.
func (s *uploadServer) announced(body []byte) (*held, bool) {
	u := &held{length: -1, media: "application/octet-stream", rivals: newMeeting()}
	if len(body) == 0 {
		return u, !s.has(upLengthNeeded)
	}
	var told struct {
		Length *int64  `json:"length"`
		Type   *string `json:"type"`
	}
	if json.Unmarshal(body, &told) != nil {
		return u, false
	}
	if told.Length != nil {
		u.length = *told.Length
	}
	if told.Type != nil && !s.has(upTypeLost) {
		u.media = *told.Type
	}
	return u, (told.Length == nil || u.length >= 0) && (told.Length != nil || !s.has(upLengthNeeded))
}

// answerBegun writes the answer to the POST; the caller holds mu.
func (s *uploadServer) answerBegun(w http.ResponseWriter, r *http.Request, u *held) {
	h := w.Header()
	status := http.StatusCreated
	if !s.has(upNoLocation) {
		h.Set("Location", s.ref(r, "/uploads/"+u.id))
	}
	if s.has(upPatch) {
		h.Set("Accept-Patch", "message/byterange")
		h.Set("Allow", "GET, HEAD, PATCH, DELETE")
	}
	if !s.itself() && !s.has(upPatch) && !s.has(upOnlyDocument) {
		h.Set("Link", `</help>; rel=help, <`+s.ref(r, s.place(u))+`>; title="a, \"b\""; rel="upload"`)
	}
	if s.has(upCreated202) {
		status = http.StatusAccepted
	}
	if s.has(upCreated200) {
		status = http.StatusOK
	}
	if s.has(upBodiless) || s.has(upLocationAlone) {
		w.WriteHeader(status)
		return
	}
	s.write(w, status, s.document(r, u))
}

// itself says whether the status resource takes the writes.
func (s *uploadServer) itself() bool { return s.has(upLocationItself) || s.has(upLocationAlone) }

// place gives the path to write to.
func (s *uploadServer) place(u *held) string {
	if s.has(upSpaceInPlace) {
		return "/uploads/" + u.id + "/content?of= upload"
	}
	return "/uploads/" + u.id + "/content"
}

// ref gives a path in the server's style: absolute, or as it is.
func (s *uploadServer) ref(r *http.Request, path string) string {
	switch {
	case s.has(upAbsolute):
		return "http://" + r.Host + path
	case s.has(upRelative):
		return relative(r.URL.Path, path)
	}
	return path
}

// relative gives the reference from one path to another.
func relative(from, to string) string {
	base := from[:strings.LastIndex(from, "/")+1]
	if below, ok := strings.CutPrefix(to, base); ok {
		return below
	}
	return strings.Repeat("../", strings.Count(base, "/")-1) + strings.TrimPrefix(to, "/")
}

// inOrder says whether parts must come in order.
func (s *uploadServer) inOrder() bool {
	return s.has(upInOrder) || s.has(upOverlapRefused) || s.has(upSupersedes) || s.has(upAppends) || s.has(upGapClosed)
}

var contentRangeForm = regexp.MustCompile(`^bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)$`)

// ranged is a Content-Range: first inclusive, end exclusive, both 0 where it has no positions; length -1 for "*".
type ranged struct {
	first, end, length int64
	positions          bool
}

func parseRanged(value string) (ranged, bool) {
	m := contentRangeForm.FindStringSubmatch(value)
	if m == nil || m[1] == "" && m[3] == "*" {
		return ranged{}, false
	}
	g := ranged{length: -1, positions: m[1] != ""}
	if m[3] != "*" {
		g.length, _ = strconv.ParseInt(m[3], 10, 64)
	}
	if g.positions {
		g.first, _ = strconv.ParseInt(m[1], 10, 64)
		last, _ := strconv.ParseInt(m[2], 10, 64)
		g.end = last + 1
	}
	return g, !g.positions || g.end > g.first && (g.length < 0 || g.end <= g.length)
}
