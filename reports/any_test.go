package reports

import (
	"time"

	"pgregory.net/rapid"
)

// Generators of any report that the model allows.

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(poison), rapid.String(), rapid.StringMatching(`[a-z.]{0,12}`))
}

func anyWord[T ~string](list ...T) *rapid.Generator[T] { return rapid.SampledFrom(list) }

var anyCount = rapid.Int64Range(0, 1<<40)

func anyList[T any](g *rapid.Generator[T]) *rapid.Generator[[]T] { return rapid.SliceOfN(g, 0, 3) }

func anyFlow() *rapid.Generator[Flow] {
	return rapid.Custom(func(t *rapid.T) Flow {
		return Flow{anyCount.Draw(t, "r"), anyCount.Draw(t, "f"), anyCount.Draw(t, "h"), anyCount.Draw(t, "b")}
	})
}

func anyEvidence() *rapid.Generator[Evidence] {
	return rapid.Custom(func(t *rapid.T) Evidence {
		s := func() string { return anyText().Draw(t, "s") }
		return Evidence{Place: s(), Offset: anyCount.Draw(t, "offset"), FromEnd: rapid.Bool().Draw(t, "end"), Fault: s(), Side: s(),
			Fired: rapid.Bool().Draw(t, "fired"), Why: s(), Up: anyFlow().Draw(t, "up"), Down: anyFlow().Draw(t, "down"),
			Complete: rapid.Bool().Draw(t, "whole"), Interim: anyList(rapid.IntRange(100, 199)).Draw(t, "interim"),
			Final: rapid.IntRange(0, 999).Draw(t, "final"), ClosedBy: s(), Closed: s(), AfterUsec: anyCount.Draw(t, "after"),
			Exchange: rapid.IntRange(-2, 5).Draw(t, "exchange")}
	})
}

func anyEvent() *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		return Event{Kind: anyText().Draw(t, "kind"), AtUsec: anyCount.Draw(t, "at"), Offset: anyCount.Draw(t, "offset"), Bytes: anyCount.Draw(t, "bytes"),
			Text: anyText().Draw(t, "text"), Hex: rapid.StringMatching(`([0-9a-f]{2}){0,20}`).Draw(t, "hex"),
			Omitted: anyCount.Draw(t, "omitted"), Note: anyText().Draw(t, "note")}
	})
}

func anyExchange() *rapid.Generator[Exchange] {
	return rapid.Custom(func(t *rapid.T) Exchange {
		return Exchange{anyText().Draw(t, "label"), anyText().Draw(t, "link"), anyCount.Draw(t, "at"), anyCount.Draw(t, "sent"),
			anyCount.Draw(t, "read"), anyList(anyEvent()).Draw(t, "events")}
	})
}

func anyFigure() *rapid.Generator[Figure] {
	return rapid.Custom(func(t *rapid.T) Figure {
		return Figure{anyText().Draw(t, "name"), rapid.Float64().Draw(t, "value"), anyText().Draw(t, "unit")}
	})
}

func anyResult() *rapid.Generator[Result] {
	return rapid.Custom(func(t *rapid.T) Result {
		s := func() string { return anyText().Draw(t, "s") }
		return Result{ID: "x" + s(), Profile: s(), Level: anyWord(Levels...).Draw(t, "level"),
			Point: anyWord(append(points, "")...).Draw(t, "point"), Fault: anyWord(append(faults, "")...).Draw(t, "fault"), Transport: s(), Version: s(),
			Verdict: anyWord(Verdicts...).Draw(t, "verdict"), Requires: s(), Why: s(), Source: Source{s(), s(), s(), s()},
			Expected: s(), Got: s(), Byte: rapid.Ptr(anyCount, true).Draw(t, "byte"), Where: s(), Notes: anyList(anyText()).Draw(t, "notes"),
			Figures: anyList(anyFigure()).Draw(t, "figures"), Evidence: anyList(anyEvidence()).Draw(t, "evidence"),
			Transcript: anyList(anyExchange()).Draw(t, "transcript"), Omitted: rapid.IntRange(0, 99).Draw(t, "omitted"),
			Rerun: s(), File: s(), Seconds: rapid.Float64().Draw(t, "seconds"), Left: s()}
	})
}

func anyPart() *rapid.Generator[Part] {
	return rapid.Custom(func(t *rapid.T) Part {
		return Part{rapid.SampledFrom([]string{"", "3/3"}).Draw(t, "shard"), anyText().Draw(t, "url"),
			time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "started"), 0).UTC(), rapid.Float64().Draw(t, "seconds"),
			rapid.Int64().Draw(t, "seed"), anyList(anyText()).Draw(t, "command")}
	})
}

func anyReport() *rapid.Generator[*Report] {
	// Keys are compared as JSON will hold them: bytes that are not UTF-8 become one and the same character.
	key := func(r Result) Key {
		r = normalizeResult(r)
		return Key{string([]rune(r.ID)), r.Point, r.Fault, string([]rune(r.Transport)), string([]rune(r.Version))}
	}
	return rapid.Custom(func(t *rapid.T) *Report {
		s := func() string { return anyText().Draw(t, "s") }
		return &Report{Tool: Tool{s(), s(), s()}, Target: Target{s(), s(), s(), s(), s()},
			Started: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "started"), 0).UTC(), Seconds: rapid.Float64().Draw(t, "seconds"),
			Seed: rapid.Int64().Draw(t, "seed"), Command: anyList(anyText()).Draw(t, "command"),
			Shard:    rapid.SampledFrom([]string{"", "1/1", "2/3"}).Draw(t, "shard"),
			Profiles: []Profile{{s(), s(), s()}}, Interrupted: s(), Parts: anyList(anyPart()).Draw(t, "parts"),
			Results: rapid.SliceOfNDistinct(anyResult(), 0, 4, key).Draw(t, "results")}
	})
}

// anyCompared gives a report that was compared with another, which may share results with it.
func anyCompared() *rapid.Generator[*Report] {
	return rapid.Custom(func(t *rapid.T) *Report {
		r, baseline := anyReport().Draw(t, "report"), anyReport().Draw(t, "baseline")
		for i := range r.Results {
			if rapid.Bool().Draw(t, "shared") {
				shared := r.Results[i]
				shared.Verdict = anyWord(shared.Verdict, Fail, Pass).Draw(t, "then")
				baseline.Results = append(baseline.Results, shared)
			}
		}
		if rapid.Bool().Draw(t, "compared") {
			r.Against(anyText().Draw(t, "name"), baseline)
		}
		return r
	})
}
