package resume

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// laterText is where the later public text of the same draft stands.
const laterText = "https://github.com/awwright/http-progress/blob/master/draft-wright-http-resume-request.md"

// flow is the flow of the matrix, with this profile's own driver.
type flow struct {
	*matrix.Flow
	d *driver
	// named says that responses name their length in Content-Length.
	named bool
}

// with makes a case's code from one that works on a flow.
func with(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := &flow{}
		f.Flow = matrix.NewFlow(s, Name, nil)
		f.OnReplay = f.mediaType
		f.use(asking(f.Set, "resume"))
		run(f)
	}
}

// shared makes a case's code from one that every profile has.
func shared(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *flow) { run(f.Flow) })
}

// use changes the way in which the case's requests ask for resumption.
func (f *flow) use(d *driver) { f.d, f.D = d, d }

// asking gives a driver whose requests expect 100 (Continue) and carry these Prefer values.
func asking(cfg *target.Profile, prefer ...string) *driver {
	return &driver{prefer: prefer, expect: true, patch: cfg.Patch}
}

// offered ends the case as unsupported when the server did not offer a resource.
func (f *flow) offered(op *matrix.Operation, name string) {
	if _, err := handle(op, name); err != nil {
		f.Unsupported("%v", err)
	}
}

// uploaded carries out the upload undisturbed and asks that it succeeds with its bytes intact.
func (f *flow) uploaded(d *driver, op *matrix.Operation) *matrix.Outcome {
	o := f.Upload(d, op)
	f.Success(o, "the undisturbed upload")
	f.Intact(f.W, op, o)
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

// Where the profile's requirements stand.
var (
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
