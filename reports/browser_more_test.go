package reports

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// slash presses the key as a keyboard does: whether a character follows is left to the page.
var slash = chromedp.Steps(
	command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: "/", Code: "Slash", Text: "/", WindowsVirtualKeyCode: 191}),
	command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: "/", Code: "Slash", WindowsVirtualKeyCode: 191}))

func testKeys(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample")
	b.run(slash)
	expect(b, `document.activeElement.id`, "q")
	expect(b, `search.value`, "") // the key itself is not typed
	b.run(chromedp.KeyEvent("stalled"))
	n := eval[int](b, shown)
	if n == 0 || n >= 160 {
		t.Errorf("typing shows %d results", n)
	}
	b.run(chromedp.KeyEvent("jk"), slash)
	expect(b, `search.value`, "stalledjk/") // keys are letters while typing
	b.run(chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent(kb.Escape))
	expect(b, `document.activeElement.tagName`, "BODY")
	expect(b, shown, n)
	at := `results.filter((r) => !r.hidden).indexOf(document.activeElement.closest("details.result"))`
	b.run(chromedp.KeyEvent("j"))
	expect(b, at, 0)
	b.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"))
	expect(b, at, 1)
	expect(b, `getComputedStyle(document.activeElement).outlineStyle`, "solid")
	before := eval[bool](b, `document.activeElement.parentElement.open`)
	b.run(chromedp.KeyEvent(kb.Enter))
	expect(b, `document.activeElement.parentElement.open`, !before)
	// A filter by the keyboard alone: the box after the search field and its button is a verdict.
	b.run(chromedp.Focus(chromedp.CSS(`#filters input[name=verdict][value=warn]`)), chromedp.KeyEvent(" "))
	expect(b, `document.querySelector("#filters input[name=verdict][value=warn]").checked`, true)
}

func testPrint(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample")
	b.run(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	b.await(`results.every((r) => r.open)`)
	b.await(`[...document.querySelectorAll(".exchange")].every((x) => x.open && x.querySelector(".events"))`)
	expect(b, `results.every((r) => r.querySelector(".versus").checkVisibility())`, true)
	expect(b, `filters.checkVisibility()`, false)
	expect(b, `document.scrollingElement.scrollWidth <= innerWidth`, true)
	expect(b, `document.querySelector(".copy").checkVisibility()`, false)
	b.run(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "screen"}))
	b.await(`results.filter((r) => r.open).length === ` + fmt.Sprint(report.Summary.Fail))
}

func testCopy(t *testing.T, ctx context.Context, site string, _ *Report) {
	b := open(t, ctx, site+"sample")
	granted := cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: "clipboard-write"},
		Setting: cdpbrowser.PermissionSettingGranted, Origin: site}
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetPermission, granted); err != nil {
		t.Fatal(err)
	}
	want := eval[string](b, `document.querySelector(".result[open] .rerun code").textContent`)
	b.run(chromedp.Focus(chromedp.CSS(`.result[open] .copy`)), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector(".result[open] .copy").textContent === "Copied"`)
	b.await(`document.getElementById("said").textContent === "Command copied."`)
	// Without the clipboard the command stays selected, and the button says what to do.
	b.run(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(navigator, "clipboard", { value: undefined }); document.execCommand = () => false;`))
	b.run(chromedp.KeyEvent(" "))
	b.await(`document.querySelector(".result[open] .copy").textContent.startsWith("Selected")`)
	expect(b, `String(getSelection())`, want)
}

