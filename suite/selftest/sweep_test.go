package selftest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/independent/alder"
	"github.com/resumespec/resumespec/suite/independent/birch"
)

// What goes wrong at one byte alone: only a sweep meets it.
const (
	byteCounted quirk = "one byte too many is counted where 137 have come"
	byteGarbled quirk = "the last of 100 bytes is garbled"
	byteMissing quirk = "the effect happens when the last byte is missing"
)

// spoilByte is called when an upload was cut; the caller holds the operation's lock.
func (s *bugServer) spoilByte(o *operation) {
	n := len(o.data)
	switch {
	case s.has(byteCounted) && n == 137:
		o.data = append(o.data, 0)
	case s.has(byteGarbled) && n == 100:
		o.data[n-1] ^= 1
	case s.has(byteMissing) && int64(n) == o.total-1:
		o.effect()
	}
}

// sweep runs the sweep cases that match on the target at a URL, on a request of the given length.
func sweep(t *testing.T, base, focus string, length int64) []reports.Result {
	t.Helper()
	report := certify(t, parse(t, fmt.Sprintf(wholeConfig, base)), func(o *suite.Options) {
		o.Sweep, o.Selection.Focus = length, regexp.MustCompile(focus)
	})
	var run []reports.Result
	for _, r := range report.Results {
		if r.Verdict != reports.Excluded {
			run = append(run, r)
		}
	}
	return run
}

// TestSweepFindsTheByte plants a bug at one byte: the report has to name it, and no other.
func TestSweepFindsTheByte(t *testing.T) {
	const length = 400
	for _, c := range []struct {
		quirk quirk
		at    func(body int64) int64
		says  string
	}{
		{byteCounted, func(int64) int64 { return 137 }, "the offset 138"},
		{byteGarbled, func(int64) int64 { return 100 }, "the first difference is at byte 99"},
		{byteMissing, func(body int64) int64 { return body - 1 }, "1 more than before"},
	} {
		t.Run(string(c.quirk), func(t *testing.T) {
			for _, r := range sweep(t, startBug(t, c.quirk).base(), `sweep\.request`, length) {
				if r.Verdict != reports.Fail || r.Sweep == nil || r.Byte == nil {
					t.Fatal(told(r))
				}
				body := r.Sweep.Parts[1]
				want := c.at(body.To - body.From)
				if len(r.Sweep.Failures) != 1 || r.Sweep.More != 0 || *r.Byte != want || r.Where != "request body" {
					t.Fatalf("byte %d of the %s, failures %+v, not byte %d alone\n%s", *r.Byte, r.Where, r.Sweep.Failures, want, told(r))
				}
				f := r.Sweep.Failures[0]
				if f.Part != "request body" || f.From != want || f.To != want || f.Cuts != 1 || !strings.Contains(f.Got, c.says) {
					t.Errorf("%+v, not byte %d alone, with %q", f, want, c.says)
				}
				if len(r.Transcript) == 0 || len(r.Evidence) == 0 {
					t.Error("no transcript and no evidence of the cut that failed")
				}
			}
		})
	}
}

// TestSweepLegal sweeps servers that do what they may: nothing may be failed, and every cut must come to an end.
func TestSweepLegal(t *testing.T) {
	for _, l := range []struct {
		quirk quirk
		focus string
	}{
		{"", "fin"}, {wholeBlocks, "request"}, {resetKeepsNothing, "request.* rst"}, {lagging, "request.* fin"}, {lockedWhileDraining, "request"},
		{paddedHeads, "response.* rst"}, {spreadInterims, "response.* fin"}, {chunkedResponses, "response.* fin"}, {closeDelimited, "response.* fin"},
		{contentGone, "request.* fin"}, {messageBodyNone, "response.* fin"}, {bodyLength, "response.* rst"}, {patch204, "request.* fin"},
		{onlyContent, "fin"}, {onlyMessage, "fin"}, {countLags, "request.* fin"}, {pending202, "response.* fin"},
	} {
		t.Run(string(l.quirk), func(t *testing.T) {
			for _, r := range sweep(t, startBug(t, l.quirk).base(), l.focus, 320) {
				legalSweep(t, r)
			}
		})
	}
}

// legalSweep asks of a result that nothing is failed and that the sweep came to its end.
func legalSweep(t *testing.T, r reports.Result) {
	t.Helper()
	switch r.Verdict {
	case reports.Fail, reports.Error, reports.Inconclusive:
		t.Error(told(r))
	case reports.Pass:
		t.Logf("%s [%s]: %s, %.2f s", r.ID, r.Fault, strings.Join(r.Notes, "; "), r.Seconds)
	default:
		t.Log(told(r))
	}
}

// TestSweepIndependent sweeps the servers that were written from the specification alone.
func TestSweepIndependent(t *testing.T) {
	for _, c := range []struct {
		server server
		name   string
		focus  string
	}{{alder.New(), "alder", "fin"}, {birch.New(), "birch", "rst"}} {
		t.Run(c.name, func(t *testing.T) {
			base, err := c.server.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer c.server.Close()
			for _, r := range sweep(t, base, c.focus, 400) {
				legalSweep(t, r)
				if r.Verdict != reports.Pass {
					t.Error(told(r))
				}
			}
		})
	}
}
