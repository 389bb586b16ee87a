package selftest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// naive is a server of documents as one writes it in an hour: whatever comes by PUT, POST or PATCH is stored at its URL, in
// place of what is there, which is emptied as soon as the head of the request has come. It knows no field and no parameter.
type naive struct {
	allow string // what it says to OPTIONS; "" refuses it
	conns *Conns

	mu      sync.Mutex
	docs    map[string][]byte // by path
	methods map[string]int    // heads that came
}

// theDocument is what somebody else has put there.
var theDocument = bytes.Repeat([]byte("do not touch "), 1000)

// startNaive gives a listening server with one document, which is the target; it is closed with the test.
func startNaive(t *testing.T, allow string) *naive {
	t.Helper()
	s := &naive{
		allow: allow, conns: Listen(t),
		docs: map[string][]byte{"/document": slices.Clone(theDocument)}, methods: map[string]int{},
	}
	s.conns.Serve(func(c net.Conn) func() { return func() { s.serve(c) } })
	t.Cleanup(func() {
		s.conns.Close()
		s.conns.Wait()
	})
	return s
}

func (s *naive) url() string { return s.conns.URL() + "/document" }

func (s *naive) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil || s.answer(c, r) != nil {
			return
		}
	}
}

// answer answers a request; the error ends the connection.
func (s *naive) answer(c net.Conn, r *http.Request) error {
	s.mu.Lock()
	s.methods[r.Method]++
	stored, there := s.docs[r.URL.Path]
	s.mu.Unlock()
	status, body := 200, ""
	switch {
	case r.Method == "OPTIONS" && s.allow == "":
		status = 405
	case r.Method == "OPTIONS":
		_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nAllow: %s\r\nContent-Length: 0\r\n\r\n", s.allow)
		return err
	case r.Method == "GET" || r.Method == "HEAD":
		if body = string(stored); !there {
			status = 404
		}
	default:
		s.store(r.URL.Path, nil) // as os.Create does
		if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		data, err := io.ReadAll(r.Body)
		s.store(r.URL.Path, data)
		if status = 201; err != nil {
			return err
		}
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n", status, http.StatusText(status), len(body))
	if r.Method == "HEAD" {
		body = ""
	}
	_, err := io.WriteString(c, head+body)
	return err
}

func (s *naive) store(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[path] = data
}

// untouched asks that nothing but looks have come, and that the only document is what it was.
func (s *naive) untouched(t *testing.T, after string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for method := range s.methods {
		if !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, method) {
			t.Errorf("%s: the head of a %s has come", after, method)
		}
	}
	if !bytes.Equal(s.docs["/document"], theDocument) {
		t.Errorf("%s: the document has %d bytes instead of %d", after, len(s.docs["/document"]), len(theDocument))
	}
	if len(s.docs) != 1 {
		t.Errorf("%s: documents %v", after, slices.Sorted(maps.Keys(s.docs)))
	}
	if len(s.methods) < 2 {
		t.Errorf("%s: nobody has looked: %v", after, s.methods)
	}
}

// profilesOf gives the profiles of cases.
func profilesOf(cases []catalog.Case) map[string]bool {
	all := map[string]bool{}
	for _, c := range cases {
		all[c.Profile()] = true
	}
	return all
}

// TestDiscoveryTouchesNothing: neither a probe nor a run that names no profile changes anything on a server that takes
// whatever comes, whatever it says of itself.
func TestDiscoveryTouchesNothing(t *testing.T) {
	t.Parallel()
	for _, allow := range []string{"", "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS", "GET, HEAD, PUT, OPTIONS", "POST, PATCH"} {
		t.Run(allow, func(t *testing.T) {
			t.Parallel()
			s := startNaive(t, allow)
			config, err := target.Default(s.url())
			if err != nil {
				t.Fatal(err)
			}
			probed, err := suite.Probe(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			s.untouched(t, "after a probe")
			if len(probed.Profiles) != len(profilesOf(suite.Cases())) {
				t.Errorf("%d profiles were looked for", len(probed.Profiles))
			}
			for _, p := range probed.Profiles {
				if p.Speaks {
					t.Errorf("it is taken to speak %s: %q", p.Name, p.Seen)
				}
			}
			report, err := suite.Run(t.Context(), suite.Options{Config: config})
			s.untouched(t, "after a run")
			if report != nil || !errors.Is(err, suite.ErrNothingSelected) || !strings.Contains(err.Error(), "--profile") {
				t.Errorf("report %v, error %v", report, err)
			}
		})
	}
}

// TestSilentOverwrite: the naive server is caught, by the case that is there for it, and the document that was there
// before survives even that.
func TestSilentOverwrite(t *testing.T) {
	t.Parallel()
	for _, profile := range partProfiles {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			s := startNaive(t, "")
			config := parse(t, fmt.Sprintf("target: %s\nprofiles: {%s: {upload: {path: \"/scratch/{tag}\"}}}", s.url(), profile))
			found := map[string]reports.Verdict{}
			for _, r := range judgeBy(t, checks[profile](), nil, config, 3*time.Second, `offer\.|\.(range|refuse|write|query)\..* (none|fin) `) {
				found[strings.TrimPrefix(r.ID, profile+".")] = r.Verdict
				if r.Verdict == reports.Error || r.Verdict == reports.Inconclusive {
					t.Error(told(r))
				}
			}
			want := map[string]reports.Verdict{
				"offer.no-overwrite": reports.Fail, "offer.refused": reports.Fail, "offer.understood": reports.Fail,
				"range.middle": reports.Unsupported, "write.cut": reports.Unsupported,
			}
			if profile == rangeQuery {
				want = map[string]reports.Verdict{
					"offer.template": reports.Fail, "query.no-overwrite": reports.Unsupported, "range.middle": reports.Unsupported,
				}
			}
			for id, verdict := range want {
				if found[id] != verdict {
					t.Errorf("%s: %s instead of %s", id, found[id], verdict)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if !bytes.Equal(s.docs["/document"], theDocument) {
				t.Error("the document that was there is not what it was")
			}
		})
	}
}
