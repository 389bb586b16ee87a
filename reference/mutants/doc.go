// Package mutants holds the reference server with one deliberate bug each: what the suite has to catch.
//
// In the room: one file per area, each a table of mutants; a mutant replaces one decision at a seam of
// reference.Seams. May be touched: mutants may be added; a name is never reused. A mutant is right when the
// server is legal but for its sentence, and when the case that it is for can see it.
// Who comes in: cmd and the tests that run the suite on every one. It imports nothing of the suite: the
// cases are plain strings, which those tests look up.
package mutants
