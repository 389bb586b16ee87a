package reports

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts one headless Chromium for a test and gives a context that opens tabs in it.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("the tests of the HTML report need Chromium: %v (on Debian: apt-get install chromium)", err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900)}
	for _, flag := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
		"disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	limit, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(limit, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// tab is one page in the browser, with all that it complained about.
type tab struct {
	*testing.T
	ctx      context.Context
	mu       sync.Mutex
	problems []string
}

func (b *tab) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// open shows a page and waits until its script is ready. At the end of the test nothing may have been
// written to the console, violated the policy, opened a dialog, or been fetched beside the page.
func open(t *testing.T, ctx context.Context, url string, first ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	b := &tab{T: t}
	var cancel context.CancelFunc
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	base, _, _ := strings.Cut(url, "#")
	err := chromedp.Listen(b.ctx, func(event any) {
		switch event := event.(type) {
		case *log.EventEntryAdded:
			b.problem("log: %s %s", event.Entry.Text, event.Entry.URL)
		case *runtime.EventConsoleAPICalled:
			b.problem("console: %s", event.Type)
		case *runtime.EventExceptionThrown:
			b.problem("exception: %s line %d", event.ExceptionDetails.Text, event.ExceptionDetails.LineNumber)
		case *page.EventJavascriptDialogOpening:
			b.problem("dialog: %s", event.Message)
		case *network.EventRequestWillBeSent:
			if event.Request.URL != base && !strings.HasPrefix(event.Request.URL, "data:") {
				b.problem("request: %s", event.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, problem := range b.problems {
			t.Error(problem)
		}
	})
	b.run(append(append([]chromedp.Action[chromedp.Void]{command(log.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{})}, first...), chromedp.Navigate(url),
		chromedp.WaitReady(chromedp.CSS(`html[data-ready="yes"]`)))...)
	return b
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// command makes an action of a command of the DevTools protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// eval gives the value of an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// expect compares the value of an expression in the page.
func expect[T comparable](b *tab, expression string, want T) {
	b.Helper()
	if got := eval[T](b, expression); got != want {
		b.Errorf("%s = %v, want %v", expression, got, want)
	}
}

// await waits until an expression in the page is true.
func (b *tab) await(expression string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		b.Fatalf("never true: %s: %v", expression, err)
	}
}

// serve shows reports over loopback HTTP, each under its name.
func serve(t *testing.T, list map[string]*Report) string {
	t.Helper()
	pages := map[string][]byte{}
	for name, r := range list {
		var buf bytes.Buffer
		if err := WriteHTML(&buf, r); err != nil {
			t.Fatal(err)
		}
		pages["/"+name] = buf.Bytes()
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(pages[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// shown counts the results that the filter shows, by the condition on a result r.
const shown = `results.filter((r) => !r.hidden).length`

// ofData says how many results of a report satisfy a condition.
func ofData(r *Report, keep func(*Result) bool) int {
	n := 0
	for i := range r.Results {
		if keep(&r.Results[i]) {
			n++
		}
	}
	return n
}

func TestBrowser(t *testing.T) {
	report := sample(160, 4)
	site := serve(t, map[string]*Report{"sample": report, "poison": poisoned(), "large": sample(1100, 0), "sweep": swept(), "empty": {}})
	ctx := browser(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, string, *Report)
	}{
		{"opens", testOpens}, {"filters", testFilters}, {"address keeps the filter", testAddress}, {"deep links", testDeepLinks},
		{"map", testMap}, {"hostile strings", testHostile}, {"phone", testPhone}, {"dark", testDark}, {"keys", testKeys},
		{"print", testPrint}, {"copy", testCopy}, {"timeline", testTimeline}, {"large", testLarge}, {"sweep", testSweep}, {"no script", testNoScript}, {"empty", testEmpty}, {"file", testFile},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, ctx, site, report) })
	}
}

func testOpens(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample")
	expect(b, `document.querySelector("h1").textContent`, "Not conformant")
	expect(b, `results.length`, 160)
	expect(b, `document.getElementById("count").value`, "160 of 160 results")
	failed := report.Summary.Fail
	expect(b, `results.filter((r) => r.open).length`, failed)
	expect(b, `results.slice(0, `+fmt.Sprint(failed)+`).every((r) => r.open && r.dataset.verdict === "fail" && r.querySelector(".wire"))`, true)
	expect(b, `document.querySelectorAll("[style], [onclick], iframe, object, embed, img").length`, 0)
	expect(b, `new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size === document.querySelectorAll("[id]").length`, true)
}

// The filters, each alone and together. The expected numbers are counted from the report.
func testFilters(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample")
	pick := func(name, value string) {
		b.run(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#filters input[name=%q][value=%q]`, name, value))))
	}
	for _, c := range []struct {
		name, value string
		keep        func(*Result) bool
	}{
		{"level", "SHOULD", func(r *Result) bool { return r.Level == Should }},
		{"point", "mid-upload", func(r *Result) bool { return r.Point == "mid-upload" }},
		{"fault", "stall", func(r *Result) bool { return r.Fault == "stall" }},
		{"verdict", "warn", func(r *Result) bool { return r.Verdict == Warn }},
		{"profile", "byterange", func(r *Result) bool { return r.Profile == "byterange" }},
		{"transport", "h1+tls", func(r *Result) bool { return r.Transport == "h1+tls" }},
	} {
		pick(c.name, c.value)
		n := ofData(report, c.keep)
		expect(b, shown, n)
		expect(b, `document.getElementById("count").value`, fmt.Sprintf("%d of 160 results", n))
		expect(b, `document.querySelectorAll(".map td .mark:not(.off)").length`, n)
		b.run(chromedp.Click(chromedp.CSS(`#filters button[type=reset]`)))
		b.await(shown + ` === 160`)
	}
	pick("point", "mid-upload")
	pick("fault", "fin")
	pick("fault", "rst")
	b.run(chromedp.SendKeys(chromedp.CSS(`#q`), "UPLOAD must "))
	n := ofData(report, func(r *Result) bool {
		text := strings.ToLower(fmt.Sprint(*r))
		return r.Point == "mid-upload" && r.Fault != "stall" && strings.Contains(text, "upload") && strings.Contains(text, "must")
	})
	if got := eval[int](b, shown); got == 0 || got > n || got >= 160 {
		t.Errorf("combined filter shows %d, at most %d match", got, n)
	}
	b.run(chromedp.SendKeys(chromedp.CSS(`#q`), "no-such-word"))
	expect(b, shown, 0)
	expect(b, `document.getElementById("none").hidden`, false)
}

func testAddress(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample#?level=MUST&verdict=pass&q=Silent+corruption")
	n := ofData(report, func(r *Result) bool {
		return r.Level == Must && r.Verdict == Pass && strings.Contains(r.Why, "Silent corruption")
	})
	expect(b, shown, n)
	b.run(chromedp.Click(chromedp.CSS(`#filters input[name=level][value=SHOULD]`)))
	expect(b, `new URLSearchParams(location.hash.slice(2)).getAll("level").join()`, "MUST,SHOULD")
	expect(b, `new URLSearchParams(location.hash.slice(2)).get("q")`, "Silent corruption")
	// A number in the table of counts is a filter too.
	b.run(chromedp.Click(chromedp.CSS(`.counts tbody tr:last-child a.v-fail`)))
	b.await(fmt.Sprintf(`%s === %d`, shown, report.Summary.Fail))
}

func testDeepLinks(t *testing.T, ctx context.Context, site string, report *Report) {
	var b *tab
	for i, c := range []struct{ fragment, want string }{
		{"resume.upload.content-intact", "resume.upload.content-intact~mid-upload~"},
		{"resume.upload.content-intact~mid-upload~rst~h1", "resume.upload.content-intact~mid-upload~rst~h1"},
		{"resume.upload.offsets~mid-upload", "resume.upload.offsets~mid-upload~"},
		{"resume.offer.continue~none~none~h1_2btls", "resume.offer.continue~none~none~h1_2btls"},
		{"resume.offer.http10~none~none~h1?verdict=unsupported", "resume.offer.http10~none~none~h1"}, // the filter yields
	} {
		if i < 2 { // when the page opens
			b = open(t, ctx, site+"sample#"+c.fragment)
		} else { // in an open page
			b.run(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = %q`, c.fragment)))
		}
		b.await(fmt.Sprintf(`document.activeElement.closest("details.result")?.id.startsWith(%q)`, c.want))
		expect(b, `(() => { const r = document.activeElement.closest("details.result"), y = r.getBoundingClientRect().top;
			return r.open && !r.hidden && y > -2 && y < innerHeight })()`, true)
	}
}

func testMap(t *testing.T, ctx context.Context, site string, report *Report) {
	b := open(t, ctx, site+"sample")
	expect(b, `document.querySelectorAll(".map td .mark").length`, 160)
	expect(b, `document.querySelectorAll(".map thead tr:nth-child(2) th").length`, 13)
	expect(b, `[...marks].every(([id, mark]) => mark.classList.contains("v-" + document.getElementById(id).dataset.verdict) && mark.textContent.trim())`, true)
	target := report.Results[30]
	b.run(chromedp.Click(chromedp.CSS(fmt.Sprintf(`.map a[href="#%s"]`, target.Anchor()))))
	b.await(fmt.Sprintf(`document.activeElement.closest("details.result")?.id === %q`, target.Anchor()))
	b.await(`document.activeElement.closest("details.result").open`)
}

func testHostile(t *testing.T, ctx context.Context, site string, _ *Report) {
	b := open(t, ctx, site+"poison")
	b.run(chromedp.Evaluate[chromedp.Void](`for (const r of results) r.open = true`))
	b.await(`results.every((r) => !r.querySelector("script"))`)
	b.run(chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
	b.await(`[...document.querySelectorAll(".exchange")].every((x) => x.querySelector(".events"))`)
	expect(b, `typeof window.pwned`, "undefined")
	expect(b, `document.querySelectorAll("img, svg script, iframe, b[onclick], a[href^='javascript']").length`, 0)
	expect(b, `document.querySelectorAll("script").length`, 1)
	expect(b, `/[\u0000-\u0008\u001b\u202e]/.test(document.body.innerText)`, false)
	expect(b, `document.body.innerText.includes("<script>")`, true)
	expect(b, `document.querySelector(".event pre").innerText.includes("␛[31m")`, true)
	expect(b, `document.scrollingElement.scrollWidth <= innerWidth`, true)
	for _, c := range []string{"#results", "#%3Cimg%20src=x%20onerror=pwned=1%3E", "#%E0%A4%A", "#?q=%3Cscript%3E"} {
		b.run(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = %q`, c)))
	}
	expect(b, `typeof window.pwned`, "undefined")
}

func testPhone(t *testing.T, ctx context.Context, site string, _ *Report) {
	for _, name := range []string{"sample", "poison"} {
		b := open(t, ctx, site+name, command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 360, Height: 800, DeviceScaleFactor: 2, Mobile: true}))
		b.run(chromedp.Evaluate[chromedp.Void](`results.slice(0, 8).forEach((r) => { r.open = true; complete(r); })`))
		expect(b, `innerWidth`, 360)
		expect(b, `document.scrollingElement.scrollWidth`, 360)
		expect(b, `getComputedStyle(document.querySelector(".mapbox")).overflowX`, "auto")
		expect(b, `document.querySelector(".mapbox").scrollWidth > document.querySelector(".mapbox").clientWidth`, true)
		expect(b, `[...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, .events, .hex, .unseen, .skip") && e.getBoundingClientRect().right > 361).length`, 0)
	}
}

func testDark(t *testing.T, ctx context.Context, site string, _ *Report) {
	for _, scheme := range []string{"light", "dark"} {
		b := open(t, ctx, site+"sample", command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
		if bright := eval[float64](b, brightness); (scheme == "dark") != (bright < 0.2) {
			t.Errorf("%s: the paper has luminance %.2f", scheme, bright)
		}
		if bad := eval[[]string](b, lowContrast); len(bad) > 0 {
			t.Errorf("%s: contrast below 4.5: %s", scheme, strings.Join(bad, "; "))
		}
	}
}

// luminance is that of WCAG 2.
const luminance = `const lum = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	return .2126 * r + .7152 * g + .0722 * b; };`

const brightness = `(() => {` + luminance + ` return lum(getComputedStyle(document.querySelector("main")).backgroundColor); })()`

// lowContrast lists texts whose contrast with what is behind them is below that of WCAG AA.
const lowContrast = `(() => {` + luminance + `
	const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c; } return "rgb(255,255,255)"; };
	const bad = new Set();
	for (const e of document.querySelectorAll("body *:not(script)")) {
		if (!e.checkVisibility() || e.closest("svg") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
		const style = getComputedStyle(e), a = lum(style.color), b = lum(behind(e));
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5 || style.opacity < 1) bad.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
	}
	return [...bad];
})()`
