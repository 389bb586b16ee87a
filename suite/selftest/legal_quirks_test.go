package selftest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What a server may do as well, each in legal_test.go.
const (
	// How it writes.
	lowerCase        quirk = "field names in lower case"
	tinyWrites       quirk = "tiny writes"
	connectionClose  quirk = "Connection: close"
	closeDelimited   quirk = "bodies end with the connection"
	chunkedResponses quirk = "chunked responses"
	paddedHeads      quirk = "heads of random length"
	cookies          quirk = "Set-Cookie in every response"

	// What it offers.
	extraInterims  quirk = "102 before the 100, and after it"
	earlyHints     quirk = "103 with Link between"
	spreadInterims quirk = "the locations are spread over 102, 103, 104 and 100"
	laterInterims  quirk = "a 104 with the other locations right after the 100"
	repeatedPlaces quirk = "the last of several locations is valid"
	absolutePlaces quirk = "absolute locations"
	dottedPlaces   quirk = "relative locations with dots and a query"
	longPlaces     quirk = "locations of 6 KiB"
	onlyContent    quirk = "only Request-Content-Location"
	onlyMessage    quirk = "only Response-Message-Location"
	onlyBody       quirk = "only Content-Location"
	hugeAccepted   quirk = "a huge Content-Length is given leave"
	chunkedRefused quirk = "chunked uploads are refused with 411"

	// How it refuses.
	strangers401   quirk = "401 for a head without credentials"
	strangers403   quirk = "403 for a head without credentials"
	refusedClosing quirk = "a refused head ends the connection at once"
	refusedDrained quirk = "the body of a refused head is read all the same"
	failsAtHead    quirk = "an upload that fails is refused by its head"
	failsAt100     quirk = "an upload that fails does so right after the 100"
	failsEarly     quirk = "an upload that fails does so after its first bytes"

	// What it answers.
	head204           quirk = "HEAD is 204"
	headRounded       quirk = "HEAD tells whole kilobytes, and what is beyond is dropped"
	head206           quirk = "HEAD is 206 while incomplete"
	headSlow          quirk = "each HEAD takes 200 ms"
	getRefused        quirk = "GET on the request content is 405"
	piece200          quirk = "an incomplete PATCH is 200"
	piece202          quirk = "an incomplete PATCH is 202"
	patch204          quirk = "the PATCH that completes is 204"
	serialised        quirk = "PATCHes wait for each other"
	overlapSameTaken  quirk = "an overlap with the same bytes is taken"
	contentGone       quirk = "the request content is gone once complete"
	rangeIgnored      quirk = "Range is ignored"
	noTag             quirk = "no ETag"
	weakTag           quirk = "a weak ETag"
	clockTag          quirk = "an ETag of the time of the effect"
	finalWithoutPlace quirk = "the final response has no Content-Location"
	messageBodyNone   quirk = "the message leaves out the body"
	messageUnframed   quirk = "the message has no Content-Length"
	messageChunked    quirk = "the message is chunked"
	messageInterims   quirk = "the message begins with interim responses"
	messageAdorned    quirk = "the message has more fields"

	// What its responses hold.
	bodyIDs         quirk = "an id in each response body"
	bodySeconds     quirk = "the second in each response body"
	bodyJSON        quirk = "JSON with ids and the second"
	bodyLength      quirk = "response bodies of random length"
	bodyElapsed     quirk = "the time that the upload took in each response body"
	bodyElapsedJSON quirk = "the time that the upload took in a JSON response"
	bodyBackend     quirk = "one of two names of a backend in a JSON response"

	// What it says before the response is there.
	pending202  quirk = "pending is 202"
	pending204  quirk = "pending is 204"
	pending409  quirk = "pending is 409"
	pending425  quirk = "pending is 425"
	pending503  quirk = "pending is 503 with Retry-After"
	pendingWait quirk = "pending waits"

	// What it keeps.
	notFencing          quirk = "HEAD leaves the old connection alone"
	lagging             quirk = "bytes are there 50 ms after they came"
	wholeBlocks         quirk = "only whole blocks of 4 KiB are kept"
	lockedWhileDraining quirk = "PATCH is 423 until the old connection has ended, or was silent for 100 ms"
	laggingFenced       quirk = "bytes are there 200 ms after they came, unless HEAD came first"
	itemsLag            quirk = "an item can be read 150 ms later"
	answersLate         quirk = "each final response takes 100 ms"
	countLags           quirk = "the count is up to date 30 ms later"
	countLagsLong       quirk = "the count is up to date 300 ms later"
	resetKeepsHalf      quirk = "a reset keeps half"
	fortyAtOnce         quirk = "forty connections at a time"
	acknowledgeOften    quirk = "Acknowledge for every 8 KiB"
	resetKeepsNothing   quirk = "a reset keeps nothing"
)

