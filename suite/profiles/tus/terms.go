package tus

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sourceText is where the protocol stands.
const sourceText = "https://tus.io/protocols/resumable-upload"

// from cites a heading of the protocol.
func from(heading string) catalog.Source {
	return catalog.Source{
		Document: "tus 1.0.0", Section: heading,
		URL: sourceText + "#" + strings.ReplaceAll(strings.ToLower(heading), " ", "-"),
	}
}

// Where the requirements stand.
var (
	core          = from("Core Protocol")
	headRequest   = from("HEAD")
	patchRequest  = from("PATCH")
	optionRequest = from("OPTIONS")
	uploadOffset  = from("Upload-Offset")
	uploadLength  = from("Upload-Length")
	tusVersion    = from("Tus-Version")
	tusResumable  = from("Tus-Resumable")
	tusExtension  = from("Tus-Extension")
	tusMaxSize    = from("Tus-Max-Size")
	override      = from("X-HTTP-Method-Override")
	creation      = from("Creation")
	deferLength   = from("Upload-Defer-Length")
	metadata      = from("Upload-Metadata")
	createRequest = from("POST")
	withUpload    = from("Creation With Upload")
	expiration    = from("Expiration")
	uploadExpires = from("Upload-Expires")
	checksum      = from("Checksum")
	algorithms    = from("Tus-Checksum-Algorithm")
	uploadSum     = from("Upload-Checksum")
	termination   = from("Termination")
	deleteRequest = from("DELETE")
	concatenation = from("Concatenation")
	uploadConcat  = from("Upload-Concat")
)

// notShown says why the protocol has no room for cases that look at a response again.
const notShown = "HEAD tells what is stored; the final response is shown to nobody again"

// terms are the profile's words for the interruption matrix.
func terms() matrix.Terms {
	return matrix.Terms{
		Profile: Name,
		Ask:     "HEAD on the upload",
		Write:   "PATCH",
		Place:   "the upload",
		Source: map[string]catalog.Source{
			"before100": catalog.Loose(catalog.RFC(9110, "10.1.1"), "the first PATCH expects 100 (Continue), which a server need not send"),
			"upload":    patchRequest,
			"response":  headRequest,
			"download":  catalog.Loose(catalog.RFC(9110, "14.2"), "GET on an upload is not in the protocol: where it is served, it is served as HTTP says"),
			"restart":   catalog.Loose(core, "restarts are not mentioned: the profile's reading"),
			"sweep":     patchRequest,
		},
		Omit: map[string]string{
			"response.available": notShown, "response.not-yet": notShown, "response.stable": notShown,
			"response.error": notShown, "response.slow": notShown, "restart.response": notShown,
		},
		Level: map[string]catalog.Level{
			"upload.stalled-connection": catalog.Should, // the text asks for timeouts, and does not say which
			"download.range":            catalog.May, "download.repeat": catalog.May, "download.if-range": catalog.May,
		},
	}
}
