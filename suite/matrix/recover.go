package matrix

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
)

// Outcome is the final response of an upload, however the client came by it.
type Outcome struct {
	Response *exchange.Response
	// Bases are the URIs against which its references may resolve, the likelier first.
	Bases []*url.URL
	// Places are the URIs at which the driver says that the result can be read.
	Places []*url.URL
	// Report says that Response is a report of the driver's own.
	Report bool
	// Via says where it came from: "the request", "the last part", "the replay".
	Via string
}

// Offset asks the server how much of the upload it has, and holds the answer against the law: never
// more than was sent, never less than it said before.
func (s *Session) Offset(d Driver, op *Operation) int64 {
	req, err := d.Offset(op)
	s.offered(err)
	response := s.unlocked(d, "the question for the offset ("+req.Method+")", req)
	d.Learn(op, response)
	offset, err := d.ReadOffset(op, response)
	var elsewhere ErrNotOffered
	if errors.As(err, &elsewhere) {
		s.Unsupported("%v", err)
	}
	if err != nil {
		s.Broken("an offset of the upload", "%v", err)
	}
	s.lawful(op, offset)
	op.Known = offset
	return offset
}

// offered ends the case as unsupported when a step is not possible because the server did not
// offer it.
func (s *Session) offered(err error) {
	var missing ErrNotOffered
	switch {
	case err == nil:
	case errors.As(err, &missing):
		s.Unsupported("%v", err)
	default:
		s.Broken("a way to go on with the upload", "%v", err)
	}
}

func (s *Session) lawful(op *Operation, offset int64) {
	switch {
	case offset < 0 || offset > op.Sent:
		s.HarmfulAt(op.Sent, "request body",
			"an offset from 0 to "+bytesOf(op.Sent)+", which is what was sent", "the offset %d", offset)
	case offset < op.Known:
		s.HarmfulAt(op.Known, "request body",
			"an offset that never decreases: it was "+strconv.FormatInt(op.Known, 10)+" before", "the offset %d", offset)
	}
}

