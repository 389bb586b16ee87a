package suite

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// designed are the rows of the profile's definition (profiles/resume.md). response.http2 is missing: HTTP/2 is
// not in this version. The definition names no rows of acknowledge; there must be some.
var designed = map[string]string{
	"offer": `continue request-content-location response-message-location content-location default-is-save save-incomplete
		ignore-incomplete prefer-syntax not-asked no-expect http10 refusal uri-reference unguessable applied`,
	"before100": `head-cut lost state-unchanged reissue repeated`,
	"upload": `head-status head-length kept offset-accepted offsets get-or-405 head-equals-get patch-completes content-intact
		many-pieces interrupted-again never-decreases not-complete unknown-length gap overlap bad-total past-end bad-range no-range
		bad-type ignore-incomplete stalled-connection concurrent isolated`,
	"response":    `available not-yet complete-upload once stable error after-patch slow delete`,
	"download":    `range repeat if-range unsatisfiable head suffix multi message`,
	"privacy":     `other-user not-cached`,
	"restart":     `kept intact response`,
	"acknowledge": ``,
}

// designedByterange are the rows of profiles/options.md for byterange, in the same way.
var designedByterange = map[string]string{
	"offer": `patch accept-patch unknown-type refusal`,
	"media": `message message-unmeasured multipart multipart-binary multipart-bad-boundary application application-integers
		application-binary application-malformed large message-cut multipart-cut application-cut indeterminate-cut`,
	"part": `range append content-offset content-type unknown-field short long past-length no-range unknown-unit bad-range bad-offset
		length-mismatch sized-with-body two-ranges refused-midway`,
	"create":       `if-none-match segments length-last open-length end-early content-offset out-of-order repeat overlap other-length put`,
	"size":         `truncate allocate truncated-gone gap huge`,
	"write":        `cut append-cut lost parts parts-cut parts-refused`,
	"prefer":       `forms applied atomic atomic-parts not-asked`,
	"precondition": `if-match-stale if-match-fresh if-unmodified-since validator etag`,
	"before100":    `head-cut lost state-unchanged reissue repeated`,
	"upload": `offset-lawful kept offset-accepted offsets not-complete never-decreases completed content-intact many-pieces
		interrupted-again unknown-length stalled-connection concurrent isolated`,
	"response": `complete-upload once after-resume repeat repeat-first processed failed`,
	"download": `range repeat if-range unsatisfiable suffix`,
	"restart":  `kept intact`,
	"sweep":    `request response`,
}

// shouldOnly are the rows that the definition marks as no more than a SHOULD or a MAY.
var shouldOnly = []string{
	"offer.unguessable", "offer.applied", "upload.kept", "response.delete", "download.message", "privacy.", "acknowledge.",
}

// points gives for each area the interruption points that its cases may have.
var points = map[string][]string{
	"offer": {"none", "mid-upload"}, "before100": {"before-100"}, "upload": {"mid-upload"}, "response": {"pre-response"},
	"download": {"partial-download"}, "restart": {"mid-upload", "pre-response"}, "privacy": {"none", "mid-upload", "pre-response"}, "acknowledge": {"mid-upload"},
	"sweep": {"mid-upload", "pre-response"},
	"media": {"none", "mid-upload"}, "part": {"none", "mid-upload"}, "create": {"none", "before-100", "mid-upload", "pre-response"},
	"size": {"none"}, "write": {"none", "before-100", "mid-upload", "pre-response"}, "prefer": {"none", "mid-upload"},
	"precondition": {"none", "mid-upload"}, "status": {"none", "partial-download"}, "parallel": {"none", "mid-upload"},
	"state": {"none", "mid-upload"}, "append": {"none", "mid-upload"}, "length": {"none"}, "limit": {"none"}, "concurrent": {"none"},
	"field": {"none"}, "digest": {"none"}, "coding": {"none", "mid-upload"},
	"complete": {"none", "pre-response"}, "cancel": {"none", "mid-upload", "pre-response"},
	"options": {"none"}, "version": {"none"}, "override": {"none"}, "head": {"none", "mid-upload"}, "metadata": {"none"},
	"patch": {"none", "mid-upload", "pre-response"}, "defer": {"none", "mid-upload", "pre-response"},
	"initial": {"none", "mid-upload", "pre-response"}, "expire": {"none"}, "checksum": {"none", "mid-upload"}, "trailer": {"none", "mid-upload"},
	"terminate": {"none", "mid-upload", "pre-response"}, "concat": {"none", "mid-upload", "pre-response"},
	"expect": {"none"}, "query": {"none"}, "range": {"none"}, "refuse": {"none"},
}

