package uploadresource

import (
	"strings"

	"github.com/resumespec/resumespec/suite/matrix"
)

// Probe asks the target with OPTIONS whether it speaks the profile: a link of the relation "upload" that leads to the
// target itself. It gives what was seen. Nothing is allocated: that would be a POST.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	with(func(f *flow) {
		op := f.Op(0)
		r := f.Do("OPTIONS on the target", matrix.RequestTo("OPTIONS", op.URL))
		seen = append(seen, strings.TrimSpace(r.Proto+" "+matrix.Itoa(r.Status)+" "+r.Reason))
		for _, value := range r.Fields.Values("Link") {
			seen = append(seen, "Link: "+value)
		}
		speaks = leadsHere(op, r)
	})(s)
	return speaks, seen
}
