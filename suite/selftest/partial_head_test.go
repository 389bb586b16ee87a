package selftest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// put answers a PUT: what its head says is looked at first.
func (x *partCall) put(path string, isPart bool) *answer {
	s, waits := x.s, in(x.expectations(), "100-continue") && (x.r.ProtoAtLeast(1, 1) || x.s.has(partInterimToOld))
	if waits && s.has(partContinueFirst) {
		x.proceed()
		waits = false
	}
	if s.has(partEmptiedAtHead) {
		s.emptied(path)
	}
	p, err := x.span(isPart)
	if err != nil {
		return x.refuse(err)
	}
	if status := x.condition(path); status != 0 {
		return x.refuse(partRefusal(status))
	}
	n := x.r.ContentLength
	if p.first >= 0 && n >= 0 && n != p.len() && !s.has(lengthIgnored2) && !s.has(lastExcluded) && !s.has(reversedSwapped) && !s.has(numbersWrap) {
		return x.refuse(partRefusal(400))
	}
	if n < 0 && s.has(partNoChunks) {
		return x.refuse(partRefusal(411))
	}
	if p.first < 0 {
		if s.has(partNoWhole) {
			return x.refuse(partRefusal(405))
		}
		return x.whole(path, waits)
	}
	w, refused := s.begin(path, p)
	if refused != 0 {
		return x.refuse(partRefusal(refused))
	}
	defer s.over(w)
	if waits && !s.has(partNever100) {
		x.proceed()
	}
	return x.receive(path, p, w)
}

func (x *partCall) proceed() { _, _ = io.WriteString(x.c, "HTTP/1.1 100 Continue\r\n\r\n") }

// refuse refuses a PUT without its body, which a client may have sent.
func (x *partCall) refuse(err error) *answer {
	var status partRefusal
	errors.As(err, &status)
	if x.s.has(refusedWith501) && status == 416 {
		status = 501
	}
	return reply(int(status), "refused\n")
}

// emptied empties a document before anything is known of what will come.
func (s *partServer) emptied(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.docs[path]; d != nil {
		d.data = nil
	}
}

// condition gives the status that a precondition asks for (RFC 9110, 13); 0 where it holds.
func (x *partCall) condition(path string) int {
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[path]
	tag := ""
	if d != nil {
		tag = fmt.Sprintf(`"v%d"`, d.etag)
	}
	has := func(list string) bool {
		for _, one := range strings.Split(list, ",") {
			if one = strings.TrimSpace(one); d != nil && (one == "*" || one == tag) {
				return true
			}
		}
		return s.has(matchWholeField) && list == tag
	}
	if list := x.r.Header.Get("If-Match"); list != "" && !s.has(matchIgnored) {
		if s.has(matchWholeField) && list != tag && list != "*" || !has(list) {
			return 412
		}
	}
	if list := x.r.Header.Get("If-None-Match"); list != "" && has(list) && !s.has(noneMatchIgnored) {
		return 412
	}
	since, err := http.ParseTime(x.r.Header.Get("If-Unmodified-Since"))
	if err == nil && d != nil && d.modified.Truncate(time.Second).After(since) && !s.has(unmodifiedIgnored) {
		return 412
	}
	return 0
}