// The timeline is drawn from the evidence: what was forwarded, what was withheld, and the cut between.
func testTimeline(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample#resume.upload.content-intact~mid-upload~rst~h1")
	var e Evidence
	for i := range report.Results {
		if report.Results[i].Anchor() == "resume.upload.content-intact~mid-upload~rst~h1" {
			e = report.Results[i].Evidence[0]
		}
	}
	here := `document.activeElement.closest("details.result")`
	expect(b, here+`.querySelectorAll(".timeline svg").length`, 1)
	expect(b, here+`.querySelector(".timeline .cut text").textContent`, "rst in the request body at byte "+comma(e.Offset))
	expect(b, here+`.querySelector(".timeline .withheld title").textContent.startsWith("withheld, ")`, true)
	expect(b, here+`.querySelector(".timeline .up title").textContent`, "head, 214 bytes")
	expect(b, `(() => { const r = `+here+`, cut = +r.querySelector(".cut line").getAttribute("x1");
		return [...r.querySelectorAll(".up rect")].every((s) => s.parentElement.matches(".withheld") ? +s.getAttribute("x") > cut : +s.getAttribute("x") < cut) })()`, true)
	expect(b, here+`.querySelectorAll(".evidence tbody tr").length`, 1)
	expect(b, here+`.querySelectorAll(".exchange").length`, 3)
	expect(b, `segments({place: "response-body", up: {received: 300, forwarded: 300, headBytes: 200, bodyBytes: 100}, interim: [100],
		down: {received: 500, forwarded: 400, headBytes: 150, bodyBytes: 200}, finalStatus: 200}).map((s) => s.cut ? "cut" : s.lane + " " + s.label + " " + s.n).join(", ")`,
		"up head 200, down 100 50, up body 100, down final 200 150, down body 200, cut, down withheld 100")
	expect(b, `hexDump("\x00A\xff", 16)`, "00000010  00 41 ff                                         .A.")
}

// A large report keeps the texts of what passed in inert scripts; opening, finding and linking work all
// the same.
func testLarge(t *testing.T, ctx context.Context, site string, _ *Report) {
	b := open(t, ctx, site+"large#resume.upload.content-intact~mid-upload~rst~h1")
	expect(b, `results.length`, 1100)
	expect(b, `document.activeElement.closest("details.result").querySelector(".versus") !== null`, true)
	expect(b, `document.activeElement.closest("details.result").querySelectorAll(".timeline").length`, 1)
	if waiting := eval[int](b, `document.querySelectorAll("script.wait").length`); waiting < 900 {
		t.Errorf("only %d results wait", waiting)
	}
	b.run(chromedp.SendKeys(chromedp.CSS(`#q`), "Silent corruption"))
	b.await(`results.filter((r) => !r.hidden).every((r) => r.id.startsWith("resume.upload.content-intact")) && ` + shown + ` > 0`)
}

// Without JavaScript the page still tells every case.
func testNoScript(t *testing.T, ctx context.Context, site string, report *Report) {
	page, cancel := chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(page, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(site+"sample")); err != nil {
		t.Fatal(err)
	}
	b := &tab{T: t, ctx: page}
	verdict := eval[string](b, `document.querySelector("h1").innerText`)
	note := eval[string](b, `document.querySelector("noscript").innerText`)
	filters := eval[bool](b, `document.getElementById("filters").hidden`)
	texts := eval[int](b, `document.querySelectorAll(".result .versus").length`)
	if verdict != "Not conformant" || note == "" || !filters || texts != len(report.Results) {
		t.Errorf("verdict %q, note %q, filters hidden %t, %d texts", verdict, note, filters, texts)
	}
}

func testEmpty(t *testing.T, ctx context.Context, site string, _ *Report) {
	b := open(t, ctx, site+"empty")
	expect(b, `document.querySelector("h1").textContent`, "Inconclusive")
	expect(b, `document.getElementById("count").value`, "0 of 0 results")
}

// A report is a file on a disk more often than a page on a server.
func testFile(t *testing.T, ctx context.Context, _ string, report *Report) {
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteFile(path, func(w io.Writer) error { return WriteHTML(w, report) }); err != nil {
		t.Fatal(err)
	}
	b := open(t, ctx, "file://"+path+"#?fault=stall")
	expect(b, shown, ofData(report, func(r *Result) bool { return r.Fault == "stall" }))
	b.run(chromedp.Click(chromedp.CSS(`#filters input[name=level][value=MAY]`)))
	expect(b, `location.hash`, "#?level=MAY&fault=stall")
}
