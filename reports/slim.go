package reports

// Slim gives a copy of r that is small enough to be kept under version control, and of which a matrix shows the same. What
// speaks against the target stays whole. Of all else the cuts remain, of a pass the first one, and how many bytes went
// which way on their connections, but not the bytes. What a comparison with a baseline has left is taken out.
func (r *Report) Slim() *Report {
	out := *r
	out.Results = make([]Result, len(r.Results))
	for i := range r.Results {
		out.Results[i] = slimmed(r.Results[i])
	}
	out.Forget()
	return &out
}

func slimmed(r Result) Result {
	if r.Verdict == Pass {
		r.Evidence = r.Evidence[:min(len(r.Evidence), 1)]
	}
	whole := against(r.Verdict)
	transcript := make([]Exchange, 0, len(r.Transcript))
	at := map[int]int{} // from the old index to the new one
	for i, x := range r.Transcript {
		if !whole && !cutIn(r.Evidence, i) {
			continue
		}
		if !whole {
			x.Events = bare(x.Events)
		}
		at[i] = len(transcript)
		transcript = append(transcript, x)
	}
	evidence := make([]Evidence, len(r.Evidence))
	for i, e := range r.Evidence {
		if now, kept := at[e.Exchange]; kept {
			e.Exchange = now
		} else {
			e.Exchange = -1
		}
		evidence[i] = e
	}
	r.Omitted += len(r.Transcript) - len(transcript)
	r.Transcript, r.Evidence = transcript, evidence
	return r
}

// cutIn says whether one of the cuts was in the exchange of an index.
func cutIn(evidence []Evidence, exchange int) bool {
	for _, e := range evidence {
		if e.Exchange == exchange {
			return true
		}
	}
	return false
}

// bare gives events without their bytes.
func bare(events []Event) []Event {
	out := make([]Event, len(events))
	for i, e := range events {
		e.Omitted += int64(len(e.Text) + len(e.Hex)/2)
		e.Text, e.Hex = "", ""
		out[i] = e
	}
	return out
}
