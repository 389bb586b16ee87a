package main

import (
	"path/filepath"
	"regexp"
)

// server is one of those that are certified.
type server struct {
	name string // of its report, and of its folder below .interop
	// build are the commands that build it in the folder of the builds; {source} is its folder below .interop, {build} the
	// folder of the builds.
	build [][]string
	// start is the command that runs it: {port} on the loopback interface, {data} the folder of its uploads.
	start []string
	path  string   // at which it takes uploads
	jobs  int      // that run at once: a run waits for most of its time
	flags []string // of the run, beside those of every run
	// undecided are the cases that the server answers now so, now so, whatever the suite does; nil for none. They are run and
	// kept, but not compared. why says what in the server decides.
	undecided *regexp.Regexp
	why       string
	// overtakes: a question after a cut may overtake the write that was cut, which is not there yet, or goes on for a moment.
	// Where a connection was cut, a pass and a warning are the same then.
	overtakes bool
}

// servers are certified in this order.
var servers = []server{
	{
		name: "tusd",
		build: [][]string{
			{"go", "-C", "{source}", "build", "-mod=mod", "-o", "{build}/tusd", "github.com/tus/tusd/v2/cmd/tusd"},
		},
		// Who waits for the lock of an upload, and who holds it, looks every 2 and 5 seconds by itself: the run would do little
		// else than wait. Much less than half a second, and a request that was cut is told to end on a busy machine before it
		// could read what had arrived.
		start: []string{
			"{build}/tusd", "-host", "127.0.0.1", "-port", "{port}", "-upload-dir", "{data}", "-enable-experimental-protocol",
			"-filelock-acquirer-poll-interval", "100ms", "-filelock-holder-poll-interval", "500ms",
		},
		path: "/files/",
		jobs: 8,
		// It takes the lock of an upload when it comes to it, not in the order of the requests.
		overtakes: true,
	},
	{
		name: "tus-node",
		build: [][]string{
			{"cp", "{source}/package.json", "{source}/package-lock.json", "{source}/server.mjs", "{build}"},
			{"npm", "ci", "--prefix", "{build}", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"},
		},
		start: []string{"node", "{build}/server.mjs", "{port}", "{data}"},
		path:  "/files",
		// One at a time: it dies of downloads, and what runs beside one would die with it.
		jobs:      1,
		undecided: regexp.MustCompile(`^tus\.(download\.|patch\.get$)`),
		why:       "it dies of a download when the connection ends before it has come to the end of the file by itself",
	},
}

// source is where what is needed to build and to configure a server stands.
func (s server) source(root string) string { return filepath.Join(root, ".interop", s.name) }
