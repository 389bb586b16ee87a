package matrix

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// TestNumberAt reads numbers by JSON Pointer (RFC 6901), with the examples of its section 5.
func TestNumberAt(t *testing.T) {
	const example = `{"foo":["bar",5],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"big":9223372036854775807,"half":0.5,"text":"7","none":null,"huge":1e999999999,"minus":-3,"e":1e3}`
	for _, c := range []struct {
		body, pointer string
		want          int64
		fails         string
	}{
		{example, "/foo/1", 5, ""}, {example, "/", 0, ""}, {example, "/a~1b", 1, ""}, {example, "/c%d", 2, ""}, {example, "/e^f", 3, ""},
		{example, "/g|h", 4, ""}, {example, `/i\j`, 5, ""}, {example, `/k"l`, 6, ""}, {example, "/ ", 7, ""}, {example, "/m~0n", 8, ""},
		{`{"~1":9}`, "/~01", 9, ""}, {"42", "", 42, ""}, {" [[1,[2]]] ", "/0/1/0", 2, ""},
		{example, "/big", 9223372036854775807, ""}, {example, "/minus", -3, ""},
		{example, "/half", 0, "no whole number"}, {example, "/huge", 0, "no whole number"}, {example, "/e", 0, "no whole number"},
		{example, "/text", 0, "no whole number"}, {example, "/none", 0, "no whole number"}, {example, "/foo", 0, "no whole number"}, {example, "", 0, "no whole number"},
		{example, "/missing", 0, "no whole number"}, {example, "/foo/2", 0, "nothing at"}, {example, "/foo/-1", 0, "nothing at"},
		{example, "/foo/-", 0, "nothing at"}, {example, "/foo/x", 0, "nothing at"}, {example, "/big/x", 0, "nothing at"},
		{"", "", 0, "no JSON"}, {"<html>", "", 0, "no JSON"}, {`{"count":`, "/count", 0, "no JSON"},
		{strings.Repeat("[", 20000), "", 0, "no JSON"}, {strings.Repeat("9", 400), "", 0, "no whole number"},
	} {
		n, err := numberAt(&exchange.Response{Status: 200, Body: []byte(c.body)}, c.pointer)
		if n != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%q of %.40q: %d, %v", c.pointer, c.body, n, err)
		}
	}
	if _, err := numberAt(&exchange.Response{Status: 404, Body: []byte("1")}, ""); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("404: %v", err)
	}
}

// TestEffects counts what happened since, and takes no wrong number for the right one.
func TestEffects(t *testing.T) {
	var n atomic.Int64
	var asked atomic.Value
	bench := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		fmt.Fprintf(w, `{"count":%d}`, n.Load())
	}))
	counted := Witness{Count: &target.Count{Path: "/items?tag={tag}", Pointer: "/count"}}
	for _, c := range []struct {
		more    int64
		ask     func(Effects)
		verdict catalog.Verdict
		words   []string
	}{
		{0, func(e Effects) { e.None("now") }, catalog.Pass, nil},
		{1, func(e Effects) { e.None("now") }, catalog.Fail, []string{"no effect now", "1 more than before"}},
		{1, func(e Effects) { e.Once("now") }, catalog.Pass, nil},
		{0, func(e Effects) { e.Once("now") }, catalog.Fail, []string{"exactly one effect now", "got 0"}},
		{2, func(e Effects) { e.Once("now") }, catalog.Fail, []string{"got 2"}},
		{-1, func(e Effects) { e.None("now") }, catalog.Fail, []string{"-1 more"}},
	} {
		n.Store(10)
		s := run(t, bench, func(s *Session) {
			e := s.Effects(counted, "a b&c")
			n.Add(c.more)
			if since, ok := e.Since(); !ok || since != c.more {
				t.Errorf("since %d, %t", since, ok)
			}
			c.ask(e)
		})
		want(t, s, c.verdict, c.words...)
	}
	if asked.Load() != "/items?tag=a+b%26c" {
		t.Errorf("asked %s", asked.Load())
	}
	s := run(t, bench, func(s *Session) {
		e := s.Effects(Witness{}, "x")
		n.Add(5)
		e.Once("that nobody counts")
		e.None("that nobody counts")
		if _, ok := e.Since(); ok {
			t.Error("counted")
		}
	})
	want(t, s, catalog.Pass)
}

// TestCountThatCannotBeRead makes a case unsupported: nothing is said about the effects then.
func TestCountThatCannotBeRead(t *testing.T) {
	s := run(t, serve(t, http.NotFoundHandler()), func(s *Session) {
		s.Effects(Witness{Count: &target.Count{Path: "/count", Pointer: ""}}, "x")
	})
	want(t, s, catalog.Unsupported, "the count cannot be read at /count", "404")
}

