package uploadresource

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/resumespec/resumespec/suite/exchange"
)

// report gives what a status document says of an upload that is over, in one form: that is what is compared with twins
// and with itself. What a server tells beyond the definition (times, counts of requests) may differ, and so may how it
// cuts the list of what it received, and a query that signs the result's URI.
func report(doc document) *exchange.Response {
	members := map[string]any{"state": doc.state}
	status := http.StatusOK
	switch {
	case doc.state == failed:
		members["errors"], status = problems(doc), statusOf(doc)
	case doc.moved:
		members["result"] = withoutQuery(doc.result)
	default:
		members["result"] = withoutQuery(doc.result)
		members["length"], members["remaining"], members["received"] = doc.length, doc.remaining, pairs(doc.received)
	}
	body, _ := json.Marshal(members) // what was parsed can be written
	return &exchange.Response{
		Proto: "HTTP/1.1", Status: status, Reason: doc.state, Complete: true, Body: body,
		Fields: exchange.Fields{{Name: "Content-Type", Value: "application/json"}},
	}
}

// statusOf gives the status that the errors of a failed upload name, 500 where they name none.
func statusOf(doc document) int {
	for _, e := range doc.errors {
		var status int
		if err := json.Unmarshal(e["status"], &status); err == nil && status >= 400 && status <= 599 {
			return status
		}
	}
	return http.StatusInternalServerError
}

// problems keeps of each error what RFC 9457 says is the same for each occurrence of a problem, and its detail.
func problems(doc document) []map[string]json.RawMessage {
	kept := make([]map[string]json.RawMessage, len(doc.errors))
	for i, e := range doc.errors {
		kept[i] = map[string]json.RawMessage{}
		for _, name := range []string{"type", "title", "status", "detail"} {
			if e[name] != nil {
				kept[i][name] = e[name]
			}
		}
	}
	return kept
}

func pairs(spans []span) [][2]int64 {
	all := make([][2]int64, len(spans))
	for i, s := range spans {
		all[i] = [2]int64{s.first, s.last}
	}
	return all
}

func withoutQuery(ref string) string {
	u, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.String()
}
