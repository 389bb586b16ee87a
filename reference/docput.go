package reference

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// putDocument answers PUT: it writes the whole document, or the range that Expect with Range or the query names.
func (s *Server) putDocument(x *exchange) {
	q, job, p := s.parseWrite(x.r)
	if p == nil {
		p = s.examineDocument(x.r, q)
	}
	if p != nil {
		s.refuse(x, *p)
		return
	}
	job.ContentType = x.r.Header.Get("Content-Type")
	w := &write{x: x, s: s, job: job, Write: Write{Request: x.r, Transaction: s.transaction(x.r)}}
	c, ranged, err := s.seams.Document.PutRange(x.r, q)
	if err != nil {
		s.writeRefused(x, err)
		return
	}
	part := Part{Range: c, Size: x.r.ContentLength, Body: w}
	if ranged {
		w.InOrder, w.InItself = true, true
	} else {
		part.Open, part.Range = true, ContentRange{First: 0, Last: -1, Complete: x.r.ContentLength}
		w.Whole, w.InItself = true, true
	}
	w.parts = &single{part: part}
	s.carry(w)
}

// patchDocument answers PATCH with one of the byte range media types.
func (s *Server) patchDocument(x *exchange) {
	q, job, p := s.parseWrite(x.r)
	if p == nil && (q.Has(queryRange) || q.Has(queryLength)) {
		p = badQuery("range and length are for PUT")
	}
	if p == nil && x.r.ContentLength > s.opts.MaxBody {
		answer := problemOf(errTooLarge)
		p = &answer
	}
	if p != nil {
		s.refuse(x, *p)
		return
	}
	w := &write{x: x, s: s, job: job, Write: Write{Request: x.r, Transaction: s.transaction(x.r)}}
	body := bufio.NewReaderSize(w, maxPartHead)
	var err error
	if w.parts, w.Several, err = s.partsOf(x.r.Header, body, x.r.ContentLength); err != nil {
		s.writeRefused(x, err)
		return
	}
	if _, multi := w.parts.(*multiParts); multi && w.Transaction == TransactionPersist {
		w.Transaction = TransactionAny // its parts are one operation; the preference is not said to be applied
	}
	s.carry(w)
}

func (s *Server) transaction(r *http.Request) Transaction {
	return s.seams.Document.Transaction(s.seams.Prefer.Parse(r.Header.Values("Prefer")))
}

// Parameters of the Link-Template.
const (
	queryRange  = "range"
	queryLength = "length"
)

// parseWrite reads the query of a write.
func (s *Server) parseWrite(r *http.Request) (url.Values, store.Job, *problem) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, store.Job{}, badQuery("the query is malformed")
	}
	if err := s.seams.Document.Query(q); err != nil {
		return nil, store.Job{}, badQuery(err.Error())
	}
	job, p := parseJob(r.URL.RawQuery)
	return q, job, p
}

// knownQuery refuses a parameter that is not known, and one that is there twice: it might be one that selects a range.
func knownQuery(q url.Values) error {
	for name, values := range q {
		if !slices.Contains([]string{"tag", "respond", "delay", "fail", "refuse", queryRange, queryLength}, name) {
			return errParameter
		}
		if len(values) > 1 {
			return errRepeated
		}
	}
	return nil
}

var (
	errParameter = errors.New("a parameter is not known here")
	errRepeated  = errors.New("a parameter is there more than once")
)

// examineDocument refuses a PUT that is not to be taken by its head.
func (s *Server) examineDocument(r *http.Request, q url.Values) *problem {
	expected := slices.Contains(expectations(r), expectRange)
	switch {
	case len(r.Header.Values("Content-Range")) > 0: // RFC 9110, 14.5
		return &problem{Status: http.StatusBadRequest, Detail: "A partial PUT is not supported; see Link-Template, Accept-Expect and Accept-Patch."}
	case len(r.Header.Values("Range")) > 0 && !expected:
		return &problem{Status: http.StatusBadRequest, Detail: "Range in a PUT needs Expect: Range."}
	case expected && q.Has(queryRange), q.Has(queryLength) && !q.Has(queryRange):
		return badQuery("one range, named in one way")
	}
	return examineContent(r, s.opts.MaxBody)
}

// putRange finds the range that a PUT names.
func putRange(r *http.Request, q url.Values) (c ContentRange, ranged bool, err error) {
	switch {
	case slices.Contains(expectations(r), expectRange):
		c, err = parseExpectedRange(r.Header.Values("Range"))
	case q.Has(queryRange):
		c, err = parseRangeQuery(q)
	default:
		return c, false, nil
	}
	if err == nil && r.ContentLength >= 0 && r.ContentLength != c.Length() {
		err = errBodyLength
	}
	return c, true, err
}

var errBodyLength = errors.New("the content is not as long as the range")

// parseExpectedRange reads Range as a request with Expect: Range has it: in the form "bytes 0-99/100"
// (http-resumable-uploads, Expect header with Range header) or as in RFC 9110, 14.1.1. There has to be one range with both
// ends.
func parseExpectedRange(lines []string) (c ContentRange, err error) {
	if len(lines) != 1 {
		return c, errNoRange
	}
	unit, positions, ok := strings.Cut(trimOWS(lines[0]), "=")
	if !ok || strings.Contains(unit, " ") {
		c, err = parseContentRange(lines[0])
		if err == nil && c.Ends() {
			err = errRangeSyntax
		}
		return c, err
	}
	if !strings.EqualFold(unit, unitBytes) {
		return c, errRangeUnit
	}
	return parsePositions(ContentRange{Complete: -1}, positions)
}

// parseRangeQuery reads the parameters of the Link-Template.
func parseRangeQuery(q url.Values) (ContentRange, error) {
	c := ContentRange{Complete: -1}
	if q.Has(queryLength) {
		n, ok := parseDigits(q.Get(queryLength))
		if !ok {
			return c, errRangeSyntax
		}
		c.Complete = n
	}
	return parsePositions(c, q.Get(queryRange))
}
