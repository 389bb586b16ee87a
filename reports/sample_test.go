package reports

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Reports for the tests: what a run looks like (sample), and what a hostile target makes of it (poison).

// sampleCase is a case as the generator knows it.
type sampleCase struct {
	id       string
	level    Level
	point    string
	requires string
	why      string
	section  string
}

var sampleCases = []sampleCase{
	{"resume.offer.continue", Must, "none", "With both Expect: 100-continue and Prefer: resume a 100 (Continue) arrives before any byte of the body is sent, with at least one of the three header fields.", "A client that learns the URIs only at the end has nothing to resume with.", "Initial Request"},
	{"resume.offer.request-content-location", Must, "none", "The interim response carries Request-Content-Location, one valid URI-reference.", "Without it the client cannot ask how much of its upload has been kept.", "Initial Request"},
	{"resume.offer.response-message-location", Must, "none", "The interim response carries Response-Message-Location, one valid URI-reference.", "Without it a lost response stays lost.", "Initial Request"},
	{"resume.offer.content-location", Should, "none", "The interim response carries Content-Location.", "A download that breaks off can be continued there.", "Initial Request"},
	{"resume.offer.default-is-save", Must, "none", "The preference resume alone is treated as resume=save-incomplete.", "The short form is what most clients will send.", "The resume Preference"},
	{"resume.offer.prefer-syntax", Must, "none", "The preference is found in a list, in a second field line, in any case, quoted and with parameters.", "Prefer is a list field; other software on the way may join or split it.", "The resume Preference"},
	{"resume.offer.http10", Must, "none", "An HTTP/1.0 client gets no interim response at all.", "An old client takes the interim response for the final one.", "RFC 9110, 15.2"},
	{"resume.offer.refusal", Must, "none", "A request refused by its head gets the final status instead of 100, and nothing is kept.", "The client would send a large body for nothing.", "Initial Request"},
	{"resume.offer.unguessable", Should, "none", "The URIs of 200 requests are pairwise distinct and carry at least 120 bits of apparent entropy.", "Whoever guesses a URI reads or completes the upload of another.", "Security Considerations"},
	{"resume.offer.applied", May, "none", "Preference-Applied: resume is sent where the preference is honoured.", "The client need not guess whether the server understood.", "RFC 7240, 3"},
	{"resume.before100.head-cut", Must, "before-100", "A request head that was cut changes nothing at the target.", "The client cannot know whether to send it again.", "Interruption before 100 (Continue)"},
	{"resume.before100.lost", Must, "before-100", "When the 100 is lost, the client may send the same request again.", "The effect would happen twice, or never.", "Interruption before 100 (Continue)"},
	{"resume.before100.state-unchanged", Must, "before-100", "A read of the target after the cut shows the state from before.", "Half a request must not be half an effect.", "Interruption before 100 (Continue)"},
	{"resume.before100.reissue", Must, "before-100", "The same request again succeeds, and its effect happens exactly once.", "This is the only recovery that a client has at this point.", "Interruption before 100 (Continue)"},
	{"resume.before100.repeated", Should, "before-100", "Fifty cuts in a row leave no lock and no visible trace.", "A flaky network would lock the user out.", "Interruption before 100 (Continue)"},
	{"resume.upload.head-status", Must, "mid-upload", "HEAD on the request content is answered with a 2xx status and Content-Length.", "The client asks this first.", "Interruption during the Upload"},
	{"resume.upload.head-length", Must, "mid-upload", "Content-Length is never more than was sent.", "The client would leave a hole in its upload.", "Interruption during the Upload"},
	{"resume.upload.kept", Should, "mid-upload", "What reached the server before a fin is kept.", "Otherwise every interruption starts from zero.", "Interruption during the Upload"},
	{"resume.upload.offset-accepted", Must, "mid-upload", "The offset that HEAD gave is accepted by the next PATCH.", "The client would be stuck between two answers of one server.", "Interruption during the Upload"},
	{"resume.upload.offsets", Must, "mid-upload", "The upload resumes after a cut at 0, 1, half and all but one bytes, and around 16 KiB and 64 KiB.", "Buffers end at such borders, and so do mistakes.", "Interruption during the Upload"},
	{"resume.upload.patch-completes", Must, "mid-upload", "A PATCH with message/byterange completes the upload and is answered as the original request would have been.", "The client needs the outcome, not only the upload.", "Interruption during the Upload"},
	{"resume.upload.content-intact", Must, "mid-upload", "The stored result equals the body, byte for byte.", "Silent corruption is worse than a failed upload.", "Interruption during the Upload"},
	{"resume.upload.never-decreases", Must, "mid-upload", "The length that HEAD gives never goes down.", "The client has already let go of those bytes.", "Interruption during the Upload"},
	{"resume.upload.not-complete", Must, "mid-upload", "A truncated upload has no effect until its last byte is in.", "A truncated file would be taken for the whole.", "Interruption during the Upload"},
	{"resume.upload.gap", Must, "mid-upload", "A PATCH that starts beyond the offset is refused with a 4xx status.", "A hole of zeros would be stored as content.", "Interruption during the Upload"},
	{"resume.upload.stalled-connection", Must, "mid-upload", "While the old connection hangs, HEAD still answers, and its offset is accepted by the next PATCH.", "A phone that changes networks never closes the old connection.", "Interruption during the Upload"},
	{"resume.upload.concurrent", Must, "mid-upload", "Of two PATCHes at the same offset at once at most one is applied.", "Retries overlap in practice.", "Interruption during the Upload"},
	{"resume.response.available", Must, "pre-response", "GET on the response message gives the final response as message/http, equal to that of an undisturbed twin.", "The client must learn what became of its request.", "Interruption before the Response"},
	{"resume.response.not-yet", Must, "pre-response", "Before the operation is over the resource never presents a final response.", "The client would take an unfinished operation for a finished one.", "Interruption before the Response"},
	{"resume.response.once", Must, "pre-response", "The effect happened exactly once, however often the message is asked for.", "An order would be placed twice.", "Interruption before the Response"},
	{"resume.response.stable", Must, "pre-response", "Repeated reads of the response message are identical.", "The client may need several attempts to read it.", "Interruption before the Response"},
	{"resume.response.error", Must, "pre-response", "A 4xx and a 5xx outcome are reproduced as faithfully as a 2xx.", "The user must see the error that was meant for him.", "Interruption before the Response"},
	{"resume.response.slow", Should, "pre-response", "While processing takes long, the client can poll until the response is there.", "Patience ends before processing does.", "Interruption before the Response"},
	{"resume.download.range", Must, "partial-download", "A Range request to the content location gives the rest, with an exact Content-Range.", "The two parts must make the whole.", "Interruption during the Response"},
	{"resume.download.repeat", Must, "partial-download", "A download that is cut again and again is completed in at least five pieces.", "One cut seldom comes alone.", "Interruption during the Response"},
	{"resume.download.if-range", Must, "partial-download", "With a stale validator the whole representation comes instead of a mixture.", "Halves of two versions would be joined.", "RFC 9110, 13.1.5"},
	{"resume.download.suffix", May, "partial-download", "A suffix range is right where it is served.", "Players read the end of a file first.", "RFC 9110, 14.1.2"},
	{"byterange.patch.offset", Must, "mid-upload", "A PATCH is applied at the offset in its Content-Range.", "Bytes at the wrong place are corruption.", "byte-range-patch, 3"},
	{"byterange.patch.conflict", Must, "none", "A PATCH whose Content-Range contradicts the complete length is refused.", "The client and the server disagree on what is whole.", "byte-range-patch, 4"},
	{"byterange.patch.accept-patch", Should, "none", "Accept-Patch lists the media types that are understood.", "The client finds out without trying.", "RFC 5789, 3.1"},
	{"expectrange.offer.status", Should, "mid-upload", "An unsupported expectation is answered with 417.", "The client falls back at once.", "RFC 9110, 10.1.1"},
}

