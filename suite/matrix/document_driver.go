package matrix

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/resumespec/resumespec/suite/exchange"
)

// DocumentDriver is what the drivers of such protocols have in common whose upload is the creation of a document at a URL of
// the client's own: the document itself tells how much of it is there, and nothing shows the final response again.
type DocumentDriver struct{}

// Learn takes nothing from responses: the document's URL is the client's own.
func (DocumentDriver) Learn(*Operation, *exchange.Response) {}

// Offset asks with HEAD on the document.
func (DocumentDriver) Offset(op *Operation) (exchange.Request, error) {
	return RequestTo("HEAD", op.URL), nil
}

// ReadOffset reads the Content-Length of a 2xx, in bytes. A document that is not there has 0.
func (DocumentDriver) ReadOffset(_ *Operation, r *exchange.Response) (int64, error) {
	value := r.Fields.Get("Content-Length")
	switch {
	case r.Status == 404 || r.Status == 410:
		return 0, nil
	case r.Status/100 != 2:
		return 0, fmt.Errorf("HEAD on the document gave %d, not 2xx or 404", r.Status)
	case r.Status == 204 && value == "":
		return 0, nil
	case value == "":
		return 0, fmt.Errorf("HEAD on the document gave %d without Content-Length", r.Status)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("HEAD on the document gave the Content-Length %q", value)
	}
	return n, nil
}

// Conflict says that a write came at the wrong offset, or where another is still at work. An upload that is meant to fail
// may end with these statuses for a reason of its own.
func (DocumentDriver) Conflict(op *Operation, r *exchange.Response) bool {
	return !op.Failing && slices.Contains(conflicts, r.Status)
}

var conflicts = []int{409, 412, 416, 423, 425}

// ReadOutcome is never asked, as there is no Outcome.
func (DocumentDriver) ReadOutcome(_ *Operation, r *exchange.Response) (*exchange.Response, OutcomeState, error) {
	return nil, Broken, fmt.Errorf("nothing shows the final response again; this is %d", r.Status)
}

// Downloads gives the document itself.
func (DocumentDriver) Downloads(op *Operation) []*url.URL { return []*url.URL{op.URL} }
