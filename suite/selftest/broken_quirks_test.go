package selftest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"syscall"
)

// The bugs of which each is in broken_test.go with the case that has to catch it.
const (
	// What HEAD tells.
	headPlusOne     quirk = "HEAD tells one byte more"
	headMinusOne    quirk = "HEAD tells one byte less, which PATCH does not accept"
	headAnnounced   quirk = "HEAD tells the announced length"
	headUnmeasured  quirk = "HEAD has no Content-Length"
	headGoesDown    quirk = "every second HEAD tells less"
	headZeroAtEnd   quirk = "HEAD tells 0 once the upload is complete"
	headOfItsOwn    quirk = "HEAD has other fields than GET"
	allowMissing    quirk = "405 without Allow"
	getPadded       quirk = "GET on the request content pads"
	forgotten       quirk = "the request content is gone with the connection"
	forgottenEmpty  quirk = "an upload cut before its first byte is forgotten"
	lockForever     quirk = "PATCH is locked after an interruption"
	headLocked      quirk = "HEAD is 423 after an interruption"
	lockedWhileOpen quirk = "HEAD hangs while the old connection is open"
	nothingKept     quirk = "nothing is kept"

	// What happens to the bytes.
	tailLost          quirk = "a reset loses the tail, and HEAD still claims it"
	borderLost        quirk = "a byte is lost when the cut is at 16 KiB"
	lateBytes         quirk = "the old connection's last bytes are written after the PATCH"
	halfPatchWhole    quirk = "a PATCH that was cut counts as whole"
	halfPatchPadded   quirk = "a PATCH that was cut is padded to its range"
	cutPatchDropsAll  quirk = "a PATCH that is cut takes everything with it"
	pieceDropped      quirk = "a PATCH that does not complete is answered 204 and dropped"
	firstPieceEnds    quirk = "the first PATCH is taken for the last"
	openLengthMisread quirk = "a PATCH with an open length is refused"
	onePlace          quirk = "two uploads of a user have one location"
	interleaved       quirk = "two PATCHes at once are mixed"
	interleavedTwice  quirk = "two PATCHes at once take effect twice"

	// What is accepted.
	patchAnywhere    quirk = "PATCH appends whatever its offset"
	gapZeros         quirk = "PATCH fills a gap with zeros"
	overlapWritten   quirk = "PATCH overwrites what is there"
	badTotalTaken    quirk = "PATCH overrides the complete length"
	pastEndTaken     quirk = "PATCH may run past the end"
	pastEndCut       quirk = "PATCH past the end is cut off and taken"
	rangeGuessed     quirk = "a malformed Content-Range is taken for the rest"
	rangeMissing     quirk = "a PATCH without Content-Range is appended"
	anyType          quirk = "a PATCH of any media type is taken"
	ignoreKeeps      quirk = "ignore-incomplete keeps"
	ignoreHalfEffect quirk = "ignore-incomplete takes half an upload for the whole"
	defaultIgnores   quirk = "resume alone means ignore-incomplete"

	// When the effect happens.
	effectAtHead       quirk = "the effect happens with the head"
	effectTwice        quirk = "the effect happens twice after a PATCH"
	effectPerRead      quirk = "each read of the message has the effect again"
	effectHalf         quirk = "the end of the connection is taken for the end of the body"
	effectChunked      quirk = "a truncated chunked body is taken for the whole"
	effectBare         quirk = "a truncated body is the whole where resumption is not asked for"
	effectAtLast       quirk = "the end of an old connection has the effect again"
	effectPerPatch     quirk = "a PATCH that is sent again has the effect again"
	workWithConnection quirk = "slow processing ends with the connection"

	// The response message.
	messageOfAnother  quirk = "the message is that of another operation"
	messageBodyHalf   quirk = "the message has half of its body"
	messageBodyEmpty  quirk = "the message says that the body is empty"
	messageStatus200  quirk = "the message has the status 200 always"
	errorsForgotten   quirk = "only successes have a message"
	messageOnce       quirk = "the message can be read once"
	messageChanges    quirk = "the message changes at each read"
	messageOfPatch    quirk = "the message is the answer to the PATCH"
	messageNever      quirk = "no message after a PATCH"
	messageEarly      quirk = "the message is a success before the upload is in"
	messageEarlyError quirk = "the message is an error before the upload is in"
	messageEarlyEmpty quirk = "the message is an empty 200 before the upload is in"
	messageFieldless  quirk = "the message has lost its Location"
	deleteKeeps       quirk = "DELETE on the message changes nothing"

	// Parts of the response.
	rangeOffByOne      quirk = "a range begins one byte late"
	rangeWrongTotal    quirk = "Content-Range has a wrong complete length"
	rangeWholeBody     quirk = "206 with the whole body"
	ifRangeIgnored     quirk = "If-Range is ignored"
	unsatisfiableBare  quirk = "416 without Content-Range"
	suffixFromStart    quirk = "a suffix range is taken from the start"
	multiWrong         quirk = "the parts of several ranges are of other bytes"
	messageRangeOfBody quirk = "a range of the message is one of the body"
	bodyOfAnother      quirk = "Content-Location leads to another's response"
	bodyHeadShort      quirk = "HEAD on the Content-Location tells one byte less"

	// What is offered, and to whom.
	preferByEquality    quirk = "the preference is compared as a string"
	preferCase          quirk = "the preference is found in lower case only"
	preferQuoted        quirk = "a quoted value is not understood"
	preferSecondLine    quirk = "a second Prefer line is ignored"
	preferParameters    quirk = "a parameter hides the preference"
	unknownValueRefused quirk = "an unknown value of the preference is refused"
	expectNeeded        quirk = "the preference without Expect is refused"
	bare100             quirk = "the fields come with the final response only"
	interimsToOld       quirk = "HTTP/1.0 gets 1xx"
	sequentialPlaces    quirk = "locations are counted"
	clockPlaces         quirk = "locations are times"
	spaceInPlace        quirk = "a location has a space in it"
	twoPlaces           quirk = "a response has two request content locations"
	deadPlaces          quirk = "the response message is announced at a dead location"
	appliedOther        quirk = "Preference-Applied names ignore-incomplete"
	refusalAfter100     quirk = "100 is sent before a refusal"
	refusedKept         quirk = "a refused request is kept"
	repetitionRefused   quirk = "a request that was begun cannot be issued again"
	slotsLeak           quirk = "an interrupted head keeps a slot"
	strangerReads       quirk = "anyone may GET the message"
	strangerHeads       quirk = "anyone may HEAD the request content"
	strangerPatches     quirk = "anyone may PATCH the request content"
	cachePublic         quirk = "Cache-Control: public"
	acknowledgeAhead    quirk = "Acknowledge tells the announced length"
	acknowledgeDown     quirk = "Acknowledge goes down"
	acknowledgeUnkept   quirk = "Acknowledge tells what is not kept"
)