// sample makes a report with n results, the same for the same n. kib is about how much transcript a
// result has.
func sample(n, kib int) *Report {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	r := &Report{
		Tool:    Tool{"resumespec", "0.1.0", "toxiproxy v2.12.0 (embedded)"},
		Target:  Target{"http://127.0.0.1:8080/items", "Example Server", "1.2", "https://example.org/", "Example/1.2 (Linux)"},
		Started: time.Date(2026, 5, 4, 13, 37, 0, 0, time.UTC), Seconds: 83.25, Seed: 42,
		Command: []string{"resumespec", "run", "http://127.0.0.1:8080/items", "--focus", "resume|byterange", "--html", "report.html"},
		Profiles: []Profile{
			{"resume", "Partial and Resumable Requests in HTTP", "draft-wright-http-resume-request"},
			{"byterange", "Byte Range PATCH", "draft-wright-http-patch-byterange"},
			{"expectrange", "Expect: range", "resume-request, Alternatives"},
		},
	}
	for lap := 0; len(r.Results) < n; lap++ {
		for _, c := range sampleCases {
			for _, fault := range faults {
				if (c.point == "none") != (fault == "none") || len(r.Results) == n {
					continue
				}
				r.Results = append(r.Results, sampleResult(rnd, c, fault, lap, kib))
			}
		}
	}
	r.Schema, r.Summary = Schema, Summarize(r.Results, "")
	return r
}

// transports names the transport of a lap of the sample; past the real ones they are numbered.
func transportOf(lap int) string {
	if names := []string{"h1", "h1+tls", "h2c", "h2"}; lap < len(names) {
		return names[lap]
	}
	return fmt.Sprintf("h1-%d", lap)
}

