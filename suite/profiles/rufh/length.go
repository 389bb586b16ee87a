package rufh

import (
	"encoding/json"
	"mime"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// lengthChecks: what is told of an upload's length must agree, and its offset never exceeds it.
func lengthChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("length", upLength, []row{
		{name: "creation", level: must, versions: since("6"), measured: true,
			requires: "A complete creation whose Content-Length is not its Upload-Length is refused with a 4xx, and has no effect.",
			why:      "One of the two is wrong, and with it the upload.",
			sends:    "Complete creations with an Upload-Length one below and one above their Content-Length.",
			failure:  "One of the two is looked at.", run: lengthCreation},
		{name: "final", level: must, versions: since("6"), measured: true,
			requires: "An append that completes the upload short of the length that was told is refused with a 4xx, and completes nothing.",
			why:      "A file that was cut in the meantime is taken for the whole.",
			sends:    "Creations with Upload-Length and half of the content; appends of all but one of the bytes that are left, with Content-Length and in chunks, and of none, that complete the upload; a read of the number of effects.",
			failure:  "The length is recorded and never compared.", run: lengthFinal},
		{name: "changed", level: must, versions: since("7"),
			requires: "An append whose Upload-Length is not the one that was told before is refused with a 4xx.",
			why:      "The client is at work on another file.",
			sends:    "A creation with Upload-Length; appends with one below and one above it; HEAD.",
			failure:  "The new length replaces the old one, or is not looked at.", run: lengthChanged},
		{name: "late", level: must, versions: since("7"),
			requires: "A length that an append is the first to tell is recorded.",
			why:      "A client tells it as soon as it knows.",
			sends:    "A creation without a length; an append with Upload-Length that leaves the upload open; HEAD; the rest.",
			failure:  "Only the creation is looked at.", run: lengthLate},
		{name: "overflow", level: must, versions: since("6"), measured: true, source: upAppend,
			requires: "An append of more bytes than the length leaves is refused with a 4xx, and the offset never exceeds the length.",
			why:      "What was agreed is a limit of what is stored.",
			sends:    "A creation with Upload-Length and half of the content; an append of one byte more than is left; HEAD; a read of the number of effects.",
			failure:  "The length is only a note.", run: lengthOverflow},
		{name: "overflow-chunked", level: must, versions: since("6"), measured: true, source: upAppend,
			requires: "An append in chunks that turns out to have more bytes than the length leaves is refused, and the offset never exceeds the length.",
			why:      "It is not enough to look at Content-Length.",
			sends:    "A creation with Upload-Length and half of the content; an append in chunks of 1000 bytes more than is left; HEAD; a read of the number of effects.",
			failure:  "Only Content-Length is compared.",
			loose:    "a server may refuse chunks with 411, and then the case does not apply", run: lengthOverflowChunked},
		{name: "invalid", level: must, versions: since("7"), source: upAppend,
			requires: "An upload whose offset would have exceeded its length is invalid: any further request to it is refused.",
			why:      "Nobody knows which of its bytes are those of the file.",
			sends:    "A creation with Upload-Length and half of the content; an append in chunks of 1000 bytes more than is left; HEAD; an append at the offset.",
			failure:  "The bytes that fitted are kept, and the upload can be completed.",
			loose:    "an append that is refused by its head, before a byte of it was taken, exceeds nothing", run: lengthInvalid},
		{name: "problem", level: should, versions: since("7"), source: from("Inconsistent Length", "inconsistent-length"),
			requires: "Where inconsistent lengths are refused with a problem, its type is inconsistent-upload-length, and its status is that of the response.",
			why:      "The client can tell it from a refusal by the target.",
			sends:    "A complete creation with an Upload-Length above its Content-Length.",
			failure:  "The problem has a type of the server's own.",
			loose:    "a server need not use the problem type", run: lengthProblem},
		{name: "huge", level: should, versions: since("6"), measured: true, source: catalog.RFC(9110, "15.6"),
			requires: "A huge length is taken or refused with a 4xx, and is no error of the server's.",
			why:      "It costs the client nothing to tell it.",
			sends:    "A creation without content and with Upload-Length: 999999999999999.",
			failure:  "Room is allocated for it, or a number overflows.", run: lengthHuge},
		{name: "empty", level: must, versions: since("6"), measured: true,
			requires: "An upload of length 0 that is created open is completed by an append without content, where the target takes an empty upload.",
			why:      "Empty files exist.",
			sends:    "A creation without content with Upload-Length: 0; an append without content that completes it.",
			failure:  "A length of 0 is taken for none, or the upload for complete at once.", run: lengthEmpty},
	})
}

// length gives the field for a length as it stands.
func length(n int64) exchange.Field {
	return exchange.Field{Name: "Upload-Length", Value: matrix.Itoa(n)}
}

func lengthCreation(f *flow) {
	for _, wrong := range []int64{matrix.Usual - 1, matrix.Usual + 1} {
		f.Round()
		op := f.fresh()
		effects := f.Effects(f.W, op.Tag)
		req := f.d.creation(op, op.Body, true)
		req.Fields = append(req.Fields, length(wrong))
		f.refused(f.begun(op, req), "a complete creation of "+matrix.Itoa(matrix.Usual)+" bytes with Upload-Length: "+matrix.Itoa(wrong))
		f.NoneYet(matrix.Watched{Effects: effects, When: "of a creation with two lengths"})
	}
}

