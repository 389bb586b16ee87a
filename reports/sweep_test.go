package reports

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// swept is a report of two sweeps: one of a short request that fails at one byte, one of a long response of which
// some bytes were cut, with three runs of failures.
func swept() *Report {
	at := int64(1337)
	short := Result{
		ID: "resume.sweep.request", Profile: "resume", Level: Must, Point: "mid-upload", Fault: "fin", Transport: "h1", Verdict: Fail,
		Requires: "It can be recovered.", Expected: "an offset from 0 to 1337 bytes", Got: "cut at byte 1337 of the request body: the offset 1338",
		Byte: &at, Where: "request body", Rerun: "resumespec run --sweep --focus x",
		Sweep: &Sweep{
			Message: "request", Bytes: 4096, Cuts: 4097,
			Parts:    []SweepPart{{"request head", 0, 196}, {"request body", 196, 4096}},
			Runs:     []SweepRun{{0, 1532, 1, "pass"}, {1533, 1533, 1, "fail"}, {1534, 4096, 1, "pass"}},
			Failures: []SweepFailure{{"request body", 1337, 1337, 1, "an offset from 0 to 1337 bytes", "the offset 1338 <script>|`x`"}},
		},
	}
	long := short
	long.ID, long.Point, long.Where = "resume.sweep.response", "pre-response", "response body"
	long.Sweep = &Sweep{
		Message: "response", Bytes: 1 << 20, Cuts: 4161, More: 7,
		Parts: []SweepPart{{"response head", 0, 200}, {"response body", 200, 1 << 20}},
		Runs: []SweepRun{{0, 263, 1, "pass"}, {264, 264, 1, "warn"}, {521, 521 + 257*3000, 257, "pass"}, {772_000, 772_000 + 257, 257, "fail"},
			{900_000, 900_000, 1, "fail"}, {1_000_000, 1_000_002, 1, "missed"}, {1<<20 - 64, 1 << 20, 1, "fail"}},
		Failures: []SweepFailure{
			{"response body", 771_800, 772_057, 2, "e", "g"}, {"response body", 899_800, 899_800, 1, "e", "g"}, {"response body", 1<<20 - 264, 1<<20 - 200, 65, "e", "g"},
		},
	}
	r := &Report{Schema: Schema, Tool: Tool{Name: "resumespec", Version: "0.1.0"}, Target: Target{URL: "http://127.0.0.1:8080/"}, Results: []Result{short, long}}
	r.Summary = Summarize(r.Results, "")
	return r
}

func TestSweepIsWritten(t *testing.T) {
	var buf bytes.Buffer
	if err := WriteJSON(&buf, swept()); err != nil {
		t.Fatal(err)
	}
	if err := Validate(buf.Bytes()); err != nil {
		t.Error(err)
	}
	back, err := ReadJSON(&buf)
	if err != nil || len(back.Results[0].Sweep.Runs) != 3 || back.Results[1].Sweep.More != 7 {
		t.Errorf("%+v, %v", back.Results[0].Sweep, err)
	}
	for _, spoil := range []func(*Sweep){
		func(s *Sweep) { s.Runs[1].Outcome = "perhaps" },
		func(s *Sweep) { s.Runs[0], s.Runs[1] = s.Runs[1], s.Runs[0] },
		func(s *Sweep) { s.Runs[2].To++ },
		func(s *Sweep) { s.Parts[1].To++ },
	} {
		r := swept()
		spoil(r.Results[0].Sweep)
		if err := WriteJSON(&buf, r); err == nil || !strings.Contains(err.Error(), "results[0].sweep") {
			t.Errorf("%+v is written: %v", r.Results[0].Sweep, err)
		}
	}
}

func TestSweepInTexts(t *testing.T) {
	text := markdownOf(t, swept())
	for _, want := range []string{"| byte 1337 of the request body | 1 |", "the offset 1338 &#60;script&#62;&#124;&#96;x&#96;", "bytes 771800 to 772057 of the response body (2 cuts)", "and 7 failing cuts more."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var buf bytes.Buffer
	if err := WriteJUnit(&buf, swept()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cut at:   byte 1337 of the request body: expected an offset", "cut at:   and 7 failing cuts more"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("no %q in\n%s", want, &buf)
		}
	}
}

// TestStrips: every cut is in exactly one bar, and one byte of a million is wide enough to be seen.
func TestStrips(t *testing.T) {
	for _, result := range swept().Results {
		cuts := int64(0)
		for _, run := range result.Sweep.Runs {
			cuts += (run.To-run.From)/run.Step + 1
		}
		shown := int64(0)
		for _, one := range result.Sweep.strips() {
			shown += one.Cuts
			for _, bar := range one.Bars {
				if bar.From < 0 || bar.To > one.Bytes || bar.Outcome != "pass" && len(bar.W) < len("4.00") {
					t.Errorf("%s: %+v", one.Name, bar)
				}
			}
		}
		if shown != cuts {
			t.Errorf("%s: %d cuts in the strips of %d", result.ID, shown, cuts)
		}
	}
}

// testSweep reads a strip with the keys and with the pointer.
func testSweep(t *testing.T, ctx context.Context, site string, _ *Report) {
	b := open(t, ctx, site+"sweep")
	expect(b, `document.querySelectorAll(".strip[role=slider]").length`, 4)
	expect(b, `document.querySelectorAll(".bytes tbody tr").length`, 4)
	const body = `document.querySelectorAll(".strip")[1]`
	press := func(key string) {
		b.run(chromedp.KeyEvent(key))
	}
	eval[bool](b, body+`.focus() === undefined`)
	expect(b, body+`.getAttribute("aria-valuetext")`, "byte 0: recovered")
	press("n")
	expect(b, body+`.getAttribute("aria-valuetext")`, "byte 1,337: not recovered as it must be")
	press(kb.ArrowRight)
	expect(b, body+`.parentElement.querySelector("output").value`, "byte 1,338: recovered")
	expect(b, `[...document.querySelectorAll(".strip rect.o-fail")].every((r) => r.getBoundingClientRect().width >= 2 && r.getBoundingClientRect().height > 20)`, true)
	expect(b, `document.documentElement.scrollWidth <= innerWidth`, true)
	expect(b, body+`.dispatchEvent(new PointerEvent("pointermove", { clientX: 1e6 })) && `+body+`.getAttribute("aria-valuetext")`, "byte 3,900: recovered")
}