// ownerUnchecked says which quirk opens a resource to a stranger's method.
var ownerUnchecked = map[string]quirk{
	"message GET": strangerReads, "content HEAD": strangerHeads, "content PATCH": strangerPatches,
}

// offset is what HEAD tells. The caller holds the operation's mu.
func (s *bugServer) offset(o *operation) int64 {
	n := max(int64(len(o.data)), o.claimed)
	switch {
	case s.has(headZeroAtEnd) && o.complete:
		return 0
	case o.complete:
		return n
	case s.has(headPlusOne):
		return n + 1
	case s.has(headMinusOne):
		return max(n-1, 0)
	case s.has(headAnnounced) && o.total > 0:
		return o.total
	case s.has(headGoesDown):
		if o.seen = 1 - o.seen; o.seen == 0 {
			return n / 2
		}
	}
	return n
}

// locked gives the answer of a HEAD that an interruption has locked out.
func (s *bugServer) locked(o *operation) *answer {
	o.mu.Lock()
	quiet, complete := o.quiet, o.complete
	o.mu.Unlock()
	switch {
	case s.has(headLocked) && !complete:
		return reply(423, "locked\n")
	case s.has(lockedWhileOpen) && quiet != nil:
		select {
		case <-quiet:
		case <-s.quit:
		}
	}
	return nil
}

