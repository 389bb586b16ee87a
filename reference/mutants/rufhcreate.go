package mutants

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/dunglas/httpsfv"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhCreate: what a client is told when it begins an upload, and while it sends.
func rufhCreate() []Mutant {
	return []Mutant{
		{
			Name: "rufh-no-104", Sentence: "No 104 names the upload resource.",
			Breaks: rufhCases("offer.announced"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Announced = func(reference.Draft, *http.Request, *store.Operation) []reference.Interim { return nil }
				drafting(func(d *reference.Draft) { d.Located = false })(s)
			},
		},
		{
			Name: "rufh-104-without-location", Sentence: "The 104 does not name the upload resource.",
			Breaks: rufhCases("offer.interim"),
			Apply:  rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Location") }),
		},
		{
			Name: "rufh-104-without-limit", Sentence: "The 104 that names the upload resource does not tell its limits.",
			Breaks: rufhCases("limit.told"),
			Apply:  rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Upload-Limit") }),
		},
		{
			Name: "rufh-104-unasked", Sentence: "A conventional upload gets a 104, too.",
			Breaks: rufhCases("offer.not-asked", "field.creation-type"),
			Apply:  func(s *reference.Seams) { s.Rufh.Offers = func(reference.Append) bool { return true } },
		},
		{
			Name: "rufh-104-dead-end", Sentence: "The upload resource of the 104 is not there before the content is.",
			Breaks: rufhCases("offer.uri-reference"),
			Apply: func(s *reference.Seams) {
				next := s.Access.Allowed
				s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
					return next(r, op, user) && (op.Protocol != rufhProtocol || op.Progress().Offset > 0)
				}
			},
		},
		{
			Name: "rufh-location-changes", Sentence: "The final response to a creation names the upload resource by another URI than the 104.",
			Breaks: rufhCases("offer.same-location"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && leftOpen(h) {
					h.Set("Location", h.Get("Location")+"?final")
				}
			}),
		},
		{
			Name: "rufh-progress-named", Sentence: "The 104s that tell the offset of a creation name the upload resource in the versions that forbid it.",
			Breaks: rufhCases("offer.progress-location"),
			Apply:  drafting(func(d *reference.Draft) { d.Located = true }),
		},
		{
			Name: "rufh-created-without-location", Sentence: "The response to a creation that is incomplete does not name the upload resource.",
			Breaks: rufhCases("create.open", "create.partial"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && leftOpen(h) {
					h.Del("Location")
				}
			}),
		},
		{
			Name: "rufh-created-without-limit", Sentence: "The response to a creation that is incomplete does not tell the limits.",
			Breaks: rufhCases("limit.told"),
			Apply: field(rufhFiles, func(r *http.Request, status int, h http.Header) {
				if rufhCreating(r) && status == http.StatusCreated {
					h.Del("Upload-Limit")
				}
			}),
		},
		{
			Name: "rufh-created-as-complete", Sentence: "The response to a creation that is incomplete says that the upload is complete.",
			Breaks: rufhCases("create.partial", "create.open", "create.marked", "create.status-201", "offer.spoken"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if rufhCreating(r) && leftOpen(h) {
					h.Set("Upload-Complete", "?1")
				}
			}),
		},
		{
			Name: "rufh-part-processed", Sentence: "A creation that is incomplete is processed as if it were the whole.",
			Breaks: rufhCases("create.open", "create.partial", "offer.no-effect"),
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
			Breaks: rufhCases("create.open"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				return rufhCreating(r) && r.ContentLength == 0
			}),
		},
		{
			Name: "rufh-wrong-type-taken", Sentence: "An Upload-Complete that is no Boolean is taken for one.",
			Breaks: rufhCases("field.state-type", "field.creation-type"),
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
			Breaks: rufhCases("field.creation-type"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				item, err := httpsfv.UnmarshalItem(r.Header.Values("Upload-Complete"))
				_, boolean := item.Value.(bool)
				return r.URL.Path == rufhFiles && r.Header.Get("Upload-Complete") != "" && (err != nil || !boolean)
			}),
		},
		{
			Name: "rufh-parameters-refused", Sentence: "A structured field with a parameter is taken for malformed.",
			Breaks: rufhCases("field.parameters"),
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
			Name: "rufh-metadata-lost", Sentence: "The content coding of a representation that an append has completed is forgotten.",
			Breaks: rufhCases("coding.kept"),
			Apply: func(s *reference.Seams) {
				var appended sync.Map // what was made, by its path
				rufhFinishing(func(a reference.Append, op *store.Operation, _ *store.Response) {
					if !a.Creates {
						appended.Store(results+op.Item, true)
					}
				})(s)
				field(results, func(r *http.Request, _ int, h http.Header) {
					if _, is := appended.Load(r.URL.Path); is {
						h.Del("Content-Encoding")
					}
				})(s)
			},
		},
		{
			Name: "rufh-counts-begun", Sentence: "The effect happens when an upload is begun, and once more when it is complete.",
			Breaks: rufhCases("offer.no-effect"),
			Apply: func(s *reference.Seams) {
				again, next := repeatedly(s), s.Rufh.Announced
				s.Rufh.Announced = func(d reference.Draft, r *http.Request, op *store.Operation) []reference.Interim {
					again(op)
					return next(d, r, op)
				}
			},
		},
		{
			Name: "rufh-version-refused", Sentence: "A request that names an interop version is refused with 412.",
			Breaks: rufhCases("offer.spoken"),
			Apply: refuse(http.StatusPreconditionFailed, func(r *http.Request) bool {
				return at(r, rufhFiles) && r.Header.Get("Upload-Draft-Interop-Version") != ""
			}),
		},
		{
			Name: "rufh-104-to-http10", Sentence: "A client that speaks HTTP/1.0 gets a 104, too.",
			Breaks: rufhCases("offer.http10"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == rufhFiles && !r.ProtoAtLeast(1, 1) {
						r = r.Clone(r.Context())
						r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "rufh-short-uri", Sentence: "The URIs of upload resources carry 40 random bits.",
			Breaks: rufhCases("offer.unguessable"),
			Apply: func(s *reference.Seams) {
				s.Store.ID = func(store.Kind) string { return written(rand.Uint64N(1 << 40)) }
			},
		},
		{
			Name: "rufh-refused-announced", Sentence: "A 104 comes before the target is looked for, which is not there.",
			Breaks: rufhCases("create.refused"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost && r.URL.Path != rufhFiles && completeness(r.Header) != "" {
						w.Header().Set("Location", fileURIs+"none")
						w.Header()["Upload-Draft-Interop-Version"] = r.Header["Upload-Draft-Interop-Version"]
						w.WriteHeader(104)
						w.Header().Del("Location")
						w.Header().Del("Upload-Draft-Interop-Version")
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "rufh-created-open", Sentence: "The final response to a creation that is complete says that the upload is incomplete.",
			Breaks: rufhCases("create.not-open", "create.marked"),
			Apply: rufhFinishing(func(a reference.Append, _ *store.Operation, resp *store.Response) {
				if a.Creates && a.Fields.Complete != nil {
					incomplete(a.Draft, resp)
				}
			}),
		},
		{
			Name: "rufh-created-200", Sentence: "A creation that leaves the upload open is answered with 200.",
			Breaks: rufhCases("create.created", "create.status-201"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if rufhCreating(r) && status == http.StatusCreated && (leftOpen(h) || h.Get("Upload-Incomplete") == "?1") {
					return http.StatusOK
				}
				return status
			}),
		},
	}
}

// incomplete makes a response say that the upload is not complete.
func incomplete(d reference.Draft, resp *store.Response) {
	value := "?0"
	if d.Negated {
		value = "?1"
	}
	http.Header(resp.Header).Set(d.Complete, value)
}

// rufhDraft: the versions are mixed up.
func rufhDraft() []Mutant {
	return []Mutant{
		{
			Name: "rufh-104-for-everybody", Sentence: "A request that names no version, or one that is not known, gets the 104 of a draft.",
			Breaks: rufhCases("offer.other-version"),
			Apply: drafting(func(d *reference.Draft) {
				if d.Version == 0 {
					d.Announces, d.Version = true, 8
				}
			}),
		},
		{
			Name: "rufh-104-without-version", Sentence: "The 104s do not name the interop version.",
			Breaks: rufhCases("offer.echo", "offer.announced"),
			Apply: func(s *reference.Seams) {
				rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) { h.Del("Upload-Draft-Interop-Version") })(s)
				rufhProgressing(func(_ reference.Append, _ *store.Operation, _ int64, h http.Header) {
					h.Del("Upload-Draft-Interop-Version")
				})(s)
			},
		},
		{
			Name: "rufh-104-newest-version", Sentence: "The 104s name the newest interop version, whichever the client speaks.",
			Breaks: rufhCases("offer.echo", "offer.announced"),
			Apply: rufhAnnouncing(func(_ reference.Draft, _ *store.Operation, h http.Header) {
				h.Set("Upload-Draft-Interop-Version", "8")
			}),
		},
		{
			Name: "rufh-early-incomplete", Sentence: "A client of interop version 3 is understood as if it knew Upload-Complete.",
			Breaks: rufhCases("offer.spoken"),
			Apply:  drafting(func(d *reference.Draft) { d.Complete, d.Negated = "Upload-Complete", false }),
		},
		{
			Name: "rufh-early-append-204", Sentence: "An append that does not complete the upload is answered with 204 in the versions that want 201.",
			Breaks: rufhCases("append.status-201"),
			Apply:  drafting(func(d *reference.Draft) { d.Appended = http.StatusNoContent }),
		},
		{
			Name: "rufh-early-fields-taken", Sentence: "A HEAD or DELETE that names an offset is not refused in the versions that want that.",
			Breaks: rufhCases("state.no-fields", "cancel.no-fields"),
			Apply:  drafting(func(d *reference.Draft) { d.Bare = false }),
		},
		{
			Name: "rufh-early-no-offset", Sentence: "The final response does not tell the offset in the versions that want that.",
			Breaks: rufhCases("create.final-offset"),
			Apply:  drafting(func(d *reference.Draft) { d.Offsets = false }),
		},
		{
			Name: "rufh-early-other-location", Sentence: "The final response to a creation names what was made instead of the upload resource in the versions that want that.",
			Breaks: rufhCases("create.location"),
			Apply:  drafting(func(d *reference.Draft) { d.Own = false }),
		},
		{
			Name: "rufh-early-append-to-complete", Sentence: "An append to a complete upload is not refused in the versions that want that.",
			Breaks: rufhCases("complete.rejected", "complete.status-400"),
			Apply:  drafting(func(d *reference.Draft) { d.Replays = true }),
		},
		{
			Name: "rufh-early-state-200", Sentence: "The offset is told with 200 in the version that wants 204.",
			Breaks: rufhCases("state.status"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if r.Method == http.MethodHead && at(r, fileURIs) && status == http.StatusNoContent && r.Header.Get("Upload-Draft-Interop-Version") == "3" {
					return http.StatusOK
				}
				return status
			}),
		},
		{
			Name: "rufh-early-final-open", Sentence: "The response to an append that completes the upload says that it is incomplete, in the versions up to 6.",
			Breaks: rufhCases("append.final-open"),
			Apply: rufhFinishing(func(a reference.Append, _ *store.Operation, resp *store.Response) {
				if !a.Creates && a.Draft.Bare {
					incomplete(a.Draft, resp)
				}
			}),
		},
		{
			Name: "rufh-early-type-asked", Sentence: "An append of text is refused in the versions that name no media type.",
			Breaks: rufhCases("append.any-type"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Type
				s.Rufh.Type = func(d reference.Draft, h http.Header) bool {
					return next(d, h) && (d.Media != "" || !strings.HasPrefix(h.Get("Content-Type"), "text/"))
				}
			},
		},
	}
}
