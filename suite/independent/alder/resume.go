package alder

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	noResumption = iota
	saveIncomplete
	ignoreIncomplete
)

// resumption tells what the client asks for. The fields can only be given in interim responses, so without an
// expectation of one the preference is not honoured, nor for HTTP/1.0.
func resumption(r *http.Request) int {
	if !r.ProtoAtLeast(1, 1) || !expectsContinue(r) {
		return noResumption
	}
	value, ok := preference(r.Header, "resume")
	switch {
	case !ok:
		return noResumption
	case strings.EqualFold(value, "ignore-incomplete"):
		return ignoreIncomplete
	default:
		return saveIncomplete
	}
}

func expectsContinue(r *http.Request) bool {
	for _, v := range splitQuoted(strings.Join(r.Header.Values("Expect"), ","), ',') {
		if strings.EqualFold(strings.TrimSpace(v), "100-continue") {
			return true
		}
	}
	return false
}

// preference finds the first preference of that name (RFC 7240) and its value.
func preference(h http.Header, name string) (string, bool) {
	for _, p := range splitQuoted(strings.Join(h.Values("Prefer"), ","), ',') {
		p = splitQuoted(p, ';')[0]
		key, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(key), name) {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = unescape(value[1 : len(value)-1])
		}
		return value, true
	}
	return "", false
}

// splitQuoted splits at sep outside of quoted strings.
func splitQuoted(s string, sep byte) (parts []string) {
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == sep:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// links are the URIs of an operation. Each has its own secret: who may see the response may not write the request.
type links struct{ content, message, body string }

type resource struct {
	o    *operation
	kind byte // 'c', 'm', 'b'
}

func owner(r *http.Request) string { return strings.Join(r.Header.Values("Authorization"), ", ") }

// register gives the operation its resources.
func (s *Server) register(o *operation, owner string) {
	o.owner = owner
	paths := [3]string{"/content/" + token(), "/response/" + token(), "/body/" + token()}
	o.links = links{content: o.base + paths[0], message: o.base + paths[1], body: o.base + paths[2]}
	now := time.Now()
	s.mu.Lock()
	s.resources[paths[0]] = resource{o, 'c'}
	s.resources[paths[1]] = resource{o, 'm'}
	s.resources[paths[2]] = resource{o, 'b'}
	var old map[string]resource
	if now.Sub(s.swept) >= s.Retention/8 {
		s.swept = now
		old = maps.Clone(s.resources)
	}
	s.mu.Unlock()
	for path, res := range old { // an operation's lock may be held when the server's is wanted, never the other way
		if res.o.expired(now) {
			s.mu.Lock()
			delete(s.resources, path)
			s.mu.Unlock()
		}
	}
}

// spreads are the ways to divide the three fields: these go into the 102, the others into the 100.
var spreads = [][3]bool{{true, false, false}, {false, true, true}, {false, false, true}, {true, true, false}, {false, true, false}, {true, false, true}}

// announce sends the interim responses.
func (c *call) announce(o *operation) {
	c.s.mu.Lock()
	early := spreads[c.s.serial%len(spreads)]
	c.s.serial++
	c.s.mu.Unlock()
	fields := [3][2]string{
		{"Request-Content-Location", o.links.content},
		{"Response-Message-Location", o.links.message},
		{"Content-Location", o.links.body},
	}
	for _, step := range []struct {
		status int
		early  bool
	}{{http.StatusProcessing, true}, {http.StatusContinue, false}} {
		for i, f := range fields {
			if early[i] == step.early {
				c.w.Header().Set(f[0], f[1])
			}
		}
		c.w.WriteHeader(step.status)
		for _, f := range fields {
			c.w.Header().Del(f[0])
		}
	}
}

// resource serves the resources of the operations.
func (c *call) resource() {
	c.s.mu.Lock()
	res, ok := c.s.resources[c.r.URL.Path]
	c.s.mu.Unlock()
	if !ok || res.o.expired(time.Now()) || !res.o.admits(c.r) {
		c.say(http.StatusNotFound, "no such resource")
		return
	}
	c.w.Header().Set("Cache-Control", "private, no-store")
	switch method := c.r.Method; {
	case res.kind == 'c' && method == http.MethodHead:
		c.headContent(res.o)
	case res.kind == 'c' && method == http.MethodPatch:
		c.patchContent(res.o)
	case res.kind == 'c':
		c.notAllowed("HEAD, PATCH")
	case method != http.MethodGet && method != http.MethodHead:
		c.notAllowed("GET, HEAD")
	case res.kind == 'm':
		c.message(res.o)
	default:
		c.body(res.o)
	}
}

func (o *operation) admits(r *http.Request) bool {
	return o.owner == "" || subtle.ConstantTimeCompare([]byte(o.owner), []byte(owner(r))) == 1
}

func (c *call) headContent(o *operation) {
	n, err := o.tell()
	if err != nil {
		c.say(http.StatusGone, err.Error())
		return
	}
	h := c.w.Header()
	h.Set("Content-Type", o.order.contentType)
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	c.w.WriteHeader(http.StatusOK)
}

// ready returns the final response, or nil.
func (o *operation) ready() *outcome {
	select {
	case <-o.done:
		return o.outcome
	default:
		return nil
	}
}

func (o *operation) isGone() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone
}

func (c *call) message(o *operation) {
	res := o.ready()
	switch {
	case o.isGone():
		c.say(http.StatusGone, errGone.Error())
	case res == nil:
		c.w.Header().Set("Retry-After", "1")
		c.say(http.StatusAccepted, "there is no response yet")
	default:
		c.w.Header().Set("Cache-Control", "private")
		c.serveBytes("message/http;msgtype=response", res.message())
	}
}

func (c *call) body(o *operation) {
	res := o.ready()
	switch {
	case o.isGone():
		c.say(http.StatusGone, errGone.Error())
	case res == nil:
		c.say(http.StatusNotFound, "there is no response yet")
	default:
		c.w.Header().Set("Cache-Control", "private")
		c.serveBytes(res.header.Get("Content-Type"), res.body)
	}
}

// message is the final response as it goes over HTTP/1.1, in full.
func (res *outcome) message() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", res.status, http.StatusText(res.status))
	res.header.Write(&b)
	b.WriteString("\r\n")
	b.Write(res.body)
	return []byte(b.String())
}
