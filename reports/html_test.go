package reports

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

var scriptTag = regexp.MustCompile(`(?i)<(/?)script`)

// checkScripts says that the page has the scripts that it means to have, and that each is ended by itself.
func checkScripts(t failer, page string, results int) {
	t.Helper()
	opened, depth := 0, 0
	for _, tag := range scriptTag.FindAllStringSubmatch(page, -1) {
		if tag[1] == "" {
			opened++
			depth++
		} else {
			depth--
		}
		if depth < 0 || depth > 1 {
			t.Fatalf("script elements are nested or ended twice")
		}
	}
	if opened < 1 || opened > 1+2*results || depth != 0 {
		t.Fatalf("%d script elements for %d results", opened, results)
	}
}

// A full run with transcripts stays below 3 MiB.
func TestHTMLSize(t *testing.T) {
	var buf bytes.Buffer
	if err := WriteHTML(&buf, sample(200, 12)); err != nil {
		t.Fatal(err)
	}
	t.Logf("200 results: %d bytes", buf.Len())
	if buf.Len() > 3<<20 {
		t.Errorf("%d bytes, more than 3 MiB", buf.Len())
	}
}

func TestHTMLAsksForNothing(t *testing.T) {
	var buf bytes.Buffer
	if err := WriteHTML(&buf, sample(40, 1)); err != nil {
		t.Fatal(err)
	}
	page := buf.String()
	if strings.Contains(pageScript, "</script") || strings.Contains(pageScript, "<!--") || strings.Contains(pageStyle, "</style") {
		t.Error("the script or the style would end early")
	}
	for _, bad := range []string{" src=", "@import", "url(", "<link rel=\"stylesheet", " onclick=", " style=", "eval("} {
		if strings.Contains(page, bad) {
			t.Errorf("%s is in the page", bad)
		}
	}
	if !strings.Contains(page, `content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
		t.Error("no policy")
	}
}

func TestWebLink(t *testing.T) {
	for input, ok := range map[string]bool{
		"https://example.org/a#b": true, "http://127.0.0.1:1/": true, "javascript:alert(1)": false, "//example.org": false,
		"file:///etc/passwd": false, "data:text/html,x": false, "": false, "https:": false, "http://[": false,
	} {
		if got := webLink(input); (got != "") != ok {
			t.Errorf("webLink(%q) = %q", input, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1048576: "1,048,576", -1234: "-1,234", 0.12345: "0.1235", 1234.5: "1,234"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	if got := commandLine([]string{"resumespec", "run", "--focus", "a|b", "", "it's", "\x1b"}); got != `resumespec run --focus 'a|b' '' 'it'\''s' ␛` {
		t.Error(got)
	}
}

// BenchmarkHTML10000 writes the page of 10,000 results. Goal: below two seconds.
func BenchmarkHTML10000(b *testing.B) {
	r := sample(10000, 1)
	for b.Loop() {
		start := time.Now()
		var size counter
		if err := WriteHTML(&size, r); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size), "bytes")
		b.ReportMetric(time.Since(start).Seconds(), "s/page")
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var _ io.Writer = new(counter)
