package mutants

import (
	"net/http"

	"github.com/dunglas/httpsfv"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhCreate: what a client is told when it begins an upload, and while it sends.
func rufhCreate() []Mutant {
	return []Mutant{
		{
			Name: "rufh-no-104", Sentence: "No 104 names the upload resource.",
			Breaks: rufhCases("create.104"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Announced = func(reference.Draft, *http.Request, *store.Operation) []reference.Interim { return nil }
			},
		},
		{
			Name: "rufh-104-without-location", Sentence: "The 104 does not name the upload resource.",
			Breaks: rufhCases("create.104-location", "create.104"),
			Apply:  rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Location") }),
		},
		{
			Name: "rufh-104-without-limit", Sentence: "The 104 that names the upload resource does not tell its limits.",
			Breaks: rufhCases("create.104-limit"),
			Apply:  rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Upload-Limit") }),
		},
		{
			Name: "rufh-104-unasked", Sentence: "A conventional upload gets a 104, too.",
			Breaks: rufhCases("create.conventional"),
			Apply:  func(s *reference.Seams) { s.Rufh.Offers = func(reference.Append) bool { return true } },
		},
		{
			Name: "rufh-104-dead-end", Sentence: "The upload resource of the 104 is not there before the content is.",
			Breaks: rufhCases("create.resource-there", "create.cut"),
			Apply: func(s *reference.Seams) {
				next := s.Access.Allowed
				s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
					return next(r, op, user) && (op.Protocol != rufhProtocol || op.Progress().Offset > 0)
				}
			},
		},
		{
			Name: "rufh-location-changes", Sentence: "The final response to a creation names the upload resource by another URI than the 104.",
			Breaks: rufhCases("create.same-location"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && said(h, "?0") {
					h.Set("Location", h.Get("Location")+"?final")
				}
			}),
		},
		{
			Name: "rufh-progress-unlocated", Sentence: "While an upload is created, the 104s that tell the offset do not name the upload resource.",
			Breaks: rufhCases("create.progress-location"),
			Apply:  drafting(func(d *reference.Draft) { d.Located = false }),
		},
		{
			Name: "rufh-created-without-location", Sentence: "The response to a creation that is incomplete does not name the upload resource.",
			Breaks: rufhCases("create.location"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && said(h, "?0") {
					h.Del("Location")
				}
			}),
		},
		{
			Name: "rufh-created-without-limit", Sentence: "The response to a creation that is incomplete does not tell the limits.",
			Breaks: rufhCases("create.limit"),
			Apply: field(rufhFiles, func(r *http.Request, status int, h http.Header) {
				if rufhCreating(r) && status == http.StatusCreated {
					h.Del("Upload-Limit")
				}
			}),
		},
		{
			Name: "rufh-created-as-complete", Sentence: "The response to a creation that is incomplete says that the upload is complete.",
			Breaks: rufhCases("create.incomplete"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && said(h, "?0") {
					h.Set("Upload-Complete", "?1")
				}
			}),
		},
		{
			Name: "rufh-part-processed", Sentence: "A creation that is incomplete is processed as if it were the whole.",
			Breaks: rufhCases("create.part", "create.incomplete"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Fields
				s.Rufh.Fields = func(d reference.Draft, h http.Header) reference.UploadFields {
					f := next(d, h)
					if f.Complete != nil && f.Offset == nil {
						*f.Complete = true
					}
					return f
				}
			},
		},
		{
			Name: "rufh-empty-refused", Sentence: "A creation without content is refused.",
			Breaks: rufhCases("create.empty"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				return rufhCreating(r) && r.ContentLength == 0
			}),
		},
		{
			Name: "rufh-wrong-type-taken", Sentence: "An Upload-Complete that is no Boolean is taken for one.",
			Breaks: rufhCases("fields.complete-type"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Fields
				s.Rufh.Fields = func(d reference.Draft, h http.Header) reference.UploadFields {
					f := next(d, h)
					item, err := httpsfv.UnmarshalItem(h.Values("Upload-Complete"))
					if n, ok := item.Value.(int64); err == nil && ok {
						complete := n != 0
						f.Complete = &complete
					}
					return f
				}
			},
		},
		{
			Name: "rufh-wrong-type-refused", Sentence: "A request is refused because of an Upload-Complete that is no Boolean.",
			Breaks: rufhCases("fields.complete-ignored"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				value := r.Header.Get("Upload-Complete")
				return r.URL.Path == rufhFiles && value != "" && value != "?0" && value != "?1"
			}),
		},
		{
			Name: "rufh-parameters-refused", Sentence: "A structured field with a parameter is taken for malformed.",
			Breaks: rufhCases("fields.parameters"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Fields
				s.Rufh.Fields = func(d reference.Draft, h http.Header) reference.UploadFields {
					f := next(d, h)
					if item, err := httpsfv.UnmarshalItem(h.Values("Upload-Offset")); err == nil && len(item.Params.Names()) > 0 {
						f.Offset = nil
					}
					return f
				}
			},
		},
		{
			Name: "rufh-metadata-lost", Sentence: "The content coding of the representation is forgotten.",
			Breaks: rufhCases("coding.kept"),
			Apply:  field(results, func(_ *http.Request, _ int, h http.Header) { h.Del("Content-Encoding") }),
		},
		{
			Name: "rufh-counts-begun", Sentence: "The effect happens when an upload is begun, and once more when it is complete.",
			Breaks: rufhCases("create.effect-once", "create.part"),
			Apply: func(s *reference.Seams) {
				again, next := repeatedly(s), s.Rufh.Announced
				s.Rufh.Announced = func(d reference.Draft, r *http.Request, op *store.Operation) []reference.Interim {
					again(op)
					return next(d, r, op)
				}
			},
		},
	}
}