// spoil is called when a writer's connection broke. The caller holds the operation's mu.
func (s *bugServer) spoil(o *operation, err error) {
	n := len(o.data)
	s.spoilByte(o)
	switch {
	case s.has(forgotten), s.has(forgottenEmpty) && n == 0:
		o.gone = true
	case s.has(nothingKept):
		o.data = nil
	case s.has(wholeBlocks):
		o.data = o.data[:n/4096*4096]
	case s.has(acknowledgeUnkept):
		o.data = o.data[:n/2]
	case s.has(tailLost) && errors.Is(err, syscall.ECONNRESET) && n > 100, s.has(borderLost) && n == 16<<10:
		o.claimed, o.data = int64(n), o.data[:n-1]
	case s.has(lateBytes) && n > 100 && o.turn == 1:
		o.late = append([]byte{}, o.data[n-100:]...)
		o.data = o.data[:n-100]
	case s.has(resetKeepsHalf) && errors.Is(err, syscall.ECONNRESET):
		o.data = o.data[:max(o.acked, n/2)]
	case s.has(resetKeepsNothing) && errors.Is(err, syscall.ECONNRESET):
		o.data = nil
	}
}

// truncatedIsWhole says whether a body that was cut counts as whole.
func (s *bugServer) truncatedIsWhole(r *http.Request, o *operation, err error) bool {
	_, asked := r.Header["Prefer"]
	whole := err != nil && (s.has(effectHalf) && !errors.Is(err, syscall.ECONNRESET) || s.has(effectChunked) && o.total < 0 ||
		s.has(ignoreHalfEffect) && o.ignore || s.has(effectBare) && !asked)
	if whole {
		o.mu.Lock()
		o.total = int64(len(o.data))
		o.mu.Unlock()
	}
	return whole
}

// halfPatch is called when a PATCH was cut.
func (s *bugServer) halfPatch(o *operation, wanted contentRange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	missing := wanted.last + 1 - int64(len(o.data))
	switch {
	case s.has(halfPatchWhole) && wanted.first >= 0:
		o.claimed = wanted.last + 1
	case s.has(halfPatchPadded) && wanted.first >= 0 && missing > 0:
		o.data = append(o.data, make([]byte, missing)...)
	case s.has(cutPatchDropsAll):
		o.data = nil
	}
}

// afterPatch is called when a PATCH is in.
func (s *bugServer) afterPatch(o *operation, before int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := o.total; s.has(pieceDropped) && int64(len(o.data)) < n {
		o.data = o.data[:before]
	}
	if len(o.late) > 0 {
		o.data = append(o.data, o.late...)
		o.late, o.total = nil, int64(len(o.data))
	}
}

// guessed makes a range of what is none.
func (s *bugServer) guessed(o *operation, value, length string) (contentRange, bool) {
	n, err := strconv.ParseInt(length, 10, 64)
	if err != nil || !(s.has(rangeGuessed) && value != "" || s.has(rangeMissing) && value == "") {
		return contentRange{}, false
	}
	at := o.length()
	return contentRange{at, at + n - 1, -1}, true
}

// tolerates says whether a PATCH is taken without a look at its range, and makes room for it. The
// caller holds the operation's mu.
func (s *bugServer) tolerates(o *operation, wanted contentRange, body *bufio.Reader) bool {
	n := int64(len(o.data))
	switch {
	case s.has(overlapSameTaken) && wanted.total == o.total && o.same(wanted, body):
	case s.has(patchAnywhere) && wanted.first >= 0 && wanted.first != n:
	case o.claimed > n && wanted.first == o.claimed, s.has(gapZeros) && wanted.first > n && wanted.last < o.total:
		o.data = append(o.data, make([]byte, wanted.first-n)...)
	case s.has(overlapWritten) && wanted.first >= 0 && wanted.first < n:
		o.data = o.data[:wanted.first]
	case s.has(badTotalTaken) && wanted.first == n && wanted.total != o.total:
		o.total = wanted.total
	case s.has(pastEndTaken) && wanted.first == n && wanted.last >= o.total:
		o.total = wanted.last + 1
	case s.has(pastEndCut) && wanted.first == n && wanted.last >= o.total:
		rest := make([]byte, o.total-n)
		k, _ := io.ReadFull(body, rest)
		_, _ = io.Copy(io.Discard, body)
		o.data = append(o.data, rest[:k]...)
	default:
		return false
	}
	return true
}