func sampleResult(rnd *rand.Rand, c sampleCase, fault string, lap, kib int) Result {
	profile, _, _ := strings.Cut(c.id, ".")
	r := Result{
		ID: c.id, Profile: profile, Level: c.level, Point: c.point, Fault: fault, Transport: transportOf(lap), Verdict: Pass,
		Requires: c.requires, Why: c.why,
		Source:   Source{"resume-request", c.section, "https://example.org/resume-request#" + strings.ReplaceAll(c.section, " ", "-"), ""},
		Expected: "2xx with Content-Length: 65536, and the stored bytes equal to the body (SHA-256 7d865e95…)",
		Got:      "204 with Content-Length: 65536; SHA-256 7d865e95…",
		Rerun:    fmt.Sprintf("resumespec run http://127.0.0.1:8080/items --focus '^%s$' --point %s --fault %s", c.id, c.point, fault),
		File:     "suite/profiles/" + profile + "/upload.go", Seconds: 0.012 + rnd.Float64()/4,
	}
	sampleVerdict(rnd, &r)
	offset := []int64{0, 1, 16384, 65535}[rnd.IntN(4)]
	body := int64(65536)
	if r.Verdict != Unsupported && r.Verdict != Excluded {
		r.Transcript = sampleTranscript(rnd, fault, offset, body, kib)
		if c.point == "before-100" { // the body was never sent
			r.Transcript[0].Sent, r.Transcript[0].Read = 214, 0
			r.Transcript[0].Events = append(r.Transcript[0].Events[:1], r.Transcript[0].Events[4])
		}
		if fault != "none" {
			r.Evidence = []Evidence{sampleEvidence(&r, offset, body)}
		}
	}
	return r
}

// sampleVerdict lets one result in eight go another way than pass.
func sampleVerdict(rnd *rand.Rand, r *Result) {
	at := int64(512)
	switch rnd.IntN(24) {
	case 0:
		r.Verdict, r.Byte, r.Where = Fail, &at, "request body"
		r.Got = "204 with Content-Length: 65024; the stored bytes differ from byte 512 on: want 0x7f, got 0x00"
		r.Source.Loose = "the document leaves it open; the profile definition decides"
		r.Notes = []string{"kept 65,024 of 65,536 bytes", "the second HEAD, 2.1 s later, said the same"}
	case 1:
		r.Verdict, r.Got = Warn, "kept 0 of 65,536 bytes"
		r.Level = Should
		r.Figures = []Figure{{"time to resume", 3.25, "s"}, {"kept", 0, "bytes"}, {"attempts", 2, ""}}
	case 2:
		r.Verdict, r.Expected, r.Got = Unsupported, "a slow upload", "the configuration has no profiles.resume.slow"
	case 3:
		r.Verdict = Excluded
		r.Got = "left out by --skip"
	case 4:
		if rnd.IntN(3) == 0 {
			r.Verdict, r.Got = Inconclusive, "the final response came before the cut: 7 in flight"
		}
	}
}

var samplePlaces = map[string]string{"before-100": "continue", "mid-upload": "request-body", "pre-response": "response-head", "partial-download": "response-body"}

func sampleEvidence(r *Result, offset, body int64) Evidence {
	e := Evidence{Place: samplePlaces[r.Point], Offset: offset, Fault: r.Fault, Side: "both", Fired: r.Verdict != Inconclusive,
		ClosedBy: "cut", Closed: r.Fault, AfterUsec: 12345, Interim: []int{100}}
	e.Up = Flow{Received: 214 + body, Forwarded: 214 + body, HeadBytes: 214, BodyBytes: body}
	e.Complete = true
	interim := int64(189)
	e.Down = Flow{Received: interim, Forwarded: interim}
	switch r.Point {
	case "before-100":
		e.Up, e.Complete, e.Interim = Flow{Received: 214, Forwarded: 214, HeadBytes: 214}, false, nil
		e.Offset, e.Down = 0, Flow{Received: interim}
	case "mid-upload":
		e.Up.Forwarded, e.Up.BodyBytes, e.Complete = 214+offset, offset, false
	case "pre-response":
		e.Offset, e.Final, e.Down = 0, 201, Flow{Received: interim + 160, Forwarded: interim}
	case "partial-download":
		e.Final, e.Down = 200, Flow{Received: interim + 160 + body, Forwarded: interim + 160 + offset, HeadBytes: 160, BodyBytes: offset}
	}
	if !e.Fired {
		e.Why = "the server answered before the body was sent"
	}
	return e
}

