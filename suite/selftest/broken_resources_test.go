package selftest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// effect stores the upload and counts it.
func (o *operation) effect() string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	place := "/items/" + rand.Text()
	if data := append([]byte{}, o.data...); o.s.has(itemsLag) {
		o.s.conns.work.Go(func() { o.stored(place, data) })
	} else {
		o.s.items[place] = data
	}
	if o.s.has(countLags) || o.s.has(countLagsLong) {
		o.s.conns.work.Go(func() { o.counted() })
	} else {
		o.s.counts[o.order.tag]++
	}
	return place
}

// stored stores an item later.
func (o *operation) stored(place string, data []byte) {
	o.s.sleep(150 * time.Millisecond)
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.items[place] = data
}

// counted counts the effect later.
func (o *operation) counted() {
	if o.s.has(countLagsLong) {
		o.s.sleep(270 * time.Millisecond)
	}
	o.s.sleep(30 * time.Millisecond)
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.counts[o.order.tag]++
}

// process is the application: it is called once for an upload that is whole. The order of a process
// is not touched any more, and nor are its data.
func (o *operation) process(first bool) {
	if !o.s.sleep(o.order.delay) {
		return
	}
	o.at = time.Now()
	a := reply(201, "", "Cache-Control", "private, no-store")
	if o.s.json() {
		a.set("Content-Type", "application/json")
	}
	if o.order.fail != 0 {
		a.status = o.order.fail
	} else {
		a = a.with("Location", o.effect())
	}
	if o.s.has(effectTwice) && !first {
		o.effect()
	}
	if !o.s.has(finalWithoutPlace) {
		a = a.with("Content-Location", o.path+"/body")
	}
	a.body = o.s.told(o, a.status)
	o.s.mu.Lock()
	if o.s.done == nil {
		o.s.done = o
	}
	o.s.mu.Unlock()
	o.final = a
	close(o.ready)
}

// told gives the body of the final response.
func (s *bugServer) told(o *operation, status int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "status %d for %d bytes of SHA-256 %x\n", status, len(o.data), sha256.Sum256(o.data))
	s.personal(&b, o)
	for i := 0; b.Len() < o.order.respond && !s.json(); i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.Bytes()
}

// resource serves what belongs to an operation.
func (x *call) resource(o *operation, name string) *answer {
	method := x.r.Method
	if o.owner != x.r.Header.Get("Authorization") && !x.s.has(ownerUnchecked[name+" "+method]) {
		return reply(403, "somebody else's\n")
	}
	a := x.resourceOf(o, name, method)
	if a == nil {
		return nil
	}
	switch {
	case x.s.has(cachePublic):
		return a.with("Cache-Control", "public")
	case a.get("Cache-Control") == "":
		return a.with("Cache-Control", "private, no-store")
	}
	return a
}

func (x *call) resourceOf(o *operation, name, method string) *answer {
	reading := method == "GET" || method == "HEAD"
	switch {
	case name == "content" && method == "HEAD":
		return x.headContent(o)
	case name == "content" && method == "PATCH" && (x.s.has(interleaved) || x.s.has(interleavedTwice)):
		return x.interleave(o)
	case name == "content" && method == "PATCH":
		return x.patch(o)
	case name == "content" && method == "GET" && !x.s.has(getRefused) && !x.s.has(allowMissing):
		return x.getContent(o)
	case name == "content":
		return x.notAllowed("HEAD, PATCH")
	case name == "message" && method == "DELETE":
		return x.closed(o)
	case !reading:
		return x.notAllowed("GET, HEAD")
	case name == "message":
		return x.message(o)
	}
	return x.responseBody(o)
}

