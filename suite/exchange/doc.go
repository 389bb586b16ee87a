// Package exchange holds one HTTP/1.x exchange over one connection, with its transcript.
//
// In the room: a client that sends a request piece by piece, a bounded reader of responses, the record
// of what passed, and parsers of the values that cases look at.
// May be touched: Limits and the parsers of values. The wire is never repaired: what came is what is told.
// Comes in: suite/matrix and the profiles, with a connection that they opened, mostly through a faults.Link.
package exchange