// interim is a 1xx response.
type interim struct {
	status int
	fields []string
}

// interims gives those before the body.
func (s *bugServer) interims(x *call, o *operation, asked, expects bool) []interim {
	var fields []string
	if asked {
		fields = s.places(x, o)
	}
	last := interim{100, fields}
	switch {
	case !expects:
		return []interim{{102, fields}}
	case s.has(bare100):
		last.fields = nil
	case s.has(extraInterims):
		return []interim{{102, nil}, last, {102, nil}, {100, nil}}
	case s.has(earlyHints):
		return []interim{{103, []string{"Link", "</style.css>; rel=preload"}}, last}
	case s.has(spreadInterims) && asked:
		return []interim{{102, fields[:2]}, {103, fields[2:4]}, {104, fields[4:6]}, {100, fields[6:]}}
	case s.has(laterInterims) && asked:
		return []interim{{100, fields[:2]}, {104, fields[2:]}}
	case s.has(repeatedPlaces) && asked:
		return []interim{{102, s.wrongPlaces(fields)}, {104, s.wrongPlaces(fields)}, last}
	}
	return []interim{last}
}

func (s *bugServer) wrongPlaces(fields []string) []string {
	wrong := append([]string{}, fields...)
	for i := 1; i < 6; i += 2 {
		wrong[i] = "/not-this-one"
	}
	return wrong
}

// places gives the location fields.
func (s *bugServer) places(x *call, o *operation) []string {
	applied := "resume"
	if o.ignore {
		applied = "resume=ignore-incomplete"
	}
	if s.has(appliedOther) {
		applied = "resume=ignore-incomplete"
	}
	prefix := ""
	switch {
	case s.has(absolutePlaces):
		prefix = "http://" + x.r.Host
	case s.has(dottedPlaces):
		prefix = "../elsewhere/./.."
	}
	named := func(name, last string) []string { return []string{name, prefix + o.path + "/" + last} }
	content, message, body := named("Request-Content-Location", "content"), named("Response-Message-Location", "message"), named("Content-Location", "body")
	switch {
	case s.has(dottedPlaces):
		content[1] += "?a=b&c=%2F"
	case s.has(spaceInPlace):
		content[1] += " x"
	case s.has(deadPlaces):
		message[1] += "x"
	case s.has(twoPlaces):
		content = append(content, content...)
	case s.has(onlyContent):
		return content
	case s.has(onlyMessage):
		return message
	case s.has(onlyBody):
		return body
	}
	return append(append(append(content, message...), body...), "Preference-Applied", applied)
}

// presented is the final response as it goes out.
func (s *bugServer) presented(o *operation) *answer {
	if s.has(bare100) {
		return o.final.with("Request-Content-Location", o.path+"/content")
	}
	return o.final
}

// preference finds a preference and its value (RFC 7240, 2).
func (x *call) preference(name string) (string, bool) {
	lines := x.r.Header.Values("Prefer")
	switch {
	case x.s.has(preferByEquality):
		return "", len(lines) > 0 && lines[0] == name
	case x.s.has(preferSecondLine):
		lines = lines[:min(1, len(lines))]
	}
	for _, item := range split(strings.Join(lines, ","), ',') {
		parts := split(item, ';')
		key, value, _ := strings.Cut(parts[0], "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !strings.EqualFold(key, name) || x.s.has(preferCase) && key != name || x.s.has(preferParameters) && len(parts) > 1 {
			continue
		}
		if strings.HasPrefix(value, `"`) {
			if x.s.has(preferQuoted) {
				continue
			}
			value, _ = strconv.Unquote(value)
		}
		if x.s.has(defaultIgnores) && value == "" {
			value = "ignore-incomplete"
		}
		return value, true
	}
	return "", false
}

