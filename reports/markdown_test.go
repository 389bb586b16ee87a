package reports

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

func markdownOf(t *testing.T, r *Report) string {
	t.Helper()
	var buf bytes.Buffer
	if err := WriteMarkdown(&buf, r); err != nil {
		t.Fatal(err)
	}
	if buf.Len() > maxMarkdown {
		t.Errorf("%d bytes", buf.Len())
	}
	return buf.String()
}

func TestMarkdown(t *testing.T) {
	at := int64(512)
	r := &Report{
		Tool: Tool{Name: "resumespec", Version: "0.1.0"}, Target: Target{URL: "http://127.0.0.1:8080/", Name: "Example | Server"},
		Started: time.Unix(0, 0), Seconds: 83, Seed: 7,
		Results: []Result{
			{ID: "resume.upload.offsets", Level: Must, Point: "mid-upload", Fault: "fin", Transport: "h1", Verdict: Fail, Requires: "It resumes.",
				Source:   Source{Document: "resume-request", Section: "Upload", URL: "https://example.org/a>b"},
				Expected: "201", Got: "a|b `c` <b>\n# @everyone", Byte: &at, Where: "request body", Rerun: "resumespec run '```'"},
			{ID: "resume.offer.continue", Level: Must, Point: "none", Fault: "none", Transport: "h1", Verdict: Pass},
			{ID: "resume.response.slow", Level: Should, Point: "pre-response", Fault: "rst", Transport: "h1", Verdict: Unsupported, Got: "set profiles.resume.slow"},
		},
	}
	want := `## ✕ Not conformant: Example &#124; Server

At least one case failed: a client that relies on it can lose data, repeat an effect or be stuck. Of 2 MUST results, 1 passed, 1 failed.

http&#58;//127.0.0.1:8080/, 1 min 23 s, by resumespec 0.1.0, seed 7.

| Level | ✕ fail | E error | ? inconclusive | ! warn | – unsupported | ○ excluded | ✓ pass | all |
|:--|--:|--:|--:|--:|--:|--:|--:|--:|
| MUST | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 2 |
| SHOULD | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 1 |
| MAY | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
| All | 1 | 0 | 0 | 0 | 1 | 0 | 1 | 3 |

### Failed (1)

#### ✕ resume.upload.offsets, mid-upload, fin, h1 (MUST)

It resumes.

- **Expected:** 201
- **Got:** a&#124;b &#96;c&#96; &#60;b&#62;␊&#35; &#64;everyone
- **Where:** at byte 512 of the request body
- **Source:** [resume-request, Upload](<https://example.org/a%3Eb>)

` + "````sh\nresumespec run '```'\n````" + `


<details><summary>Unsupported (1)</summary>

- resume.response.slow, pre-response, rst, h1: set profiles.resume.slow

</details>

`
	if got := markdownOf(t, r); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Whatever a target sends, only our own markup is in the document.
func TestMarkdownEscapes(t *testing.T) {
	got := markdownOf(t, poisoned())
	got = regexp.MustCompile("(?s)```+sh\n.*?\n```+\n").ReplaceAllString(got, "")
	got = strings.NewReplacer("<details><summary>", "", "</summary>", "", "</details>", "").Replace(got)
	for _, bad := range []string{"<script", "<img", "<svg", "<b>", "](javascript", "\x1b", "\x00", "\u202e", "\n# heading", "\nPASS"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in the document", bad)
		}
	}
}

func TestMarkdownIsBounded(t *testing.T) {
	r := sample(3000, 0)
	for i := range r.Results {
		r.Results[i].Verdict = Verdicts[i%7]
		r.Results[i].Got = strings.Repeat("\"<&|`", 2000)
	}
	got := markdownOf(t, r)
	if !strings.Contains(got, "left out to keep this summary small") || strings.Count(got, "<details>") != strings.Count(got, "</details>") {
		t.Error("the document does not say what was cut, or is not closed")
	}
}
