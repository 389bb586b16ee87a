package exchange

import (
	"bytes"
	"strings"
	"time"
)

// Field is one field line as it stands on the wire.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Fields is an ordered list of field lines. Names compare without case (RFC 9110, 5.1).
type Fields []Field

// Get gives the first value of the named field, "" when there is none.
func (f Fields) Get(name string) string {
	for _, line := range f {
		if strings.EqualFold(line.Name, name) {
			return line.Value
		}
	}
	return ""
}

// Has says whether the named field is there, also with an empty value.
func (f Fields) Has(name string) bool {
	for _, line := range f {
		if strings.EqualFold(line.Name, name) {
			return true
		}
	}
	return false
}

// Values gives every value of the named field, in order.
func (f Fields) Values(name string) []string {
	var values []string
	for _, line := range f {
		if strings.EqualFold(line.Name, name) {
			values = append(values, line.Value)
		}
	}
	return values
}

// Joined gives the values of the named field as one list, joined as RFC 9110, 5.3 says.
func (f Fields) Joined(name string) string { return strings.Join(f.Values(name), ", ") }

// With gives the list with one line more.
func (f Fields) With(name, value string) Fields {
	return append(append(Fields{}, f...), Field{name, value})
}

// Request is one HTTP/1.x request, exactly as it will be sent.
type Request struct {
	Method string
	Target string // request-target in origin form: "/items?tag=a"
	Host   string // value of the Host field; sent first
	Proto  string // "HTTP/1.1" when empty, or "HTTP/1.0"
	Fields Fields // sent in this order, after Host
	Body   []byte
	// HasBody sends "Content-Length: 0" for an empty body; a non-empty Body implies it.
	HasBody bool
	// Chunked sends the body in chunks of ChunkSize payload bytes (default 4096) without Content-Length.
	Chunked   bool
	ChunkSize int
	Trailers  Fields // trailer section of a chunked body (RFC 9112, 7.1.2)
}

// ExpectsContinue says whether the request asks for 100 (Continue) (RFC 9110, 10.1.1).
func (r *Request) ExpectsContinue() bool {
	return strings.Contains(strings.ToLower(r.Fields.Joined("Expect")), "100-continue")
}

// Response is one response, interim or final.
type Response struct {
	Proto  string
	Status int
	Reason string
	Fields Fields
	Body   []byte // payload, at most Limits.Body bytes
	// Complete says that the body ended as its framing promised.
	Complete  bool
	HeadBytes int64         // wire bytes of the head
	BodyBytes int64         // payload bytes that came
	At        time.Duration // since the exchange began, when the head was whole
	Raw       []byte        // the head as it came
	Trailers  Fields        // trailer section of a chunked body (RFC 9112, 7.1.2)
}

// Interim says whether the response is a 1xx.
func (r *Response) Interim() bool { return r.Status >= 100 && r.Status < 200 }

// SameBody says whether the body is complete and equal to want.
func (r *Response) SameBody(want []byte) bool { return r.Complete && bytes.Equal(r.Body, want) }

// Limits bound one exchange. The target is not trusted: every limit ends the exchange with an
// error that names it.
type Limits struct {
	Head     int64         // wire bytes of one message head; default 64 KiB
	Body     int64         // payload bytes of one body; default 8 MiB
	Interims int           // interim responses in one exchange; default 64
	Record   int           // bytes of each direction kept for the transcript; default 4 KiB
	Time     time.Duration // the whole exchange; default 10 s
	Continue time.Duration // how long Do waits for a 100 before it sends all the same; default 1 s
}

// EventKind says what an Event records.
type EventKind string

// The kinds of event.
const (
	Sent     EventKind = "sent"     // bytes that the client wrote
	Received EventKind = "received" // bytes that the client read
	Marked   EventKind = "mark"     // something that happened: a gate opened, the cut was seen
	Ended    EventKind = "end"      // how the connection ended for the client
)

// Event is one thing seen at the connection.
type Event struct {
	Kind   EventKind
	At     time.Duration // since the exchange began
	Offset int64         // wire bytes in this direction before this event
	Bytes  int64         // wire bytes of this event
	Data   []byte        // what was kept of them, from the start of the event; shorter than Bytes where cut off
	Note   string
	Tail   []byte        // the last bytes of the event where Data was cut off; never overlaps Data
	Until  time.Duration // when the last bytes of the event passed; the first passed at At
}

// Omitted gives the number of bytes of the event that were kept neither in Data nor in Tail.
func (e *Event) Omitted() int64 { return e.Bytes - int64(len(e.Data)+len(e.Tail)) }

// Record is the transcript of one exchange, taken at the connection.
type Record struct {
	Label    string // "POST /items", for the reader
	Began    time.Time
	Events   []Event
	SentAll  int64 // wire bytes written
	ReadAll  int64 // wire bytes read
	Finished time.Duration
}
