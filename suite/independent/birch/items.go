package birch

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type item struct {
	data  []byte
	ctype string
	etag  string
}

// params are the wishes of a POST to /items.
type params struct {
	tag     string
	respond int
	delay   time.Duration
	fail    int
	ctype   string
}

func parseParams(q url.Values) (p params, err error) {
	p.tag = q.Get("tag")
	if v := q.Get("respond"); v != "" {
		if p.respond, err = strconv.Atoi(v); err != nil || p.respond < 0 || p.respond > bodyLimit {
			return p, refuse(400, "malformed respond")
		}
	}
	if v := q.Get("delay"); v != "" {
		if p.delay, err = time.ParseDuration(v); err != nil || p.delay < 0 || p.delay > 10*time.Minute {
			return p, refuse(400, "malformed delay")
		}
	}
	if v := q.Get("fail"); v != "" {
		if p.fail, err = strconv.Atoi(v); err != nil || p.fail < 400 || p.fail > 599 {
			return p, refuse(400, "malformed fail")
		}
	}
	return p, nil
}

// failFields are the fields that some failures need.
func failFields(status int) []field {
	switch status {
	case 401:
		return []field{{"www-authenticate", `Basic realm="birch"`}}
	case 405:
		return []field{{"allow", "GET, HEAD, POST"}}
	case 407:
		return []field{{"proxy-authenticate", `Basic realm="birch"`}}
	}
	return nil
}

func notAllowed(allow string) *response {
	return text(405, "method not allowed\n").add("allow", allow)
}

// route finds the resource. A nil response means to close without one.
func (s *Server) route(c *conn) *response {
	r := c.req
	switch path := r.url.Path; {
	case path == "/items":
		switch r.method {
		case "POST":
			return s.create(c)
		case "GET", "HEAD":
			return s.count(r)
		}
		return notAllowed("GET, HEAD, POST")
	case strings.HasPrefix(path, "/items/"):
		s.mu.Lock()
		it := s.items[path[len("/items/"):]]
		s.mu.Unlock()
		switch {
		case it == nil:
			return text(404, "no such item\n")
		case r.method != "GET" && r.method != "HEAD":
			return notAllowed("GET, HEAD")
		}
		return represent(r, it.data, it.etag, field{"content-type", it.ctype})
	case strings.HasPrefix(path, "/r/"):
		return s.operations(c, path[len("/r/"):])
	}
	return text(404, "nothing here\n")
}

// count tells how many items a tag has, and of all items without one.
func (s *Server) count(r *request) *response {
	s.mu.Lock()
	n := len(s.items)
	if r.query.Has("tag") {
		n = s.tags[r.query.Get("tag")]
	}
	s.mu.Unlock()
	res := &response{status: 200, frame: byClose, body: fmt.Appendf(nil, "{\"count\": %d}\n", n)}
	return res.add("content-type", "application/json").add("cache-control", "no-store")
}

// create takes the upload of an item.
func (s *Server) create(c *conn) *response {
	r := c.req
	p, err := parseParams(r.query)
	var ref *refusal
	if errors.As(err, &ref) {
		return ref.response()
	}
	if r.length > bodyLimit {
		return text(413, "body too long\n")
	}
	switch p.fail {
	case 401, 403, 404, 405, 413, 415, 417: // what a server finds out by the head is refused by the head
		res := text(p.fail, "refused by the head\n")
		res.fields = append(res.fields, failFields(p.fail)...)
		return res
	}
	if p.ctype = r.fields.get("content-type"); p.ctype == "" {
		p.ctype = "application/octet-stream"
	}
	op := newOperation(p, r.length)
	asked, save := resumePreference(r.fields)
	resumable := asked && r.expect
	var locations []field
	seq := op.acquireLocked(func() { c.nc.Close() }) // nobody else has it yet
	if resumable {
		op.save, op.owner = save, r.fields.list("authorization")
		locations = s.register(op)
	}
	err = c.proceed(locations)
	if err != nil { // without its 100 the operation was never begun
		op.discard(seq)
		s.forget(op)
		return nil
	}
	return s.receive(op, seq, r)
}

// receive reads an upload into its operation and gives the final response.
func (s *Server) receive(op *operation, seq uint64, r *request) *response {
	buf := make([]byte, 32<<10)
	var pos int64
	for {
		n, err := r.body.Read(buf)
		if pos+int64(n) > bodyLimit {
			if !op.fail(seq, text(413, "body too long\n")) {
				return nil
			}
			return op.wait(s)
		}
		if e := op.put(s, seq, pos, buf[:n]); e != nil {
			return nil // another connection goes on with it
		}
		pos += int64(n)
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			if op.end(s, seq) != nil {
				return nil
			}
			return op.wait(s)
		}
		op.interrupt(seq)
		if err == errChunk {
			return text(400, "malformed chunk\n")
		}
		return nil
	}
}

// process does the work of an operation whose upload is complete. It is started once, and belongs to no connection.
func (s *Server) process(op *operation) {
	defer s.wg.Done()
	t := time.NewTimer(op.par.delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.quit:
		return
	}
	data, p := op.content(), op.par
	res := &response{status: 201, frame: byClose, body: report(data, p)}
	if p.fail != 0 {
		res.status = p.fail
		res.fields = append(res.fields, failFields(p.fail)...)
	} else {
		id := rand.Text()
		sum := sha256.Sum256(data)
		s.mu.Lock()
		s.items[id] = &item{data: data, ctype: p.ctype, etag: fmt.Sprintf(`W/"%x"`, sum[:8])}
		s.tags[p.tag]++
		s.mu.Unlock()
		res.add("location", "/items/./"+id+"?v=1")
	}
	res.add("content-type", "text/plain")
	op.finish(res)
}

// report is the body of the final response: a line about the upload, and as many more as were asked for.
func report(data []byte, p params) []byte {
	sum := sha256.Sum256(data)
	out := fmt.Appendf(nil, "%d bytes, sha-256 %x\n", len(data), sum)
	for i := uint64(0); len(out) < p.respond; i++ {
		block := sha256.Sum256(binary.BigEndian.AppendUint64(sum[:], i))
		out = fmt.Appendf(out, "%x\n", block)
	}
	return out
}
