package uploadresource

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// privacyChecks: the resources of an upload are its owner's.
func privacyChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.privacy.other-user", Level: catalog.Should, Source: catalog.Loose(option, "the source says nothing of owners: the profile's reading"),
			Requires: "A second user gets 401, 403 or 404 on the status resource and the upload URI, for every method, and changes nothing.",
			Why:      "A location that leaks, in a log or a Referer, must not give the upload away.",
			Sends:    "An upload of the first user, cut in the middle; GET, HEAD, PUT, PATCH, POST and DELETE on its resources by the second; then its completion by the first.",
			Failure:  "Whoever knows the location is served.",
			Needs:    []catalog.Need{catalog.NeedUsers},
		}.CutAt("mid-upload", matrix.Closing), Run: with(privacyOther)},
		{Case: catalog.Case{
			ID: "upload-resource.privacy.same-key", Level: catalog.Should, Source: catalog.Loose(option, "the source says nothing of owners: the profile's reading"),
			Requires: "Where an Idempotency-Key is honoured, it is its user's: a second user with the same key does not get the first one's upload.",
			Why:      "Keys are chosen by clients, and need not be unguessable.",
			Sends:    "The POST with a key by the first user, and with the same key by the second.",
			Failure:  "The key alone is looked up.",
			Needs:    []catalog.Need{catalog.NeedUsers},
		}, Run: with(privacyKey)},
		{Case: catalog.Case{
			ID: "upload-resource.privacy.not-cached", Level: catalog.Should, Source: catalog.Loose(catalog.RFC(9111, "5.2.2"), "what a status resource says of caching is the profile's reading"),
			Requires: "The status document is not kept by shared caches: Cache-Control says private, no-cache or no-store.",
			Why:      "A cache that answers with an old offset corrupts the upload; one that answers another user gives it away.",
			Sends:    "Half an upload; GET on its status resource.",
			Failure:  "Cache-Control is missing or public.",
		}, Run: with(privacyCache)},
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
	f.Unmoved(op, n, "after what the second user did")
	effects.None("of what the second user did")
	f.Completed(op)
	effects.Once("of the upload")
}

func privacyKey(f *flow) {
	f.Need(catalog.NeedUsers, len(f.Config().Users) > 1)
	f.allocated()
	op := f.keyed(f.Tag, matrix.NewTag())
	first := f.located(op)
	if f.located(op) != first {
		f.Unsupported("the target honours no Idempotency-Key on the POST")
	}
	r, err := f.TryAs(1, f.d.Prepare(op))
	if err != nil {
		f.Broken("the POST of another user to be answered", "%v", err)
	}
	if u, err := exchange.Resolve(op.URL.String(), r.Fields.Get("Location")); err == nil && u.String() == first {
		f.Broken("an upload of its own, or a refusal, for another user with the same key", "%d with the Location of the first user's upload", r.Status)
	}
}

func privacyCache(f *flow) {
	control := strings.ToLower(f.asked(f.half()).Fields.Joined("Cache-Control"))
	for _, word := range []string{"private", "no-cache", "no-store"} {
		if strings.Contains(control, word) {
			return
		}
	}
	f.Broken("Cache-Control with private, no-cache or no-store on the status resource", "Cache-Control: %s", control)
}
