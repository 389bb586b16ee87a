package selftest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// rufhServer speaks the profile rufh in all of its versions, in memory, on net/http: plain and correct without a quirk. It
// was written from the texts of the draft alone.
type rufhServer struct {
	quirks map[quirk]bool
	*httptest.Server

	mu      sync.Mutex
	uploads map[string]*resumable // by ID
	items   map[string]*resumable // by ID
	counts  map[string]int        // effects by tag
	last    *resumable
}

// resumable is one upload. It is guarded by the server's mu, but for processing.
type resumable struct {
	id, tag, owner, media, coding string
	version                       int // 3 to 8, 9 for the newest text
	length                        int64
	data                          []byte
	complete                      bool     // the final response was made
	over                          bool     // nothing can be appended any more
	dead                          bool     // cancelled or invalid
	rival                         *mixture // an append that waits for another, where they are mixed
	turn                          int      // of the request that may write
	abort                         func()
	idle                          chan struct{} // closed when no request writes; nil where none ever did
	fed                           chan struct{} // closed when something of its content was read
	done                          chan struct{} // closed when the final response was made
	answer                        *rufhAnswer
	item                          string
	fail                          int
	delay                         time.Duration
	digest                        string // Repr-Digest that was told
	wanted                        bool
	lastPart                      []byte
	reads                         int
	locked                        bool
	parts                         int
}

// rufhAnswer is the final response of an upload.
type rufhAnswer struct {
	status int
	fields map[string]string
	body   string
}

// startRufh gives a listening server; it is closed with the test.
func startRufh(t *testing.T, quirks ...quirk) *rufhServer {
	t.Helper()
	s := &rufhServer{quirks: map[quirk]bool{}, uploads: map[string]*resumable{}, items: map[string]*resumable{}, counts: map[string]int{}}
	for _, q := range quirks {
		s.quirks[q] = true
	}
	s.Server = httptest.NewUnstartedServer(s)
	if s.has(ruNo100) {
		s.Listener = deaf{s.Listener}
	}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// deaf gives connections on which nobody expects a 100.
type deaf struct{ net.Listener }

func (l deaf) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return deafConn{conn}, err
}

type deafConn struct{ net.Conn }

func (c deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	copy(p, bytes.ReplaceAll(p[:n], []byte("Expect: 100-"), []byte("Expekt: 100-")))
	return n, err
}

func (s *rufhServer) has(q quirk) bool { return s.quirks[q] }

// rufhConfig tells the suite everything that the server offers.
const rufhConfig = `
version: 1
target: %s
users:
  - {name: alice, headers: {Authorization: "Bearer secret-of-alice"}}
  - {name: bob, headers: {Authorization: "Bearer secret-of-bob"}}
profiles:
  rufh:
    upload: {method: POST, path: "/files?tag={tag}"}
    count: {path: "/files?tag={tag}", pointer: /count}
    slow: {path: "/files?tag={tag}&delay=100"}
    failing: [{path: "/files?tag={tag}&fail=422"}, {path: "/files?tag={tag}&fail=503"}]
    interop: [%s]
`

