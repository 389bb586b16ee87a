package expectrange

import (
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// acceptExpect is the field in which a target says which expectations it understands.
const acceptExpect = "Accept-Expect"

// Probe asks the target, with OPTIONS on a document that need not be there, whether it speaks the profile. It gives what
// was seen.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	f := newFlow(s)
	r, told := partialput.Seen(s, "OPTIONS", f.Op(0).URL)
	seen = []string{told}
	if r == nil {
		return false, seen
	}
	for _, value := range r.Fields.Values(acceptExpect) {
		seen = append(seen, acceptExpect+": "+value)
	}
	return understands(r.Fields.Joined(acceptExpect)), seen
}

func newFlow(s *matrix.Session) *partialput.Flow {
	return partialput.New(s, Name, partialput.Driver{Way: way{}}, way{})
}

// with makes a case's code from one that works on a flow. What a target does not understand is not tried; that it does
// not is told by the cases of the area offer.
func with(run func(*partialput.Flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := newFlow(s)
		if speaks, _ := Probe(s); !speaks {
			if t := try(f); !t.applied() {
				f.Unsupported("the target does not understand Expect: Range: %s", t)
			}
		}
		run(f)
	}
}