// rufhDraft: the versions are mixed up.
func rufhDraft() []Mutant {
	return []Mutant{
		{
			Name: "rufh-104-for-everybody", Sentence: "A request that names no version, or one that is not known, gets a 104.",
			Breaks: rufhCases("interop.no-104"),
			Apply:  drafting(func(d *reference.Draft) { d.Announces = true }),
		},
		{
			Name: "rufh-104-without-version", Sentence: "The 104s do not name the interop version.",
			Breaks: rufhCases("interop.104-version"),
			Apply: func(s *reference.Seams) {
				rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Upload-Draft-Interop-Version") })(s)
				rufhProgressing(func(_ reference.Append, _ *store.Operation, _ int64, h http.Header) {
					h.Del("Upload-Draft-Interop-Version")
				})(s)
			},
		},
		{
			Name: "rufh-104-newest-version", Sentence: "The 104s name the newest interop version, whichever the client speaks.",
			Breaks: rufhCases("interop.104-version"),
			Apply: rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) {
				h.Set("Upload-Draft-Interop-Version", "8")
			}),
		},
		{
			Name: "rufh-early-incomplete", Sentence: "A client of interop version 3 is understood as if it knew Upload-Complete.",
			Breaks: rufhCases("interop.incomplete"),
			Apply:  drafting(func(d *reference.Draft) { d.Complete, d.Negated = "Upload-Complete", false }),
		},
		{
			Name: "rufh-early-append-204", Sentence: "An append that does not complete the upload is answered with 204 in the versions that want 201.",
			Breaks: rufhCases("interop.append-201"),
			Apply:  drafting(func(d *reference.Draft) { d.Appended = http.StatusNoContent }),
		},
		{
			Name: "rufh-early-fields-taken", Sentence: "A HEAD or DELETE that names an offset is not refused in the versions that want that.",
			Breaks: rufhCases("interop.bare"),
			Apply:  drafting(func(d *reference.Draft) { d.Bare = false }),
		},
		{
			Name: "rufh-early-no-offset", Sentence: "The final response does not tell the offset in the versions that want that.",
			Breaks: rufhCases("interop.final-offset"),
			Apply:  drafting(func(d *reference.Draft) { d.Offsets = false }),
		},
		{
			Name: "rufh-early-other-location", Sentence: "The final response to a creation names what was made instead of the upload resource in the versions that want that.",
			Breaks: rufhCases("interop.final-location"),
			Apply:  drafting(func(d *reference.Draft) { d.Own = false }),
		},
		{
			Name: "rufh-early-append-to-complete", Sentence: "An append to a complete upload is not refused in the versions that want that.",
			Breaks: rufhCases("interop.completed"),
			Apply:  drafting(func(d *reference.Draft) { d.Replays = true }),
		},
		{
			Name: "rufh-early-lifetime", Sentence: "The lifetime is called max-age in the version that calls it expires.",
			Breaks: rufhCases("interop.expires"),
			Apply: drafting(func(d *reference.Draft) {
				if d.Lifetime != "" {
					d.Lifetime = "max-age"
				}
			}),
		},
	}
}