func (s *rufhServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.has(ruClosesAfter) {
		w.Header().Set("Connection", "close")
	}
	if s.has(ruIncremental) && r.Header.Get("Incremental") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id, below := strings.CutPrefix(r.URL.Path, "/files/")
	item, stored := strings.CutPrefix(r.URL.Path, "/items/")
	switch {
	case r.URL.Path == "/files":
		s.serveTarget(w, r)
	case below:
		s.serveUpload(w, r, id)
	case stored:
		s.serveItem(w, r, item)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *rufhServer) serveItem(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	u := s.items[id]
	s.mu.Unlock()
	if u == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", u.media)
	w.Header().Set("ETag", `"`+u.id+`"`)
	if u.coding != "" {
		w.Header().Set("Content-Encoding", u.coding)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(u.data))
}

func (s *rufhServer) serveTarget(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case "OPTIONS":
		if s.has(ruOptionsSilent) {
			w.Header().Set("Allow", "GET, POST")
		} else if value := s.limits(0); value != "" || s.has(ruLimitsEmpty) {
			w.Header().Set("Upload-Limit", value)
		}
		w.WriteHeader(http.StatusNoContent)
	case "GET":
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"count":%d}`, s.counts[r.URL.Query().Get("tag")])
	case "POST":
		s.create(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// The limits of a server that has them.
const (
	ruMaxSize   = 900_000
	ruMaxAppend = 800_000
	ruMinAppend = 100
	ruLeast     = 100 // of a server that lets larger uploads alone be resumed
)

// limits gives the value of Upload-Limit at the n-th response that tells it.
func (s *rufhServer) limits(n int) string {
	maxAppend := ruMaxAppend
	if s.has(ruNarrower) {
		maxAppend -= n
	}
	switch {
	case s.has(ruLimitTexts):
		return `max-size="900kB"`
	case s.has(ruLimitsEmpty):
		return ""
	case s.has(ruLimits), s.has(ruNarrower), s.has(ruLimitOffByOne), s.has(ruMinFinal), s.has(ruLimitUntold):
		return fmt.Sprintf("max-size=%d, max-append-size=%d, min-append-size=%d, x-own=?1, max-age=%d;left", ruMaxSize, maxAppend, ruMinAppend, 3600)
	}
	if s.has(ruMinSize) {
		return fmt.Sprintf("min-size=%d", ruLeast)
	}
	return "min-size=0"
}

// limited says whether sizes are held against the limits.
func (s *rufhServer) limited() bool {
	return !strings.HasPrefix(s.limits(0), "min-size=") && !s.has(ruLimitTexts) && !s.has(ruLimitsEmpty)
}

// newUpload makes an upload of a request to the target.
func (s *rufhServer) newUpload(r *http.Request, version int) *resumable {
	u := &resumable{
		id: rand.Text(), tag: r.URL.Query().Get("tag"), owner: r.Header.Get("Authorization"), media: r.Header.Get("Content-Type"),
		coding: r.Header.Get("Content-Encoding"), version: version, length: -1, done: make(chan struct{}),
		digest: r.Header.Get("Repr-Digest"), wanted: r.Header.Get("Want-Repr-Digest") != "" && !s.has(ruUnwanted),
	}
	u.fail, _ = strconv.Atoi(r.URL.Query().Get("fail"))
	delay, _ := strconv.Atoi(r.URL.Query().Get("delay"))
	u.delay = time.Duration(delay) * time.Millisecond
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(ruCounted) {
		u.id = strconv.Itoa(len(s.uploads) + 1)
	}
	if s.has(ruOwnless) && s.last != nil && len(s.last.data) == 0 && s.last.tag == u.tag {
		u = s.last
	}
	s.uploads[u.id], s.last = u, u
	if s.has(ruEffectAtOpen) {
		s.counts[u.tag]++
	}
	return u
}

// place gives the Location of an upload.
func (s *rufhServer) place(r *http.Request, u *resumable) string {
	path := "/files/" + u.id
	switch {
	case s.has(ruSpaceInPlace):
		return path + "?of=a b"
	case s.has(ruAbsolute):
		return "http://" + r.Host + path
	}
	return path
}

// conclude processes an upload whose content is whole, and makes its final response.
func (s *rufhServer) conclude(r *http.Request, u *resumable) *rufhAnswer {
	time.Sleep(u.delay) // the target's own work
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.dead && !s.has(ruInFlight) && !s.has(ruCancelMarks) {
		return &rufhAnswer{status: 404}
	}
	if u.answer != nil && !s.has(ruReopened) && !s.has(ruAgainTwice) {
		return u.answer
	}
	a := &rufhAnswer{status: 201, fields: map[string]string{"Content-Type": "text/plain"}}
	switch {
	case u.fail != 0:
		a.status, a.body = u.fail, "failed as asked\n"
	case s.digestBroken(u):
		a.status, a.body = 400, "the digest is another\n"
	default:
		s.counts[u.tag]++
		if u.parts > 1 && s.has(ruEffectTwice) {
			s.counts[u.tag]++
		}
		u.item = rand.Text()
		kept := *u
		kept.data = bytes.Clone(u.data)
		s.items[u.item] = &kept
		s.named(r, u, a)
		a.body = fmt.Sprintf("stored %d bytes\n", len(u.data))
	}
	if u.wanted && a.status == 201 {
		told := u.data
		if s.has(ruDigestWrong) {
			told = u.lastPart
		}
		a.fields["Repr-Digest"] = rufhDigest(told)
	}
	u.answer = a
	if !u.complete {
		close(u.done)
	}
	u.complete, u.over = true, true
	if s.has(ruForgetful) {
		delete(s.uploads, u.id)
	}
	return a
}

// named writes where what an upload became can be read: older versions have the upload resource in Location.
func (s *rufhServer) named(r *http.Request, u *resumable, a *rufhAnswer) {
	if s.has(ruNameless) {
		return
	}
	if u.version <= 6 && !s.has(ruPlaceOfItem) || s.has(ruPlaceIsOwn) {
		a.fields["Location"], a.fields["Content-Location"] = s.place(r, u), "/items/"+u.item
		return
	}
	a.fields["Location"] = "/items/" + u.item
}
