package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/resumespec/resumespec/reports"
)

// screen is what a run prints. Everything that a target may have chosen goes through reports.Sanitize on its way here.
type screen struct {
	quiet, verbose bool
	bar            bool // a bar may be drawn
	colour         bool

	mu   sync.Mutex // the handler of signals prints, too
	out  io.Writer
	line io.Writer // where whole lines go: out, or the bar, which keeps itself below them
}

// newScreen prints to standard output, or to standard error where a report has standard output for itself.
func (a *app) newScreen(stdoutTaken, quiet, verbose bool) *screen {
	out := a.out
	if stdoutTaken {
		out = a.err
	}
	file, isFile := out.(*os.File)
	terminal := isFile && term.IsTerminal(int(file.Fd())) && a.env("TERM") != "dumb"
	return &screen{
		quiet: quiet, verbose: verbose,
		bar:    terminal && !quiet,
		colour: terminal && a.env("NO_COLOR") == "",
		out:    out, line: out,
	}
}

// print writes whole lines.
func (s *screen) print(lines string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.line, lines)
}

// divert sends what is printed from now on to w; nil brings it back.
func (s *screen) divert(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line = w; w == nil {
		s.line = s.out
	}
}

// say prints a line, unless only the verdict is wanted.
func (s *screen) say(format string, args ...any) {
	if !s.quiet {
		s.print(reports.Sanitize(fmt.Sprintf(format, args...)) + "\n")
	}
}

// The colours: SGR numbers.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31;1"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func (s *screen) paint(colour, text string) string {
	if !s.colour || colour == plain {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

var verdictColour = map[reports.Verdict]string{
	reports.Fail: red, reports.Error: red, reports.Inconclusive: yellow, reports.Warn: yellow,
	reports.Unsupported: dim, reports.Excluded: dim, reports.Pass: green,
}

var conformanceColour = map[reports.Conformance]string{
	reports.Conformant: green, reports.Partial: yellow, reports.Nonconformant: red, reports.InconclusiveTotal: yellow,
}

// result prints one result: what went wrong and is news in full, everything else in one line, and that only when it was asked for.
func (s *screen) result(r *reports.Result) {
	switch r.Verdict {
	case reports.Fail, reports.Error, reports.Inconclusive:
		switch {
		case s.quiet:
		case r.Known && !s.verbose:
			s.print(s.head(r) + "\n" + s.field("got", r.Got))
		default:
			s.print(s.block(r))
		}
	case reports.Warn:
		switch {
		case s.verbose:
			s.print(s.block(r))
		case !s.quiet:
			s.print(s.head(r) + "\n" + s.field("got", r.Got))
		}
	default:
		if s.verbose {
			s.print(s.head(r) + s.paint(dim, "  "+seconds(r.Seconds)) + "\n")
		}
	}
}

// head is the first line of a result: "fail          resume.upload.offsets [mid-upload fin h1]  MUST".
func (s *screen) head(r *reports.Result) string {
	word, colour := reports.Sanitize(string(r.Verdict)), verdictColour[r.Verdict]
	if r.Known {
		word, colour = "known "+word, yellow
	}
	return s.paint(colour, fmt.Sprintf("%-13s", word)) + " " + s.paint(bold, reports.Sanitize(r.Key().String())) +
		"  " + reports.Sanitize(string(r.Level))
}

// block is a result in full.
func (s *screen) block(r *reports.Result) string {
	var b strings.Builder
	b.WriteString(s.head(r) + "\n")
	b.WriteString(wrap(reports.Sanitize(r.Requires), strings.Repeat(" ", 14), 100))
	source := r.Source.Document + ", " + r.Source.Section
	if r.Source.URL != "" {
		source += " <" + r.Source.URL + ">"
	}
	b.WriteString(s.field("source", source))
	b.WriteString(s.field("expected", r.Expected))
	b.WriteString(s.field("got", r.Got))
	if r.Byte != nil {
		at := fmt.Sprintf("byte %d", *r.Byte)
		if r.Where != "" {
			at += " of the " + r.Where
		}
		b.WriteString(s.field("at", at))
	}
	for _, note := range r.Notes {
		b.WriteString(s.field("note", note))
	}
	b.WriteString(s.sweep(r.Sweep))
	b.WriteString(s.field("rerun", r.Rerun))
	return b.String()
}

// mostSwept is how many runs of failing bytes are printed: the report has more.
const mostSwept = 10

// sweep is the table of the bytes at which a sweep failed.
func (s *screen) sweep(sweep *reports.Sweep) string {
	if sweep == nil {
		return ""
	}
	var b strings.Builder
	shown := sweep.Failures[:min(len(sweep.Failures), mostSwept)]
	for _, f := range shown {
		b.WriteString(s.field("bytes", f.Where()+"\nexpected "+shorten(f.Expected, 200)+"\ngot "+shorten(f.Got, 200)))
	}
	if more := sweep.Others(len(shown)); more > 0 {
		b.WriteString(s.field("", fmt.Sprintf("and %d more failing cuts (the report has more of them)", more)))
	}
	return b.String()
}

// longest is how much of one field is printed, in bytes: the report has it all.
const longest = 2000

func (s *screen) field(name, text string) string {
	if text == "" {
		return ""
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + " ... (the report has it all)"
	}
	const indent = "                         "
	return "              " + s.paint(dim, fmt.Sprintf("%-10s", name)) + " " + reports.SanitizeLines(text, indent) + "\n"
}
