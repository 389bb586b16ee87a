package uploadresource

import (
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// flow is the flow of the matrix, with this profile's own driver.
type flow struct {
	*matrix.Flow
	d *driver
}

// with makes a case's code from one that works on a flow.
func with(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := &flow{Flow: matrix.NewFlow(s, Name, nil)}
		f.use(&driver{patch: f.Set.Patch})
		run(f)
	}
}

// shared makes a case's code from one that every profile has.
func shared(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *flow) { run(f.Flow) })
}

// use changes the way in which the case's uploads are allocated.
func (f *flow) use(d *driver) { f.d, f.D = d, d }

// posting gives a driver that allocates with this body; nil sends none.
func (f *flow) posting(body []byte) *driver {
	return &driver{patch: f.Set.Patch, post: func(*matrix.Operation) []byte { return body }}
}

// allocated gives an upload that has begun, and of which nothing was written. The case ends as unsupported where an
// ordinary POST allocates nothing.
func (f *flow) allocated() *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.Prepare(f.d, op)
	return op
}

// half gives an upload whose first half was written in order, undisturbed.
func (f *flow) half() *matrix.Operation {
	op := f.allocated()
	f.Partly(op, 0, matrix.Usual/2)
	return op
}

// asked is GET on the status resource.
func (f *flow) asked(op *matrix.Operation) *exchange.Response {
	return f.send("GET", op)
}

// send is Do for a request without body to the status resource.
func (f *flow) send(method string, op *matrix.Operation) *exchange.Response {
	u, err := handle(op, statusPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	return f.Do(method+" on the "+statusPlace, matrix.RequestTo(method, u))
}

// told asks for the status document.
func (f *flow) told(op *matrix.Operation) document {
	doc, err := readStatus(f.asked(op))
	if err != nil {
		f.Broken("a status document", "%v", err)
	}
	learnDocument(op, doc)
	return doc
}

// until asks for the status document until it says what is wanted, and gives every document seen, the last one last.
func (f *flow) until(op *matrix.Operation, what string, wanted func(document) bool) []document {
	var seen []document
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		seen = append(seen, f.told(op))
		if wanted(seen[len(seen)-1]) {
			return seen
		}
		if !f.Wait(pause) {
			f.Broken(what, "the state %s at the end", seen[len(seen)-1].state)
		}
	}
}

// over waits until the upload is done or failed.
func (f *flow) over(op *matrix.Operation) document {
	seen := f.until(op, "the upload to be done or failed in the end", document.over)
	return seen[len(seen)-1]
}

// put sends a write with the Content-Range as it stands, "" for none.
func (f *flow) put(op *matrix.Operation, contentRange string, data []byte) *exchange.Response {
	req := f.d.write(op, contentRange, data).Request
	return f.Do("the write with "+matrix.RangedForm{ContentRange: contentRange}.String(), req)
}

// goesOn says whether an answer to a write says that it was taken.
func goesOn(r *exchange.Response) bool { return r.Status/100 == 2 || r.Status == 308 }

// finished asks that an upload that has its last byte is done, with its bytes intact.
func (f *flow) finished(op *matrix.Operation) {
	o := f.Replayed(f.d, op)
	f.Success(o, "the upload")
	f.Whole(op, o)
}

// filled writes what is missing, hole by hole, and asks that the upload is then done.
func (f *flow) filled(op *matrix.Operation) {
	for range 16 {
		doc := f.told(op)
		from, to := doc.hole(op.Len())
		if doc.over() || doc.state == processing || from == to {
			break
		}
		f.Partly(op, from, to)
	}
	f.finished(op)
}
