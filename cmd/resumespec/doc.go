// Command resumespec certifies that an HTTP server lets interrupted requests be resumed.
//
// In the room: flags and config in, progress and exit status out. No logic of its own: what is checked
// lives in suite, what a report looks like in reports. What may be touched: words and layout, as long
// as flags, exit status and the fields of --json keep their meaning. Everything that a target chose goes
// through reports.Sanitize before it is printed. Who comes in: people, and the CI systems of people.
package main
