package mutants

import (
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// acknowledge: what is acknowledged is not so.
func acknowledge() []Mutant {
	return []Mutant{
		{
			Name: "acknowledge-announced", Sentence: "Acknowledge tells the length that was announced.",
			Breaks: cases("acknowledge.never-more"),
			Apply:  acknowledging(func(op *store.Operation, _ int64) int64 { return op.Progress().Length }),
		},
		{
			Name: "acknowledge-remaining", Sentence: "Acknowledge tells how many bytes are still missing.",
			Breaks: cases("acknowledge.never-decreases", "acknowledge.never-more"),
			Apply:  acknowledging(func(op *store.Operation, durable int64) int64 { return op.Progress().Length - durable }),
		},
		{
			Name: "acknowledged-and-dropped", Sentence: "Half of what was acknowledged is dropped when the connection ends.",
			Breaks: cases("acknowledge.kept"),
			Apply: func(s *reference.Seams) {
				var told marks
				next := s.Offer.Acknowledged
				s.Offer.Acknowledged = func(op *store.Operation, durable int64) int64 {
					told.set(op)
					return next(op, durable)
				}
				keep(s, func(in reference.Intake, n int64) int64 {
					if told.has(in.Op) && !patching(in) {
						return n / 2
					}
					return n
				})
			},
		},
	}
}

func acknowledging(value func(op *store.Operation, durable int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) { s.Offer.Acknowledged = value }
}
