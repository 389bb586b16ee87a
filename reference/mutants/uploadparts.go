package mutants

import (
	"io"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// uploadParts: what is kept of parts that are cut, or that come at once.
func uploadParts() []Mutant {
	return []Mutant{
		{
			Name: "part-cut-filled", Sentence: "What is missing of a part that was cut is filled with zeros.",
			Breaks: uploadCases("upload.offset-lawful", "upload.content-intact", "upload.not-complete"),
			Apply: parting(func(c reference.ContentRange, _ store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				return c, &filled{body, c.Length()}
			}),
		},
		{
			Name: "part-cut-told-whole", Sentence: "Of a part that was cut one byte more is told than is kept.",
			Breaks: uploadCases("upload.offset-lawful", "upload.content-intact"),
			Apply: func(s *reference.Seams) {
				var cut marks
				keep(s, func(in reference.Intake, n int64) int64 {
					cut.set(in.Op)
					return n
				})
				s.Upload.Shown = func(op *store.Operation, kept store.Extents) store.Extents {
					if cut.has(op) && op.State() == store.Receiving {
						kept = kept.Add(kept.Prefix(), kept.Prefix()+1)
					}
					return kept
				}
			},
		},
		{
			Name: "part-cut-keeps-lock", Sentence: "A part that was cut keeps others out for ever.",
			Breaks: uploadCases("upload.offset-accepted", "upload.completed"),
			Apply: func(s *reference.Seams) {
				var locked marks
				keep(s, func(in reference.Intake, n int64) int64 {
					locked.set(in.Op)
					return n
				})
				busy(s, func(op *store.Operation, _ store.Progress) bool { return locked.has(op) })
			},
		},
		{
			Name: "part-cut-forgets", Sentence: "A part that is cut takes the upload with it.",
			Breaks: uploadCases("upload.offset-lawful", "upload.kept"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if in.Op.Upload {
					return -1
				}
				return n
			}),
		},
		{
			Name: "part-cut-clears-others", Sentence: "A part that is cut takes the parts before it with it.",
			Breaks: uploadCases("write.cut", "upload.never-decreases"),
			Apply: keeping(func(in reference.Intake, n int64) int64 {
				if in.Op.Upload {
					return 0
				}
				return n
			}),
		},
		{
			Name: "part-of-open-connection", Sentence: "A part is refused as long as the connection of an older one for the same bytes is open.",
			Breaks: uploadCases("upload.stalled-connection", "upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					r := store.Extent{From: c.First, To: c.Last + 1}
					if up.State == store.Receiving && !c.Ends() && len(op.Within(r).Writers) > 1 {
						return store.ErrBusy
					}
					return next(op, c, up)
				}
				s.Upload.Rivals = func(op *store.Operation, r store.Extent) store.Progress {
					up := op.Within(r)
					up.Writers = nil // nobody is waited for, nor taken over from
					return up
				}
			},
		},
		{
			Name: "part-told-less", Sentence: "Each time that it is told less is told as kept.",
			Breaks: uploadCases("status.received", "upload.never-decreases"),
			Apply: func(s *reference.Seams) {
				var told tally
				s.Upload.Shown = func(op *store.Operation, kept store.Extents) store.Extents {
					if op.State() != store.Receiving {
						return kept
					}
					return kept.Cut(max(1, kept.Prefix()-int64(told.next(op))+1))
				}
			},
		},
		{
			Name: "parts-gap-hidden", Sentence: "Everything before the last byte that has come is told as kept.",
			Breaks: uploadCases("parallel.order", "status.received"),
			Apply: func(s *reference.Seams) {
				s.Upload.Shown = func(_ *store.Operation, kept store.Extents) store.Extents { return joined(kept) }
			},
		},
		{
			Name: "parts-shifted", Sentence: "Parts are put one behind the other as they come, wherever they belong.",
			Breaks: uploadCases("parallel.order"),
			Apply: parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				if gap := c.First - up.Offset; gap > 0 {
					c.First, c.Last = c.First-gap, c.Last-gap
				}
				return c, body
			}),
		},
		{
			Name: "parts-one-at-a-time", Sentence: "It says that parts may be sent in parallel, and refuses one while another is at work.",
			Breaks: uploadCases("upload.stalled-connection", "parallel.together", "upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
					if len(up.Writers) > 0 {
						c.Complete = up.Length + 1 // which does not fit
					}
					return c, body
				})(s)
			},
		},
		{
			Name: "parts-last-is-all", Sentence: "The upload is complete with the part that holds the last byte, whatever else is missing.",
			Breaks: uploadCases("parallel.last-first", "parallel.order"),
			Apply: func(s *reference.Seams) {
				var last marks
				whole := s.Store.Whole
				s.Store.Whole = func(op *store.Operation, offset, length int64) bool { return last.has(op) || whole(op, offset, length) }
				next := s.Patch.Part
				s.Patch.Part = func(op *store.Operation, c reference.ContentRange, body io.Reader) (reference.ContentRange, io.Reader) {
					if c.Last+1 == op.Progress().Length {
						last.set(op)
					}
					return next(op, c, body)
				}
			},
		},
	}
}

// joined is one range up to the end of the last.
func joined(kept store.Extents) store.Extents {
	if len(kept) == 0 {
		return kept
	}
	return store.Extents{{From: 0, To: kept.End()}}
}

// filled is n bytes: those that come, and zeros where no more do.
type filled struct {
	io.Reader
	n int64
}

// Read implements io.Reader.
func (f *filled) Read(p []byte) (int, error) {
	if f.n <= 0 {
		return f.Reader.Read(p) // what is too much shows
	}
	p = p[:min(int64(len(p)), f.n)]
	n, err := f.Reader.Read(p)
	if err != nil && n == 0 {
		clear(p)
		n = len(p)
		f.Reader = io.MultiReader() // no more will come
	}
	f.n -= int64(n)
	return n, nil
}