func lengthFinal(f *flow) {
	const half = matrix.Usual / 2
	for _, part := range []struct {
		bytes   int64
		chunked bool // nobody knows before its end that it is short
	}{{half - 1, false}, {half - 1, true}, {0, false}} {
		f.Round()
		content := part.bytes
		op := f.opened(half)
		effects := f.Effects(f.W, op.Tag)
		req := f.d.append(op, half, op.Body[half:half+content], true)
		req.Chunked = part.chunked
		r := f.sent(op, req, false)
		f.refused(r, "an append that completes an upload of "+matrix.Itoa(matrix.Usual)+" bytes at byte "+matrix.Itoa(half+content))
		f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was completed short of its length", Look: func() { f.incomplete(op, "short of its length") }})
	}
}

func lengthChanged(f *flow) {
	for _, wrong := range []int64{matrix.Usual - 1, matrix.Usual + 1} {
		op := f.opened(0)
		r := f.sent(op, f.patch(op, 0, op.Body[:1000], false, length(wrong)), false)
		f.refused(r, "an append with another length than the creation told")
		if head := f.asked("HEAD", op); head.Status/100 == 2 {
			f.tells(head, op.Len(), "as the creation told it")
		}
	}
}

func lengthLate(f *flow) {
	op := f.endless(0)
	r := f.appended(op, 0, op.Body[:1000], false, length(op.Len()))
	f.succeeded(r, "an append that is the first to tell the length")
	f.tells(f.asked("HEAD", op), op.Len(), "as the append told it")
	f.once(op, 1000, "of an upload whose length was told late")
}

// exceeded sends an append of more bytes than the length leaves and gives the upload.
func (f *flow) exceeded(more int64, chunked bool) (*matrix.Operation, *exchange.Response, matrix.Effects) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	effects := f.Effects(f.W, op.Tag)
	req := f.d.append(op, half, append(append([]byte{}, op.Body[half:]...), f.rival(more)...), false)
	req.Chunked, req.ChunkSize = chunked, 512
	r, err := f.Try(req)
	if err != nil && !chunked {
		f.Broken("an append of more bytes than the length leaves to be refused with an answer", "%v", err)
	}
	if r != nil && r.Status == 411 {
		f.Unsupported("chunked appends are refused with 411")
	}
	if r != nil && r.Status/100 == 2 {
		f.Harmful("an append of more bytes than the length leaves to be refused", "%d", r.Status)
	}
	return op, r, effects
}

// within asks that the offset of an upload that would have exceeded its length does not.
func (f *flow) within(op *matrix.Operation, effects matrix.Effects) {
	op.Sent = op.Len()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that would have exceeded its length", Look: func() {
		head := f.asked("HEAD", op)
		if n, ok := integer(head.Fields.Values("Upload-Offset")); head.Status/100 == 2 && ok && n > op.Len() {
			f.HarmfulAt(op.Len(), "request body", "an offset that is not above the length of "+matrix.Itoa(op.Len()), "%d", n)
		}
	}})
}

func lengthOverflow(f *flow) {
	op, r, effects := f.exceeded(1, false)
	f.refused(r, "an append of more bytes than the length leaves")
	f.within(op, effects)
}

func lengthOverflowChunked(f *flow) {
	op, _, effects := f.exceeded(1000, true)
	f.within(op, effects)
}

func lengthInvalid(f *flow) {
	op, _, _ := f.exceeded(1000, true)
	head := f.asked("HEAD", op)
	if head.Status/100 != 2 {
		return
	}
	n, _ := integer(head.Fields.Values("Upload-Offset"))
	if n == matrix.Usual/2 {
		f.Unsupported("nothing of the append was taken: the offset did not come to the length")
	}
	f.Broken("any further request to an upload whose offset would have exceeded its length to be refused", "HEAD gave %d with Upload-Offset: %d", head.Status, n)
}

const inconsistent = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"

func lengthProblem(f *flow) {
	op := f.fresh()
	req := f.d.creation(op, op.Body, true)
	req.Fields = append(req.Fields, length(matrix.Usual+1))
	r := f.begun(op, req)
	if media, _, _ := mime.ParseMediaType(r.Fields.Get("Content-Type")); r.Status/100 != 4 || media != "application/problem+json" {
		f.Unsupported("inconsistent lengths are refused without a problem: %d", r.Status)
	}
	var members struct {
		Type   string
		Status *int
	}
	if err := json.Unmarshal(r.Body, &members); err != nil {
		f.Broken("a problem whose members are as they are defined", "%v", err)
	}
	if members.Type != inconsistent {
		f.Broken("the type "+inconsistent, "%q", members.Type)
	}
	if members.Status != nil && *members.Status != r.Status {
		f.Broken("the status "+matrix.Itoa(r.Status)+" in the problem", "%d", *members.Status)
	}
}

func lengthHuge(f *flow) {
	op := f.fresh()
	req := f.d.creation(op, nil, false)
	req.Fields = append(req.Fields, exchange.Field{Name: "Upload-Length", Value: "999999999999999"})
	op.Facts[sending] = creating
	r := f.Do("a creation with a huge length", req)
	f.d.Learn(op, r)
	if r.Status/100 != 2 && r.Status/100 != 4 {
		f.Broken("a 2xx or a 4xx for Upload-Length: 999999999999999", "%d", r.Status)
	}
	if r.Status/100 == 2 && op.Resource != nil {
		f.asked("DELETE", op)
	}
}

func lengthEmpty(f *flow) {
	op := f.OpAs(matrix.NewTag(), 0)
	effects := f.Effects(f.W, op.Tag)
	f.created(op, 0, length(0))
	f.incomplete(op, "of length 0 that was created open")
	effects.None("of an upload of length 0 that was created open")
	r := f.appended(op, 0, nil, true)
	if complete, known := f.v.completeness(r); r.Status/100 == 4 && known && complete {
		f.Unsupported("the target takes no empty upload: %d", r.Status)
	}
	f.succeeded(r, "an append without content that completes an upload of length 0")
	f.whole(op, r)
	effects.Once("of an upload of length 0")
}
