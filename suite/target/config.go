package target

import "time"

// Config is resumespec.yaml, with its defaults filled in.
type Config struct {
	Version    int      `yaml:"version"`
	Target     string   `yaml:"target"` // base URL, "http://host:port/path"; "" in a file that leaves it to the command line
	About      About    `yaml:"about"`
	TLS        TLS      `yaml:"tls"`
	Transports []string `yaml:"transports"`
	Users      []User   `yaml:"users"` // the first is used everywhere, the second turns on privacy cases
	Limits     Limits   `yaml:"limits"`
	Restart    *Restart `yaml:"restart"`
	// Profiles are those that the user named, by name.
	Profiles map[string]*Profile `yaml:"profiles"`
	Path     string              `yaml:"-"` // the file it came from, "" for none

	// given are the profiles as they stood in the file, before the defaults: Retarget derives the settings
	// from them anew.
	given map[string]Profile
}

// About names the target in the report.
type About struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	URL     string `yaml:"url"`
}

// TLS says whom to trust.
type TLS struct {
	CA       string `yaml:"ca"` // a PEM file; relative names are resolved against the folder of the file
	Insecure bool   `yaml:"insecure"`
}

// User is one set of credentials: header fields that go to the target's origin and nowhere else.
type User struct {
	Name    string            `yaml:"name"`
	Headers map[string]string `yaml:"headers"`
}

// Limits bound what the suite takes from the target and how long it waits.
type Limits struct {
	Body int64         `yaml:"body"` // payload bytes of one body, sent or received; default 1 MiB
	Case time.Duration `yaml:"case"` // default 10 s
	Run  time.Duration `yaml:"run"`  // default 10 min
}

// Restart says how the target is stopped and started again.
type Restart struct {
	Stop  []string `yaml:"stop"`
	Start []string `yaml:"start"`
	Ready string   `yaml:"ready"`
}

// Profile holds what the suite is told about a target for one profile. Config.Profiles has those that the user named;
// Config.Profile gives the settings of any.
type Profile struct {
	Upload   Request   `yaml:"upload"`
	Patch    string    `yaml:"patch"` // media type; "" means: what Accept-Patch names, else message/byterange
	Readback Readback  `yaml:"readback"`
	Count    *Count    `yaml:"count"`
	Large    *Request  `yaml:"large"`
	Slow     *Request  `yaml:"slow"`
	Failing  []Request `yaml:"failing"`
	// Expiring is an upload that expires within two seconds while it is unfinished, for a profile whose uploads expire.
	Expiring *Request `yaml:"expiring"`
	// Limited is an upload that has a min-append-size, for a profile whose uploads have limits.
	Limited *Request `yaml:"limited"`
	// Interop are the versions of the protocol to speak, for a profile that has several: "3" to "8" are interop versions
	// of drafts, "latest" is the newest text. Empty for every other profile.
	Interop []string `yaml:"interop"`
}

// Request is the template of an upload. {tag} in Path and in header values is replaced.
type Request struct {
	Method  string            `yaml:"method"`
	Path    string            `yaml:"path"` // path and query, "/items?tag={tag}"
	Headers map[string]string `yaml:"headers"`
}

// Readback says where the stored bytes of an upload can be read.
// In YAML: location | content-location | document | result | upload | none | {path: "/items/{id}"} | {file: "data/{id}"}.
type Readback struct {
	// From is "location", "content-location", "document" (the URL that the upload is written to), "result" (what the
	// protocol itself names as the result), "upload" (the upload's own URI), "path", "file" or "none".
	From string
	Path string // with From "path": {id} is the last path segment of Location, {tag} the case's token
	File string // with From "file": a file of this machine; {id} is the last path segment of the upload resource's URI
}

// Count says where the number of effects so far can be read.
type Count struct {
	Path    string `yaml:"path"`
	Pointer string `yaml:"pointer"` // JSON Pointer (RFC 6901) to a number; "" is the whole document
}
