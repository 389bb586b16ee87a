package rufh

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// careful is a driver for a server that sends no 104 in time: the upload resource is created by a request without
// content, and the first append, with all of the content, takes the place of the creation.
type careful struct{ *driver }

// Prepare creates the upload.
func (d careful) Prepare(op *matrix.Operation) exchange.Request {
	op.Resource, op.Known = nil, -1
	op.Facts[sending] = creating
	req := d.creation(op, nil, false)
	if !op.Chunked {
		req.Fields = append(req.Fields, d.lengthOf(op)...)
	}
	return req
}

// Prepared asks for an upload resource.
func (d careful) Prepared(op *matrix.Operation) error {
	_, err := d.resource(op)
	return err
}

// Start gives the append of the whole content.
func (d careful) Start(op *matrix.Operation) exchange.Request {
	delete(op.Facts, over)
	op.Facts[sending] = wholly
	req := d.append(op, 0, op.Body, true)
	req.Fields = req.Fields.With("Expect", "100-continue")
	req.Chunked = op.Chunked
	return req
}

// Ready waits for nothing.
func (d careful) Ready(*matrix.Operation, []*exchange.Response) bool { return true }

// states and replays say what a server tells of an upload that is over: that it is, and its final response too.
type (
	states         struct{ *driver }
	carefulStates  struct{ careful }
	replays        struct{ *driver }
	carefulReplays struct{ careful }
)

// Outcome asks for the state.
func (d states) Outcome(op *matrix.Operation) (exchange.Request, error) { return d.Offset(op) }

// ReadOutcome reads the state.
func (d states) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return d.readState(op, r)
}

// Reports says that twins are compared by their states.
func (d states) Reports() {}

// Outcome asks for the state.
func (d carefulStates) Outcome(op *matrix.Operation) (exchange.Request, error) { return d.Offset(op) }

// ReadOutcome reads the state.
func (d carefulStates) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return d.readState(op, r)
}

// Reports says that twins are compared by their states.
func (d carefulStates) Reports() {}

// Outcome asks for the state.
func (d replays) Outcome(op *matrix.Operation) (exchange.Request, error) { return d.Offset(op) }

// ReadOutcome reads the state.
func (d replays) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return d.readState(op, r)
}

// Outcome asks for the state.
func (d carefulReplays) Outcome(op *matrix.Operation) (exchange.Request, error) { return d.Offset(op) }

// ReadOutcome reads the state.
func (d carefulReplays) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return d.readState(op, r)
}

// Replay gives an append without content to an upload that is complete.
func (d *driver) replay(op *matrix.Operation) exchange.Request {
	op.Facts[sending] = wholly
	return d.append(op, op.Len(), nil, true)
}

// readReplay asks that the answer says that it is the target's.
func (d *driver) readReplay(r *exchange.Response) (*exchange.Response, error) {
	if complete, known := d.v.completeness(r); !known || !complete {
		return nil, fmt.Errorf("an append without content to a complete upload gave %d with %s", r.Status, d.v.told(r))
	}
	return r, nil
}

// Replay gives an append without content to an upload that is complete.
func (d replays) Replay(op *matrix.Operation) exchange.Request { return d.replay(op) }

// ReadReplay asks that the answer says that it is the target's.
func (d replays) ReadReplay(_ *matrix.Operation, r *exchange.Response) (*exchange.Response, error) {
	return d.readReplay(r)
}

// Replay gives an append without content to an upload that is complete.
func (d carefulReplays) Replay(op *matrix.Operation) exchange.Request { return d.replay(op) }

// ReadReplay asks that the answer says that it is the target's.
func (d carefulReplays) ReadReplay(_ *matrix.Operation, r *exchange.Response) (*exchange.Response, error) {
	return d.readReplay(r)
}

// way is how a server goes about the protocol, as a look at one upload shows.
type way struct {
	announces bool   // sends a 104 with the upload resource's URI before it has the content
	allocates bool   // creates an upload resource for a request without content
	keeps     bool   // still tells the state of an upload that is over
	replays   bool   // and its final response
	moved     bool   // its upload resources are elsewhere (307, 308), to which a client need not follow
	why       string // why it is not taken to speak the version; "" where it does
}

// driver gives the driver for a way.
func (w way) driver(d *driver) matrix.Driver {
	switch {
	case w.announces && w.replays:
		return replays{d}
	case w.announces && w.keeps:
		return states{d}
	case w.announces:
		return d
	case w.replays:
		return carefulReplays{careful{d}}
	case w.keeps:
		return carefulStates{careful{d}}
	}
	return careful{d}
}
