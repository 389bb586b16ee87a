// Package catalog holds what a case is: plain data and plain functions.
//
// In the room: Case, Level, Source, Verdict, Finding. What may be touched: the words, as long as
// published IDs and fields stay. No Ginkgo, no network, no I/O: everything here can be tested by an
// ordinary test. Who comes in: suite and its profiles, the command line through suite.
package catalog
