package catalog

import "fmt"

// Source says where a requirement stands.
type Source struct {
	Document string `json:"document"` // "resume-request"
	Section  string `json:"section"`  // its heading
	URL      string `json:"url,omitempty"`
	// Loose says where the document is silent or loose and what decides instead.
	Loose string `json:"loose,omitempty"`
}

// String gives the citation: "resume-request, Request-Content-Location".
func (s Source) String() string { return s.Document + ", " + s.Section }

// Silent is what Source.Loose says where the source says nothing at all.
const Silent = "the source is silent; the profile definition decides"

// Loose marks a source as silent or loose about what a case asks, and says what decides instead.
func Loose(source Source, why string) Source {
	source.Loose = why
	return source
}

// RFC cites a section of an RFC: RFC(9110, "10.1.1").
func RFC(number int, section string) Source {
	return Source{
		Document: fmt.Sprintf("RFC %d", number), Section: section,
		URL: fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%d#section-%s", number, section),
	}
}

// ResumableUploads cites a heading of "HTTP resumable uploads", which lists several protocols as options: the source of more
// than one profile.
func ResumableUploads(heading string) Source {
	return Source{Document: "HTTP resumable uploads", Section: heading, URL: ResumableUploadsURL}
}

// ResumableUploadsURL is where that document stands.
const ResumableUploadsURL = "https://fullstack.wiki/http/resumable-uploads"
