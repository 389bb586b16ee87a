package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sourceText is where the newest text stands.
const sourceText = "https://httpwg.org/http-extensions/draft-ietf-httpbis-resumable-upload.html"

// Where the profile's requirements stand.
var (
	upResource    = from("Upload Resource", "upload-resource")
	upOffset      = from("Offset", "upload-offset")
	upLength      = from("Length", "upload-length")
	upLimit       = from("Limits", "upload-limit")
	upCreation    = from("Upload Creation, Server Behavior", "upload-creation")
	upRetrieval   = from("Offset Retrieval, Server Behavior", "offset-retrieving-server")
	upAppend      = from("Upload Append, Server Behavior", "upload-appending")
	upCancel      = from("Upload Cancellation, Server Behavior", "upload-cancellation")
	upConcurrency = from("Concurrency", "concurrency")
	upStatus      = from("Status Code 104 (Upload Resumption Supported)", "status-code-104")
	upDigests     = from("Integrity Digests", "name-integrity-digests")
	upVersion     = from("Draft Version Identification", "name-draft-version-identification")
	upSecurity    = from("Security Considerations", "security-considerations")
	upUpgrading   = from("Upgrading To Resumable Uploads", "upgrading-uploads")
)

// from cites a section of the newest text.
func from(section, anchor string) catalog.Source {
	return catalog.Source{Document: "Resumable Uploads for HTTP", Section: section, URL: sourceText + "#" + anchor}
}

// older cites a section of a published draft, where only older texts demand something.
func older(draft, section string) catalog.Source {
	name := "draft-ietf-httpbis-resumable-upload-" + draft
	return catalog.Source{Document: name, Section: section, URL: "https://datatracker.ietf.org/doc/html/" + name}
}

// terms are the profile's words for the interruption matrix.
func terms() matrix.Terms {
	return matrix.Terms{
		Profile: Name,
		Ask:     "HEAD on the upload resource",
		Write:   "PATCH",
		Outcome: "HEAD on the upload resource, and an append without content where the server replays",
		Place:   "what the upload became",
		Source: map[string]catalog.Source{
			"before100": catalog.Loose(catalog.RFC(9110, "10.1.1"), "the creation expects 100 (Continue); a server need not send it"),
			"upload":    upConcurrency,
			"response":  catalog.Loose(upAppend, "a server may forget an upload that is over, and need not replay its response"),
			"download":  catalog.RFC(9110, "14.2"),
			"restart":   catalog.Loose(upResource, "restarts are not mentioned: the server persists the state"),
			"sweep":     upConcurrency,
		},
		Level: map[string]catalog.Level{"upload.stalled-connection": catalog.Should},
	}
}
