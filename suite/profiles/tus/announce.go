package tus

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
)

// The extensions that the protocol names.
const (
	extCreation   = "creation"
	extDefer      = "creation-defer-length"
	extInitial    = "creation-with-upload"
	extExpire     = "expiration"
	extChecksum   = "checksum"
	extTrailer    = "checksum-trailer"
	extTerminate  = "termination"
	extConcat     = "concatenation"
	extUnfinished = "concatenation-unfinished"
)

// version is the one that the suite speaks.
const version = "1.0.0"

// announced is what a server says of itself in the answer to OPTIONS.
type announced struct {
	ok         bool // it was a successful answer with a Tus-Version
	versions   []string
	extensions []string
	algorithms []string
	maxSize    string // "" where none is told
}

// parseAnnounced reads the answer to OPTIONS. White space around the elements of a list carries no meaning (RFC 9110,
// 5.6.1).
func parseAnnounced(r *exchange.Response) announced {
	a := announced{
		versions:   list(r.Fields, "Tus-Version"),
		extensions: list(r.Fields, "Tus-Extension"),
		algorithms: list(r.Fields, "Tus-Checksum-Algorithm"),
		maxSize:    strings.TrimSpace(r.Fields.Get("Tus-Max-Size")),
	}
	a.ok = (r.Status == 200 || r.Status == 204) && len(a.versions) > 0
	return a
}

// list gives the elements of a comma-separated list, without empty ones.
func list(fields exchange.Fields, name string) []string {
	var items []string
	for item := range strings.SplitSeq(fields.Joined(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// has says whether the server announces an extension.
func (a announced) has(extension string) bool { return slices.Contains(a.extensions, extension) }

// speaks says whether the server announces the version that the suite speaks.
func (a announced) speaks() bool { return a.ok && slices.Contains(a.versions, version) }
