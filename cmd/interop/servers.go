package main

import "path/filepath"

// server is one of those that are certified.
type server struct {
	name string // of its report, and of its folder below .interop
	// build are the commands that build it in the folder of the builds; {source} is its folder below .interop, {build} the
	// folder of the builds.
	build [][]string
	// start is the command that runs it: {port} on the loopback interface, {data} the folder of its uploads.
	start []string
	path  string   // at which it takes uploads
	flags []string // of the run, beside those of every run
}

// servers are certified in this order.
var servers = []server{
	{
		name: "tusd",
		build: [][]string{
			{"go", "-C", "{source}", "build", "-mod=mod", "-o", "{build}/tusd", "github.com/tus/tusd/v2/cmd/tusd"},
		},
		start: []string{"{build}/tusd", "-host", "127.0.0.1", "-port", "{port}", "-upload-dir", "{data}", "-enable-experimental-protocol"},
		path:  "/files/",
	},
	{
		name: "tus-node",
		build: [][]string{
			{"cp", "{source}/package.json", "{source}/package-lock.json", "{source}/server.mjs", "{build}"},
			{"npm", "ci", "--prefix", "{build}", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"},
		},
		start: []string{"node", "{build}/server.mjs", "{port}", "{data}"},
		path:  "/files",
	},
}

// source is where what is needed to build and to configure a server stands.
func (s server) source(root string) string { return filepath.Join(root, ".interop", s.name) }
