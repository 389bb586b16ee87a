package byterange

import (
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Probe asks the target, with OPTIONS on a document that need not be there, whether it speaks the profile. It gives what
// was seen.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	f := newFlow(s)
	place := f.Op(0).URL
	r, err := f.Try(matrix.RequestTo("OPTIONS", place))
	if err != nil {
		return false, []string{"OPTIONS " + place.RequestURI() + ": " + err.Error()}
	}
	seen = []string{"OPTIONS " + place.RequestURI() + ": " + line(r)}
	for _, value := range r.Fields.Values(acceptPatch) {
		seen = append(seen, acceptPatch+": "+value)
	}
	return len(takes(r.Fields.Joined(acceptPatch))) > 0, seen
}

// line gives a status line.
func line(r *exchange.Response) string { return r.Proto + " " + matrix.Itoa(r.Status) + " " + r.Reason }