func TestEveryRowOfTheDefinitionIsACase(t *testing.T) {
	for profile, rows := range map[string]map[string]string{"resume": designed, "byterange": designedByterange} {
		for area, names := range rows {
			for _, name := range strings.Fields(names) {
				if _, ok := Case(profile + "." + area + "." + name); !ok {
					t.Errorf("%s.%s.%s is no case", profile, area, name)
				}
			}
			if !slices.ContainsFunc(Cases(), func(c catalog.Case) bool { return c.Profile() == profile && c.Area() == area }) {
				t.Errorf("no case in %s.%s", profile, area)
			}
		}
	}
}

func TestResultsAreManyAndDistinct(t *testing.T) {
	seen := map[string]bool{}
	pointsSeen, faultsSeen := map[string]bool{}, map[string]bool{}
	for _, c := range Cases() {
		for _, v := range c.Variants([]string{"h1"}) {
			title := c.Title(v)
			if seen[title] {
				t.Errorf("two results %s", title)
			}
			seen[title], pointsSeen[c.Point], faultsSeen[v.Fault] = true, true, true
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d results, fewer than 120", len(seen))
	}
	if len(pointsSeen) != 5 || len(faultsSeen) != 4 {
		t.Errorf("points %v, faults %v", pointsSeen, faultsSeen)
	}
}

var form = regexp.MustCompile(`^[a-z]+(-[a-z]+)*\.[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$`)

// TestCatalogueIsWhole holds every case against what a report, a page and an explanation need of it.
func TestCatalogueIsWhole(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range Cases() {
		t.Run(c.ID, func(t *testing.T) {
			if !form.MatchString(c.ID) {
				t.Error("the ID has not the form profile.area.name in lower case")
			}
			if ids[c.ID] {
				t.Error("the ID is there twice")
			}
			ids[c.ID] = true
			levels(t, c)
			source(t, c.Source)
			for what, text := range map[string]string{"Requires": c.Requires, "Why": c.Why, "Sends": c.Sends, "Failure": c.Failure} {
				sentence(t, what, text)
			}
			if c.Unkilled != "" {
				sentence(t, "Unkilled", c.Unkilled)
			}
			relies(t, c, c.ID, nil)
			cuts(t, c)
			for _, need := range c.Needs {
				if !slices.Contains([]catalog.Need{"readback", "count", "large", "slow", "failing", "expiring", "limited", "users", "restart"}, need) {
					t.Errorf("no configuration key is called %q", need)
				}
			}
		})
	}
}

// byID holds every case: what they rely on is looked up very often.
var byID = sync.OnceValue(func() map[string]catalog.Case {
	all := map[string]catalog.Case{}
	for _, c := range Cases() {
		all[c.ID] = c
	}
	return all
})

// relies looks for cases that rely on one that is not there, or, by way of others, on themselves.
func relies(t *testing.T, c catalog.Case, id string, way []string) {
	t.Helper()
	one, ok := byID()[id]
	switch {
	case !ok || one.Profile() != c.Profile():
		t.Errorf("it relies on %s, which is no case of its profile", id)
	case slices.Contains(way, id):
		t.Errorf("a ring: %v %s", way, id)
	default:
		for _, before := range one.Presumes {
			relies(t, c, before, append(slices.Clone(way), id))
		}
	}
}

func levels(t *testing.T, c catalog.Case) {
	t.Helper()
	if !slices.Contains([]catalog.Level{catalog.Must, catalog.Should, catalog.May}, c.Level) {
		t.Errorf("level %q", c.Level)
	}
	if c.Later && c.Level == catalog.Must {
		t.Error("a row of a later text is never a MUST")
	}
	for _, prefix := range shouldOnly {
		if strings.HasPrefix(c.ID, "resume."+prefix) && c.Level == catalog.Must {
			t.Error("the definition makes it no MUST")
		}
	}
}

// source asks for a document and a section, and for a link that leads to a page that is always there.
func source(t *testing.T, s catalog.Source) {
	t.Helper()
	if s.Document == "" || s.Section == "" || s.String() != s.Document+", "+s.Section {
		t.Errorf("source %q", s)
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		t.Errorf("link %q", s.URL)
	}
	if number, ok := strings.CutPrefix(s.Document, "RFC "); ok && s.URL != "https://www.rfc-editor.org/rfc/rfc"+number+"#section-"+s.Section {
		t.Errorf("%s is linked to %s", s, s.URL)
	}
}

// sentence asks for whole sentences, in one line: they begin with a capital and end with a full stop. Those that
// begin with a quotation, or with a word of the protocol, begin as that does.
func sentence(t *testing.T, what, text string) {
	t.Helper()
	first, _ := utf8.DecodeRuneInString(text)
	if !unicode.IsUpper(first) && !unicode.IsDigit(first) {
		t.Errorf("%s begins with no capital: %q", what, text)
	}
	if !strings.HasSuffix(text, ".") || strings.HasSuffix(text, "..") || strings.ContainsAny(text, "\n\t") || strings.Contains(text, "  ") || len(text) < 15 {
		t.Errorf("%s is no sentence: %q", what, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%s cannot be printed: %q", what, text)
	}
}

func cuts(t *testing.T, c catalog.Case) {
	t.Helper()
	if !slices.Contains(points[c.Area()], c.Point) {
		t.Errorf("the point %q in the area %s", c.Point, c.Area())
	}
	if (c.Point == string(faults.NoPoint)) != (len(c.Faults) == 0) {
		t.Errorf("the point %s with the faults %v", c.Point, c.Faults)
	}
	for i, fault := range c.Faults {
		if !slices.Contains(faults.Faults, faults.Fault(fault)) || slices.Contains(c.Faults[:i], fault) {
			t.Errorf("faults %v", c.Faults)
		}
	}
}

// TestMatrixIsWhole: a profile has every case of the interruption matrix, or says why it has no room for it; and it leaves out
// nothing that is not there. (resume's cases of the matrix are older than it, and its own.)
func TestMatrixIsWhole(t *testing.T) {
	omitted := map[string]bool{}
	for _, o := range Omissions() {
		omitted[o.ID] = true
	}
	for _, p := range profiles {
		if p.omitted == nil {
			continue
		}
		terms := matrix.Terms{Profile: p.name, Outcome: "all that a protocol may show"}
		for _, point := range matrix.Points(terms, func(func(*matrix.Flow)) func(*matrix.Session) { return nil }) {
			if _, there := Case(point.ID); there == omitted[point.ID] {
				t.Errorf("%s: there %t, left out %t", point.ID, there, omitted[point.ID])
			}
			delete(omitted, point.ID)
		}
	}
	for id := range omitted {
		t.Errorf("%s is left out, and is not in the matrix", id)
	}
}

// TestOmissions: what a profile leaves out of the interruption matrix is no case of it, and says why.
func TestOmissions(t *testing.T) {
	omitted := Omissions()
	if len(omitted) == 0 {
		t.Error("nothing is left out: a byte range shows no response again")
	}
	for _, o := range omitted {
		if _, there := Case(o.ID); there || len(o.Why) < 20 {
			t.Errorf("%s is left out, because %q, and there: %t", o.ID, o.Why, there)
		}
	}
}

func TestSimilar(t *testing.T) {
	for id, want := range map[string]string{
		"resume.upload.offset":          "resume.upload.offset",
		"resume.upload.offests":         "resume.upload.offsets",
		"RESUME.UPLOAD.OFFSETS":         "resume.upload.offsets",
		"offsets":                       "resume.upload.offsets",
		"resume.offer.http1":            "resume.offer.http10",
		"resume.response.avialable":     "resume.response.available",
		"resume.acknowlege.never-more":  "resume.acknowledge.never-more",
		"before100":                     "resume.before100.",
		"resume.privacy.not-cachedable": "resume.privacy.not-cached",
	} {
		got := Similar(id)
		if len(got) == 0 || len(got) > 5 || !strings.HasPrefix(got[0], want) {
			t.Errorf("similar to %s: %v", id, got)
		}
	}
	for _, id := range []string{"", "x", "completely-different-thing-that-is-nowhere-near-anything-at-all"} {
		for _, near := range Similar(id) {
			if id == "x" && strings.Contains(near, "x") {
				continue
			}
			t.Errorf("similar to %q: %v", id, near)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 2}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("distance %q %q: %d", c.a, c.b, got)
		}
	}
}

func TestCaseThatIsNot(t *testing.T) {
	for _, id := range []string{"", "resume", "resume.upload", "resume.upload.", "resume.response.http2", "Resume.upload.offsets"} {
		if c, ok := Case(id); ok {
			t.Errorf("%q is %s", id, c.ID)
		}
	}
}
