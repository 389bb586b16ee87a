package matrix

import "github.com/resumespec/resumespec/faults"

// Profiles speak of cuts in the words of this package; what they mean stands in faults.
type (
	Cut   = faults.Cut
	Fault = faults.Fault
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

// Place is the part of an exchange in which a cut lies.
type Place = faults.Place
