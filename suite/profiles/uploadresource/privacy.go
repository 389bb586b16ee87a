package uploadresource

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// privacyChecks: the resources of an upload are its owner's.
func privacyChecks() []matrix.Check {
	return []matrix.Check{
		{Case: cutting(catalog.Case{
			ID: "upload-resource.privacy.other-user", Level: catalog.Should, Source: loose(option, "the source says nothing of owners: the profile's reading"),
			Requires: "A second user gets 401, 403 or 404 on the status resource and the upload URI, for every method, and changes nothing.",
			Why:      "A location that leaks, in a log or a Referer, must not give the upload away.",
			Sends:    "An upload of the first user, cut in the middle; GET, HEAD, PUT, PATCH, POST and DELETE on its resources by the second; then its completion by the first.",
			Failure:  "Whoever knows the location is served.",
			Needs:    []catalog.Need{catalog.NeedUsers},
		}, "mid-upload", matrix.Closing), Run: with(privacyOther)},
	}
}

func privacyOther(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Stable(op)
	rest := f.Tail(op, n).Request
	for _, name := range []string{statusPlace, uploadPlace} {
		u, err := handle(op, name)
		if err != nil {
			f.Unsupported("%v", err)
		}
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"} {
			f.Round()
			req := matrix.RequestTo(method, u)
			if method == rest.Method {
				req = rest
				req.Target = u.RequestURI()
			}
			r, err := f.TryAs(1, req)
			if err != nil {
				f.Broken(method+" on the "+name+" by another user to be refused", "%v", err)
			}
			// 405 and 501 tell nothing and change nothing.
			if r.Status != 401 && r.Status != 403 && r.Status != 404 && r.Status != 405 && r.Status != 501 {
				f.Broken("401, 403 or 404 for "+method+" on the "+name+" by another user", "%d", r.Status)
			}
		}
	}
	f.unchanged(op, n, "after what the second user did")
	effects.None("of what the second user did")
	f.Completed(op)
	effects.Once("of the upload")
}
