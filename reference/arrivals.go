package reference

import "sync"

// arrivals are the connections of a server. A document has a URI that is known beforehand: a client whose request was cut
// may ask for it on a new connection before the server has read the head of the old one. So who reads a document waits
// for requests that have arrived, and are with no handler yet.
type arrivals struct {
	mu  sync.Mutex
	all map[*rangeConn]struct{}
}

func (a *arrivals) add(c *rangeConn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all = map[*rangeConn]struct{}{}
	}
	a.all[c] = struct{}{}
}

func (a *arrivals) remove(c *rangeConn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.all, c)
}

// peers are the connections on which a request has arrived, in part or whole, that no handler has.
func (a *arrivals) peers() []*peer {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*peer
	for c := range a.all {
		stage := c.stage.Load()
		if stage == stageHead || stage == stageIdle && c.peer.arrival().pending {
			out = append(out, &c.peer)
		}
	}
	return out
}

// Stages of a connection.
const (
	stageHead    = iota // it is new, or something was read since the last request
	stageIdle           // nothing was
	stageHandled        // a handler has a request, and everybody who has to know it does
)

// handling ends the stage of a request when its handler ends. Until known is called the request counts as one that has
// just arrived.
func handling(c any) (known, done func()) {
	r, ok := c.(*rangeConn)
	if !ok {
		return func() {}, func() {}
	}
	return func() { r.stage.Store(stageHandled) }, func() { r.stage.Store(stageIdle) }
}
