package expectrange

import (
	"bytes"
	"fmt"

	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// trial is what a write of a range to a document of the suite's own has shown.
type trial struct {
	before, after []byte // the document
	part          partialput.Part
	status        int    // of the answer to the write
	none          string // why no write was tried; "" where it was
}

// try writes a range over the middle of a document, in the form of the source. The document is made by a PUT of the whole
// where there is one.
func try(f *partialput.Flow) trial {
	op, status := f.Made(partialput.Small)
	t := trial{before: op.Body, part: partialput.Part{At: 300, Data: f.Other(100, 1), Complete: op.Len()}}
	if got, _ := f.Content(op); status/100 != 2 || !bytes.Equal(got, op.Body) {
		t.none = fmt.Sprintf("no document could be made to try it on: %d", status)
		return t
	}
	t.status = f.Write(op, t.part).Status
	t.after, _ = f.Content(op)
	return t
}

// applied says that the range was written, and nothing else.
func (t trial) applied() bool {
	return t.none == "" && t.status/100 == 2 && bytes.Equal(t.after, matrix.Replaced(t.before, t.part.At, t.part.Data))
}

// unchanged says that the document is as it was.
func (t trial) unchanged() bool { return t.none != "" || bytes.Equal(t.after, t.before) }

// overwritten says that the part was stored as the whole document.
func (t trial) overwritten() bool { return t.none == "" && bytes.Equal(t.after, t.part.Data) }

// String tells what was seen.
func (t trial) String() string {
	what := "changed the document otherwise"
	switch {
	case t.none != "":
		return t.none
	case t.applied():
		what = "wrote the range"
	case t.unchanged():
		what = "changed nothing"
	case t.overwritten():
		what = fmt.Sprintf("replaced the document of %d bytes by the %d of the part", len(t.before), len(t.after))
	}
	return fmt.Sprintf("a PUT with Expect: Range and Range: %s gave %d and %s", way{}.spec(t.part), t.status, what)
}
