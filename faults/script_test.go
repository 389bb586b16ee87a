package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A message is one side's part of an exchange as it stands on the wire, with its borders.
type message struct {
	wire    []byte
	head    int     // bytes of the head
	size    int     // payload bytes
	chunks  []chunk // of the payload, in order; one when it is not chunked
	chunked bool
	sized   bool // it has a Content-Length
}

type chunk struct {
	at int // from the start of wire
	n  int
}

// payloadEnd gives the bytes of wire up to and with the first n payload bytes.
func (m *message) payloadEnd(n int) int {
	if n == 0 {
		return m.head
	}
	for _, c := range m.chunks {
		if n <= c.n {
			return c.at + n
		}
		n -= c.n
	}
	panic("beyond the payload")
}

// A script is a random exchange: everything both sides would send if nobody cut them.
type script struct {
	request  message
	early    [][]byte // interim responses after the request head
	earlySt  []int
	late     [][]byte // interim responses after the request
	lateSt   []int
	response message
	status   int
}

func (s *script) earlyBytes() []byte { return slices.Concat(s.early...) }
func (s *script) lateBytes() []byte  { return slices.Concat(s.late...) }

// down is all that the server sends.
func (s *script) down() []byte {
	return slices.Concat(s.earlyBytes(), s.lateBytes(), s.response.wire)
}

// noise is payload that looks like message borders.
var noise = func() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, 128<<10)
	for i := range p {
		p[i] = "\r\n0123456789abcdefHTTP/1.1 100\r\n\r\n"[r.IntN(34)]
	}
	return p
}()

func padding(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(6) {
		fmt.Fprintf(&b, "X-Pad-%d: %s\r\n", r.IntN(1000), strings.Repeat("p", r.IntN(400)))
	}
	return b.String()
}

// newMessage makes a message with the start line and a body of at least min bytes.
func newMessage(r *rand.Rand, start, fields string, minBody int, untilClose bool) message {
	size := minBody + r.IntN(8<<10)
	if r.IntN(20) == 0 {
		size += 24 << 10
	}
	at := r.IntN(len(noise) - size)
	payload := noise[at : at+size]
	m := message{chunked: r.IntN(2) == 0, size: size}
	head := start + "\r\n" + padding(r) + fields
	switch {
	case untilClose:
		m.chunked = false
	case m.chunked:
		head += "Transfer-Encoding: chunked\r\n"
	default:
		m.sized = true
		head += fmt.Sprintf("Content-Length: %d\r\n", size)
	}
	head += padding(r) + "\r\n"
	m.head = len(head)
	m.wire = []byte(head)
	if !m.chunked {
		m.addPayload(payload)
		return m
	}
	for len(payload) > 0 {
		n := 1 + r.IntN(min(len(payload), 3000))
		m.wire = fmt.Appendf(m.wire, "%x%s\r\n", n, []string{"", ";ext=1", " ; q=\"a b\""}[r.IntN(3)])
		m.addPayload(payload[:n])
		m.wire = append(m.wire, "\r\n"...)
		payload = payload[n:]
	}
	m.wire = append(m.wire, "0\r\n"...)
	if r.IntN(3) == 0 {
		m.wire = append(m.wire, "X-Trailer: yes\r\n"...)
	}
	m.wire = append(m.wire, "\r\n"...)
	return m
}

func (m *message) addPayload(p []byte) {
	m.chunks = append(m.chunks, chunk{len(m.wire), len(p)})
	m.wire = append(m.wire, p...)
}

func newInterim(r *rand.Rand, status int) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d Something\r\n%s\r\n", status, padding(r))
}

// newScript makes an exchange in which the cut can land.
func newScript(r *rand.Rand, cut Cut) *script {
	s := &script{status: []int{200, 201, 308, 413, 500}[r.IntN(5)]}
	s.request = newMessage(r, fmt.Sprintf("PUT /%d HTTP/1.1", r.Uint32()), "Host: x\r\n", 1, false)
	untilClose := r.IntN(4) == 0 && !(cut.Place == ResponseBody && cut.FromEnd)
	s.response = newMessage(r, fmt.Sprintf("HTTP/1.1 %d Whatever", s.status), "", 1, untilClose)
	for range r.IntN(3) {
		s.earlySt = append(s.earlySt, 102+r.IntN(3))
	}
	if cut.Place == Continue || r.IntN(2) == 0 {
		s.earlySt = append(s.earlySt, 100)
	}
	if r.IntN(3) == 0 {
		s.earlySt = append(s.earlySt, 104)
	}
	for range r.IntN(3) {
		s.lateSt = append(s.lateSt, 102+r.IntN(3))
	}
	for _, status := range s.earlySt {
		s.early = append(s.early, newInterim(r, status))
	}
	for _, status := range s.lateSt {
		s.late = append(s.late, newInterim(r, status))
	}
	return s
}

// randomCut picks a cut of the kind and an exchange in which it lands.
func randomCut(r *rand.Rand, place Place, fault Fault) (Cut, *script) {
	cut := Cut{Place: place, Fault: fault, FromEnd: place != RequestEnd && r.IntN(3) == 0}
	var s *script
	for {
		s = newScript(r, cut)
		body := place == RequestBody && !s.request.sized || place == ResponseBody && !s.response.sized
		if !cut.FromEnd || !body {
			break
		}
	}
	if fault != Stall {
		cut.Side = []Side{"", Both, Both, ServerSide, ClientSide}[r.IntN(5)]
	}
	if place == RequestEnd {
		return cut, s
	}
	size := s.size(place)
	switch r.IntN(4) {
	case 0:
		cut.Offset = int64(min(size, r.IntN(3)))
	case 1:
		cut.Offset = int64(max(0, size-r.IntN(3)))
	default:
		cut.Offset = int64(r.IntN(size + 1))
	}
	return cut, s
}

// size is the number of bytes of the place.
func (s *script) size(place Place) int {
	switch place {
	case RequestHead:
		return s.request.head
	case Continue:
		return len(s.early[slices.Index(s.earlySt, 100)])
	case RequestBody:
		return s.request.size
	case ResponseHead:
		return s.response.head
	}
	return s.response.size
}

// plan says how many bytes the server and the client must get when the cut lands.
func (s *script) plan(c Cut) (up, down int) {
	offset := int(c.Offset)
	if c.FromEnd {
		offset = s.size(c.Place) - offset
	}
	early := len(s.earlyBytes())
	before := early + len(s.lateBytes())
	switch c.Place {
	case RequestHead:
		return offset, 0
	case Continue:
		i := slices.Index(s.earlySt, 100)
		return s.request.head, len(slices.Concat(s.early[:i]...)) + offset
	case RequestBody:
		return s.request.payloadEnd(offset), early
	case RequestEnd:
		return len(s.request.wire), early
	case ResponseHead:
		return len(s.request.wire), before + offset
	}
	return len(s.request.wire), before + s.response.payloadEnd(offset)
}

// interimBefore lists the interim responses that are whole within the first n bytes from the server.
func (s *script) interimBefore(n int) (status []int) {
	end := 0
	for i, head := range slices.Concat(s.early, s.late) {
		if end += len(head); end <= n {
			status = append(status, slices.Concat(s.earlySt, s.lateSt)[i])
		}
	}
	return status
}