func bytesOf(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// Send sends the body's bytes from from to to over a clean connection. An answer that says that the
// offset is wrong makes the client ask once more, which is a warning; a second one breaks the case.
// The response is nil when the server turned out to have these bytes already.
func (s *Session) Send(d Driver, op *Operation, from, to int64) *exchange.Response {
	response, from := s.putAll(d, op, from, to)
	if !d.Conflict(op, response) {
		return response
	}
	if _, binding := d.(Binding); binding && from < to {
		s.HarmfulAt(from, "request body", "the offset that the server gave to be accepted by the next write",
			"%d for a write at byte %d", response.Status, from)
	}
	s.Wait(breath) // the server may be about to let go of the old connection
	again, over := s.reread(d, op)
	s.Warn("the offset that the server gave to be accepted by the next write",
		"%d for a write at byte %d; asked once more, the server said %s", response.Status, from, told(again, over))
	if over || again >= to {
		return nil
	}
	response, again = s.putAll(d, op, again, to)
	if d.Conflict(op, response) {
		s.BrokenAt(again, "request body", "the offset that the server gave to be accepted by the next write",
			"%d for a write at byte %d, for the second time", response.Status, again)
	}
	return response
}

// reread asks for the offset once more; the upload may have come to its end meanwhile and be gone.
func (s *Session) reread(d Driver, op *Operation) (offset int64, over bool) {
	req, err := d.Offset(op)
	s.offered(err)
	response := s.unlocked(d, "the second question for the offset", req)
	offset, err = d.ReadOffset(op, response)
	if err != nil {
		return 0, true
	}
	s.lawful(op, offset)
	op.Known = offset
	return offset, false
}

// breath is how long a client waits after a conflict.
const breath = 10 * glance

func told(offset int64, over bool) string {
	if over {
		return "that it is gone"
	}
	return strconv.FormatInt(offset, 10)
}

// EnsureWhole does what a client does that lost the response: it asks whether the whole body
// arrived, and sends what did not. A server may have processed less than was sent.
func (s *Session) EnsureWhole(d Driver, op *Operation) {
	req, err := d.Offset(op)
	if err != nil {
		return // nothing to ask; the server's word is its response
	}
	offset := int64(-1)
	for range looks {
		before := offset
		response := s.unlocked(d, "the question for the offset", req)
		d.Learn(op, response)
		if offset, err = d.ReadOffset(op, response); err != nil {
			return // over, and gone
		}
		s.lawful(op, offset)
		op.Known = offset
		if offset == op.Len() && !unconcluded(d, op) || offset == before || !s.Wait(glance) {
			break
		}
	}
	if offset < op.Len() || unconcluded(d, op) {
		s.Note("kept %d of %d bytes", offset, op.Len())
		s.Send(d, op, offset, op.Len())
	}
}

func (s *Session) put(d Driver, op *Operation, from, to int64) *exchange.Response {
	piece, err := d.Resume(op, from, to)
	s.offered(err)
	op.Sent = max(op.Sent, to)
	response := s.unlocked(d, "the write of bytes "+strconv.FormatInt(from, 10)+" to "+strconv.FormatInt(to, 10), piece.Request)
	d.Learn(op, response)
	if response.Status/100 == 2 && to < op.Len() {
		taken := to // and what was taken stays taken
		if n, short := s.short(d, op, response, to); short {
			taken = n
		}
		op.Known = max(op.Known, taken)
	}
	return response
}

// putAll is put, again and again where the server takes less than it is sent, and says so. It gives the answer to the
// last write, and where that began.
func (s *Session) putAll(d Driver, op *Operation, from, to int64) (*exchange.Response, int64) {
	for {
		response := s.put(d, op, from, to)
		told, short := s.short(d, op, response, to)
		if !short {
			return response, from
		}
		s.Note("of %d bytes the server took %d", to-from, told-from)
		if told <= from {
			s.BrokenAt(from, "request body", "a write that is answered "+strconv.Itoa(response.Status)+" to be taken, at least in part",
				"the offset %d again", told)
		}
		from = told
	}
}

// short says whether the answer to a write tells that the server has less than what was sent up to to, and how much.
func (s *Session) short(d Driver, op *Operation, r *exchange.Response, to int64) (int64, bool) {
	t, ok := d.(Telling)
	if !ok || r.Status/100 != 2 {
		return 0, false
	}
	told, ok := t.Told(op, r)
	if !ok {
		return 0, false
	}
	s.lawful(op, told)
	return told, told < to
}

// Settled asks for the offset until it says the same twice: a server may still be draining a connection that
// was cut a moment ago, and a client that waits a little saves itself a conflict.
func (s *Session) Settled(d Driver, op *Operation) int64 {
	offset := s.Offset(d, op)
	for range looks {
		before := offset
		if offset == op.Sent || !s.Wait(glance/3) {
			break
		}
		if offset = s.Offset(d, op); offset == before {
			break
		}
	}
	return offset
}

// Recover brings an interrupted upload to its end as a client would: ask for the offset, send the
// rest, take the final response.
func (s *Session) Recover(d Driver, op *Operation) *Outcome {
	return s.recovered(d, op, s.Settled)
}

// RecoverAtOnce is Recover by a client that trusts the first offset that it is given.
func (s *Session) RecoverAtOnce(d Driver, op *Operation) *Outcome {
	return s.recovered(d, op, s.Offset)
}

func (s *Session) recovered(d Driver, op *Operation, ask func(Driver, *Operation) int64) *Outcome {
	began := time.Now()
	from := ask(d, op)
	outcome := s.Finish(d, op, from)
	s.Figure("time to resume", float64(time.Since(began).Microseconds())/1000, "ms")
	return outcome
}

// Finish sends the body from from to its end and gives the final response.
func (s *Session) Finish(d Driver, op *Operation, from int64) *Outcome {
	if from == op.Len() && closed(d, op) {
		return s.finished(d, op)
	}
	piece, err := d.Resume(op, from, op.Len())
	s.offered(err)
	response := s.Send(d, op, from, op.Len())
	if response == nil {
		return s.finished(d, op)
	}
	return &Outcome{
		Response: response, Bases: []*url.URL{op.URL, resolved(s.Base(), piece.Request.Target)}, Via: "the last part",
		Places: d.Downloads(op),
	}
}

// finished gives the final response of an upload of which nothing is missing. Where it is shown to nobody again, and a
// client of the protocol goes by the offset alone, the server's word that everything is there stands in for it.
func (s *Session) finished(d Driver, op *Operation) *Outcome {
	_, tells := d.(Telling)
	if _, err := d.Outcome(op); err != nil && tells {
		if req, unasked := d.Offset(op); unasked == nil {
			if r := s.unlocked(d, "the question whether everything is there", req); r.Status/100 == 2 {
				return &Outcome{Response: r, Bases: bases(op), Via: theOffset, Places: d.Downloads(op)}
			}
		}
	}
	return s.Replayed(d, op)
}

// theOffset says that an outcome is no final response, but an answer that tells the offset.
const theOffset = "the offset"

// bases gives the URI against which the references of a response to the first request resolve.
func bases(op *Operation) []*url.URL { return []*url.URL{op.URL} }

func resolved(base *url.URL, target string) *url.URL {
	ref, err := url.Parse(target)
	if err != nil {
		return base
	}
	return base.ResolveReference(ref)
}

// Replayed waits until the server shows the final response again, and gives it.
func (s *Session) Replayed(d Driver, op *Operation) *Outcome {
	req, err := d.Outcome(op)
	s.offered(err)
	var pending *exchange.Response
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		response, err := s.Try(req)
		if err != nil && s.timeUp() && pending != nil {
			s.Broken("the final response to become available within "+s.bench.Limits.Time.String(), "still %d at the end", pending.Status)
		}
		if err != nil {
			s.unanswered("the question for the final response", err)
		}
		pending = response
		final, state, err := d.ReadOutcome(op, response)
		switch state {
		case Ready:
			_, reports := d.(Reporter)
			if reports {
				d.Learn(op, response) // it names the result
			}
			if p, replays := d.(Replayer); replays {
				final = s.replay(p, op)
			}
			return &Outcome{Response: final, Bases: bases(op), Via: "the replay", Places: d.Downloads(op), Report: reports}
		case Broken:
			s.Broken("the final response, or an answer that says not yet", "%v", err)
		case Pending:
		}
		if !s.Wait(min(retryAfter(response, pause), s.bench.Limits.Time/8)) {
			s.Broken("the final response to become available within "+s.bench.Limits.Time.String(),
				"still %d at the end", response.Status)
		}
	}
}

// replay asks for the final response that is known to be there.
func (s *Session) replay(d Replayer, op *Operation) *exchange.Response {
	response := s.Do("the replay of the final response", d.Replay(op))
	final, err := d.ReadReplay(op, response)
	if err != nil {
		s.Broken("the final response again", "%v", err)
	}
	d.Learn(op, response)
	return final
}

// longestPause bounds what a server may ask the client to wait: the case has its own limit.
const longestPause = time.Second

// retryAfter gives how long the server asks to wait, at most longestPause; 0 s and what is no number of
// seconds leave the client's own pause. How large the number is does not matter, nor whether an int can hold it: one
// second is the least that can be asked for, and the most that is given.
func retryAfter(r *exchange.Response, own time.Duration) time.Duration {
	value := r.Fields.Get("Retry-After")
	if strings.Trim(value, "0123456789") == "" && strings.Trim(value, "0") != "" {
		return longestPause
	}
	return min(own, longestPause)
}
