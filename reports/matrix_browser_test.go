package reports

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// serveMatrices shows matrices over loopback HTTP, each under its name.
func serveMatrices(t *testing.T, list map[string]Matrix) string {
	t.Helper()
	pages := map[string][]byte{}
	for name, m := range list {
		var buf bytes.Buffer
		if err := WriteMatrixHTML(&buf, m); err != nil {
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

// poisonedMatrix has a poison in every string that a page shows, of mutants and of servers.
func poisonedMatrix() Matrix {
	next := 0
	p := func() string { next++; return poison[next%len(poison)] }
	m := Matrix{Title: p(), Lead: p(), Alerts: []string{p(), p()}, Facts: []Fact{{p(), p()}}, Notes: map[string]string{}}
	for i := range 4 {
		c := Column{Report: poisoned()}
		if i > 0 {
			c.Mutant = &Mutant{p(), p(), p(), []string{p(), c.Report.Results[i].ID}, c.Report.Results[i].ID}
		}
		for n := range c.Report.Results {
			m.Notes[c.Report.Results[n].ID] = p()
		}
		m.Columns = append(m.Columns, c)
	}
	return m
}

const (
	shownRows    = `rows.filter((r) => r.line.checkVisibility()).length`
	shownColumns = `[...heads.cells].slice(1).filter((c) => c.checkVisibility()).length`
)

func TestMatrixInBrowser(t *testing.T) {
	kills := sampleKills(60)
	site := serveMatrices(t, map[string]Matrix{"kills": kills, "servers": sampleServers(5, 120), "large": sampleServers(30, 1000), "versions": SideBySide(sampleVersions()),
		"poison": poisonedMatrix(), "empty": {}})
	ctx := browser(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, string)
	}{
		{"opens", testMatrixOpens}, {"every cell opens", testMatrixEveryCell}, {"filters", testMatrixFilters}, {"keys", testMatrixKeys}, {"address", testMatrixAddress}, {"versions", testMatrixVersions},
		{"hostile strings", testMatrixHostile}, {"phone", testMatrixPhone}, {"dark", testMatrixDark}, {"print", testMatrixPrint},
		{"large", testMatrixLarge}, {"no script", testMatrixNoScript}, {"empty", testMatrixEmpty},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, ctx, site) })
	}
}

// A click opens a cell, the name of a case, and the name of a column; each says what its table says.
func testMatrixOpens(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"kills")
	expect(b, `grid.tBodies.length > 3 && rows.length`, len(sampleCases))
	expect(b, `rows.every((r) => r.line.cells.length === 61 && [...r.verdicts].every((v, i) => r.line.cells[i + 1].classList.contains(v)))`, true)
	expect(b, `rows.every((r) => +r.line.querySelector("i").textContent === columns.filter((_, at) => breaks(r, at)).length)`, true)
	expect(b, `columns.every((c, at) => c.broken === rows.filter((r) => breaks(r, at)).length)`, true)
	b.run(chromedp.Click(chromedp.CSS(`.grid td.F`)))
	b.await(`!panel.hidden`)
	expect(b, `panel.querySelectorAll(".one").length > 0 && panel.textContent.includes("Expected") && panel.textContent.includes("Got")`, true)
	expect(b, `panel.querySelector(".rerun code").textContent.startsWith("resumespec run ")`, true)
	expect(b, `panel.querySelector("h3").textContent === rows.find((r) => r.line === here.parentElement).id`, true)
	b.run(chromedp.Click(chromedp.CSS(`.grid tbody th[scope=row]`)))
	b.await(`panel.querySelector(".verdict").textContent.startsWith("MUST, kills ")`)
	expect(b, `panel.querySelectorAll("li a").length === +rows[0].line.querySelector("i").textContent`, true)
	b.run(chromedp.Click(chromedp.CSS(`#panel li a`)))
	b.await(`panel.querySelectorAll(".one").length > 0`)
	b.run(chromedp.Click(chromedp.CSS(`.grid .names th`)))
	b.await(`panel.querySelector(".verdict").textContent.startsWith("The offset that HEAD gives")`)
	b.run(chromedp.Click(chromedp.CSS(`#panel .shut`)))
	b.await(`panel.hidden && document.activeElement === here`)
}

