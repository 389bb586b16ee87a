package mutants

import (
	"net/http"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// restart: what a server had before it was started is lost or spoilt.
func restart() []Mutant {
	return []Mutant{
		{
			Name: "restart-forgets-uploads", Sentence: "An interrupted upload is gone after a restart.",
			Breaks: cases("restart.kept"),
			Apply: func(s *reference.Seams) {
				older, find := before(), s.Access.Find
				s.Access.Find = func(r *http.Request, id string) (*store.Operation, bool) {
					op, ok := find(r, id)
					return op, ok && !(older(op) && op.State() == store.Receiving)
				}
			},
		},
		{
			Name: "restart-offset-ahead", Sentence: "The offset that is told after a restart is ahead of the bytes that are there.",
			Breaks: cases("restart.intact", "restart.kept"),
			Apply: func(s *reference.Seams) {
				older, shown := before(), s.Offset.Shown
				s.Offset.Shown = func(op *store.Operation, kept int64) int64 {
					if kept = shown(op, kept); older(op) && op.State() == store.Receiving {
						kept += 16
					}
					return kept
				}
			},
		},
		{
			Name: "restart-remakes-responses", Sentence: "A response is made up again after a restart, without what the first one said.",
			Breaks: cases("restart.response"),
			Apply: func(s *reference.Seams) {
				older, final := before(), s.Message.Final
				s.Message.Final = func(r *http.Request, op *store.Operation) (*store.Response, bool) {
					resp, ok := final(r, op)
					if ok && older(op) {
						resp = &store.Response{Status: http.StatusOK, Header: http.Header{"Content-Length": {"0"}}}
					}
					return resp, ok
				}
			},
		},
	}
}

// before tells whether an operation is from before the server was started.
func before() func(*store.Operation) bool {
	started := time.Now()
	return func(op *store.Operation) bool { return op.Created.Before(started) }
}
