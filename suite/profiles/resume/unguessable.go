package resume

import (
	"slices"
	"sync"

	"github.com/resumespec/resumespec/suite/matrix"
)

func offerUnguessable(f *flow) {
	first := f.Op(16)
	f.Success(f.Upload(f.d, first), "an undisturbed upload")
	offered := slices.DeleteFunc([]string{requestContent, responseMessage}, func(name string) bool { return first.Handle(name) == nil })
	if len(offered) == 0 {
		f.Unsupported("neither %s nor %s is offered", requestContent, responseMessage)
	}
	uploads := f.quietUploads()
	for _, name := range offered {
		var locations []string
		for _, op := range uploads {
			if u := op.Handle(name); u != nil {
				locations = append(locations, u.RequestURI())
			}
		}
		f.Unguessable(name, locations)
	}
}

// quietUploads carries out many small uploads, some at a time, and only learns from them. The limit of time is for
// those that are made at once, not for their number.
func (f *flow) quietUploads() []*matrix.Operation {
	const atOnce = 8
	uploads := make([]*matrix.Operation, matrix.Samples)
	for group := range slices.Chunk(uploads, atOnce) {
		f.Round()
		var all sync.WaitGroup
		for i := range group {
			all.Go(func() {
				group[i] = f.OpAs(matrix.NewTag(), 16)
				_, interims, _ := f.TryAll(f.d.Start(group[i])) // a failed one offers nothing, and is counted as such
				for _, r := range interims {
					f.d.Learn(group[i], r)
				}
			})
		}
		all.Wait()
	}
	return uploads
}