// Every cell of a matrix of servers says what was expected and what came, and draws the connection where that was cut.
func testMatrixEveryCell(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"servers")
	expect(b, `(() => {
		const wrong = [];
		for (const row of rows) for (let at = 0; at < columns.length; at++) {
			choose(row, at);
			const said = panel.textContent, cut = row.cells[at].some((one) => one.length > 6), seen = row.verdicts[at];
			if (!said.includes("Expected") || !said.includes("Got")) wrong.push(row.id + " " + at + ": no texts");
			if (cut !== Boolean(panel.querySelector(".timeline svg .cut"))) wrong.push(row.id + " " + at + ": cut " + cut);
			if ("PFW".includes(seen) && data.strings[row.cells[at][0][1]].startsWith("undisturbed") === cut) wrong.push(row.id + " " + at + ": no evidence");
		}
		return wrong.join("\n");
	})()`, "")
	// A pass before 100 (Continue): the head has gone up, and nothing came down.
	row := `rows.find((r) => r.id === "resume.before100.lost")`
	b.run(chromedp.Evaluate[chromedp.Void](row + ` && choose(` + row + `, ` + row + `.verdicts.indexOf("P"))`))
	expect(b, `panel.querySelector(".timeline .up rect + text").textContent`, "head")
	expect(b, `panel.querySelector(".timeline .down.withheld text:last-child").textContent`, "189 B")
	expect(b, `panel.querySelector(".timeline figcaption").textContent.includes("Cut by fin in the 100 (Continue) at byte 0")`, true)
	// A server tells how much of each level holds.
	b.run(chromedp.Evaluate[chromedp.Void](`choose(null, 1)`))
	expect(b, `[...panel.querySelectorAll(".held td")].reduce((n, cell) => n + +(cell.textContent.split(" of ")[1] || 0), 0)`,
		eval[int](b, `rows.filter((r) => "PWF".includes(r.verdicts[1])).length`))
}

func testMatrixFilters(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"servers")
	expect(b, shownRows, 120)
	tick := func(name, value string) {
		b.run(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#filters input[name=%q][value=%q]`, name, value))))
	}
	for _, c := range []struct{ name, value, keep string }{
		{"level", "SHOULD", `r.level === "SHOULD"`}, {"profile", "byterange", `r.profile === "byterange"`},
		{"differ", "yes", `new Set(r.verdicts).size > 1`},
	} {
		tick(c.name, c.value)
		n := eval[int](b, `rows.filter((r) => `+c.keep+`).length`)
		if n == 0 || n == 120 {
			t.Errorf("%s: the sample has %d of 120", c.name, n)
		}
		expect(b, shownRows, n)
		expect(b, `document.getElementById("count").value`, fmt.Sprintf("%d of 120 cases, 5 of 5 servers", n))
		b.run(chromedp.Click(chromedp.CSS(`#filters button[type=reset]`)))
		b.await(shownRows + ` === 120`)
	}
	b.run(chromedp.SendKeys(chromedp.CSS(`#s`), "server b"))
	b.await(shownColumns + ` === 1`)
	expect(b, `rows[0].line.cells[2].checkVisibility() && !rows[0].line.cells[1].checkVisibility()`, true)
	tick("differ", "yes") // one column does not differ from itself
	b.await(shownRows + ` === 0`)
	expect(b, `document.getElementById("none").hidden`, false)
	b.run(chromedp.Click(chromedp.CSS(`#filters button[type=reset]`)), chromedp.SendKeys(chromedp.CSS(`#q`), "HOLE zeros"))
	b.await(shownRows + ` === 0`)
	b.run(chromedp.Evaluate[chromedp.Void](`filters.elements.q.value = ""`), chromedp.SendKeys(chromedp.CSS(`#q`), "GAP beyond"))
	b.await(shownRows + ` > 0 && rows.every((r) => r.line.checkVisibility() === r.id.includes("upload.gap"))`)
}

