package mutants

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// tusAnnounced: what OPTIONS says.
func tusAnnounced() []Mutant {
	announced := func(name, value string) func(*reference.Seams) {
		return tusHead(func(r *http.Request, status int, h http.Header) int {
			if r.Method == http.MethodOptions {
				h.Set(name, value)
			}
			return status
		})
	}
	return []Mutant{
		{
			Name: "tus-options-version-words", Sentence: "Tus-Version lists what is no version.",
			Breaks: tusCases("options.versions"),
			Apply:  announced("Tus-Version", "1.0.0,latest"),
		},
		{
			Name: "tus-options-extensions-spaced", Sentence: "Extensions are separated by spaces.",
			Breaks: tusCases("options.extensions"),
			Apply:  announcing(func(all string) string { return strings.ReplaceAll(all, ",", " ") }),
		},
		{
			Name: "tus-options-size-unit", Sentence: "Tus-Max-Size has a unit.",
			Breaks: tusCases("options.max-size"),
			Apply:  announced("Tus-Max-Size", "1GB"),
		},
	}
}

// tusCreations: what becomes of a POST, and of others after it.
func tusCreations() []Mutant {
	return []Mutant{
		{
			Name: "tus-created-short", Sentence: "The URL of an upload can be guessed: it has eight characters that change.",
			Breaks: tusCases("create.unguessable"),
			Apply: func(s *reference.Seams) {
				s.Store.ID = func(store.Kind) string { return strings.Repeat("a", store.IDLength-8) + store.NewID()[:8] }
			},
		},
		{
			Name: "tus-created-again-refused", Sentence: "A creation with the query of an earlier one is refused.",
			Breaks: tusCases("create.lost", "create.repeated"),
			Apply: func(s *reference.Seams) {
				var seen sync.Map // queries
				creatingAs(func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
					if err == nil && r.URL.Query().Get("tag") != "" {
						if _, twice := seen.LoadOrStore(r.URL.RawQuery, true); twice {
							err = store.ErrBusy
						}
					}
					return c, err
				})(s)
			},
		},
		{
			Name: "tus-created-too-often", Sentence: "The twenty-sixth creation with one query is refused.",
			Breaks: tusCases("create.repeated"),
			Apply: func(s *reference.Seams) {
				var mu sync.Mutex
				created := map[string]int{} // by query
				creatingAs(func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
					mu.Lock()
					defer mu.Unlock()
					if created[r.URL.RawQuery]++; err == nil && created[r.URL.RawQuery] > 25 {
						err = store.ErrOperations
					}
					return c, err
				})(s)
			},
		},
		{
			Name: "tus-too-large-blocks", Sentence: "After a creation that was too large the next one is refused.",
			Breaks: tusCases("create.huge"),
			Apply: func(s *reference.Seams) {
				var mu sync.Mutex
				blocked := false
				creatingAs(func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
					mu.Lock()
					defer mu.Unlock()
					if blocked && err == nil {
						err = store.ErrBytes
					}
					blocked = err != nil && tusNumber(r.Header, "Upload-Length") >= 1<<62
					return c, err
				})(s)
			},
		},
		{
			Name: "tus-metadata-breaks", Sentence: "Malformed metadata is answered with 500.",
			Breaks: tusCases("metadata.malformed"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Metadata
				s.Tus.Metadata = func(value string) (map[string]string, error) {
					pairs, err := next(value)
					if err != nil {
						err = errors.New("metadata")
					}
					return pairs, err
				}
			},
		},
		{
			Name: "tus-metadata-becomes-fields", Sentence: "Lines of a value of the metadata become fields of the answer to HEAD.",
			Breaks: tusCases("metadata.smuggled"),
			Apply: tusHead(func(r *http.Request, status int, h http.Header) int {
				for pair := range strings.SplitSeq(h.Get("Upload-Metadata"), ",") {
					_, encoded, _ := strings.Cut(pair, " ")
					value, _ := base64.StdEncoding.DecodeString(encoded)
					_, rest, _ := strings.Cut(string(value), "\r\n")
					line, _, _ := strings.Cut(rest, "\r\n")
					if name, of, ok := strings.Cut(line, ": "); ok && onHEAD(r, status, h) {
						h.Set(name, of)
					}
				}
				return status
			}),
		},
		{
			Name: "tus-content-little", Sentence: "A creation takes a thousand bytes at most, and says so.",
			Breaks: tusCases("initial.accepted"),
			Apply: creatingAs(func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
				const most = 1000
				if err == nil && c.Content && c.Write.Size > most {
					r.Body, c.Write.Size = struct {
						io.Reader
						io.Closer
					}{io.LimitReader(r.Body, most), r.Body}, most
				}
				return c, err
			}),
		},
		{
			Name: "tus-content-past-end", Sentence: "A creation whose content is longer than it says is as long as its content.",
			Breaks: tusCases("initial.past-end"),
			Apply: rewritten(func(r *http.Request) bool {
				n := tusNumber(r.Header, "Upload-Length")
				return creatingTus(r) && n >= 0 && r.ContentLength > n
			}, func(r *http.Request) { r.Header.Set("Upload-Length", strconv.FormatInt(r.ContentLength, 10)) }),
		},
		{
			Name: "tus-length-small-ends", Sentence: "A length below the offset is taken, and the upload is complete.",
			Breaks: tusCases("defer.too-small"),
			Apply: writingAs(func(_ *http.Request, op *store.Operation, w reference.TusWrite, err error) (reference.TusWrite, error) {
				if up := op.Progress(); err == nil && up.Length < 0 && w.Length >= 0 && w.Length < up.Offset {
					w.Length = up.Offset + max(w.Size, 0)
				}
				return w, err
			}),
		},
	}
}

