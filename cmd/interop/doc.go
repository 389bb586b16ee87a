// Command interop certifies servers that other people wrote, and compares what is found with what was found last time.
//
// In the room: which servers (servers.go), how one is built and kept running (process.go), and what becomes of its report
// (run.go). What may be touched: the servers and their versions, which stand in .interop. It knows resumespec as users do,
// by its command line and its JSON report. Who comes in: make interop, and CI.
package main
