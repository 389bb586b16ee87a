package resume

import (
	"strings"

	"github.com/resumespec/resumespec/suite/matrix"
)

// Probe asks the target, with the head of an upload whose body is never sent, whether it speaks the profile. It gives what
// was seen. A server that knows nothing of Expect may take the head alone for a reason to empty what is at the URL: so the
// head is sent only where the user has said where uploads go, or where OPTIONS tells of a place to which things are added.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	with(func(f *flow) {
		op := f.Op(16)
		if s.Config().Profiles[Name] == nil {
			var safe bool
			if safe, seen = f.adds(op); !safe {
				return
			}
		}
		asked := f.Ask(f.d, op)
		asked.Drop()
		for _, r := range asked.Interims {
			seen = append(seen, line(r.Proto, r.Status, r.Reason))
			for _, name := range offers {
				if r.Fields.Has(name) {
					speaks = true
					seen = append(seen, name+": "+r.Fields.Get(name))
				}
			}
		}
		if asked.Final != nil {
			seen = append(seen, line(asked.Final.Proto, asked.Final.Status, asked.Final.Reason)+" instead of 100 (Continue)")
		}
	})(s)
	return speaks, seen
}

// adds says whether the target tells that the upload's method is allowed where it would go, and that nothing there can be
// replaced; and what was seen.
func (f *flow) adds(op *matrix.Operation) (safe bool, seen []string) {
	r, err := f.Try(matrix.RequestTo("OPTIONS", op.URL))
	what := "OPTIONS " + op.URL.RequestURI() + ": "
	if err != nil {
		return false, []string{what + err.Error()}
	}
	allow := r.Fields.Joined("Allow")
	seen = []string{what + line(r.Proto, r.Status, r.Reason) + ", Allow: " + allow}
	allowed := map[string]bool{}
	for method := range strings.SplitSeq(allow, ",") {
		allowed[strings.TrimSpace(method)] = true
	}
	if !allowed[op.Method] || allowed["PUT"] || allowed["PATCH"] {
		return false, append(seen, "not tried: the head of a "+op.Method+" might replace what is there; name the profile in the config, or with --profile")
	}
	return true, nil
}

// line gives a status line.
func line(proto string, status int, reason string) string {
	return proto + " " + matrix.Itoa(status) + " " + reason
}