// The whole table can be walked through and read by keys, and only what is shown is walked on.
func testMatrixKeys(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"kills")
	b.run(slash)
	expect(b, `document.activeElement.id`, "q")
	b.run(chromedp.KeyEvent("upload"), chromedp.KeyEvent(kb.Escape), chromedp.Focus(chromedp.CSS(`#grid [tabindex="0"]`)))
	expect(b, `document.querySelectorAll('#grid [tabindex="0"]').length`, 1)
	where := func(want string) {
		t.Helper()
		expect(b, `(() => { const [r, at] = placeOf(document.activeElement); return (r ? r.id : "") + " " + at })()`, want)
	}
	where("resume.upload.head-status 0")
	b.run(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight))
	where("resume.upload.head-length 1")
	b.run(chromedp.KeyEvent(kb.Enter))
	expect(b, `panel.querySelector("h3").textContent`, "resume.upload.head-length")
	b.run(chromedp.KeyEvent(kb.ArrowDown)) // the panel goes along
	expect(b, `panel.querySelector("h3").textContent`, "resume.upload.kept")
	b.run(chromedp.KeyEvent(kb.End))
	where("resume.upload.kept 59")
	b.run(chromedp.KeyEvent(kb.PageDown), chromedp.KeyEvent(kb.PageDown), chromedp.KeyEvent(kb.PageDown))
	where(eval[string](b, `rows.findLast((r) => !r.line.hidden).id`) + " 59")
	expect(b, `(() => { const c = here.getBoundingClientRect(), f = box.getBoundingClientRect();
		return c.left >= f.left && c.right <= f.right && c.top >= f.top + grid.tHead.offsetHeight - 1 && c.bottom <= f.bottom })()`, true)
	b.run(chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.Escape))
	expect(b, `panel.hidden && document.activeElement === here`, true)
	where(eval[string](b, `rows.findLast((r) => !r.line.hidden).id`) + " -1")
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab)) // from the table into the panel
	expect(b, `document.activeElement.className`, "shut")
	expect(b, `document.getElementById("said").textContent.startsWith("resume.upload.")`, true)
}

func testMatrixAddress(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"kills#?level=SHOULD&at=resume.upload.kept.7")
	expect(b, `panel.querySelector("h3").textContent`, "resume.upload.kept")
	expect(b, shownRows, eval[int](b, `rows.filter((r) => r.level === "SHOULD").length`))
	b.run(chromedp.Click(chromedp.CSS(`#filters input[value=MAY]`)))
	b.await(`location.hash === "#?level=SHOULD&level=MAY&at=resume.upload.kept.7"`)
	b.run(chromedp.Evaluate[chromedp.Void](`location.hash = "#?at=resume.upload.gap.3"`)) // the filter yields
	b.await(`panel.querySelector("h3").textContent === "resume.upload.gap" && here.checkVisibility()`)
	b.run(chromedp.Evaluate[chromedp.Void](`location.hash = "#?at=.5"`))
	b.await(`panel.querySelector("h3").textContent === columns[5].name`)
	for _, odd := range []string{"#?at=.", "#?at=no.such.case.1", "#?at=.9999", "#?at=resume.upload.gap.9999", "#?%E0%A4%A", "#x"} {
		b.run(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = %q`, odd)))
	}
	expect(b, `panel.querySelector("h3").textContent === columns[5].name`, true)
}

// The versions of one server stand side by side, and apart from other servers.
func testMatrixVersions(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"versions")
	expect(b, `[...heads.cells].slice(1).map((c) => c.textContent).join("|")`, "tusd 2.9.2|tusd 2.10.0 old.json|tusd 2.10.0 new.json|other 1.0")
	expect(b, `[...heads.cells].slice(1).map((c) => c.classList.contains("e")).join()`, "false,false,false,true")
	expect(b, `document.querySelector("h1").textContent`, "2 servers in 4 runs")
	expect(b, `document.querySelectorAll(".list tbody tr").length`, 4)
	expect(b, `document.querySelector(".alert").textContent.includes("other 1.0: the run ended early (no more)")`, true)
}

func testMatrixHostile(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"poison")
	b.run(chromedp.Evaluate[chromedp.Void](`for (const row of [null, ...rows]) for (let at = row ? -1 : 0; at < columns.length; at++) {
		choose(row, at); stand(cellOf(row, at), true);
		if (/[\u0000-\u0008\u001b\u202e]/.test(document.body.innerText) || panel.querySelector("img, svg:not(.timeline svg), b, script, a[href^='javascript']")) window.spoiled = true;
		cellOf(row, at).dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); }`))
	expect(b, `typeof window.pwned + typeof window.spoiled`, "undefinedundefined")
	expect(b, `document.querySelectorAll("img, svg:not(.timeline svg), iframe, b[onclick], a[href^='javascript']").length`, 0)
	expect(b, `document.querySelectorAll("script:not([type])").length`, 1)
	expect(b, `document.body.innerText.includes("<img src=x")`, true)
	expect(b, `document.scrollingElement.scrollWidth <= innerWidth`, true)
	for _, c := range []string{"#?q=%3Cscript%3E&at=%3Cimg%3E.0", "#%3Cimg%20src=x%20onerror=pwned=1%3E"} {
		b.run(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = %q`, c)))
	}
	expect(b, `typeof window.pwned`, "undefined")
}

