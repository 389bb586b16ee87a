// Command killmatrix runs the whole suite against every mutant of the reference server and makes the kill matrix: which
// case catches which bug, which bug nothing catches, and which case catches nothing.
//
// In the room: one run (child.go), many of them side by side (runs.go), what is to be said of them (judge.go), and how it
// is said (page.go, main.go). What may be touched: what is asked of the matrix, as long as the exit status keeps its
// meaning. Who comes in: those who work on the suite, by `make mutants`.
package main
