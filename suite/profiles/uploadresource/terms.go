package uploadresource

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sourceText is where the profile's source stands.
const sourceText = "https://fullstack.wiki/http/resumable-uploads"

// Where the profile's requirements stand, and who says what the source does not.
var (
	general = from("HTTP resumable uploads")
	option  = from("Option: POST with 201 Accepted response")
	partial = loose(rfc(9110, "14.5"), "a partial PUT needs an agreement of both sides: the profile definition is that")
)

const definition = "the source leaves the wire open: the profile definition says how"

// from cites a heading of the profile's source.
func from(heading string) catalog.Source {
	return catalog.Source{Document: "HTTP resumable uploads", Section: heading, URL: sourceText}
}

// loose marks a source as silent about what the case asks.
func loose(source catalog.Source, why string) catalog.Source {
	source.Loose = why
	return source
}

// rfc cites a section of an RFC.
func rfc(number int, section string) catalog.Source {
	return catalog.Source{
		Document: fmt.Sprintf("RFC %d", number), Section: section,
		URL: fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%d#section-%s", number, section),
	}
}

// terms are the profile's words for the interruption matrix. Every point of it exists here: the first write takes the
// place of the request that uploads, and expects 100 (Continue).
func terms() matrix.Terms {
	return matrix.Terms{
		Profile: Name,
		Ask:     "GET on the status resource",
		Write:   "PUT",
		Outcome: "GET on the status resource",
		Place:   "the result",
		Source: map[string]catalog.Source{
			"before100": loose(rfc(9110, "10.1.1"), "the write that follows the POST expects 100 (Continue); a server need not send it"),
			"upload":    loose(option, definition),
			"response":  loose(option, definition),
			"download":  rfc(9110, "14.2"),
			"restart":   loose(general, "restarts are not mentioned: the profile's reading"),
			"sweep":     loose(option, definition),
		},
	}
}