func testMatrixPhone(t *testing.T, ctx context.Context, site string) {
	for _, name := range []string{"kills", "servers", "poison"} {
		b := open(t, ctx, site+name, command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 2, Mobile: true}))
		b.run(chromedp.Evaluate[chromedp.Void](`choose(rows[3], 2)`))
		expect(b, `document.scrollingElement.scrollWidth`, 390)
		expect(b, `box.scrollWidth > box.clientWidth && heads.cells[0].offsetWidth < 180`, true)
		expect(b, `[...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, .gridbox, .unseen") && e.getBoundingClientRect().right > 391).length`, 0)
	}
}

func testMatrixDark(t *testing.T, ctx context.Context, site string) {
	for _, scheme := range []string{"light", "dark"} {
		b := open(t, ctx, site+"servers#?at=resume.upload.gap.2", command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
		if bright := eval[float64](b, brightness); (scheme == "dark") != (bright < 0.2) {
			t.Errorf("%s: the paper has luminance %.2f", scheme, bright)
		}
		if bad := eval[[]string](b, lowContrast); len(bad) > 0 {
			t.Errorf("%s: contrast below 4.5: %s", scheme, strings.Join(bad, "; "))
		}
	}
}

// On paper every column of the table is there.
func testMatrixPrint(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"kills", command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1040, Height: 720, DeviceScaleFactor: 1}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	expect(b, `grid.getBoundingClientRect().right <= innerWidth && box.scrollWidth <= box.clientWidth`, true)
	expect(b, `rows.every((r) => r.line.cells[60].getBoundingClientRect().right <= innerWidth)`, true)
	expect(b, `getComputedStyle(filters).display`, "none")
}

// A large table is measured, not judged: what it takes depends on what else the machine does.
func testMatrixLarge(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"large")
	expect(b, `rows.length * columns.length`, 30000)
	t.Log(eval[string](b, `(() => {
		const times = ["load " + Math.round(performance.getEntriesByType("navigation")[0].loadEventEnd)];
		const time = (name, act) => { const began = performance.now(); act(); box.scrollHeight; times.push(name + " " + Math.round(performance.now() - began)); };
		time("differing rows", () => { filters.elements.differ.checked = true; filter(); });
		time("found rows", () => { filters.elements.q.value = "gap"; filter(); });
		time("all rows", () => { filters.reset(); filter(); });
		time("open", () => { stand(cellOf(rows[500], 20), true); choose(rows[500], 20); });
		time("next", () => { stand(cellOf(rows[501], 20), true); choose(rows[501], 20); });
		return "milliseconds: " + times.join(", ");
	})()`))
	expect(b, `panel.querySelector("h3").textContent === rows[501].id`, true)
	expect(b, `(() => { const c = here.getBoundingClientRect(), f = box.getBoundingClientRect(); return c.top > f.top && c.bottom <= f.bottom })()`, true)
	expect(b, `(() => { box.scrollTo(3000, 20000); const f = box.getBoundingClientRect(), name = rows[700].line.cells[0].getBoundingClientRect();
		return Math.abs(heads.getBoundingClientRect().top - f.top) < 3 && Math.abs(name.left - f.left) < 3 })()`, true) // both stay in sight
}

// Without JavaScript the table is whole.
func testMatrixNoScript(t *testing.T, ctx context.Context, site string) {
	page, cancel := chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(page, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(site+"kills")); err != nil {
		t.Fatal(err)
	}
	b := &tab{T: t, ctx: page}
	expect(b, `document.querySelectorAll("#grid tbody td").length`, 60*len(sampleCases))
	expect(b, `document.querySelectorAll("#grid tbody td").length === [...document.querySelectorAll("#grid tbody td")].filter((c) => c.textContent.trim()).length`, true)
	expect(b, `document.getElementById("filters").hidden && document.querySelector("noscript").innerText !== ""`, true)
}

func testMatrixEmpty(t *testing.T, ctx context.Context, site string) {
	b := open(t, ctx, site+"empty")
	expect(b, `document.getElementById("count").value`, "0 of 0 cases, 0 of 0 servers")
}
