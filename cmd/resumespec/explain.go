package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CASE",
		Short: "Explain a case: what it requires, why, what is sent, what a failure means",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.explained(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, c := range a.engine.cases() {
				ids = append(ids, c.ID)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// explained tells of a case, or of one that its profile has no room for.
func (a *app) explained(id string) (string, error) {
	if c, ok := a.engine.lookup(id); ok {
		return explain(c), nil
	}
	for _, o := range a.engine.omitted() {
		if o.ID == id {
			return fmt.Sprintf("%s\n\nThere is no such case\n%s", o.ID, wrap("The protocol has no room for it: "+o.Why+".", "    ", 88)), nil
		}
	}
	return "", a.unknownCase(id)
}

func (a *app) unknownCase(id string) error {
	hint := "'resumespec list' shows them all"
	if near := a.engine.similar(id); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return usage("unknown case %q (%s)", id, hint)
}

// levelWords says what a level means for the verdict.
var levelWords = map[catalog.Level]string{
	catalog.Must:   "a target that breaks it is not conformant",
	catalog.Should: "a target that breaks it gets a warning",
	catalog.May:    "optional: a target need not offer it, but what it offers has to work",
}

// explain tells everything that can be told of a case without running it.
func explain(c catalog.Case) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", c.ID, c.Level)
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s\n%s\n", title, wrap(text, "    ", 88))
		}
	}
	section("Required", c.Requires)
	section("Why", c.Why)
	section("Source", source(c.Source))
	title, page := suite.Definition(c.Profile())
	section("Profile", title+". What it is, and what it takes its source to say: <"+page+">")
	section("Level", string(c.Level)+": "+levelWords[c.Level]+later(c))
	section("What is sent, and where it is cut", c.Sends)
	section("Point and faults", pointAndFaults(c))
	section("What a failure means", c.Failure)
	section("What it needs", needs(c))
	section("In which versions it holds", versions(c))
	section("When it is run", when(c))
	section("What it relies on, and is named after where that is broken too", strings.Join(c.Presumes, ", "))
	section("Why no mutant of the reference server breaks it", c.Unkilled)
	command := []string{"resumespec", "run", "URL"}
	if c.Sweep {
		command = append(command, "--sweep")
	}
	fmt.Fprintf(&b, "Run it alone\n    %s\n", shellLine(append(command, "--focus", focusOn(c.ID))...))
	return b.String()
}

// versions says of a case of a protocol with versions in which it holds, and how one is spoken.
func versions(c catalog.Case) string {
	if len(c.Versions) == 0 {
		return ""
	}
	return strings.Join(c.Versions, ", ") + ". The config says which are spoken (interop), the newest where it does not; " +
		"--focus '" + catalog.VersionWord(c.Versions[0]) + "\\]' runs the results of one of them"
}

// when says of a case that is not part of every run when it is run.
func when(c catalog.Case) string {
	if !c.Sweep {
		return ""
	}
	return "with --sweep only, which runs no other case: it makes a cut at every byte of a request of 4 KiB; with " +
		"--sweep=BYTES of one of that length, in a long one at every byte near a border and at some of the others"
}

func source(s catalog.Source) string {
	text := s.String()
	if s.URL != "" {
		text += " <" + s.URL + ">"
	}
	if s.Loose != "" {
		text += ". Note: " + s.Loose
	}
	return text
}

func later(c catalog.Case) string {
	if c.Later {
		return "; it comes from a text later than the profile's source"
	}
	return ""
}

func pointAndFaults(c catalog.Case) string {
	if len(c.Faults) == 0 {
		return "no cut: the exchange is undisturbed"
	}
	return fmt.Sprintf("%s; the connection ends by %s", c.Point, strings.Join(c.Faults, ", "))
}

func needs(c catalog.Case) string {
	if len(c.Needs) == 0 {
		return "nothing beyond the URL of the target"
	}
	words := make([]string, len(c.Needs))
	for i, need := range c.Needs {
		words[i] = fmt.Sprintf("%s: %s", need, needWords[need])
	}
	return "in the config, " + strings.Join(words, "; ")
}

// needWords says what each config key offers to the cases that need it.
var needWords = map[catalog.Need]string{
	catalog.NeedReadback: "where the stored bytes can be read again",
	catalog.NeedCount:    "where the number of effects so far can be read",
	catalog.NeedLarge:    "an upload that is answered with 64 KiB or more",
	catalog.NeedSlow:     "an upload that takes a while to process",
	catalog.NeedFailing:  "uploads that end in an error",
	catalog.NeedExpiring: "an upload that expires within two seconds while it is unfinished",
	catalog.NeedLimited:  "an upload of which each append has a least size",
	catalog.NeedRestart:  "how the server is stopped and started again",
	catalog.NeedUsers:    "credentials of two users",
}

// focusOn is the expression that selects one case with all its faults.
func focusOn(id string) string { return "^" + regexp.QuoteMeta(id) + " " }

// wrap breaks text into lines of at most width columns, each with the indent before it.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch length := len([]rune(word)); {
		case column == 0:
			b.WriteString(indent + word)
			column = len(indent) + length
		case column+1+length > width:
			b.WriteString("\n" + indent + word)
			column = len(indent) + length
		default:
			b.WriteString(" " + word)
			column += 1 + length
		}
	}
	return b.String() + "\n"
}