// tusLists: the list of a final upload.
func tusLists() []Mutant {
	return []Mutant{
		{
			Name: "tus-concat-paths-only", Sentence: "Absolute URLs of partial uploads are not understood.",
			Breaks: tusCases("concat.absolute"),
			Apply: creatingAs(func(r *http.Request, c reference.TusCreation, err error) (reference.TusCreation, error) {
				if err == nil && strings.Contains(r.Header.Get("Upload-Concat"), "://") {
					err = errors.New("a URL")
				}
				return c, err
			}),
		},
		{
			Name: "tus-concat-unknown-passed", Sentence: "URLs of uploads that are not there are passed over.",
			Breaks: tusCases("concat.unknown"),
			Apply: func(s *reference.Seams) {
				next := s.Tus.Creation
				s.Tus.Creation = func(r *http.Request, owner string) (reference.TusCreation, error) {
					c, err := next(r, owner)
					list, final := strings.CutPrefix(r.Header.Get("Upload-Concat"), "final;")
					if parts := strings.Fields(list); err != nil && final && len(parts) > 1 {
						shorter := r.Clone(r.Context())
						shorter.Header.Set("Upload-Concat", "final;"+strings.Join(parts[:len(parts)-1], " "))
						return next(shorter, owner)
					}
					return c, err
				}
			},
		},
		{
			Name: "tus-concat-uses-up", Sentence: "The bytes of a partial upload go to the first final upload that it is part of, and the second has none of them.",
			Breaks: tusCases("concat.lost"),
			Apply: func(s *reference.Seams) {
				var first sync.Map // the final upload by the identifier of a part
				next := s.Tus.Order
				s.Tus.Order = func(op *store.Operation) (parts []string) {
					for _, part := range next(op) {
						if owner, _ := first.LoadOrStore(part, op); owner == op {
							parts = append(parts, part)
						}
					}
					return parts
				}
			},
		},
		{
			Name: "tus-concat-metadata-inherited", Sentence: "A final upload without metadata has that of its first part.",
			Breaks: tusCases("concat.metadata"),
			Apply:  inheriting,
		},
	}
}

// inheriting lets HEAD on a final upload tell the metadata of its first part, where it has none of its own.
func inheriting(s *reference.Seams) {
	var metadata sync.Map // by the path of a partial upload
	tusHead(func(r *http.Request, status int, h http.Header) int {
		list, final := strings.CutPrefix(h.Get("Upload-Concat"), "final;")
		switch {
		case creatingTus(r) && status == http.StatusCreated:
			metadata.Store(h.Get("Location"), r.Header.Get("Upload-Metadata"))
		case onHEAD(r, status, h) && final && h.Get("Upload-Metadata") == "":
			if value, _ := metadata.Load(strings.Fields(list)[0]); value != nil && value.(string) != "" {
				h.Set("Upload-Metadata", value.(string))
			}
		}
		return status
	})(s)
}
