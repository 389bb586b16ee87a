package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how strongly a source demands something (RFC 2119).
type Level string

// The levels, strongest first.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Weight orders levels: MUST 2, SHOULD 1, MAY 0.
func (l Level) Weight() int {
	switch l {
	case Must:
		return 2
	case Should:
		return 1
	}
	return 0
}

// Need names something that a case needs of the target and not every target offers; its value is
// the configuration key that turns it on.
type Need string

// The needs. NeedReadback is fulfilled by default.
const (
	NeedReadback Need = "readback"
	NeedCount    Need = "count"
	NeedLarge    Need = "large"
	NeedSlow     Need = "slow"
	NeedFailing  Need = "failing"
	NeedExpiring Need = "expiring"
	NeedLimited  Need = "limited"
	NeedUsers    Need = "users"
	NeedRestart  Need = "restart"
)

// Case is the check of one requirement: everything that can be told of it without running it.
type Case struct {
	ID       string // profile.area.name: never renumbered, never reused
	Level    Level
	Source   Source
	Requires string // what is required, one sentence
	Why      string // why it matters to a client, one sentence
	Sends    string // what is sent and where it is cut
	Failure  string // what a failure means and where a server's author should look
	Point    string // the interruption point: "none", "before-100", "mid-upload", "pre-response", "partial-download"
	Faults   []string
	Needs    []Need
	Later    bool // from a later text than the profile's source: never a MUST
	Sweep    bool // cuts at every byte: part of a run only where a sweep is asked for
	// Versions are the versions of its protocol in which the requirement holds, the oldest first; empty where the protocol
	// has none.
	Versions []string
	// Presumes lists the IDs of cases of the same profile on whose requirements this one relies: it cannot hold where one of
	// those is broken, so those are named first.
	Presumes []string
	// Unkilled says why no mutant of the reference server breaks the requirement: "The reference offers no ...". Empty where
	// one does.
	Unkilled string
}

// Profile is the first part of the ID.
func (c Case) Profile() string { return part(c.ID, 0) }

// Area is the second part of the ID.
func (c Case) Area() string { return part(c.ID, 1) }

// Name is the last part of the ID.
func (c Case) Name() string { return part(c.ID, 2) }

func part(id string, i int) string {
	parts := strings.SplitN(id, ".", 3)
	if i >= len(parts) {
		return ""
	}
	return parts[i]
}

// Variant is one way to run a case; it becomes one result.
type Variant struct {
	Fault     string // "none", "fin", "rst" or "stall"
	Transport string // "h1"
	Version   string // of the protocol: "6"; "" where it has none
}

// Variants gives every way to run the case over the given transports, in those of the given versions of its protocol
// in which it holds; where none is given, in the newest of these.
func (c Case) Variants(transports []string, versions ...string) []Variant {
	faults := c.Faults
	if len(faults) == 0 {
		faults = []string{"none"}
	}
	var variants []Variant
	for _, version := range c.spoken(versions) {
		for _, transport := range transports {
			for _, fault := range faults {
				variants = append(variants, Variant{fault, transport, version})
			}
		}
	}
	return variants
}

// spoken gives those of the versions in which the case holds; "" stands for a protocol without versions.
func (c Case) spoken(versions []string) []string {
	switch {
	case len(c.Versions) == 0:
		return []string{""}
	case len(versions) == 0:
		return c.Versions[len(c.Versions)-1:]
	}
	return slices.DeleteFunc(slices.Clone(versions), func(v string) bool { return !slices.Contains(c.Versions, v) })
}

// Title names one result: "resume.upload.offsets [mid-upload fin h1]", "rufh.append.offset [none none h1 v6]". Focus
// expressions match it.
func (c Case) Title(v Variant) string {
	title := fmt.Sprintf("%s [%s %s %s", c.ID, c.Point, v.Fault, v.Transport)
	if v.Version != "" {
		title += " " + VersionWord(v.Version)
	}
	return title + "]"
}

// VersionWord names a version within a title: "v6", "latest".
func VersionWord(version string) string {
	if strings.Trim(version, "0123456789") == "" {
		return "v" + version
	}
	return version
}

// CutAt gives the case with the point at which it cuts, and the faults with which it does.
func (c Case) CutAt(point string, faults []string) Case {
	c.Point, c.Faults = point, faults
	return c
}

// Omission is a case that other profiles have and one has no room for.
type Omission struct {
	ID  string // the one that the case would have
	Why string // half a sentence: what the protocol has not
}
