package matrix

import "github.com/resumespec/resumespec/faults"

// Profiles speak of cuts in the words of this package; what they mean stands in faults.
type (
	// Cut says where a connection is cut and how it looks.
	Cut = faults.Cut
	// Fault names how a cut looks on the wire.
	Fault = faults.Fault
	// Place is the part of an exchange in which a cut lies.
	Place = faults.Place
)

// The places of a cut, and the side that alone is shown it.
const (
	RequestHead  = faults.RequestHead
	Continue     = faults.Continue
	RequestBody  = faults.RequestBody
	RequestEnd   = faults.RequestEnd
	ResponseHead = faults.ResponseHead
	ResponseBody = faults.ResponseBody
	ClientSide   = faults.ClientSide
)
