package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// privacyChecks: an upload is its owner's.
func privacyChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.privacy.other-user", Level: catalog.Should, Source: catalog.Loose(core, "authentication and authorization are left to the server: the profile's reading"),
			Requires: "A second user gets 401, 403, 404 or 410 on the upload of the first, for HEAD, GET, PATCH and DELETE, and changes nothing.",
			Why:      "A URL that leaks, in a log or a Referer, must not give the upload away.",
			Sends:    "An upload of the first user, cut in the middle; HEAD, GET, PATCH and DELETE on it by the second; then its completion by the first.",
			Failure:  "Whoever knows the URL is served.",
			Needs:    []catalog.Need{catalog.NeedUsers},
		}.CutAt("mid-upload", matrix.Closing), Run: with(privacyOther)},
		{Case: catalog.Case{
			ID: "tus.privacy.parts", Level: catalog.Should, Source: catalog.Loose(core, "authentication and authorization are left to the server: the profile's reading"),
			Requires: "A second user cannot join the partial uploads of the first: the list is refused with a 4xx, and the first can join them.",
			Why:      "Whoever can join a part can read it.",
			Sends:    "Two partial uploads of the first user, whole; POST with their URLs by the second; the same by the first; HEAD; a read of the stored bytes.",
			Failure:  "Only the upload in the request's own URL is looked at, and not those in the list.",
			Needs:    []catalog.Need{catalog.NeedUsers},
		}, Run: joining(privacyParts)},
	}
}

func privacyParts(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	parts := f.parts(1000, 2000)
	stolen := f.sum(parts...)
	r, err := f.TryAs(1, f.d.create(stolen, f.final(parts...)))
	if err != nil {
		f.Broken("POST with the URLs of another user's partial uploads to be refused", "%v", err)
	}
	f.refused(r, "POST with the URLs of another user's partial uploads")
	op := f.joined(parts...)
	f.finished(op)
	f.intact(op)
}

func privacyOther(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Stable(op)
	requests := []exchange.Request{
		matrix.RequestTo("HEAD", f.here(op), resumable), matrix.RequestTo("GET", f.here(op), resumable), f.Tail(op, n).Request,
		matrix.RequestTo("DELETE", f.here(op), resumable),
	}
	for _, req := range requests {
		f.Round()
		r, err := f.TryAs(1, req)
		if err != nil {
			f.Broken(req.Method+" by another user to be refused", "%v", err)
		}
		switch r.Status {
		case 401, 403, 404, 410, 405, 501: // the last two tell nothing and change nothing
		default:
			f.Broken("401, 403, 404 or 410 for "+req.Method+" by another user", "%d", r.Status)
		}
	}
	f.stays(op, n, "after what the second user did")
	effects.None("of what the second user did")
	f.whole(op)
	effects.Once("of the upload")
}
