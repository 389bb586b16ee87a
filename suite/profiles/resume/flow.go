package resume

import (
	"fmt"
	"hash/crc64"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// usual is the length in bytes of an upload where a case does not need another.
const usual = 8192

// loosePage says who decides where the source does not.
const loosePage = "the source is silent; the profile definition decides"

// laterText is where the later public text of the same draft stands.
const laterText = "https://github.com/awwright/http-progress/blob/master/draft-wright-http-resume-request.md"

// flow is a session together with what this profile is told of the target.
type flow struct {
	*matrix.Session
	d   *driver
	cfg *target.Resume
	w   matrix.Witness
	// salt makes the bytes of the case: the same in all its uploads, so that twins are alike, and other than
	// in other cases.
	salt uint64
	// named says that responses name their length in Content-Length.
	named bool
}

// with makes a case's code from one that works on a flow.
func with(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		cfg := s.Config().Resume()
		run(&flow{
			Session: s, cfg: cfg, d: asking(cfg, "resume"),
			w:    matrix.Witness{Readback: cfg.Readback, Count: cfg.Count},
			salt: crc64.Checksum([]byte(s.Tag), crc64.MakeTable(crc64.ISO)),
		})
	}
}

// asking gives a driver whose requests expect 100 (Continue) and carry these Prefer values.
func asking(cfg *target.Resume, prefer ...string) *driver {
	return &driver{prefer: prefer, expect: true, patch: cfg.Patch}
}

// op gives a new upload of n bytes with the case's own token.
func (f *flow) op(n int) *matrix.Operation { return f.opAs(f.Tag, n) }

func (f *flow) opAs(tag string, n int) *matrix.Operation { return f.shaped(f.cfg.Upload, tag, n) }

func (f *flow) shaped(template target.Request, tag string, n int) *matrix.Operation {
	return f.Operation(template, tag, matrix.Bytes(n, f.salt))
}

// decoy carries out another upload, with other bytes, undisturbed: a server that mixes operations up has
// something to mix up with.
func (f *flow) decoy(template target.Request) {
	op := f.Operation(template, matrix.NewTag(), matrix.Bytes(usual/2, f.salt+1))
	f.Upload(f.d, op)
}

// patient is how long a case asks again where a server may be a moment behind.
func (f *flow) patient() time.Duration { return min(f.Config().Limits.Case/2, 2*time.Second) }

// atMost gives n, or less where the configuration does not let bodies be that long (limits.body).
func (f *flow) atMost(n int) int {
	return int(min(int64(n), f.Config().Limits.Body))
}

// cut gives a cut with the fault of the variant.
func (f *flow) cut(place matrix.Place, offset int64) matrix.Cut {
	return matrix.Cut{Place: place, Offset: offset, Fault: matrix.Fault(f.Variant.Fault)}
}

func (f *flow) cutFromEnd(place matrix.Place, offset int64) matrix.Cut {
	c := f.cut(place, offset)
	c.FromEnd = true
	return c
}

// interrupted starts an upload of n bytes and cuts it after at bytes of the body.
func (f *flow) interrupted(n int, at int64) *matrix.Operation {
	op := f.op(n)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, at))
	f.offered(op, requestContent)
	return op
}

// offered ends the case as unsupported when the server did not offer a resource.
func (f *flow) offered(op *matrix.Operation, name string) {
	if _, err := handle(op, name); err != nil {
		f.Unsupported("%v", err)
	}
}

// success asks that an outcome is 2xx.
func (f *flow) success(o *matrix.Outcome, what string) {
	if o.Response.Status/100 != 2 {
		f.Broken(what+" to succeed", "%d from %s", o.Response.Status, o.Via)
	}
}

// completed recovers an interrupted upload and asks that it succeeds with its bytes intact.
func (f *flow) completed(op *matrix.Operation) {
	o := f.Recover(f.d, op)
	f.success(o, "the resumed upload")
	f.whole(op, o)
}

// whole asks that the stored bytes are those of the upload.
func (f *flow) whole(op *matrix.Operation, o *matrix.Outcome) { f.Intact(f.w, op, f.placed(op, o)) }

// placed gives the response that names the place to read from.
func (f *flow) placed(op *matrix.Operation, o *matrix.Outcome) *matrix.Outcome {
	return f.Placed(f.w, f.d, op, o)
}

// uploaded carries out the upload undisturbed and asks that it succeeds with its bytes intact.
func (f *flow) uploaded(d *driver, op *matrix.Operation) *matrix.Outcome {
	o := f.Upload(d, op)
	f.success(o, "the undisturbed upload")
	f.Intact(f.w, op, o)
	return o
}

// send is Do for a request without body to what the server offered under name.
func (f *flow) send(method string, op *matrix.Operation, name string) *exchange.Response {
	u, err := handle(op, name)
	if err != nil {
		f.Unsupported("%v", err)
	}
	return f.Do(method+" on the "+name, matrix.RequestTo(method, u))
}

// The faults of a case.
var (
	everyFault  = []string{"fin", "rst", "stall"}
	closing     = []string{"fin", "rst"}
	finOnly     = []string{"fin"}
	workflow    = from("Continue Outstanding Request Workflow")
	preference  = from(`"resume" preference`)
	contentRes  = from("Request-Content-Location")
	messageRes  = from("Response-Message-Location")
	privacyText = catalog.Source{Document: "draft-wright-http-resume-request", Section: "Privacy concerns", URL: laterText}
)

// from cites a heading of the profile's source.
func from(heading string) catalog.Source {
	return catalog.Source{Document: "resume-request", Section: heading, URL: laterText}
}

// loose marks a source as silent about what the case asks.
func loose(source catalog.Source, why string) catalog.Source {
	source.Loose = why
	return source
}

// rfc cites a section of an RFC.
func rfc(number int, section string) catalog.Source {
	return catalog.Source{
		Document: fmt.Sprintf("RFC %d", number), Section: section,
		URL: fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%d#section-%s", number, section),
	}
}
