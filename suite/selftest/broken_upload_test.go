package selftest

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// operation is one upload and what becomes of it.
type operation struct {
	s      *bugServer
	path   string // of its resources, without their last segment
	owner  string
	ignore bool // resume=ignore-incomplete
	order  order

	mu       sync.Mutex
	began    time.Time
	heard    time.Time     // when the last bytes came
	burst    time.Duration // when the last burst of bytes was stored, since the beginning
	total    int64         // -1: not known
	data     []byte
	turn     int           // the writer that may write; a higher one shuts out those before
	quiet    chan struct{} // closed when the writer whose turn it is has ended; nil: there is none
	complete bool
	gone     bool
	seen     int64 // what a forgetful HEAD told first
	reads    int   // of the response message
	late     []byte
	acked    int   // bytes that a PATCH was told are taken
	claimed  int64 // offset that HEAD claims although the bytes are lost
	patched  bool
	at       time.Time // of the effect
	ready    chan struct{}
	final    *answer
}

// order is what the query of an upload asks for.
type order struct {
	tag     string
	respond int
	fail    int
	delay   time.Duration
}

func orderOf(r *http.Request) order {
	q := r.URL.Query()
	respond, _ := strconv.Atoi(q.Get("respond"))
	fail, _ := strconv.Atoi(q.Get("fail"))
	delay, _ := time.ParseDuration(q.Get("delay"))
	return order{q.Get("tag"), respond, fail, delay}
}

func (x *call) modern() bool { return x.r.ProtoAtLeast(1, 1) }

// create serves POST /items.
func (x *call) create() *answer {
	value, asked := x.preference("resume")
	if refusal := x.refused(value); refusal != nil {
		return x.disposed(refusal)
	}
	if o := x.repeated(); o != nil {
		x.interim(100)
		_, _ = io.Copy(io.Discard, x.r.Body)
		return x.delivered(o)
	}
	o := x.s.operation(x, strings.EqualFold(value, "ignore-incomplete") && !x.s.has(ignoreKeeps), asked)
	turn := o.first()
	x.invite(o, asked)
	if a := x.failed(o, turn); a != nil {
		return a
	}
	if x.s.has(effectAtHead) {
		o.effect()
	}
	err := x.receive(o, turn, x.r.Body)
	if x.s.truncatedIsWhole(x.r, o, err) {
		err = nil
	}
	if err == nil {
		if !o.finish(turn, -1, x) {
			return reply(409, "another request took the upload over\n")
		}
		return x.delivered(o)
	}
	x.cut(o, turn, asked, err)
	return nil
}

// refused gives the answer to a head that the server does not want.
func (x *call) refused(value string) *answer {
	a := x.uncredited()
	expect := strings.ToLower(strings.Join(x.r.Header.Values("Expect"), ", "))
	x.s.mu.Lock()
	full := x.s.leaked > 40
	x.s.mu.Unlock()
	switch {
	case a != nil:
	case x.s.has(failsAtHead) && orderOf(x.r).fail != 0:
		a = reply(orderOf(x.r).fail, "never\n")
	case full, x.s.has(fortyAtOnce) && x.s.conns.Count() > 40:
		a = reply(503, "no slot is free\n", "Retry-After", "1")
	case x.modern() && strings.Trim(strings.ReplaceAll(expect, "100-continue", ""), ", ") != "":
		a = reply(417, "only 100-continue\n")
	case x.r.ContentLength > 64<<20 && !x.s.has(hugeAccepted):
		a = reply(413, "too long\n")
	case x.r.ContentLength < 0 && x.s.has(chunkedRefused):
		a = reply(411, "a length is required\n")
	case x.s.has(unknownValueRefused) && value == "resumespec-unknown-value":
		a = reply(400, "unknown preference\n")
	case x.s.has(expectNeeded) && value == "" && expect == "" && len(x.r.Header.Values("Prefer")) > 0:
		a = reply(400, "resumption needs an expectation\n")
	case x.s.has(repetitionRefused) && x.begun():
		a = reply(409, "this was begun already\n")
	}
	if a != nil && x.s.has(refusalAfter100) && expect != "" {
		x.interim(100)
	}
	if a != nil && x.s.has(refusedKept) {
		x.invite(x.s.operation(x, false, true), true)
	}
	return a
}

// begun says whether there is an upload of the same tag.
func (x *call) begun() bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	for _, o := range x.s.ops {
		if o.order.tag == orderOf(x.r).tag {
			return true
		}
	}
	return false
}

// repeated gives the operation that had this Idempotency-Key before.
func (x *call) repeated() *operation {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	return x.s.keyed[x.r.Header.Get("Idempotency-Key")]
}