// TestStored finds the stored bytes by what the response says, and leaves other origins alone.
func TestStored(t *testing.T) {
	elsewhere := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another origin was asked") }))
	there := elsewhere.Base.String()
	bench := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		redirects := map[string]string{
			"/once": "items/7", "/thrice": "/twice", "/twice": "/once", "/circle": "/circle", "/leaves": there, "/slashes": "//" + elsewhere.Base.Host,
			"/broken": "http://[", "/nowhere": "",
		}
		switch to, found := redirects[r.URL.Path]; {
		case found:
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusSeeOther)
		case r.URL.Path == "/items/7" || r.URL.Path == "/upload/items/7":
			fmt.Fprint(w, "the body")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	from := func(kind string) target.Readback { return target.Readback{From: kind} }
	for _, c := range []struct {
		name     string
		readback target.Readback
		field    string
		value    string
		want     string // of the stored bytes, or of the error
	}{
		{"absolute path", from("location"), "Location", "/items/7", "the body"},
		{"relative", from("location"), "Location", "items/7", "the body"},
		{"absolute", from("location"), "Location", bench.Base.String() + "items/7", "the body"},
		{"the other field", from("content-location"), "Content-Location", "/items/7", "the body"},
		{"its field is missing", from("content-location"), "Location", "/items/7", "names no place"},
		{"path with an id", target.Readback{From: "path", Path: "/items/{id}"}, "Location", "http://other.example/x/7", "the body"},
		{"not at all", from("none"), "Location", "/items/7", "names no place (readback: none)"},
		{"one redirect", from("location"), "Location", "/once", "the body"},
		{"three redirects", from("location"), "Location", "/thrice", "the body"},
		{"a circle", from("location"), "Location", "/circle", "more than three redirects"},
		{"another origin", from("location"), "Location", there + "x", "another origin"},
		{"another host by slashes", from("location"), "Location", "//" + elsewhere.Base.Host + "/x", "another origin"},
		{"another scheme", from("location"), "Location", "https://" + bench.Base.Host + "/items/7", "another origin"},
		{"redirect to another origin", from("location"), "Location", "/leaves", "another origin"},
		{"redirect by slashes", from("location"), "Location", "/slashes", "another origin"},
		{"redirect to no URI", from("location"), "Location", "/broken", "another origin"},
		{"redirect without Location", from("location"), "Location", "/nowhere", "more than three redirects"},
		{"missing", from("location"), "Location", "/items/8", "GET /items/8 gave 404"},
		{"no URI", from("location"), "Location", "/items/7 8", "names no place"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := run(t, bench, func(s *Session) {
				op := upload(s, s.Tag, 10)
				o := shown("the request", 201, "", c.field, c.value)
				o.Bases = []*url.URL{op.URL, resolved(s.Base(), "/upload/")}
				stored, err := s.Stored(Witness{Readback: c.readback}, op, o)
				text := string(stored)
				if err != nil {
					text = err.Error()
				}
				if !strings.Contains(text, c.want) {
					t.Errorf("%q, want %q", text, c.want)
				}
			})
			want(t, s, catalog.Pass)
		})
	}
}

// TestIntact names the first byte that differs.
func TestIntact(t *testing.T) {
	var body atomic.Value
	bench := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body.Load().([]byte)) }))
	for _, c := range []struct {
		stored  func(b []byte) []byte
		verdict catalog.Verdict
		at      int64
	}{
		{func(b []byte) []byte { return b }, catalog.Pass, -1},
		{func(b []byte) []byte { b[3] ^= 1; return b }, catalog.Fail, 3},
		{func(b []byte) []byte { return b[:99] }, catalog.Fail, 99},
		{func(b []byte) []byte { return append(b, 0) }, catalog.Fail, 100},
		{func([]byte) []byte { return nil }, catalog.Fail, 0},
	} {
		s := run(t, bench, func(s *Session) {
			op := upload(s, s.Tag, 100)
			body.Store(c.stored(append([]byte{}, op.Body...)))
			s.Intact(Witness{Readback: target.Readback{From: "location"}}, op, &Outcome{
				Response: shown("", 201, "", "Location", "/x").Response, Bases: []*url.URL{op.URL},
			})
		})
		want(t, s, c.verdict)
		if s.Finding.Byte != c.at {
			t.Errorf("byte %d instead of %d", s.Finding.Byte, c.at)
		}
	}
}
