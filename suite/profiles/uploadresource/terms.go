package uploadresource

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Where the profile's requirements stand, and who says what the source does not.
var (
	general = catalog.ResumableUploads("HTTP resumable uploads")
	option  = catalog.ResumableUploads("Option: POST with 201 Accepted response")
	partial = catalog.Loose(catalog.RFC(9110, "14.5"), "a partial PUT needs an agreement of both sides: the profile definition is that")
)

const definition = "the source leaves the wire open: the profile definition says how"

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
			"before100": catalog.Loose(catalog.RFC(9110, "10.1.1"), "the write that follows the POST expects 100 (Continue); a server need not send it"),
			"upload":    catalog.Loose(option, definition),
			"response":  catalog.Loose(option, definition),
			"download":  catalog.RFC(9110, "14.2"),
			"restart":   catalog.Loose(general, "restarts are not mentioned: the profile's reading"),
			"sweep":     catalog.Loose(option, definition),
		},
	}
}
