package faults

import (
	"fmt"
	"time"
)

// Point names where an exchange is interrupted, as the reports and the command line call it.
type Point string

// The interruption points, in the order in which an exchange meets them.
const (
	NoPoint         Point = "none"
	Before100       Point = "before-100"
	MidUpload       Point = "mid-upload"
	PreResponse     Point = "pre-response"
	PartialDownload Point = "partial-download"
)

// Points lists the interruption points, without NoPoint.
var Points = []Point{Before100, MidUpload, PreResponse, PartialDownload}

// Fault names how a cut looks on the wire.
type Fault string

// The faults. FIN closes in order, RST aborts, Stall moves nothing more and tells nobody.
const (
	NoFault Fault = "none"
	FIN     Fault = "fin"
	RST     Fault = "rst"
	Stall   Fault = "stall"
)

// Faults lists the faults, without NoFault.
var Faults = []Fault{FIN, RST, Stall}

// Side names who is shown a fault; the other side sees a stall. Stall is shown to nobody.
type Side string

// The sides. The zero value means Both.
const (
	Both       Side = "both"
	ServerSide Side = "server"
	ClientSide Side = "client"
)

// Place is the part of the exchange in which a cut lies. Offsets count bytes of that part alone.
type Place string

// The places, in wire order.
const (
	// RequestHead: Offset bytes of the request line and fields are forwarded. The whole head counts
	// from its first byte to the last LF of the empty line.
	RequestHead Place = "request-head"
	// Continue: every interim response before the 100 passes, then Offset bytes of the head of the
	// (first) 100. The cut fires when the byte after that arrives from the server.
	Continue Place = "continue"
	// RequestBody: Offset payload bytes of the request body (chunk framing is not counted) are forwarded.
	// Offset 0 means the whole head and nothing of the body: it fires on the first body byte.
	RequestBody Place = "request-body"
	// RequestEnd: the whole request is forwarded; the cut fires at once, without waiting for an
	// answer, and no byte of a final response is forwarded.
	RequestEnd Place = "request-end"
	// ResponseHead: Offset bytes of the final response's head are forwarded, after any number of
	// interim responses. Offset 0 fires on the first byte of the final status line.
	ResponseHead Place = "response-head"
	// ResponseBody: the final head and Offset payload bytes of its body are forwarded. Offset 0 fires
	// as soon as the head has been forwarded.
	ResponseBody Place = "response-body"
)

// Cut says where a connection is cut and how it looks. The zero Cut cuts nothing: the link forwards
// and counts.
type Cut struct {
	Place  Place `json:"place"`
	Offset int64 `json:"offset"` // bytes of the place, from its start
	// FromEnd counts Offset back from the end of the place: {RequestHead, 2, FromEnd} withholds the last
	// CRLF. For bodies it needs a Content-Length.
	FromEnd bool  `json:"fromEnd,omitempty"`
	Fault   Fault `json:"fault"`
	Side    Side  `json:"side,omitempty"`
	// Chunked says that the request will have no Content-Length: not every backend can count its payload.
	Chunked bool `json:"-"`
}

// IsZero says that the cut cuts nothing.
func (c Cut) IsZero() bool { return c.Place == "" }

// Point gives the interruption point to which the cut belongs.
func (c Cut) Point() Point {
	switch c.Place {
	case RequestHead, Continue:
		return Before100
	case RequestBody:
		return MidUpload
	case RequestEnd, ResponseHead:
		return PreResponse
	case ResponseBody:
		return PartialDownload
	}
	return NoPoint
}

// String describes the cut for people: "fin in the request body at byte 512".
func (c Cut) String() string {
	if c.IsZero() {
		return "no cut"
	}
	where := fmt.Sprintf("at byte %d", c.Offset)
	if c.FromEnd {
		where = fmt.Sprintf("%d bytes before its end", c.Offset)
	}
	if c.Place == RequestEnd {
		return fmt.Sprintf("%s after the request", c.Fault)
	}
	side := ""
	if c.Side == ServerSide || c.Side == ClientSide {
		side = fmt.Sprintf(" (shown to the %s only)", c.Side)
	}
	return fmt.Sprintf("%s in the %s %s%s", c.Fault, c.Place, where, side)
}

// Flow counts what went through a link in one direction, in bytes on the wire. An RST may drop the last of what was written
// in the direction that was not cut: the receiver has got that much or less, never more.
type Flow struct {
	Received  int64 `json:"received"`  // bytes that reached the link from the sender
	Forwarded int64 `json:"forwarded"` // bytes that the link wrote to the receiver
	HeadBytes int64 `json:"headBytes"` // forwarded bytes of the (final) message head
	BodyBytes int64 `json:"bodyBytes"` // forwarded payload bytes of the body, chunk framing not counted
}

// Evidence is what a link really did, for the report and for the judgement whether the cut counts.
type Evidence struct {
	Cut   Cut  `json:"cut"`
	Fired bool `json:"fired"`
	// Why says why the cut did not fire where it was meant to; empty when it did.
	Why             string        `json:"why,omitempty"`
	Up              Flow          `json:"up"`   // client to server
	Down            Flow          `json:"down"` // server to client
	RequestComplete bool          `json:"requestComplete"`
	Interim         []int         `json:"interim,omitempty"`  // status of each interim response forwarded whole
	FinalStatus     int           `json:"finalStatus"`        // final status seen from the server, 0 when none came
	ClosedBy        string        `json:"closedBy"`           // "cut", "client", "server" or "open"
	Closed          Fault         `json:"closed"`             // how the link was closed towards the sides it was shown to
	FiredAfter      time.Duration `json:"firedAfterNanos"`    // since the link was opened
	Backend         string        `json:"backend,omitempty"`  // "embedded" or "external"
	Protocol        string        `json:"protocol,omitempty"` // what was parsed: "HTTP/1.1"
}
