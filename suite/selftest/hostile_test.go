package selftest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// hostileConfig has short limits: a trick may take all the time that it is given.
const hostileConfig = `
target: %s
limits: {case: 1s, run: 60s, body: 131072}
users: [{name: alice, headers: {Authorization: "Bearer secret-of-alice"}}]
profiles:
  resume:
    upload: {method: POST, path: "/items?tag={tag}"}
    count: {path: "/items?tag={tag}", pointer: /count}
`

// The cases that look at one step each.
const (
	continues = "resume.offer.continue"
	reference = "resume.offer.uri-reference"
	reissue   = "resume.before100.reissue"
	length    = "resume.upload.head-length"
	completes = "resume.upload.patch-completes"
	decreases = "resume.upload.never-decreases"
	intact    = "resume.upload.content-intact"
	available = "resume.response.available"
	ranges    = "resume.download.range"
)

// mode is one hostile target, and what each case must find: one of several verdicts. A verdict that
// says nothing about the server stands where the trick keeps the cut from being made at all.
type mode struct {
	name  string
	trick trick
	want  map[string]string
}

const lies = "fail"

var modes = []mode{
	{"endless 1xx", at(leave, flood("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", endless)), map[string]string{
		continues: lies, completes: lies, length: "fail inconclusive"}},
	{"100 flood", at(leave, flood("", "HTTP/1.1 100 Continue\r\nRequest-Content-Location: /u/1\r\n\r\n", endless)), map[string]string{
		continues: lies, completes: lies, reissue: "fail inconclusive"}},
	{"1xx of every status", at(leave, flood("", "HTTP/1.1 199 x\r\n\r\n", endless)), map[string]string{continues: lies}},
	{"header of 1 GiB", at(created, flood("HTTP/1.1 201 Created\r\nX: ", "aaaaaaaa", 1<<30)), map[string]string{
		continues: lies, completes: lies, reissue: lies}},
	{"1 GiB of fields", at(offset, flood("HTTP/1.1 200 OK\r\n", "X: a\r\n", 1<<30)), map[string]string{length: lies, completes: lies}},
	{"status line of 1 GiB", at(message, flood("HTTP/1.1 200 ", "a", 1<<30)), map[string]string{available: lies}},
	{"body of 1 GiB", at(stored, flood("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "a", 1<<30)), map[string]string{intact: lies}},
	{"body without end", at(message, flood("HTTP/1.1 200 OK\r\n\r\n", "a", endless)), map[string]string{available: lies}},
	{"chunks without end", at(download, flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;x=y\r\na\r\n", endless)), map[string]string{ranges: lies}},
	{"head dribbles", at(created, dribble("HTTP/1.1 201 Created\r\nX: ")), map[string]string{continues: lies}},
	{"body dribbles", at(stored, dribble("HTTP/1.1 200 OK\r\nContent-Length: 8192\r\n\r\n")), map[string]string{intact: lies, reissue: lies}},
	{"silence", beyondPreflight(silence), map[string]string{continues: lies, length: "inconclusive unsupported", available: lies}},
	{"HEAD answers once", at(offset, after(1, silence)), map[string]string{decreases: lies}},
	{"reset on accept", at(accepted, after(2, reset)), map[string]string{
		continues: "fail error", reissue: "fail error inconclusive", intact: "fail error inconclusive"}},
	{"garbage", beyondPreflight(raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 SSH-2.0-x\r\n\r\n" + poison)), map[string]string{
		continues: lies, length: "inconclusive unsupported", available: lies}},
	{"NUL in a field", beyondPreflight(change(func(r *reply) { r.set("X-Poison", "a\x00b"+poison) })), map[string]string{continues: lies, completes: lies}},
	{"redirects in a circle", at(stored, redirect("/i/1")), map[string]string{intact: lies}},
	{"Content-Length says more", at(stored, change(func(r *reply) { r.length = "99999" })), map[string]string{intact: lies}},
	{"Content-Length says less", at(stored, change(func(r *reply) { r.length = "17" })), map[string]string{intact: lies}},
	{"offset beyond", at(offset, change(func(r *reply) { r.length = "9223372036854775807" })), map[string]string{length: lies, completes: lies}},
	{"offset is no number", at(offset, change(func(r *reply) { r.length = "0x10" })), map[string]string{length: lies}},
	{"offset is negative", at(offset, change(func(r *reply) { r.length = "-1" })), map[string]string{length: lies}},
	{"two offsets", at(offset, change(func(r *reply) { r.length = "4096\r\nContent-Length: 17" })), map[string]string{length: "fail pass"}},
	{"nested count", at(count, change(func(r *reply) { r.body = bytes.Repeat([]byte("["), 50_000) })), map[string]string{completes: "unsupported"}},
	{"huge count", at(count, change(func(r *reply) { r.body = []byte(`{"count": 1e999999999}`) })), map[string]string{completes: "unsupported"}},
	{"gzip bomb", at(stored, gzipBomb()), map[string]string{intact: lies}},
	{"wait a year", at(message, change(func(r *reply) { r.status = 503; r.set("Retry-After", "99999999") })), map[string]string{available: lies}},
	{"wait for ever", at(message, change(func(r *reply) { r.status = 503; r.set("Retry-After", "9999999999") })), map[string]string{available: lies}},
	{"message in messages", at(message, change(func(r *reply) { r.body = bytes.Repeat([]byte("HTTP/1.1 103 x\r\n\r\n"), 5000) })), map[string]string{available: lies}},
}

// TestHostile: whatever a target does, the run ends in time, with a verdict, and nothing that the target
// sent reaches a report unescaped.
func TestHostile(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) { hostile(t, m) })
	}
}

// TestHostileAnswersToHEAD: a body after HEAD is no response to anything, and breaks no case.
func TestHostileAnswersToHEAD(t *testing.T) {
	play := at(offset, func(_ *trap, c net.Conn, _ step, _ int, r *reply) bool {
		_, _ = c.Write(append(r.wire(), bytes.Repeat([]byte("HTTP/1.1 200 OK\r\n\r\n"+poison), 100)...))
		return true
	})
	hostile(t, mode{"", play, map[string]string{length: "pass fail warn", completes: "pass fail warn"}})
}

// TestTrapWithoutTrick shows that the verdicts above come from the tricks: without one, nothing fails.
func TestTrapWithoutTrick(t *testing.T) {
	ok := "pass warn"
	hostile(t, mode{"", nil, map[string]string{
		continues: ok, reference: ok, reissue: ok, length: ok, completes: ok, decreases: ok, intact: ok, available: ok, ranges: ok,
	}}, unhurriedly)
}

// hostile runs the cases of a mode and holds the run against all that must be true of it.
func hostile(t *testing.T, m mode, change ...func(*target.Config)) *reports.Report {
	t.Helper()
	s := setTrap(t, m.trick)
	report := bounded(t, s.url(), m.want, change...)
	for id, allowed := range m.want {
		verdicts := verdictsOf(report, id)
		if len(verdicts) == 0 {
			t.Errorf("%s: no result", id)
		}
		for _, r := range verdicts {
			if !slices.Contains(strings.Fields(allowed), string(r.Verdict)) {
				t.Errorf("%s: %s instead of %s\nexpected: %s\ngot: %s", id, r.Verdict, allowed, r.Expected, r.Got)
			}
		}
	}
	return report
}

// unhurriedly gives cases time where no trick takes all that it is given: a busy machine must not look like one.
func unhurriedly(c *target.Config) { c.Limits.Case = 10 * time.Second }

// bounded runs the cases against a hostile target in bounded time and memory, and checks the report.
func bounded(t *testing.T, url string, cases map[string]string, change ...func(*target.Config)) *reports.Report {
	t.Helper()
	config := parse(t, fmt.Sprintf(hostileConfig, url+"/items"))
	config.Limits.Body = 65536 // less than a file may say, so that the limit is met soon
	for _, f := range change {
		f(config)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	report := within(t, 90*time.Second, config, only(cases))
	runtime.ReadMemStats(&after)
	// Sys never shrinks: it tells of the highest moment.
	if grown := int64(after.Sys) - int64(before.Sys); grown > 64<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	for _, r := range report.Results {
		if r.Expected == "" || r.Got == "" || strings.Contains(r.Got, "the harness failed") {
			t.Errorf("%s %s: expected %q, got %q", r.Verdict, r.ID, r.Expected, r.Got)
		}
	}
	clean(t, report)
	return report
}

// only selects the cases, each where nothing or a fin cuts.
func only(cases map[string]string) func(*suite.Options) {
	var ids []string
	for id := range cases {
		ids = append(ids, regexp.QuoteMeta(id))
	}
	focus := regexp.MustCompile(`^(` + strings.Join(ids, "|") + `) \[\S+ (none|fin) `)
	return func(o *suite.Options) { o.Selection.Focus = focus }
}

// within runs the suite and fails the test when it does not come back in time.
func within(t *testing.T, limit time.Duration, config *target.Config, change func(*suite.Options)) *reports.Report {
	t.Helper()
	options := suite.Options{Config: config, Version: "test", Rerun: "resumespec run", Command: []string{"resumespec", "run"}}
	change(&options)
	type outcome struct {
		report *reports.Report
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		report, err := suite.Run(context.Background(), options)
		ended <- outcome{report, err}
	}()
	watch := time.NewTimer(limit)
	defer watch.Stop()
	select {
	case o := <-ended:
		if o.err != nil {
			t.Fatalf("run: %v", o.err)
		}
		return o.report
	case <-watch.C:
		buf := make([]byte, 1<<20)
		t.Fatalf("the run did not end within %s\n%s", limit, buf[:runtime.Stack(buf, true)])
		return nil
	}
}

func parse(t *testing.T, text string) *target.Config {
	t.Helper()
	config, err := target.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return config
}

func verdictsOf(report *reports.Report, id string) (results []reports.Result) {
	for _, r := range report.Results {
		if r.ID == id && r.Verdict != reports.Excluded {
			results = append(results, r)
		}
	}
	return results
}

// clean writes every rendering of a report and looks for what must not be in it.
func clean(t *testing.T, report *reports.Report) {
	t.Helper()
	for name, write := range map[string]func(io.Writer, *reports.Report) error{
		"json": reports.WriteJSON, "html": reports.WriteHTML, "junit": reports.WriteJUnit, "markdown": reports.WriteMarkdown,
	} {
		var b bytes.Buffer
		if err := write(&b, report); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := b.Bytes()
		for _, bad := range never(name) {
			if i := bytes.Index(text, []byte(bad)); i >= 0 {
				t.Errorf("%s holds %q: %q", name, bad, text[max(0, i-60):min(len(text), i+60)])
			}
		}
		if !utf8.Valid(text) {
			t.Errorf("%s is not UTF-8", name)
		}
		switch name {
		case "json":
			if err := reports.Validate(text); err != nil {
				t.Errorf("json: %v", err)
			}
		case "junit":
			wellFormed(t, text)
		}
	}
}

// never lists what must not be in a rendering: parts of the credentials, as text and as hex; bytes that act on a
// terminal; and what would run, where a browser or a Markdown renderer may come to see it. JSON is data: it
// may hold markup, but no control character as it is.
func never(rendering string) []string {
	bad := []string{"secret-o", "ret-of-alice", hex.EncodeToString([]byte("secret-o")), "\x1b", "\x00", "\a"}
	if rendering != "json" {
		bad = append(bad, "<script>alert", "<img src=x", "\u009b", "\u202e", "\x7f")
	}
	return bad
}

func wellFormed(t *testing.T, text []byte) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("junit: %v", err)
			return
		}
	}
}

// bystander is a server on another origin that wants nothing, and counts who comes.
type bystander struct {
	listener net.Listener
	came     atomic.Int64
}

func newBystander(t *testing.T) *bystander {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bystander{listener: listener}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			b.came.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return b
}
