package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// ErrorKind says in one word why an exchange, or one step of it, failed.
type ErrorKind string

// The kinds of error.
const (
	Closed   ErrorKind = "closed"   // the peer closed (FIN) before the message was complete
	Reset    ErrorKind = "reset"    // the connection was reset (RST)
	Timeout  ErrorKind = "timeout"  // Limits.Time, or the deadline of the context, passed
	Limit    ErrorKind = "limit"    // the message is larger than Limits allow
	Syntax   ErrorKind = "syntax"   // what came is not HTTP/1.x
	Canceled ErrorKind = "canceled" // the context was canceled, or the exchange closed, on this side
	Answered ErrorKind = "answered" // the server gave its final response before the request was sent whole
)

// sentences completes "<what was being done>: " for each kind.
var sentences = map[ErrorKind]string{
	Closed:   "connection closed",
	Reset:    "connection reset",
	Timeout:  "time ran out",
	Limit:    "limit reached",
	Syntax:   "malformed",
	Canceled: "canceled",
	Answered: "stopped by an early final response",
}

// Error is what every method of an Exchange fails with once the bytes are on their way.
type Error struct {
	Kind ErrorKind
	Op   string // what was being done: "reading the final response"
	// Byte is the number of wire bytes of the message in question (the response being read, or the
	// request being sent) that had passed. 0 while reading: the connection ended before the first
	// byte of that response.
	Byte int64
	Err  error // the cause, where it says more than Kind
}

// Error gives one sentence: "reading the final response: connection closed after 17 of its bytes".
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s after %d of its bytes", e.Op, sentences[e.Kind], e.Byte)
	if e.Byte == 0 {
		text = fmt.Sprintf("%s: %s before its first byte", e.Op, sentences[e.Kind])
	}
	if e.Err != nil && e.Err != io.EOF { //nolint:errorlint // a bare EOF says no more than "closed"
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf gives the kind of an error of this package, or of the connection or context under it; ""
// for nil and for every other error.
func KindOf(err error) ErrorKind {
	var typed *Error
	var timeout net.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &typed):
		return typed.Kind
	case isReset(err):
		return Reset
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Closed
	}
	return ""
}

// The codes that Windows gives for an aborted and for a reset connection: package syscall names them
// on Windows only. No other system uses these numbers.
const (
	wsaConnAborted = syscall.Errno(10053)
	wsaConnReset   = syscall.Errno(10054)
)

// isReset says whether the connection is gone for good. EPIPE is what a write gets after a reset
// that another call has already been told of.
func isReset(err error) bool {
	for _, code := range []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, wsaConnAborted, wsaConnReset} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// connectionError makes an error of a read or write into an Error. An error of a kind not known
// counts as Closed: no further byte will come, and the cause is told.
func connectionError(op string, n int64, err error) *Error {
	kind := KindOf(err)
	if kind == "" {
		kind = Closed
	}
	return &Error{Kind: kind, Op: op, Byte: n, Err: err}
}
