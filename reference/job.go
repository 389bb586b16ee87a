package reference

import (
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/resumespec/resumespec/reference/store"
)

// parseJob reads the query of POST /items: tag, respond (bytes), delay (a Go duration), fail (a
// status for the outcome) and refuse (a status for the head: what a server says instead of 100).
func parseJob(query string) (store.Job, *problem) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return store.Job{}, badQuery("the query is malformed")
	}
	job := store.Job{Tag: q.Get("tag")}
	if len(job.Tag) > maxTag || !utf8.ValidString(job.Tag) {
		return job, badQuery("tag is too long or not UTF-8")
	}
	if v := q.Get("respond"); v != "" {
		n, ok := parseDigits(v)
		if !ok || n > maxRespond {
			return job, badQuery("respond is a number of bytes up to 16777216")
		}
		job.Respond = n
	}
	if v := q.Get("delay"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 || d > maxDelay {
			return job, badQuery("delay is a duration up to 10s")
		}
		job.Delay = d
	}
	if v := q.Get("fail"); v != "" {
		if job.Fail = parseStatus(v); job.Fail == 0 {
			return job, badQuery("fail is a status from 400 to 599")
		}
	}
	if v := q.Get("refuse"); v != "" {
		if status := parseStatus(v); status != 0 {
			return job, &problem{Status: status, Detail: "Refused as asked for."}
		}
		return job, badQuery("refuse is a status from 400 to 599")
	}
	return job, nil
}

func parseStatus(s string) int {
	n, ok := parseDigits(s)
	if !ok || n < 400 || n > 599 {
		return 0
	}
	return int(n)
}

func badQuery(detail string) *problem {
	return &problem{Status: http.StatusBadRequest, Detail: detail}
}