// settle waits until the present writer has ended, for d at most; then it shuts that one out.
func (o *operation) settle(d time.Duration) {
	o.mu.Lock()
	quiet := o.quiet
	o.mu.Unlock()
	if quiet == nil {
		return
	}
	select {
	case <-quiet:
		return
	case <-o.s.quit:
	case <-time.After(d):
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.quiet == quiet {
		o.turn++
		o.quiet = nil
	}
}

// patience is how long HEAD waits for a connection that may be at its end: the first HEAD after a cut
// often overtakes the news of it.
const patience = 25 * time.Millisecond

func (x *call) headContent(o *operation) *answer {
	if a := x.s.locked(o); a != nil {
		return a
	}
	if !x.s.has(notFencing) && !x.s.has(lagging) && !x.s.has(lockedWhileOpen) && !x.s.has(lockedWhileDraining) {
		o.settle(patience)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gone || o.complete && x.s.has(contentGone) {
		return reply(410, "gone\n")
	}
	o.rounded()
	a := reply(200, "", "Accept-Patch", "message/byterange")
	a.length = int(x.s.offset(o))
	return x.s.headStyle(a, o)
}

func (x *call) getContent(o *operation) *answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gone || o.complete && x.s.has(contentGone) {
		return reply(410, "gone\n")
	}
	a := reply(200, string(o.data), "Accept-Patch", "message/byterange")
	if x.s.has(getPadded) && o.total > 0 {
		a.body = append(a.body, make([]byte, o.total-int64(len(a.body)))...)
	}
	if x.s.has(headOfItsOwn) {
		a = a.with("ETag", `"content"`)
	}
	return a
}

// finished says whether the final response is there.
func (o *operation) finished() bool {
	select {
	case <-o.ready:
		return true
	default:
		return false
	}
}

// message serves the response message.
func (x *call) message(o *operation) *answer {
	o.mu.Lock()
	o.reads++
	reads, gone := o.reads, o.gone
	o.mu.Unlock()
	if gone {
		return reply(410, "gone\n")
	}
	if !o.finished() {
		return x.s.notYet(x, o)
	}
	if x.s.has(messageNever) && o.patched {
		return reply(404, "nothing here\n")
	}
	if x.s.has(effectPerRead) {
		o.effect()
	}
	if x.s.has(messageOfAnother) {
		o = x.s.first()
	}
	if x.s.has(errorsForgotten) && o.final.status >= 400 || x.s.has(messageOnce) && reads > 1 {
		return reply(404, "nothing here\n")
	}
	return x.ranged(o.s.document(o, reads), "message/http", o)
}

// document is the final response as message/http.
func (s *bugServer) document(o *operation, reads int) []byte {
	a := s.documented(o.final.with(), reads)
	length := len(a.body)
	body := a.body
	switch {
	case s.has(messageChunked):
		return append([]byte(head(a.status, append(a.fields, "Transfer-Encoding", "chunked"))+"\r\n"), chunked(body)...)
	case s.has(messageBodyHalf):
		body = body[:len(body)/2]
	case s.has(messageBodyNone):
		body = nil
	case s.has(messageBodyEmpty):
		body, length = nil, 0
	}
	fields := a.fields
	if !s.has(messageUnframed) {
		fields = append(fields, "Content-Length", strconv.Itoa(length))
	}
	document := head(a.status, s.written(fields)) + "\r\n" + string(body)
	if s.has(messageInterims) {
		document = head(102, nil) + "\r\n" + head(100, []string{"X-Interim", "yes"}) + "\r\n" + document
	}
	return []byte(document)
}

// first gives the first operation that has a final response.
func (s *bugServer) first() *operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// closed serves DELETE on the response message.
func (x *call) closed(o *operation) *answer {
	if !o.finished() {
		return reply(409, "not yet\n")
	}
	if !x.s.has(deleteKeeps) {
		o.mu.Lock()
		o.gone = true
		o.mu.Unlock()
	}
	return reply(204, "")
}

// responseBody serves what Content-Location leads to.
func (x *call) responseBody(o *operation) *answer {
	if !o.finished() {
		return reply(404, "not yet\n")
	}
	if x.s.has(bodyOfAnother) {
		o = x.s.first()
	}
	if x.s.has(bodyHeadShort) && x.r.Method == "HEAD" {
		a := reply(200, "")
		a.length = len(o.final.body) - 1
		return a
	}
	return x.ranged(o.final.body, "text/plain", o)
}

// ranged serves bytes, whole or in part, as net/http does.
func (x *call) ranged(content []byte, kind string, o *operation) *answer {
	rec := httptest.NewRecorder()
	r := x.r.Clone(x.r.Context())
	x.s.misread(r)
	rec.Header().Set("Content-Type", kind)
	if tag := x.s.tag(o); tag != "" {
		rec.Header().Set("Etag", tag)
	}
	source := content
	if x.s.has(messageRangeOfBody) && r.Header.Get("Range") != "" && kind == "message/http" {
		source = append(append([]byte{}, o.final.body...), make([]byte, len(content))...)[:len(content)]
	}
	http.ServeContent(rec, r, "", time.Time{}, bytes.NewReader(source))
	a := &answer{status: rec.Code, body: rec.Body.Bytes(), length: -1}
	for name, values := range rec.Header() {
		if name != "Content-Length" {
			a.fields = append(a.fields, textproto.CanonicalMIMEHeaderKey(name), strings.Join(values, ", "))
		}
	}
	if n, err := strconv.Atoi(rec.Header().Get("Content-Length")); err == nil && x.r.Method == "HEAD" {
		a.length = n
	}
	return x.s.misranged(a, content)
}
