package tus

import (
	"strings"

	"github.com/resumespec/resumespec/suite/matrix"
)

// Probe asks the target with OPTIONS whether it speaks the protocol, and gives what was seen. Nothing is created: that
// would be a POST.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	f := &flow{Flow: matrix.NewFlow(s, Name, nil)}
	f.use(&driver{})
	r := f.Do("OPTIONS on the target", optionsOn(f.Op(0)))
	seen = append(seen, strings.TrimSpace(r.Proto+" "+matrix.Itoa(r.Status)+" "+r.Reason))
	for _, name := range []string{"Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"} {
		if r.Fields.Has(name) {
			seen = append(seen, name+": "+r.Fields.Joined(name))
		}
	}
	return parseAnnounced(r).speaks(), seen
}
