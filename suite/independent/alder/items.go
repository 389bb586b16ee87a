package alder

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

type item struct {
	tag         string
	contentType string
	content     []byte
}

// order is what a POST asks for.
type order struct {
	tag         string
	contentType string
	respond     int
	delay       time.Duration
	fail        int // status, or 0
}

func (s *Server) parseOrder(r *http.Request) (order, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return order{}, errors.New("the query is malformed")
	}
	o := order{tag: q.Get("tag"), contentType: r.Header.Get("Content-Type")}
	if o.contentType == "" {
		o.contentType = "application/octet-stream"
	}
	if v := q.Get("respond"); v != "" {
		if o.respond, err = strconv.Atoi(v); err != nil || o.respond < 0 || int64(o.respond) > s.MaxBody {
			return order{}, errors.New("respond is not a reasonable number")
		}
	}
	if v := q.Get("delay"); v != "" {
		if o.delay, err = time.ParseDuration(v); err != nil || o.delay < 0 || o.delay > time.Hour {
			return order{}, errors.New("delay is not a reasonable duration")
		}
	}
	if v := q.Get("fail"); v != "" {
		if o.fail, err = strconv.Atoi(v); err != nil || o.fail < 400 || o.fail > 599 {
			return order{}, errors.New("fail is not an error status")
		}
	}
	return o, nil
}

// collection serves /items.
func (c *call) collection() {
	switch c.r.Method {
	case http.MethodPost:
		c.create()
	case http.MethodGet, http.MethodHead:
		c.count()
	default:
		c.notAllowed("GET, HEAD, POST")
	}
}

func (c *call) count() {
	q := c.r.URL.Query()
	n := 0
	c.s.mu.Lock()
	for _, it := range c.s.items {
		if !q.Has("tag") || it.tag == q.Get("tag") {
			n++
		}
	}
	c.s.mu.Unlock()
	b, _ := json.Marshal(map[string]int{"count": n})
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)+1))
	h.Set("Cache-Control", "no-store")
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodGet {
		c.w.Write(append(b, '\n'))
	}
}

// item serves /items/{id}.
func (c *call) item(id string) {
	c.s.mu.Lock()
	it := c.s.items[id]
	c.s.mu.Unlock()
	switch {
	case it == nil:
		c.say(http.StatusNotFound, "no such item")
	case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead:
		c.notAllowed("GET, HEAD")
	default:
		c.w.ranges = true
		c.serveBytes(it.contentType, it.content)
	}
}

// create serves POST /items, with and without resumption.
func (c *call) create() {
	s, r := c.s, c.r
	want, err := s.parseOrder(r)
	if err != nil {
		c.say(http.StatusBadRequest, err.Error())
		return
	}
	if r.ContentLength > s.MaxBody {
		c.say(http.StatusRequestEntityTooLarge, "the content is too large")
		return
	}
	mode := resumption(r)
	o := newOperation(s, want, r.ContentLength, c.base(), mode == ignoreIncomplete)
	me := o.first(c.wake)
	if mode != noResumption {
		s.register(o, owner(r))
		c.announce(o)
		if r.Context().Err() != nil { // the interim responses could not be sent, so nothing may change
			o.discard()
			c.abort()
		}
	}
	switch err := c.receive(o, me); {
	case err == nil:
		c.bodyDone()
		c.deliver(o)
	case err == errTooLarge:
		o.discard()
		c.say(http.StatusRequestEntityTooLarge, "the content is too large")
	case mode != noResumption:
		c.abort() // what ends this connection is not the outcome of the operation
	default:
		c.say(http.StatusBadRequest, "the content is incomplete")
	}
}

// receive stores the body of the request that began the operation.
func (c *call) receive(o *operation, me *writer) error {
	c.began = true
	p := make([]byte, 32<<10)
	for {
		if err := o.arm(me); err != nil {
			return err
		}
		n, err := c.r.Body.Read(p)
		if e := o.append(me, p[:n]); e != nil {
			return e
		}
		if err == io.EOF {
			return o.finish(me)
		}
		if err != nil {
			o.interrupt(me)
			return err
		}
	}
}

// wake sets the time limit of a read that may be under way in another goroutine.
func (c *call) wake(t time.Time) { c.rc.SetReadDeadline(t) }

// outcome is a final response.
type outcome struct {
	status int
	header http.Header
	body   []byte
}

// deliver waits for the final response and sends it.
func (c *call) deliver(o *operation) {
	select {
	case <-o.done:
	case <-c.s.stop:
		c.abort()
	}
	h := c.w.Header()
	for k, v := range o.outcome.header {
		h[k] = v
	}
	c.w.WriteHeader(o.outcome.status)
	c.w.Write(o.outcome.body)
}

// process is the application: it is called once for an operation that has its complete upload.
func (s *Server) process(o *operation, upload []byte) {
	if o.order.delay > 0 {
		t := time.NewTimer(o.order.delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.stop:
			return
		}
	}
	res := &outcome{status: http.StatusCreated, header: http.Header{}}
	if o.order.fail != 0 {
		res.status = o.order.fail
	} else {
		id := token()
		s.mu.Lock()
		s.items[id] = &item{tag: o.order.tag, contentType: o.order.contentType, content: upload}
		s.mu.Unlock()
		res.header.Set("Location", o.base+"/items/"+id)
	}
	res.body = report(res.status, upload, o.order.respond)
	res.header.Set("Content-Type", textPlain)
	res.header.Set("Content-Length", strconv.Itoa(len(res.body)))
	res.header.Set("Cache-Control", "private")
	res.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if o.links.body != "" {
		res.header.Set("Content-Location", o.links.body)
	}
	o.settle(res)
}

// report is the body of the response: it depends on nothing but the upload, and has at least n bytes.
func report(status int, upload []byte, n int) []byte {
	sum := sha256.Sum256(upload)
	b := fmt.Appendf(nil, "status=%d length=%d sha256=%x\n", status, len(upload), sum)
	for i := uint64(0); len(b) < n; i++ {
		line := sha256.Sum256(binary.BigEndian.AppendUint64(sum[:], i))
		b = append(hex.AppendEncode(b, line[:]), '\n')
	}
	return b
}
