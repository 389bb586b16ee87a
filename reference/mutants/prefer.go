package mutants

import (
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
)

// prefer: what is asked for is misread.
func prefer() []Mutant {
	return []Mutant{
		{
			Name: "prefer-by-equality", Sentence: "Prefer is compared with the text resume instead of being parsed.",
			Breaks: cases("offer.prefer-syntax", "offer.save-incomplete", "offer.ignore-incomplete"),
			Apply: parsing(func(lines []string, _ parser) map[string]string {
				if len(lines) == 1 && lines[0] == "resume" {
					return map[string]string{"resume": ""}
				}
				return nil
			}),
		},
		{
			Name: "prefer-case", Sentence: "The preference is found in lower case only.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				if strings.ContainsAny(strings.Join(lines, ""), "RS") { // of RESUME and Resume
					return nil
				}
				return next(lines)
			}),
		},
		{
			Name: "prefer-first-line", Sentence: "Only the first line of Prefer is read.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				return next(lines[:min(1, len(lines))])
			}),
		},
		{
			Name: "prefer-parameters", Sentence: "A parameter is taken for a part of the preference, which is then unknown.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				var without []string
				for _, line := range lines {
					if !strings.Contains(line, ";") {
						without = append(without, line)
					}
				}
				return next(without)
			}),
		},
		{
			Name: "prefer-quoted", Sentence: "A quoted value of the preference is not unquoted, and so not known.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				prefs := next(lines)
				if strings.Contains(strings.Join(lines, ","), `resume="`) {
					delete(prefs, "resume")
				}
				return prefs
			}),
		},
		{
			Name: "prefer-split-in-quotes", Sentence: "A list of preferences is split at every comma, also within quotes.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				return next(strings.Split(strings.Join(lines, ","), ","))
			}),
		},
		{
			Name: "prefer-first-item", Sentence: "Only the first preference of a list is read.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: parsing(func(lines []string, next parser) map[string]string {
				var firsts []string
				for _, line := range lines {
					first, _, _ := strings.Cut(line, ",")
					firsts = append(firsts, first)
				}
				return next(firsts)
			}),
		},
		{
			Name: "prefer-unknown-refused", Sentence: "An unknown value of the preference is answered with 400.",
			Breaks: cases("offer.prefer-syntax"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				value, ok := strings.CutPrefix(r.Header.Get("Prefer"), "resume=")
				return ok && strings.Contains(value, "unknown")
			}),
		},
		{
			Name: "prefer-default-ignores", Sentence: "resume without a value is taken for ignore-incomplete.",
			Breaks: cases("offer.default-is-save", "offer.request-content-location", "offer.applied"),
			Apply: resuming(func(prefs map[string]string, next resumer) reference.Resumption {
				if value, ok := prefs["resume"]; ok && value == "" {
					return reference.ResumeIgnore
				}
				return next(prefs)
			}),
		},
		{
			Name: "prefer-save-unknown", Sentence: "The value save-incomplete is not known; resume alone is.",
			Breaks: cases("offer.save-incomplete", "offer.prefer-syntax"),
			Apply: resuming(func(prefs map[string]string, next resumer) reference.Resumption {
				if strings.EqualFold(prefs["resume"], "save-incomplete") {
					return reference.ResumeNone
				}
				return next(prefs)
			}),
		},
		{
			Name: "prefer-ignore-unknown", Sentence: "The value ignore-incomplete is not known, and nothing is offered for it.",
			Breaks: cases("offer.ignore-incomplete"),
			Apply: resuming(func(prefs map[string]string, next resumer) reference.Resumption {
				if strings.EqualFold(prefs["resume"], "ignore-incomplete") {
					return reference.ResumeNone
				}
				return next(prefs)
			}),
		},
		{
			Name: "prefer-ignore-keeps", Sentence: "ignore-incomplete is taken for save-incomplete, and the incomplete body is kept.",
			Breaks: cases("upload.ignore-incomplete"),
			Apply: resuming(func(prefs map[string]string, next resumer) reference.Resumption {
				if asked := next(prefs); asked != reference.ResumeIgnore {
					return asked
				}
				return reference.ResumeSave
			}),
		},
	}
}

type (
	parser  func(lines []string) map[string]string
	resumer func(prefs map[string]string) reference.Resumption
)

func parsing(parse func(lines []string, next parser) map[string]string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Prefer.Parse
		s.Prefer.Parse = func(lines []string) map[string]string { return parse(lines, next) }
	}
}

func resuming(resume func(prefs map[string]string, next resumer) reference.Resumption) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Prefer.Resume
		s.Prefer.Resume = func(prefs map[string]string) reference.Resumption { return resume(prefs, next) }
	}
}
