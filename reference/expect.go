package reference

import (
	"net/http"
	"slices"
	"strings"
)

// expectRange is the expectation that a server understands Range in a request that writes (http-resumable-uploads,
// Expect header with Range header).
const expectRange = "range"

const expect100 = "100-continue"

// expectations are the members of Expect in lower case (RFC 9110, 10.1.1), those too that rangeConn has taken away from
// net/http.
func expectations(r *http.Request) []string {
	var all []string
	for _, line := range slices.Concat(r.Header.Values("Expect"), r.Header.Values(fieldHandedOn)) {
		all = append(all, members(line)...)
	}
	return all
}

// members are the elements of a list in lower case, without the empty ones.
func members(line string) []string {
	var all []string
	for _, m := range splitQuoted(line, ',') {
		if m = strings.ToLower(trimOWS(m)); m != "" {
			all = append(all, m)
		}
	}
	return all
}

// meets tells whether the server does what is expected of it here: 100-continue everywhere, Range where a document is
// written. Anything else is refused before anything happens.
func meets(r *http.Request) bool {
	all := expectations(r)
	if len(all) == 0 {
		return true
	}
	res, _ := route(r.URL.EscapedPath())
	for _, e := range all {
		if e != expect100 && (e != expectRange || res != resourceDocument || r.Method != http.MethodPut) {
			return false
		}
	}
	return true
}
