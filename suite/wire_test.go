package suite

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/resumespec/resumespec/suite/target"
)

// TestOptionsTravel: a worker is told everything that the run was, but for the functions.
func TestOptionsTravel(t *testing.T) {
	config, err := target.Parse("x", []byte(`
target: http://127.0.0.1:1/items
about: {name: A, version: "1", url: http://h/}
users: [{name: a, headers: {Authorization: "Bearer geheim <&>"}}, {name: b, headers: {A: c}}]
limits: {body: 99999, case: 7s, run: 8m}
profiles:
  resume:
    upload: {path: "/x?tag={tag}", headers: {A: b}}
    patch: a/b
    readback: {path: "/items/{id}"}
    count: {path: /, pointer: /n}
    large: {path: /l}
    slow: {path: /s}
    failing: [{path: /f}]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Options{
		Config: config, Seed: -7, Toxiproxy: "http://h:1", Version: "v", Command: []string{"a", "b"}, Rerun: "c", Jobs: 3,
		Selection: Selection{
			Profiles: []string{"resume"}, Points: []string{"none"}, Faults: []string{"fin"}, Transports: []string{"h1"}, Level: "must",
			Focus: regexp.MustCompile(`^a\[b`), Skip: regexp.MustCompile(`(?i)c "d"`), Nothing: true, Shard: Shard{2, 3},
		},
	}
	data, err := json.Marshal(order{Options: &want})
	if err != nil {
		t.Fatal(err)
	}
	got, err := newInbox[order](strings.NewReader(string(data)), maxMessage).next()
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() })
	// What the profile was before the defaults is of no use to a worker: it never points the config at another target.
	if diff := cmp.Diff(&want, got.Options, same, cmpopts.IgnoreUnexported(target.Config{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want.Config.Profile("resume"), got.Options.Config.Profile("resume")); diff != "" {
		t.Error(diff)
	}
}

// TestInbox reads what comes in pieces, ends with what is sent, and takes no message without end.
func TestInbox(t *testing.T) {
	box := newInbox[message](io.MultiReader(strings.NewReader(`{"ask":`), strings.NewReader("\"a\"}\n{\"over\":{}}\n")), 64)
	if m, err := box.next(); err != nil || m.Ask != "a" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := box.next(); err != nil || m.Over == nil {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := box.next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for text, says := range map[string]string{
		`{"ask": "` + strings.Repeat("x", 200): "more than 64 bytes",
		"panic: oh":                            "read a message",
		`{"ask":`:                              "read a message",
		`{"ask": 7}`:                           "read a message",
	} {
		if m, err := newInbox[message](strings.NewReader(text), 64).next(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20s: %+v, %v", text, m, err)
		}
	}
	// The limit is that of one message, not of all.
	many := newInbox[message](strings.NewReader(strings.Repeat(`{"ask":"abcdefghijklmnopqrstuvwxyz"}`+"\n", 1000)), 64)
	for n := range 1000 {
		if _, err := many.next(); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
	}
}
