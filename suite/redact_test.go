package suite

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

func configOf(headers ...map[string]string) *target.Config {
	c := &target.Config{Target: "http://127.0.0.1:8080/items"}
	for _, h := range headers {
		c.Users = append(c.Users, target.User{Name: "user", Headers: h})
	}
	return c
}

func TestRedact(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("alice:correct horse"))
	r := newRedactor(configOf(
		map[string]string{"Authorization": "Bearer token-of-alice+/=", "X-Api-Key": "k7"},
		map[string]string{"authorization": "Basic " + basic, "X-Quote": `say "please"`},
	))
	for in, want := range map[string]string{
		"nothing to hide":                      "nothing to hide",
		"Authorization: Bearer other\r\nA: b":  "Authorization: [redacted]\r\nA: b",
		"A: b\r\nauthorization :\tx\r\n":       "A: b\r\nauthorization :\t[redacted]\r\n",
		"Cookie: a=b\nSet-Cookie: c=d":         "Cookie: [redacted]\nSet-Cookie: [redacted]",
		"X-API-KEY: k7\r\nOther: k7":           "X-API-KEY: [redacted]\r\nOther: k7", // two characters are a word
		"xAuthorization: stays":                "xAuthorization: stays",
		"you sent Bearer token-of-alice+/=!":   "you sent [redacted]!",
		"token-of-alice+/=token-of-alice+/=":   "[redacted][redacted]",
		"/items?t=token-of-alice%2B%2F%3D&x=1": "/items?t=[redacted]&x=1",
		"/items?t=token-of-alice+%2F=":         "/items?t=[redacted]",
		"basic " + basic:                       "basic [redacted]",
		"your password is correct horse, yes":  "your password is [redacted], yes",
		`json: {"a":"say \"please\""}`:         `json: {"a":"[redacted]"}`,
		"it was token-of-al...":                "it was [redacted]...",
		`no field line: "x token-of-al"...`:    `no field line: "x [redacted]"...`,
		"it ends in token-of-al":               "it ends in token-of-al",
		"\xff\xfebytes":                        "\uFFFDbytes",
	} {
		if got := r.text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestRedactCut: of bytes that were cut off no part of a secret stays that would help to guess the rest.
func TestRedactCut(t *testing.T) {
	const secret = "Bearer secret-of-alice"
	r := newRedactor(configOf(map[string]string{"Authorization": secret}))
	for i := range secret {
		head, tail := string(r.cutOff([]byte("..."+secret[:i]), false, true)), string(r.cutOff([]byte(secret[i:]+"..."), true, false))
		if strings.Contains(head, "secr") || strings.Contains(tail, "lice") {
			t.Errorf("cut at %d: %q, %q", i, head, tail)
		}
	}
	if got := string(r.cutOff([]byte("Bearer secret-"), false, false)); got != "Bearer secret-" {
		t.Errorf("what was not cut: %q", got)
	}
}

// TestRedactKeepsItShort: a text that a target chose has an end.
func TestRedactKeepsItShort(t *testing.T) {
	r := newRedactor(configOf(map[string]string{"Authorization": "Bearer secret-of-alice"}))
	got := r.text(strings.Repeat("é", 40_000) + "secret-of-alice")
	if len(got) > longest+50 || !utf8.ValidString(got) || !strings.HasSuffix(got, "bytes more)") {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-40:])
	}
}

// secrets draws credentials as they are used: long enough to be ones, of the characters of a field value.
func secrets() *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9+/=_.~-]{12,40}`), 1, 3, rapid.ID)
}

// TestNoSecretSurvives puts secrets into everything that a session can hold, between, before and after other
// bytes, and looks for them in every rendering of its result.
func TestNoSecretSurvives(t *testing.T) {
	check := whole(t)[0]
	rapid.Check(t, func(t *rapid.T) {
		tokens := secrets().Draw(t, "secrets")
		c := configOf(map[string]string{"Authorization": "Bearer " + tokens[0], "X-Key": tokens[len(tokens)-1]}, map[string]string{"X-Other": tokens[len(tokens)/2]})
		noise := rapid.SliceOfN(rapid.Byte(), 0, 30)
		dirty := func(label string) string {
			var b bytes.Buffer
			for range rapid.IntRange(1, 4).Draw(t, label+" parts") {
				b.Write(noise.Draw(t, label))
				token := rapid.SampledFrom(tokens).Draw(t, label+" secret")
				b.WriteString(rapid.SampledFrom([]string{token, "Bearer " + token, url.QueryEscape(token), url.PathEscape(token)}).Draw(t, label+" form"))
			}
			return b.String()
		}
		r := &runner{options: Options{Config: c, Command: []string{dirty("command")}}, secrets: newRedactor(c), results: map[string]reports.Result{}}
		r.stopped, r.server = dirty("stopped"), dirty("server")
		r.plan = plan{check}
		r.results[check.title()] = r.result(check, broken(dirty))
		shown := r.blank(check)
		r.transcribe(&shown, []matrix.Step{stepOf(dirty)})
		kept := r.results[check.title()]
		kept.Transcript, kept.Evidence = shown.Transcript, shown.Evidence
		r.results[check.title()] = kept
		var b bytes.Buffer
		if err := reports.WriteJSON(&b, r.report(time.Now())); err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			for _, form := range []string{token, url.QueryEscape(token), url.PathEscape(token), hex.EncodeToString([]byte(token))} {
				if i := strings.Index(b.String(), form); i >= 0 {
					t.Fatalf("%q in the report: %q", form, b.String()[max(0, i-40):min(b.Len(), i+60)])
				}
			}
		}
	})
}

// broken gives a session whose finding and notes are full of text that dirty makes.
func broken(dirty func(string) string) *matrix.Session {
	check := matrix.Check{Case: catalog.Case{ID: "a.b.c", Level: catalog.Must}, Run: func(s *matrix.Session) {
		s.Note("%s", dirty("note"))
		s.BrokenAt(7, dirty("where"), dirty("expected"), "%s", dirty("got"))
	}}
	return matrix.Run(context.Background(), &matrix.Bench{Limits: exchange.Limits{Time: time.Minute}}, check, catalog.Variant{})
}

// stepOf gives an exchange whose transcript is full of text that dirty makes.
func stepOf(dirty func(string) string) matrix.Step {
	event := func(kind exchange.EventKind) exchange.Event {
		data := []byte(dirty(string(kind)))
		return exchange.Event{Kind: kind, Data: data, Bytes: int64(len(data)), Note: dirty("note")}
	}
	cut := event(exchange.Received)
	cut.Tail = []byte(dirty("tail"))
	cut.Bytes += int64(len(cut.Tail)) + 100
	return matrix.Step{Record: exchange.Record{
		Label: "GET " + dirty("label"), Events: []exchange.Event{event(exchange.Sent), event(exchange.Marked), cut},
	}}
}
