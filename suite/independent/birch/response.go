package birch

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

type field struct{ name, value string }

type framing int

const (
	byLength framing = iota
	byClose
	byChunks
)

// response is a final response. Its framing is for the connection only and no part of it.
type response struct {
	status int
	fields []field
	body   []byte
	frame  framing
}

func (r *response) add(name, value string) *response {
	r.fields = append(r.fields, field{name, value})
	return r
}

func text(status int, body string) *response {
	return (&response{status: status, body: []byte(body)}).add("content-type", "text/plain")
}

// refusal is a final response to a request that is not carried out.
type refusal struct {
	status int
	msg    string
	fields []field
}

func refuse(status int, msg string, fields ...field) *refusal { return &refusal{status, msg, fields} }

func (r *refusal) Error() string { return r.msg }

func (r *refusal) response() *response {
	res := text(r.status, r.msg+"\n")
	res.fields = append(res.fields, r.fields...)
	return res
}

// date is a time as the date field has it.
func date(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

// head writes a status line without reason phrase, and fields.
func head(status int, fields []field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d \r\n", status)
	for _, f := range fields {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// send writes a final response. c.req is nil when the head was not understood.
func (c *conn) send(r *response) error {
	isHead := c.req != nil && c.req.method == "HEAD"
	frame := r.frame
	if frame == byChunks && (c.req == nil || c.req.minor == 0) {
		frame = byClose
	}
	if isHead {
		frame = byLength
	}
	fs := append([]field{{"date", date(time.Now())}, {"connection", "close"}}, r.fields...)
	switch {
	case r.status == 304:
	case frame == byLength:
		fs = append(fs, field{"content-length", strconv.Itoa(len(r.body))})
	case frame == byChunks:
		fs = append(fs, field{"transfer-encoding", "chunked"})
	}
	w := timed{c}
	if _, err := w.Write([]byte(head(r.status, fs))); err != nil || isHead || r.status == 304 {
		return err
	}
	if frame != byChunks {
		_, err := w.Write(r.body)
		return err
	}
	for rest := r.body; len(rest) > 0; {
		n := min(len(rest), 1+rand.IntN(60<<10))
		chunk := fmt.Appendf(make([]byte, 0, n+16), "%x\r\n", n)
		chunk = append(append(chunk, rest[:n]...), "\r\n"...)
		if _, err := w.Write(chunk); err != nil {
			return err
		}
		rest = rest[n:]
	}
	_, err := w.Write([]byte("0\r\n\r\n"))
	return err
}

// interim writes an interim response, in one piece or in several.
func (c *conn) interim(status, pieces int, fields []field) error {
	out := []byte(head(status, fields))
	size := len(out)/pieces + 1
	for len(out) > 0 {
		n := min(len(out), 1+rand.IntN(2*size))
		if pieces == 1 {
			n = len(out)
		}
		if _, err := (timed{c}).Write(out[:n]); err != nil {
			return err
		}
		if out = out[n:]; len(out) > 0 {
			time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
		}
	}
	return nil
}

// proceed sends the 100 that the client waits for, in pieces, with others around it (at most five in all: some clients count).
// An error means that the 100 did not go out.
func (c *conn) proceed(fields []field) error {
	if !c.req.expect {
		return nil
	}
	link := []field{{"link", "<./items>; rel=collection"}}
	others := func(status ...int) error {
		rand.Shuffle(len(status), func(i, j int) { status[i], status[j] = status[j], status[i] })
		for _, st := range status[:rand.IntN(3)] {
			var fs []field
			if st == 103 {
				fs = link
			}
			if err := c.interim(st, 1, fs); err != nil {
				return err
			}
		}
		return nil
	}
	if err := others(102, 103); err != nil {
		return err
	}
	if err := c.interim(100, 3+rand.IntN(6), fields); err != nil {
		return err
	}
	others(102, 103, 104) // the 100 is out: if these fail, reading the body will tell
	return nil
}
