package mutants

// rufhDownload: parts of what an upload became are wrong.
func rufhDownload() []Mutant {
	return []Mutant{
		{
			Name: "rufh-range-begins-late", Sentence: "The bytes of a range of what an upload became begin one too late.",
			Breaks: rufhCases("download.range"),
			Apply:  beginningLate(results),
		},
		{
			Name: "rufh-range-counted-on", Sentence: "A range is counted from where the one before it began.",
			Breaks: rufhCases("download.repeat", "download.range"),
			Apply:  countingOn(results),
		},
		{
			Name: "rufh-if-range-ignored", Sentence: "If-Range is ignored: a stale validator gets a part as well.",
			Breaks: rufhCases("download.if-range"),
			Apply:  unvalidated(results),
		},
		{
			Name: "rufh-past-end-gets-last-byte", Sentence: "A range past the end is answered with the last byte.",
			Breaks: rufhCases("download.unsatisfiable"),
			Apply:  lastAtLeast(results),
		},
		{
			Name: "rufh-suffix-from-start", Sentence: "The last N bytes of what an upload became are taken for the first N.",
			Breaks: rufhCases("download.suffix"),
			Apply:  suffixFromStart(results),
		},
	}
}
