package selftest_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// TestElsewhere: whatever refers to another origin is left alone: not one connection is made there, and what
// could not be tested for it is no pass.
func TestElsewhere(t *testing.T) {
	b := newBystander(t)
	host := b.listener.Addr().String()
	for _, m := range []mode{
		{"every reference", elsewhere(host), map[string]string{
			length: "unsupported", completes: "unsupported", intact: "unsupported", available: "unsupported", ranges: "unsupported",
			reissue: "pass", continues: "pass",
		}},
		{"only the Location", both(at(created, elsewhere(host)), at(patched, elsewhere(host))), map[string]string{intact: "unsupported"}},
		{"redirect of the readback", at(stored, redirect("http://"+host+"/stolen")), map[string]string{intact: "unsupported fail"}},
		{"redirect of every read", beyondReads(redirect("//" + host + "/stolen")), map[string]string{
			length: "fail", completes: "fail", available: "fail", ranges: "fail",
		}},
	} {
		t.Run(m.name, func(t *testing.T) { hostile(t, m) })
	}
	if n := b.came.Load(); n != 0 {
		t.Errorf("%d connections were made to another origin", n)
	}
}

// beyondReads plays a trick on every answer to a GET, HEAD or PATCH.
func beyondReads(play trick) trick {
	return beyondPreflight(func(s *trap, c net.Conn, at step, n int, r *reply) bool {
		return r.req.Method != "POST" && at != count && play(s, c, at, n, r)
	})
}

// TestPoison runs many cases against a target that puts control characters, markup and bytes that are not
// UTF-8 into everything that it says; hostile holds every report against them.
func TestPoison(t *testing.T) {
	whatever := "pass fail warn unsupported inconclusive"
	for _, where := range []step{leave, created, offset, patched, message, stored, download, count} {
		t.Run(string(where), func(t *testing.T) {
			hostile(t, mode{"", at(where, poisoned), map[string]string{
				continues: whatever, reference: whatever, completes: whatever, intact: whatever, available: whatever, ranges: whatever,
			}})
		})
	}
	report := hostile(t, mode{"", both(beyondPreflight(poisoned), at(preflight, poisoned)), map[string]string{
		reference: "fail", completes: "fail unsupported", available: "fail unsupported",
	}})
	if strings.ContainsAny(reports.Sanitize(report.Target.Server), "\x1b\a\x7f") {
		t.Errorf("Server: %q", reports.Sanitize(report.Target.Server))
	}
}

// TestEcho runs cases against a target that tells the client's credentials back
// in everything that it says.
func TestEcho(t *testing.T) {
	whatever := "pass fail warn unsupported inconclusive"
	report := hostile(t, mode{"", both(beyondPreflight(echoed), at(preflight, echoed)), map[string]string{
		`resume.offer.continue`: whatever, reference: whatever, completes: whatever, intact: whatever, available: whatever, ranges: whatever, length: whatever,
	}})
	if got := fmt.Sprint(report.Target, report.Command); strings.Contains(got, "secret-of") || report.Target.Server == "" {
		t.Errorf("target: %s", got)
	}
}

// TestJSONBombs: the body of a response is JSON that would be taken apart into far more memory than it has.
func TestJSONBombs(t *testing.T) {
	for name, body := range map[string][]byte{
		"deep":          nested(5000, 1),
		"long names":    nested(100, 600),
		"wide":          wide(6000),
		"beyond limits": nested(11000, 0),
	} {
		t.Run(name, func(t *testing.T) {
			play := change(func(r *reply) {
				if r.status == 201 {
					r.set("Content-Type", "application/json")
					r.body = body
				}
			})
			inside := change(func(r *reply) {
				if r.status == 200 {
					final := reply{status: 201, body: body, fields: [][2]string{{"Location", r.req.URL.Path}, {"Content-Type", "application/json"}}}
					r.body = final.wire()
				}
			})
			hostile(t, mode{"", both(both(at(created, play), at(patched, play)), at(message, inside)), map[string]string{
				completes: "pass warn",
			}}, unhurriedly)
		})
	}
}