// documented is the final response as the response message tells it.
func (s *bugServer) documented(a *answer, reads int) *answer {
	switch {
	case s.has(messageStatus200):
		a.status = 200
	case s.has(messageChanges):
		a = a.with("X-Read", strconv.Itoa(reads))
	case s.has(messageOfPatch):
		a.status, a.body = 204, nil
	case s.has(messageFieldless):
		a = &answer{status: a.status, fields: []string{"Content-Type", "text/plain"}, body: a.body, length: -1}
	case s.has(messageAdorned):
		a = a.with("X-Replayed", "yes", "Age", "0", "Via", "1.1 bug")
	}
	return a
}

// misread spoils a request for a part.
func (s *bugServer) misread(r *http.Request) {
	value := r.Header.Get("Range")
	switch {
	case s.has(rangeIgnored):
		r.Header.Del("Range")
	case s.has(ifRangeIgnored):
		r.Header.Del("If-Range")
	case s.has(suffixFromStart) && strings.HasPrefix(value, "bytes=-"):
		n, _ := strconv.Atoi(strings.TrimPrefix(value, "bytes=-"))
		r.Header.Set("Range", "bytes=0-"+strconv.Itoa(n-1))
	}
}

// misranged spoils a part.
func (s *bugServer) misranged(a *answer, whole []byte) *answer {
	if a.status == 416 && s.has(unsatisfiableBare) {
		return reply(416, "no\n")
	}
	value := a.get("Content-Range")
	if a.status != 206 {
		return a
	}
	c, ok := parseRange(value)
	switch {
	case !ok && s.has(multiWrong):
		a.body = bytes.Replace(a.body, []byte("stat"), []byte("tats"), 1)
	case !ok:
	case s.has(rangeOffByOne):
		a.body = whole[min(c.first+1, c.last):min(c.last+2, int64(len(whole)))]
	case s.has(rangeWrongTotal):
		a.set("Content-Range", strings.Replace(value, "/", "/9", 1))
	case s.has(rangeWholeBody):
		a.body = whole
	}
	return a
}

func (a *answer) set(name, value string) {
	for i := 0; i < len(a.fields); i += 2 {
		if strings.EqualFold(a.fields[i], name) {
			a.fields[i+1] = value
		}
	}
}

// interleave serves PATCH without taking turns: what two bring at once to one offset is mixed.
func (x *call) interleave(o *operation) *answer {
	body := bufio.NewReader(x.r.Body)
	fields, err := textproto.NewReader(body).ReadMIMEHeader()
	if err != nil {
		return nil
	}
	wanted, ok := parseRange(fields.Get("Content-Range"))
	data, err := io.ReadAll(body)
	if !ok || err != nil {
		return reply(400, "malformed\n")
	}
	o.mu.Lock()
	if wanted.first != int64(len(o.data)) || o.complete {
		o.mu.Unlock()
		return reply(409, "another offset\n")
	}
	if o.late != nil {
		for at := 0; at < len(data); at += 256 {
			if !x.s.has(interleavedTwice) {
				copy(data[at:min(at+128, len(data))], o.late[at:])
			}
		}
		o.data = append(o.data, data...)
		turn := o.take()
		o.mu.Unlock()
		o.finish(turn, -1, x)
		if x.s.has(interleavedTwice) {
			o.effect()
		}
		return x.delivered(o)
	}
	o.late = data
	o.mu.Unlock()
	<-o.ready // the rival comes
	return x.s.presented(o)
}
