package rufh

import (
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Probe asks the target with OPTIONS whether it speaks the profile, once for each version to be spoken: Upload-Limit, or
// Accept-Patch with the media type of an append, as two drafts have it. Drafts before interop version 6 show nothing there.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	bare(func(f *flow) {
		for _, name := range f.Set.Interop {
			f.v = versionOf(name)
			r := f.Do("OPTIONS on the target", matrix.RequestTo("OPTIONS", f.Op(0).URL, f.v.common()...))
			words := []string{strings.TrimSpace(r.Proto + " " + matrix.Itoa(r.Status) + " " + r.Reason)}
			for _, field := range []string{"Upload-Limit", "Accept-Patch", interop} {
				if r.Fields.Has(field) {
					words = append(words, field+": "+r.Fields.Joined(field))
				}
			}
			seen = append(seen, "version "+name+": "+strings.Join(words, ", "))
			speaks = speaks || offers(r)
		}
	})(s)
	return speaks, seen
}

// offers says whether an answer to OPTIONS tells of resumable uploads.
func offers(r *exchange.Response) bool {
	patch := strings.ToLower(r.Fields.Joined("Accept-Patch"))
	return r.Status < 400 && (r.Fields.Has("Upload-Limit") || strings.Contains(patch, partialUpload))
}
