package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// privacyChecks: an upload resource is its owner's.
func privacyChecks() []matrix.Check {
	return checks("privacy", upSecurity, []row{
		{name: "other-user", level: catalog.Should, versions: everyVersion, point: "mid-upload", faults: matrix.Closing, needs: []catalog.Need{catalog.NeedUsers},
			requires: "A second user gets 401, 403 or 404 on the upload resource, for every method, and changes nothing.",
			why:      "A URI that leaks, in a log or a Referer, must not give the upload away.",
			sends:    "An upload of the first user, cut in the middle; HEAD, GET, PATCH and DELETE on its resource by the second; then its completion by the first.",
			failure:  "Whoever knows the URI is served.", run: privacyOther},
	})
}

func privacyOther(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Settled(f.D, op)
	u, err := f.d.resource(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	for _, method := range []string{"HEAD", "GET", "PATCH", "DELETE"} {
		f.Round()
		req := matrix.RequestTo(method, u, f.v.common()...)
		if method == "PATCH" {
			req = f.d.append(op, n, op.Body[n:], true)
		}
		r, err := f.TryAs(1, req)
		if err != nil {
			f.Broken(method+" on the upload resource by another user to be refused", "%v", err)
		}
		switch r.Status {
		case 401, 403, 404, 405, 501: // the last two tell nothing and change nothing
		default:
			f.Broken("401, 403 or 404 for "+method+" on the upload resource by another user", "%d", r.Status)
		}
	}
	f.at(op, n, "after what the second user did")
	effects.None("of what the second user did")
	f.Completed(op)
	effects.Once("of the upload")
}
