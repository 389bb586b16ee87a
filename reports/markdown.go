package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// maxMarkdown is the size that WriteMarkdown keeps to: half of what GitHub takes for the summary of a step.
	maxMarkdown = 512 << 10
	// maxField bounds one text in it.
	maxField = 2000
)

// WriteMarkdown writes r as the summary of a CI job: the verdict, the counts, what failed and how to run it
// again, then what says nothing about the target, the warnings, and folded what was not tested. It is at
// most 512 KiB; what did not fit is said. Texts are escaped: whatever a target sent stays text.
func WriteMarkdown(w io.Writer, r *Report) error {
	if _, err := io.WriteString(w, markdown(normalize(r))); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

func markdown(r *Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s\n\n", symbol(markOf(r.Summary.Conformance)), conformanceTitle(r.Summary.Conformance), field(targetName(r)+" "+r.Target.Version))
	fmt.Fprintf(&b, "%s %s\n\n", r.Summary.Conformance.Means(), tally(r.Results))
	if r.Interrupted != "" {
		fmt.Fprintf(&b, "**The run ended early:** %s. What was not reached is not in this report.\n\n", field(r.Interrupted))
	}
	fmt.Fprintf(&b, "%s, %s, by %s, seed %d", field(r.Target.URL), took(r.Seconds), field(r.Tool.Name+" "+r.Tool.Version), r.Seed)
	if r.Shard != "" {
		fmt.Fprintf(&b, ", shard %s", field(r.Shard))
	}
	b.WriteString(".\n\n")
	if r.Baseline != nil {
		fmt.Fprintf(&b, "Baseline %s: **%s**.\n\n", field(r.Baseline.words()), r.Baseline.sum(r.Summary.Known))
	}
	countsTable(&b, r)
	for _, s := range markdownSections {
		writeSection(&b, r, s)
		if s.known {
			writeBaseline(&b, r.Baseline, s.room)
		}
	}
	return b.String()
}

// section is a part of the summary: the results of one verdict.
type section struct {
	verdict Verdict
	known   bool // of the failures those that the baseline has too, or else the others
	room    int  // bytes that the document may have after this section
	entry   func(*Result) string
	folded  bool
}

var markdownSections = []section{
	{Fail, false, maxMarkdown * 4 / 8, entryInFull, false},
	{Error, false, maxMarkdown * 5 / 8, entryInFull, false},
	{Inconclusive, false, maxMarkdown * 5 / 8, entryInFull, false},
	{Warn, false, maxMarkdown * 6 / 8, entryInFull, false},
	{Fail, true, maxMarkdown * 7 / 8, entryInFull, true},
	{Unsupported, false, maxMarkdown - 8<<10, entryInShort, true},
	{Excluded, false, maxMarkdown - 4<<10, entryInShort, true},
}

// writeBaseline lists the failures of the baseline that are none here.
func writeBaseline(b *strings.Builder, baseline *Baseline, room int) {
	if baseline == nil || len(baseline.Lines()) == 0 {
		return
	}
	b.WriteString("<details><summary>Failures of the baseline that are none here</summary>\n\n")
	for _, line := range baseline.Lines() {
		if b.Len()+len(line) > room {
			b.WriteString("- and more\n")
			break
		}
		fmt.Fprintf(b, "- %s\n", field(line))
	}
	b.WriteString("\n</details>\n\n")
}

// markOf gives the verdict whose mark stands for a conformance word.
func markOf(c Conformance) Verdict {
	switch c {
	case Conformant:
		return Pass
	case Partial:
		return Warn
	case Nonconformant:
		return Fail
	}
	return Inconclusive
}

func countsTable(b *strings.Builder, r *Report) {
	b.WriteString("| Level |")
	for _, v := range Verdicts {
		fmt.Fprintf(b, " %s %s |", symbol(v), v)
	}
	b.WriteString(" all |\n|:--|" + strings.Repeat("--:|", len(Verdicts)+1) + "\n")
	for _, row := range countRows(r.Results) {
		fmt.Fprintf(b, "| %s |", row.Name)
		for _, cell := range row.Cells {
			fmt.Fprintf(b, " %d |", cell.N)
		}
		fmt.Fprintf(b, " %d |\n", row.Total)
	}
	b.WriteString("\n")
}

// writeSection writes the results of one section, as many as keep the document within its room.
func writeSection(b *strings.Builder, r *Report, s section) {
	var list []*Result
	for i := range r.Results {
		if r.Results[i].Verdict == s.verdict && r.Results[i].Known == s.known {
			list = append(list, &r.Results[i])
		}
	}
	if len(list) == 0 {
		return
	}
	first := r.precedence()
	slices.SortStableFunc(list, func(a, b *Result) int {
		return cmp.Or(first.compare(a, b), strings.Compare(a.Key().String(), b.Key().String()))
	})
	title := fmt.Sprintf("%s (%d)", groupTitle[s.verdict], len(list))
	if s.known {
		title += ", known from the baseline"
	}
	if s.folded {
		fmt.Fprintf(b, "<details><summary>%s</summary>\n\n", title)
	} else {
		fmt.Fprintf(b, "### %s\n\n", title)
	}
	if note := meaningHere(s.verdict); note != "" && !s.folded {
		b.WriteString(note + "\n\n")
	}
	for i, result := range list {
		text := s.entry(result)
		if b.Len()+len(text) > s.room {
			fmt.Fprintf(b, "\n**%s left out to keep this summary small.** The JSON and HTML reports have them.\n", plural(len(list)-i, "result", "results"))
			break
		}
		b.WriteString(text)
	}
	if s.folded {
		b.WriteString("\n</details>\n")
	}
	b.WriteString("\n")
}

func entryInFull(r *Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s %s, %s (%s)\n\n%s\n\n", symbol(r.Verdict), field(r.ID), field(placeWords(r)), r.Level, field(r.Requires))
	fmt.Fprintf(&b, "- **Expected:** %s\n- **Got:** %s\n", field(r.Expected), field(r.Got))
	if at := atByte(r); at != "" {
		fmt.Fprintf(&b, "- **Where:** %s\n", field(at))
	}
	for _, note := range r.Notes[:min(len(r.Notes), 10)] {
		fmt.Fprintf(&b, "- **Note:** %s\n", field(note))
	}
	sweepTable(&b, r.Sweep)
	if source := cited(r.Source); source != "" {
		if link := webLink(r.Source.URL); link != "" && len(link) < maxField {
			fmt.Fprintf(&b, "- **Source:** [%s](<%s>)\n", field(source), strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C", "|", "%7C", "`", "%60").Replace(link))
		} else {
			fmt.Fprintf(&b, "- **Source:** %s\n", field(source))
		}
	}
	if r.Rerun != "" {
		b.WriteString("\n" + codeBlock(r.Rerun))
	}
	b.WriteString("\n")
	return b.String()
}

// sweepTable lists the failing bytes of a sweep.
func sweepTable(b *strings.Builder, s *Sweep) {
	const most = 20
	if s == nil || len(s.Failures) == 0 {
		return
	}
	b.WriteString("\n| Cut at | Cuts | Expected | Got |\n|:--|--:|:--|:--|\n")
	for _, f := range s.Failures[:min(len(s.Failures), most)] {
		fmt.Fprintf(b, "| %s | %d | %s | %s |\n", field(f.Where()), f.Cuts, field(shorten(f.Expected, 300)), field(shorten(f.Got, 300)))
	}
	if more := s.Others(most); more > 0 {
		fmt.Fprintf(b, "\nand %s more.\n", plural(more, "failing cut", "failing cuts"))
	}
	b.WriteString("\n")
}

func entryInShort(r *Result) string {
	return fmt.Sprintf("- %s, %s: %s\n", field(r.ID), field(placeWords(r)), field(r.Got))
}

// codeBlock fences one line of code with more backticks than it has itself.
func codeBlock(s string) string {
	s = shorten(Sanitize(s), maxField)
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + "sh\n" + s + "\n" + fence + "\n"
}

// field makes one line of text that Markdown and HTML take for nothing but text. What could begin markup,
// a link or a mention becomes a character reference, which is read only after markup has been found.
func field(s string) string {
	s = shorten(Sanitize(strings.TrimSpace(s)), maxField)
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune("\\`*_[]<>&|~@#$", r),
			r == ':' && i+1 < len(s) && !strings.ContainsRune(" 0123456789", rune(s[i+1])), // a link, an emoji
			strings.ContainsRune("-+=", r) && i == 0,                                       // a list, a heading
			r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