// split splits at a separator outside of quoted strings.
func split(s string, sep byte) []string {
	var parts []string
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// written gives the fields as the server writes them.
func (s *bugServer) written(fields []string) []string {
	if !s.has(lowerCase) {
		return fields
	}
	lower := append([]string{}, fields...)
	for i := 0; i < len(lower); i += 2 {
		lower[i] = strings.ToLower(lower[i])
	}
	return lower
}

// extras gives the fields that every final response has.
func (s *bugServer) extras() []string {
	switch {
	case s.has(paddedHeads):
		id := rand.Text()
		return []string{"X-Padding", strings.Repeat("x", int(id[0])*int(id[1])%900), "X-Request-Id", id}
	case s.has(cookies):
		return []string{"Set-Cookie", "session=" + rand.Text() + "; HttpOnly", "Set-Cookie", "seen=1"}
	}
	return nil
}

// json says whether response bodies are JSON.
func (s *bugServer) json() bool {
	return s.has(bodyJSON) || s.has(bodyElapsedJSON) || s.has(bodyBackend)
}

// mustClose says whether a response is the connection's last.
func (s *bugServer) mustClose(r *http.Request) bool {
	return r.Close || !r.ProtoAtLeast(1, 1) || s.has(connectionClose) || s.has(closeDelimited)
}

// delay is the latency of an answer.
func (s *bugServer) delay(r *http.Request) {
	if s.has(answersLate) && r.URL.Path != "/" {
		s.sleep(100 * time.Millisecond)
	}
	if s.has(headSlow) && r.Method == "HEAD" && r.URL.Path != "/" {
		s.sleep(200 * time.Millisecond)
	}
}

// latency is that of the storage: each burst of bytes is late, however long it is.
func (o *operation) latency(p []byte) {
	late := time.Duration(0)
	switch {
	case o.s.has(lagging):
		late = 50 * time.Millisecond
	case o.s.has(laggingFenced):
		late = 200 * time.Millisecond
	}
	o.mu.Lock()
	burst := time.Since(o.began) < o.burst+late
	o.mu.Unlock()
	if len(p) == 0 || late == 0 || burst {
		return
	}
	o.s.sleep(late)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.burst = time.Since(o.began)
}

// unacknowledged says that the server may drop what it has, and so must not acknowledge it.
func (s *bugServer) unacknowledged() bool {
	return s.has(nothingKept) || s.has(resetKeepsNothing) || s.has(resetKeepsHalf) || s.has(wholeBlocks) || s.has(headRounded)
}

// draining says that the old connection may still have something to say: it is there, and was not silent for long.
func (o *operation) draining() bool {
	return o.s.has(lockedWhileDraining) && o.quiet != nil && time.Since(o.heard) < 100*time.Millisecond
}

// uncredited gives the refusal of a head without credentials.
func (x *call) uncredited() *answer {
	switch {
	case x.r.Header.Get("Authorization") != "":
	case x.s.has(strangers401):
		return reply(401, "who are you?\n", "WWW-Authenticate", `Bearer realm="items"`)
	case x.s.has(strangers403):
		return reply(403, "not you\n")
	}
	return nil
}

// disposed deals with the body of a refused head, whose final response tells the client not to send it.
func (x *call) disposed(a *answer) *answer {
	switch {
	case x.s.has(refusedClosing):
		return a.with("Connection", "close")
	case x.s.has(refusedDrained) && x.r.Header.Get("Expect") == "" && x.r.ContentLength < 1<<20:
		_, _ = io.Copy(io.Discard, x.r.Body) // who did not ask first is sending already
	}
	return a
}

// failed gives the answer to an upload that is meant to fail, before its body is in; nil where the server waits
// for that. What the message tells is the same.
func (x *call) failed(o *operation, turn int) *answer {
	if o.order.fail == 0 || !x.s.has(failsAt100) && !x.s.has(failsEarly) {
		return nil
	}
	if x.s.has(failsEarly) {
		_, _ = io.ReadFull(x.r.Body, make([]byte, 100))
	}
	o.mu.Lock()
	if turn == o.turn {
		o.complete = true
		close(o.quiet)
		o.quiet = nil
	}
	o.mu.Unlock()
	o.process(true)
	return x.s.presented(o)
}

// rounded drops what HEAD does not tell. The caller holds the operation's mu.
func (o *operation) rounded() {
	if o.s.has(headRounded) && !o.complete && o.quiet == nil {
		o.data = o.data[:max(o.acked, len(o.data)/1024*1024)]
	}
}

// headStyle gives the answer to HEAD on the request content.
func (s *bugServer) headStyle(a *answer, o *operation) *answer {
	switch {
	case s.has(headUnmeasured):
		return reply(204, "")
	case s.has(head204):
		return a.as(204)
	case s.has(head206) && !o.complete:
		return a.as(206)
	}
	return a
}

func (a *answer) as(status int) *answer {
	a.status = status
	return a
}

// pieceTaken is the answer to a PATCH after which bytes are still missing.
func (s *bugServer) pieceTaken() *answer {
	switch {
	case s.has(piece200):
		return reply(200, "taken\n")
	case s.has(piece202):
		return reply(202, "more, please\n")
	}
	return reply(204, "")
}

// tag gives the validator of a response body.
func (s *bugServer) tag(o *operation) string {
	switch {
	case s.has(noTag):
		return ""
	case s.has(weakTag):
		return `W/"body"`
	case s.has(clockTag):
		return strconv.Quote(o.at.Format(time.RFC3339))
	}
	return `"` + o.path[max(0, len(o.path)-26):] + `"`
}

// personal writes what differs from response to response.
func (s *bugServer) personal(b *bytes.Buffer, o *operation) {
	now := time.Now().Format(time.RFC3339)
	switch {
	case s.has(bodyIDs):
		fmt.Fprintf(b, "id %s\n", rand.Text())
	case s.has(bodySeconds):
		fmt.Fprintf(b, "at %s\n", now)
	case s.has(bodyLength):
		id := rand.Text()
		fmt.Fprintf(b, "%s\n", strings.Repeat("-", int(id[0])+int(id[1])*7))
	case s.has(bodyElapsed):
		fmt.Fprintf(b, "took %v\n", o.at.Sub(o.began))
	case s.has(bodyElapsedJSON):
		b.Reset()
		fmt.Fprintf(b, `{"bytes":%d,"ms":%d}`, len(o.data), o.at.Sub(o.began).Milliseconds())
	case s.has(bodyBackend):
		b.Reset()
		fmt.Fprintf(b, `{"bytes":%d,"backend":%q}`, len(o.data), []string{"a", "b"}[rand.Text()[0]%2])
	case s.has(bodyJSON):
		said := b.String()
		b.Reset()
		fmt.Fprintf(b, `{"id":%q,"at":%q,"said":%q,"list":[%q,{"n":%d}]}`, rand.Text(), now, said, rand.Text(), len(rand.Text()))
	}
}

// notYet is the answer of the message before the response is there.
func (s *bugServer) notYet(x *call, o *operation) *answer {
	switch {
	case s.has(messageEarly):
		return s.early(o, 201)
	case s.has(messageEarlyError):
		return s.early(o, 400)
	case s.has(messageEarlyEmpty):
		return &answer{status: 200, fields: []string{"Content-Type", "message/http"}, length: -1}
	case s.has(pending202):
		return reply(202, "wait\n")
	case s.has(pending204):
		return reply(204, "")
	case s.has(pending409):
		return reply(409, "not yet\n")
	case s.has(pending425):
		return reply(425, "too early\n")
	case s.has(pending503):
		return reply(503, "not yet\n", "Retry-After", "1")
	case s.has(pendingWait):
		select {
		case <-o.ready:
			return x.message(o)
		case <-time.After(300 * time.Millisecond):
		case <-s.quit:
		}
	}
	return reply(404, "not yet\n")
}

// early makes up a final response.
func (s *bugServer) early(o *operation, status int) *answer {
	text := "made up\n"
	document := head(status, []string{"Content-Type", "text/plain", "Content-Length", strconv.Itoa(len(text))}) + "\r\n" + text
	return &answer{status: 200, fields: []string{"Content-Type", "message/http"}, body: []byte(document), length: -1}
}
