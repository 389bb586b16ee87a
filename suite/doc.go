// Package suite turns the cases of the profiles into Ginkgo specs, runs them against a target and
// yields a report.
//
// In the room: Options and Run, the selection, the spec tree, the way from a spec to a result, and
// Work, by which several processes share a run. What may be touched: how specs are made and run; what is
// checked lives in profiles, how a connection is cut in faults. Who comes in: the command line, and the test package that runs the suite under
// go test and the ginkgo command.
package suite
