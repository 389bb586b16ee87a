package faults

import (
	"sync"
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// The toxics through which every byte of an embedded link goes, one for each direction. They are
// added to a proxy before its first connection and never changed: changing the toxics of a live
// connection can deadlock. What a connection is to do is in its state, so the plan belongs to the
// connection and not to the proxy.
const (
	requestToxicType  = "resumespec_request"
	responseToxicType = "resumespec_response"
)

var registerToxics = sync.OnceFunc(func() {
	toxics.Register(requestToxicType, new(requestToxic))
	toxics.Register(responseToxicType, new(responseToxic))
})

// engines finds the injector of a toxic. Toxiproxy makes the toxics itself, from JSON, so that they
// can only carry a number.
var (
	engines    sync.Map // int64 to *embedded
	lastEngine atomic.Int64
)

type requestToxic struct {
	Engine int64 `json:"engine"`
}

// NewState gives the lane of the connection that is being started.
func (t *requestToxic) NewState() any { return &starting(t.Engine).up }

// Pipe runs the lane.
func (t *requestToxic) Pipe(stub *toxics.ToxicStub) { stub.State.(*lane).run(stub) }

type responseToxic struct {
	Engine int64 `json:"engine"`
}

// NewState gives the lane of the connection that is being started.
func (t *responseToxic) NewState() any { return &starting(t.Engine).down }

// Pipe runs the lane.
func (t *responseToxic) Pipe(stub *toxics.ToxicStub) { stub.State.(*lane).run(stub) }

// starting is called by Toxiproxy inside embedded.start, which holds the lock.
func starting(engine int64) *splice {
	e, _ := engines.Load(engine)
	return e.(*embedded).starting
}

// run forwards what may be forwarded until the stream ends or the connection is cut.
func (ln *lane) run(stub *toxics.ToxicStub) {
	s := ln.splice
	for {
		select {
		case <-stub.Interrupt:
			return
		case <-s.landedCh:
			ln.cutOff(stub)
			return
		case c := <-stub.Input:
			if c == nil {
				ln.runOut(stub)
				return
			}
			out, mine := ln.take(c.Data)
			if len(out) > 0 {
				c.Data = out
				stub.Output <- c
			}
			if mine {
				s.land(ln)
				ln.cutOff(stub)
				return
			}
		}
	}
}

// runOut passes the end of the stream on, unless the cut came before it.
func (ln *lane) runOut(stub *toxics.ToxicStub) {
	held, proceed := ln.splice.sourceEnded(ln)
	if !proceed {
		<-ln.splice.landedCh
		ln.cutOff(stub)
		return
	}
	if len(held) > 0 {
		stub.Output <- &stream.StreamChunk{Data: held}
	}
	stub.Close()
	ln.splice.partEnded()
}

// cutOff ends the lane after the cut: at once towards a side that may see it, after the release
// towards one that may not. Then it takes whatever still comes, so that the reader can end.
func (ln *lane) cutOff(stub *toxics.ToxicStub) {
	s := ln.splice
	if !s.cut.shownTo(ln.sink.side) {
		<-s.releasedCh
	}
	stub.Close()
	for range stub.Input {
		continue
	}
	s.partEnded()
}
