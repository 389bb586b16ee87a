package resume

import "github.com/resumespec/resumespec/suite/matrix"

// Probe asks the target, with the head of an upload whose body is never sent, whether it speaks the
// profile. It gives what was seen.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	with(func(f *flow) {
		asked := f.Ask(f.d, f.Op(16))
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

// line gives a status line.
func line(proto string, status int, reason string) string {
	return proto + " " + itoa(status) + " " + reason
}
