package reference

import (
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
)

// Embedded in a server that speaks HTTP/2 the protocol is the same, and so is the response message.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewUnstartedServer(s.Handler())
	h.EnableHTTP2 = true
	h.StartTLS()
	defer h.Close()
	f := &fixture{T: t, s: s, url: h.URL, client: h.Client()}
	interim := map[int]int{}
	locations := http.Header{}
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		interim[code]++
		for name, values := range header {
			locations[name] = values
		}
		return nil
	}}
	for _, expect := range []string{"", "100-continue"} {
		clear(interim)
		req, _ := http.NewRequest("POST", h.URL+"/items?tag=a", strings.NewReader("hello"))
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
		req.Header.Set("Prefer", "resume")
		if expect != "" {
			req.Header.Set("Expect", expect)
		}
		resp, err := h.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.ProtoMajor != 2 || resp.StatusCode != 201 || interim[100]+interim[104] == 0 {
			t.Errorf("%s %s, interim %v", resp.Proto, resp.Status, interim)
		}
		f.want(f.await(locations.Get(fieldResponseMessage)), 201)
		if n := f.offset(locations.Get(fieldRequestContent)); n != 5 {
			t.Error("offset", n)
		}
	}
}

// startHTTP2 is a server embedded in one that speaks HTTP/2, and a client that does.
func startHTTP2(t *testing.T) *fixture {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(s.Handler())
	h.EnableHTTP2 = true
	h.StartTLS()
	t.Cleanup(func() {
		h.Close()
		s.Close()
	})
	return &fixture{T: t, s: s, url: h.URL, client: h.Client()}
}