// operation makes one, and its resources.
func (s *bugServer) operation(x *call, ignore, asked bool) *operation {
	o := &operation{s: s, owner: x.r.Header.Get("Authorization"), ignore: ignore, order: orderOf(x.r), total: x.r.ContentLength, began: time.Now(), ready: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	o.path = s.place(x, o)
	if asked {
		for _, name := range []string{"content", "message", "body"} {
			s.ops[o.path+"/"+name] = o
		}
	}
	if key := x.r.Header.Get("Idempotency-Key"); key != "" {
		s.keyed[key] = o
	}
	return o
}

// place names the resources.
func (s *bugServer) place(x *call, o *operation) string {
	switch {
	case s.has(sequentialPlaces):
		return "/ops/" + strconv.Itoa(s.serial)
	case s.has(clockPlaces):
		return "/ops/" + strconv.FormatInt(time.Now().UnixNano(), 36)
	case s.has(onePlace):
		return "/ops/of-" + strings.NewReplacer(" ", "-").Replace(o.owner)
	case s.has(longPlaces):
		return "/ops/" + rand.Text() + strings.Repeat("/"+rand.Text(), 230)
	}
	return "/ops/" + rand.Text()
}

// invite sends the interim responses.
func (x *call) invite(o *operation, asked bool) {
	expects := strings.Contains(strings.ToLower(strings.Join(x.r.Header.Values("Expect"), ",")), "100-continue")
	if !x.modern() && !x.s.has(interimsToOld) || !expects && !asked {
		return
	}
	for _, interim := range x.s.interims(x, o, asked, expects) {
		x.interim(interim.status, interim.fields...)
	}
}

// first gives the turn of the request that begins the operation.
func (o *operation) first() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.take()
}

// take shuts out the writer before. The caller holds mu.
func (o *operation) take() int {
	o.turn++
	o.quiet = make(chan struct{})
	return o.turn
}

var (
	errFenced = errors.New("a later request took the upload over")
	errShort  = errors.New("the body is shorter than its range")
)

// receive keeps the body as it comes.
func (x *call) receive(o *operation, turn int, body io.Reader) error {
	buf, told := make([]byte, 8<<10), int64(0)
	_, acknowledging := x.preference("acknowledge")
	for {
		n, err := body.Read(buf)
		if e := o.write(turn, buf[:n]); e != nil {
			return e
		}
		if acknowledging && !o.s.unacknowledged() {
			told = x.acknowledge(o, told)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// acknowledge tells what is kept whenever another 64 KiB are.
func (x *call) acknowledge(o *operation, told int64) int64 {
	n := o.length()
	if n < told+64<<10 && !x.s.has(acknowledgeOften) {
		return told
	}
	value := n
	switch {
	case x.s.has(acknowledgeAhead):
		value = o.total
	case x.s.has(acknowledgeDown):
		value = 1<<20 - n
	}
	x.interim(100, "Acknowledge", strconv.FormatInt(value, 10))
	return n
}

func (o *operation) length() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int64(len(o.data))
}

// write appends, unless another writer has come.
func (o *operation) write(turn int, p []byte) error {
	o.latency(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heard = time.Now()
	if turn != o.turn || o.complete {
		return errFenced
	}
	o.data = append(o.data, p...)
	return nil
}

// cut notes that a writer's connection broke.
func (x *call) cut(o *operation, turn int, asked bool, err error) {
	o.mu.Lock()
	mine := turn == o.turn
	if !mine && o.complete && x.s.has(effectAtLast) {
		o.effect()
	}
	if mine {
		x.s.spoil(o, err)
		close(o.quiet)
		o.quiet = nil
		o.gone = o.gone || o.ignore || !asked
	}
	empty := len(o.data) == 0
	o.mu.Unlock()
	if mine && empty && x.s.has(slotsLeak) {
		x.s.mu.Lock()
		x.s.leaked++
		x.s.mu.Unlock()
	}
}

// finish ends the writer's turn. The upload is complete when all of its bytes are there, and its
// length is known: from its head, from a PATCH (size), or from its regular end. It says false when
// another writer had come.
func (o *operation) finish(turn int, size int64, x *call) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if turn != o.turn || o.complete {
		return o.complete
	}
	first := x.r.Method == "POST"
	switch {
	case o.total < 0 && size >= 0:
		o.total = size
	case o.total < 0 && first:
		o.total = int64(len(o.data))
	}
	close(o.quiet)
	o.quiet = nil
	if int64(len(o.data)) == o.total || o.s.has(firstPieceEnds) && !first {
		o.complete, o.patched = true, !first
		if !o.s.has(workWithConnection) || o.order.delay == 0 {
			o.s.conns.work.Go(func() { o.process(first) })
		} else {
			o.s.conns.work.Go(func() { o.attended(x) })
		}
	}
	return true
}

// attended processes only as long as the client is there.
func (o *operation) attended(x *call) {
	_ = x.c.SetReadDeadline(time.Now().Add(o.order.delay))
	var timeout net.Error
	if _, err := x.in.Peek(1); errors.As(err, &timeout) && timeout.Timeout() {
		_ = x.c.SetReadDeadline(time.Time{})
		o.order.delay = 0
		o.process(true)
	}
}

// delivered waits for the final response.
func (x *call) delivered(o *operation) *answer {
	select {
	case <-o.ready:
		return x.s.presented(o)
	case <-x.s.quit:
		return nil
	}
}
