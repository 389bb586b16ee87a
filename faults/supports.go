package faults

import (
	"fmt"
	"slices"
)

// maxFromEnd is the largest Offset of a cut counted from the end of a head, in bytes. As many bytes
// have to be held back until the end is seen.
const maxFromEnd = 64 << 10

var places = []Place{RequestHead, Continue, RequestBody, RequestEnd, ResponseHead, ResponseBody}

// check says what is wrong with a cut, whichever backend is to make it.
func (c Cut) check() error {
	switch {
	case c.IsZero():
		if c.Fault != "" && c.Fault != NoFault {
			return fmt.Errorf("cut: fault %q without a place", c.Fault)
		}
	case !slices.Contains(places, c.Place):
		return fmt.Errorf("cut: unknown place %q (one of %v)", c.Place, places)
	case !slices.Contains(Faults, c.Fault):
		return fmt.Errorf("cut in the %s: unknown fault %q (one of %v)", c.Place, c.Fault, Faults)
	case c.Side != "" && c.Side != Both && c.Side != ServerSide && c.Side != ClientSide:
		return fmt.Errorf("cut in the %s: unknown side %q (both, server or client)", c.Place, c.Side)
	case c.Fault == Stall && (c.Side == ServerSide || c.Side == ClientSide):
		return fmt.Errorf("cut in the %s: a stall is shown to nobody, so it has no side %q", c.Place, c.Side)
	case c.Offset < 0:
		return fmt.Errorf("cut in the %s: negative offset %d", c.Place, c.Offset)
	case c.Place == RequestEnd && (c.Offset != 0 || c.FromEnd):
		return fmt.Errorf("cut at the %s takes no offset, got %d", c.Place, c.Offset)
	case c.FromEnd && c.inHead() && c.Offset > maxFromEnd:
		return fmt.Errorf("cut in the %s: %d bytes before its end, more than the %d that are held back",
			c.Place, c.Offset, maxFromEnd)
	}
	return nil
}

// inHead says that the cut lies in the head of a message.
func (c Cut) inHead() bool {
	return c.Place == RequestHead || c.Place == Continue || c.Place == ResponseHead
}

// inRequest says that the cut lies in what the client sends.
func (c Cut) inRequest() bool {
	return c.Place == RequestHead || c.Place == RequestBody || c.Place == RequestEnd
}

// shownTo says whether that side sees the cut happen, rather than a stall.
func (c Cut) shownTo(side Side) bool {
	return c.Fault != Stall && (c.Side == "" || c.Side == Both || c.Side == side)
}