func sampleTranscript(rnd *rand.Rand, fault string, offset, body int64, kib int) []Exchange {
	link := "cut"
	if fault == "none" {
		link = "clean"
	}
	head := "POST /items?tag=r7q2 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nExpect: 100-continue\r\nPrefer: resume\r\nContent-Type: application/octet-stream\r\nAuthorization: [redacted]\r\nContent-Length: 65536\r\n\r\n"
	interim := "HTTP/1.1 100 Continue\r\nRequest-Content-Location: /uploads/9f86d081884c7d65\r\nResponse-Message-Location: /responses/9f86d081884c7d65\r\nContent-Location: /items/17\r\n\r\n"
	kept := 256 * kib
	data := make([]byte, kept)
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	text := strings.Repeat("\"The quick brown fox\" & <the lazy dog>;\r\n", 1+kib*1024/41/2)
	return []Exchange{
		{Label: "POST /items?tag=r7q2", Link: link, Sent: 214 + body, Read: 189, Events: []Event{
			{Kind: "sent", AtUsec: 120, Bytes: 214, Text: head},
			{Kind: "received", AtUsec: 850, Bytes: 189, Text: interim},
			{Kind: "mark", AtUsec: 851, Offset: 0, Note: "gate opened: 100 (Continue) seen"},
			{Kind: "sent", AtUsec: 900, Offset: 214, Bytes: offset + 1, Hex: hex.EncodeToString(data), Omitted: max(0, offset+1-int64(kept))},
			{Kind: "end", AtUsec: 12400, Note: "connection reset by peer"},
		}},
		{Label: "HEAD /uploads/9f86d081884c7d65", Link: "clean", AtUsec: 14000, Sent: 80, Read: 140, Events: []Event{
			{Kind: "sent", AtUsec: 90, Bytes: 80, Text: "HEAD /uploads/9f86d081884c7d65 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
			{Kind: "received", AtUsec: 700, Bytes: 140, Text: fmt.Sprintf("HTTP/1.1 204 No Content\r\nContent-Length: %d\r\nAccept-Patch: message/byterange\r\n\r\n", offset)},
			{Kind: "end", AtUsec: 800, Note: "closed by the client"},
		}},
		{Label: "GET /items/17", Link: "clean", AtUsec: 15500, Sent: 70, Read: int64(len(text)) + 90, Events: []Event{
			{Kind: "received", AtUsec: 900, Bytes: int64(len(text)), Text: text},
		}},
	}
}

// poison holds what a hostile target would send.
var poison = []string{
	`</script><script>pwned=1;alert(1)</script>`,
	`"><img src=x onerror="pwned=1">`,
	`'><svg onload=pwned=1><b onclick=pwned=1>`,
	`javascript:pwned=1//`,
	`<!--<script>`, `]]>`, `{{.}} ${pwned=1}`, "`code` | pipe | <b>bold</b>\n\n# heading\n```\n[link](javascript:pwned=1)",
	"\x1b[31mred\x1b]0;title\x07", "nul\x00nul", "\u202egnp.exe\u2066", "line\u2028para\u2029end", "\ufffe\uffff\ufeff",
	strings.ToValidUTF8("bad \xff\xfe utf8", "\ufffd"), "\r\nPASS everything\r\n", strings.Repeat("long", 5000), "::error::x", "%0A&amp;&#x27;",
}

// poisoned makes a report with a poison in every string, and every poison in some string.
func poisoned() *Report {
	next := 0
	p := func() string { next++; return poison[next%len(poison)] }
	r := &Report{
		Tool: Tool{p(), p(), p()}, Target: Target{p(), p(), p(), p(), p()}, Command: []string{p(), p()},
		Profiles: []Profile{{p(), p(), p()}}, Interrupted: p(), Started: time.Unix(0, 0).UTC(),
	}
	for i := range 40 {
		at := int64(i)
		r.Results = append(r.Results, Result{
			ID: fmt.Sprint(i, ".", p()), Profile: p(), Level: Levels[i%3], Point: points[i%5], Fault: faults[i%4], Transport: p(),
			Verdict: Verdicts[i%7], Requires: p(), Why: p(), Source: Source{p(), p(), p(), p()}, Expected: p(), Got: p(), Byte: &at, Where: p(),
			Notes: []string{p(), p()}, Figures: []Figure{{p(), 1.5, p()}}, Rerun: p(), File: p(),
			Evidence: []Evidence{{Place: p(), Fault: p(), Side: p(), Fired: i%2 == 0, Why: p(), ClosedBy: p(), Closed: p(), Up: Flow{300, 200, 100, 100}}},
			Transcript: []Exchange{{Label: p(), Link: p(), Events: []Event{
				{Kind: "sent", Bytes: 20, Text: strings.Join(poison, "\n"), Note: p()}, {Kind: p(), Text: p(), Note: p()},
				{Kind: "received", Bytes: 4, Hex: "003c2f73", Note: p()}, {Kind: "end", Note: p(), Hex: p()}}}},
		})
	}
	r.Summary = Summarize(r.Results, r.Interrupted)
	return r
}
