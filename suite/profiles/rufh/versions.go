package rufh

import (
	"slices"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// version is one row of the table: what a version of the protocol names and demands. A number stands for every text that
// carries it: what one of them permits is permitted, and what all of them demand is demanded.
type version struct {
	name   string // as in the configuration: "6", "latest"
	drafts string // the published texts: "-04, -05"
	// complete is the field of the completeness state. inverted: it says whether the upload is incomplete.
	complete string
	inverted bool
	media    string // media type of an append; "" where the text names none
	length   bool   // Upload-Length and Upload-Limit
	age      string // the limit of an upload's lifetime
	// offsets: every final response of an active upload tells Upload-Offset, and a part is answered 201.
	offsets   bool
	retrieved []int // statuses of a successful offset retrieval, nil for any 2xx
	get       bool  // offsets are retrieved by GET as well
	// strict: requests with fields that they may not have are refused with 400, and what is not there with 404.
	strict  bool
	deleted bool // a successful DELETE is answered 204
	// marked: the response to an append says whether it is the target's, with the state of completeness.
	marked   bool
	rejects  []int // statuses of an append to a completed upload; 0 stands for any but 2xx; nil where that may be answered
	matching bool  // the last append should be answered as the whole upload would have been
	replays  bool  // the final response may be replayed
	invalid  bool  // an upload that exceeds its length is made invalid
}

const partialUpload = "application/partial-upload"

// latest is the newest text, spoken without a version; newest is its interop version.
const (
	latest  = "latest"
	newest  = "8"
	interop = "Upload-Draft-Interop-Version"
)

// versions are the rows, the oldest first.
var versions = []version{
	{name: "3", drafts: "-01", complete: "Upload-Incomplete", inverted: true, offsets: true, retrieved: []int{204}, strict: true, deleted: true},
	{name: "4", drafts: "-02", complete: "Upload-Complete", offsets: true, retrieved: []int{204}, strict: true, deleted: true},
	{name: "5", drafts: "-03", complete: "Upload-Complete", offsets: true, retrieved: []int{200, 204}, strict: true, deleted: true},
	{name: "6", drafts: "-04, -05", complete: "Upload-Complete", media: partialUpload, length: true, age: "expires", offsets: true, retrieved: []int{200, 204},
		strict: true, deleted: true, rejects: []int{400}},
	{name: "7", drafts: "-06, -07, -08", complete: "Upload-Complete", media: partialUpload, length: true, age: "max-age", deleted: true, marked: true,
		rejects: []int{0}, matching: true, invalid: true},
	{name: newest, drafts: "-09, -10, -11", complete: "Upload-Complete", media: partialUpload, length: true, age: "max-age", marked: true,
		matching: true, replays: true, invalid: true},
	{name: latest, drafts: "the newest text", complete: "Upload-Complete", media: partialUpload, length: true, age: "max-age", get: true, marked: true,
		matching: true, replays: true, invalid: true},
}

// versionOf gives a row; "" is the newest.
func versionOf(name string) version {
	for _, v := range versions {
		if v.name == name {
			return v
		}
	}
	return versions[len(versions)-1]
}

// names gives the names of the versions from one to another, both included.
func names(from, to string) []string {
	var all []string
	for _, v := range versions {
		all = append(all, v.name)
	}
	return all[slices.Index(all, from) : slices.Index(all, to)+1]
}

var everyVersion = names("3", latest)

// since gives the names of a version and of those after it.
func since(from string) []string { return names(from, latest) }

// state gives the value of the completeness field.
func (v version) state(complete bool) string {
	if complete != v.inverted {
		return "?1"
	}
	return "?0"
}

// completeness reads the completeness field of a response; known is false where it is missing or no Boolean.
func (v version) completeness(r *exchange.Response) (complete, known bool) {
	value, known := boolean(r.Fields.Values(v.complete))
	return value != v.inverted, known
}

// told gives the state that a response tells, for a finding.
func (v version) told(r *exchange.Response) string {
	if !r.Fields.Has(v.complete) {
		return "no " + v.complete
	}
	return v.complete + ": " + r.Fields.Joined(v.complete)
}

// number says whether the version is one that a field names.
func (v version) number() bool { return v.name != latest }

// common gives the fields that every request of the version has.
func (v version) common() exchange.Fields {
	if !v.number() {
		return nil
	}
	return exchange.Fields{{Name: interop, Value: v.name}}
}

// speaks says whether an interim response is a 104 that a client of this version may take: drafts demand that its version
// is named and the same.
func (v version) speaks(r *exchange.Response) bool {
	if r.Status != 104 {
		return false
	}
	n, ok := integer(r.Fields.Values(interop))
	return !v.number() || ok && matrix.Itoa(n) == v.name
}
