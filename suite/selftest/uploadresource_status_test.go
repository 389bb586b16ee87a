package selftest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func (s *uploadServer) write(w http.ResponseWriter, status int, doc []byte) {
	media := "application/json"
	if s.has(upPlainType) {
		media = "text/plain"
	}
	w.Header().Set("Content-Type", media)
	if !s.has(upCached) {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}

// serveStatus serves the status resource.
func (s *uploadServer) serveStatus(w http.ResponseWriter, r *http.Request, u *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.spoils() && u.open > 0 {
		s.ended.Wait()
	}
	switch {
	case r.Method == "DELETE":
		s.cancel(w, u)
	case r.Method != "GET" && r.Method != "HEAD", r.Method == "HEAD" && s.has(upNoHead):
		w.WriteHeader(http.StatusMethodNotAllowed)
	case u.state == "done" && s.has(upRedirects):
		w.Header().Set("Location", s.ref(r, u.result))
		w.WriteHeader(http.StatusSeeOther)
	default:
		u.reads++
		if u.state == "done" && s.has(upEffectPerRead) {
			s.counts[u.tag]++
		}
		if u.state == "processing" && !s.has(upNoRetryAfter) {
			w.Header().Set("Retry-After", "0")
		}
		s.write(w, http.StatusOK, s.document(r, u))
	}
}

func (s *uploadServer) cancel(w http.ResponseWriter, u *held) {
	switch {
	case s.has(upDeleteRefused):
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case s.has(upCancelMarks):
		u.cancelled = true
	case !s.has(upCancelIgnored):
		u.cancelled = true
		delete(s.uploads, u.id)
	}
	w.WriteHeader(http.StatusNoContent)
}

// document gives the status document; the caller holds mu.
func (s *uploadServer) document(r *http.Request, u *held) []byte {
	if u.frozen != nil && s.has(upStale) {
		return u.frozen
	}
	members := map[string]any{
		"state": s.stateOf(u), "received": s.received(u), "length": nil, "remaining": nil, "errors": []any{},
		"upload": s.ref(r, s.place(u)), "parallel": !s.inOrder(),
	}
	if s.itself() || s.has(upPatch) {
		delete(members, "upload")
	}
	if s.has(upLengthOfPart) && len(u.data) > 0 {
		members["length"] = len(u.data)
	} else if u.length >= 0 {
		members["length"] = u.length
		members["remaining"] = u.length - total(u.got)
		if s.has(upRemainingAll) {
			members["remaining"] = u.length
		}
	}
	s.adorn(r, u, members)
	doc, _ := json.Marshal(members)
	if s.has(upStale) && u.reads > 0 {
		u.frozen = doc
	}
	return doc
}

// adorn adds what the state and the quirks ask for.
func (s *uploadServer) adorn(r *http.Request, u *held, members map[string]any) {
	switch u.state {
	case "done":
		if !s.has(upResultUnsaid) {
			members["result"] = s.ref(r, u.result)
		}
		if s.has(upSignedResult) {
			members["result"] = s.ref(r, u.result) + "?signed=" + strconv.Itoa(u.reads)
		}
		if s.has(upDoneIsShort) {
			delete(members, "received")
			delete(members, "length")
			delete(members, "remaining")
		}
		if s.has(upReportChanges) {
			members["length"] = u.length + int64(u.reads)
		}
	case "failed":
		problem := map[string]any{"type": "about:blank", "title": http.StatusText(u.fail), "status": u.fail}
		if s.has(upStatusText) {
			problem["status"] = strconv.Itoa(u.fail)
		}
		members["errors"] = []any{problem}
		if s.has(upErrorsUnsaid) {
			members["errors"] = []any{}
		}
	}
	if s.has(upMoreMembers) {
		members["created"], members["requests"] = time.Now().Format(time.RFC3339Nano), u.epoch+u.reads
	}
}

// spoils says whether a write that was cut leaves something wrong behind, which has to be there when it is looked at.
func (s *uploadServer) spoils() bool {
	return slices.ContainsFunc([]quirk{upForgets, upDropsAll, upFills, upTailLost}, s.has)
}

func (s *uploadServer) stateOf(u *held) string {
	switch {
	case u.state == "failed" && s.has(upFailedDone):
		return "done"
	case u.state == "processing" && s.has(upDoneEarly):
		return "done"
	case u.state != "":
		return u.state
	case s.has(upOwnWord) && len(u.data) > 0:
		return "uploading"
	case total(u.got) == 0:
		return "waiting"
	}
	return "receiving"
}

// received lists what is there.
func (s *uploadServer) received(u *held) [][2]int64 {
	list := [][2]int64{}
	for i := 0; i < len(u.got); i++ {
		if !u.got[i] {
			continue
		}
		first := i
		for i+1 < len(u.got) && u.got[i+1] && (!s.has(upUnmerged) || (i+1)%1000 != 0) {
			i++
		}
		list = append(list, [2]int64{int64(first), int64(i)})
	}
	switch {
	case s.has(upAnnounced) && len(list) > 0 && u.length > 0:
		return [][2]int64{{0, u.length - 1}}
	case s.has(upExclusive) && len(list) > 0:
		list[len(list)-1][1]++
	case s.has(upGapHidden) && len(list) > 0:
		return [][2]int64{{0, list[len(list)-1][1]}}
	case s.has(upGoesDown) && len(list) > 0 && u.reads%2 == 1 && list[0][1] > 10:
		list[0][1] -= 10
	}
	return list
}

func total(got []bool) int64 {
	n := int64(0)
	for _, there := range got {
		if there {
			n++
		}
	}
	return n
}
