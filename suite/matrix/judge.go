package matrix

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/catalog"
)

// Matcher decides about a value; every Gomega matcher is one.
type Matcher interface {
	Match(actual any) (bool, error)
}

// halt ends the case with a finding at no certain byte.
func (s *Session) halt(verdict catalog.Verdict, expected, got string) {
	panic(stop{catalog.Finding{Verdict: verdict, Expected: expected, Got: got, Byte: -1}})
}

// That asks that got matches; if not, the case ends with the verdict that its level asks for. The
// finding says expected, and got as described.
func (s *Session) That(got any, m Matcher, described, expected string, args ...any) {
	ok, err := m.Match(got)
	if err != nil {
		s.halt(catalog.Error, fmt.Sprintf(expected, args...), "the harness compared wrongly: "+err.Error())
	}
	if !ok {
		s.Broken(fmt.Sprintf(expected, args...), "%s", described)
	}
}

// Broken ends the case: its requirement does not hold.
func (s *Session) Broken(expected, got string, args ...any) {
	s.halt(catalog.Judge(s.Case.Level), expected, fmt.Sprintf(got, args...))
}

// BrokenAt is Broken at a byte of a part of the exchange ("request body").
func (s *Session) BrokenAt(at int64, where, expected, got string, args ...any) {
	panic(stop{catalog.Finding{
		Verdict: catalog.Judge(s.Case.Level), Expected: expected, Got: fmt.Sprintf(got, args...), Byte: at, Where: where,
	}})
}

// Harmful ends the case as failed whatever its level: a client that trusts the server loses or
// corrupts data.
func (s *Session) Harmful(expected, got string, args ...any) {
	s.halt(catalog.Fail, expected, fmt.Sprintf(got, args...))
}

// HarmfulAt is Harmful at a byte of a part of the exchange.
func (s *Session) HarmfulAt(at int64, where, expected, got string, args ...any) {
	panic(stop{catalog.Finding{Verdict: catalog.Fail, Expected: expected, Got: fmt.Sprintf(got, args...), Byte: at, Where: where}})
}

// Warn keeps a broken SHOULD and lets the case go on.
func (s *Session) Warn(expected, got string, args ...any) {
	s.Finding = catalog.Worse(s.Finding, catalog.Finding{
		Verdict: catalog.Warn, Expected: expected, Got: fmt.Sprintf(got, args...), Byte: -1,
	})
}

// Unsupported ends the case: the target, or what the suite was told of it, does not offer what the
// case needs.
func (s *Session) Unsupported(got string, args ...any) {
	s.halt(catalog.Unsupported, s.Case.Requires, fmt.Sprintf(got, args...))
}

// Inconclusive ends the case: the fault did not happen where it was meant to.
func (s *Session) Inconclusive(expected, got string, args ...any) {
	s.halt(catalog.Inconclusive, expected, fmt.Sprintf(got, args...))
}

// Need ends the case as unsupported when the configuration lacks a key.
func (s *Session) Need(need catalog.Need, there bool) {
	if !there {
		s.Unsupported("the configuration has no %q, which would turn the case on", need)
	}
}
