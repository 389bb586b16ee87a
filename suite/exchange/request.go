package exchange

import (
	"bytes"
	"cmp"
	"strconv"
)

// defaultChunk is the payload of one chunk, in bytes, when the request does not say.
const defaultChunk = 4096

// Head gives the request head as it is sent: request line, Host, Fields in their order, framing, empty
// line (RFC 9112, 2.1). An empty Host sends no Host line. Content-Length is added at the end for a body
// (also an empty one with HasBody), and "Transfer-Encoding: chunked" for a chunked one, unless Fields
// have one of the two. Nothing is checked or escaped: a malformed request is sent as the case made it.
func (r *Request) Head() []byte {
	var b bytes.Buffer
	b.WriteString(r.Method + " " + r.Target + " " + cmp.Or(r.Proto, "HTTP/1.1") + "\r\n")
	line := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	if r.Host != "" {
		line("Host", r.Host)
	}
	for _, f := range r.Fields {
		line(f.Name, f.Value)
	}
	framed := r.Fields.Has("Content-Length") || r.Fields.Has("Transfer-Encoding")
	switch {
	case framed:
	case r.Chunked:
		line("Transfer-Encoding", "chunked")
	case len(r.Body) > 0 || r.HasBody:
		line("Content-Length", strconv.Itoa(len(r.Body)))
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// BodyWire gives the number of wire bytes that carry the payload [0, upTo) when it is sent in one
// SendBody from the start: upTo itself, plus the framing when chunked. The last chunk of SendEnd is
// not counted.
func (r *Request) BodyWire(upTo int64) int64 {
	wire := int64(0)
	upTo = min(upTo, int64(len(r.Body)))
	for at := int64(0); at < upTo; {
		segments, next := r.piece(at, upTo)
		for _, s := range segments {
			wire += int64(len(s.data))
		}
		at = next
	}
	return wire
}

// lastChunk gives what ends a chunked body, with its trailer section.
func (r *Request) lastChunk() []byte {
	var b bytes.Buffer
	b.WriteString("0\r\n")
	for _, f := range r.Trailers {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// segment is a run of wire bytes that is either payload or framing.
type segment struct {
	data    []byte
	payload bool
}

// pieceSize is about the number of wire bytes handed to the connection in one write.
const pieceSize = 32 << 10

// piece gives the next wire bytes of the body for the payload [from, to): about pieceSize of them, and
// whole chunks when chunked. A chunk ends at to, so that the server can take everything released so
// far. It gives where the payload goes on.
func (r *Request) piece(from, to int64) (segments []segment, next int64) {
	if !r.Chunked {
		next = min(to, from+pieceSize)
		return []segment{{r.Body[from:next], true}}, next
	}
	chunk := int64(r.ChunkSize)
	if chunk <= 0 {
		chunk = defaultChunk
	}
	for next = from; next < to && next-from < pieceSize && len(segments) < pieceSize/8; {
		end := min(to, next+chunk)
		size := strconv.FormatInt(end-next, 16) + "\r\n"
		segments = append(segments,
			segment{data: []byte(size)}, segment{r.Body[next:end], true}, segment{data: []byte("\r\n")})
		next = end
	}
	return segments, next
}
