package uploadresource

import (
	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// createChecks: the POST that allocates is itself interrupted.
func createChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.create.head-cut", Level: must, Source: catalog.Loose(option, definition),
			Requires: "A POST whose head is cut, at its first byte, in the request line, inside a field name or before its last CRLF, has no effect, and the same POST again, with the same Idempotency-Key, allocates.",
			Why:      "A client whose request broke off can only issue it again.",
			Sends:    "The POST, cut in its head at each of these bytes; then the same POST again, twice, and a whole upload.",
			Failure:  "Half a head allocates, or its Idempotency-Key is taken for used.",
		}.CutAt("before-100", matrix.EveryFault), Run: with(createHeadCut)},
		{Case: catalog.Case{
			ID: "upload-resource.create.body-cut", Level: must, Source: catalog.Loose(option, definition),
			Requires: "A POST whose JSON body is cut has no effect, and the same POST again, with the same Idempotency-Key, allocates an upload of the right length.",
			Why:      "Half of a length is another length: {\"length\":81 is not 8192.",
			Sends:    "The POST, cut after the first byte, in the middle and before the last byte of its body; then the same POST again, twice, and a whole upload.",
			Failure:  "What came of the body is acted on, or the request is taken for begun and refused the second time.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(createBodyCut)},
		{Case: catalog.Case{
			ID: "upload-resource.create.lost", Level: must, Source: catalog.Loose(option, definition),
			Requires: "When the answer to the POST is lost, the POST can be issued again; what the first one allocated never shows up as a result, neither before nor after the second upload is done.",
			Why:      "The client does not know the first upload's resources, so nobody will ever finish it.",
			Sends:    "The POST, whose answer is cut off whole, in its status line, before its last byte and in its body; then the POST again, twice, and a whole upload; a read of the number of effects.",
			Failure:  "An empty document is made by each POST, or the second POST is refused because of the first.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(createLost)},
		{Case: catalog.Case{
			ID: "upload-resource.create.same-key", Level: catalog.May, Source: catalog.Loose(option, definition),
			Requires: "Where an Idempotency-Key on the POST is honoured, a repeated POST gives the same status resource, also when the first answer was lost.",
			Why:      "The client finds the upload again that it has lost.",
			Sends:    "The POST twice with one key; the POST with another, its answer cut off, then twice more with that key, and once more when half of the upload is there; then the rest.",
			Failure:  "The key is kept with the answer only once that was sent, or each repetition allocates, or begins the upload anew.",
		}.CutAt("pre-response", matrix.Closing), Run: with(createSameKey)},
		{Case: catalog.Case{
			ID: "upload-resource.create.repeated", Level: catalog.Should, Source: catalog.Loose(option, "how many uploads may be open at once is not said"),
			Requires: "After thirty POSTs whose answers were lost, the next one allocates, and its upload can be completed.",
			Why:      "On a bad line a client may need many attempts before it knows where to write.",
			Sends:    "Thirty POSTs whose answers are cut off; then two POSTs and a whole upload.",
			Failure:  "Each of them keeps a lock, a worker or a slot of a quota.",
		}.CutAt("pre-response", matrix.Closing), Run: with(createRepeated)},
	}
}

// keyed gives an upload whose POST carries an Idempotency-Key.
func (f *flow) keyed(tag, key string) *matrix.Operation {
	op := f.OpAs(tag, matrix.Usual)
	op.Fields = op.Fields.With("Idempotency-Key", `"`+key+`"`)
	return op
}

// again carries out the upload of a token, whose POST was cut before, and asks for one effect.
func (f *flow) again(op *matrix.Operation, effects matrix.Effects, after string) {
	effects.None("of a POST that was cut")
	again := f.OpAs(op.Tag, matrix.Usual)
	again.Fields = op.Fields
	for range 2 { // the one that was cut may reach the server behind the first
		if r := f.Do("the same POST again", f.d.Prepare(again)); r.Status/100 != 2 {
			f.Broken("the same POST again to allocate after "+after, "%d", r.Status)
		}
	}
	f.Uploaded(again)
	f.finished(again)
	effects.Once("after " + after + ", the same POST again and its upload")
}

func createHeadCut(f *flow) {
	f.allocated()
	head := f.d.Prepare(f.keyed(f.Tag, f.Tag))
	line := int64(len(head.Method) + 1 + len(head.Target) + len(" HTTP/1.1\r\n"))
	f.createCut(f.At(matrix.RequestHead, 0), f.At(matrix.RequestHead, line/2), f.At(matrix.RequestHead, line+2), f.AtFromEnd(matrix.RequestHead, 2))
}

func createBodyCut(f *flow) {
	f.allocated()
	body := int64(len(f.d.Prepare(f.Op(matrix.Usual)).Body))
	f.createCut(f.At(matrix.RequestBody, 1), f.At(matrix.RequestBody, body/2), f.At(matrix.RequestBody, body-1))
}

// createCut makes each of the cuts to a POST of its own, which is then issued again.
func (f *flow) createCut(cuts ...matrix.Cut) {
	for _, cut := range cuts {
		f.Round()
		op := f.keyed(matrix.NewTag(), matrix.NewTag())
		effects := f.Effects(f.W, op.Tag)
		f.Landed(f.Cut(f.d.Prepare(op), cut))
		f.again(op, effects, cut.String())
	}
}

func createLost(f *flow) {
	undisturbed := f.Prepare(f.d, f.OpAs(matrix.NewTag(), matrix.Usual))
	cuts := []matrix.Cut{
		f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.At(matrix.ResponseHead, int64(len("HTTP/1.1 2"))), f.AtFromEnd(matrix.ResponseHead, 1),
	}
	if undisturbed.BodyBytes > 1 {
		cuts = append(cuts, f.At(matrix.ResponseBody, 1))
	}
	type lost struct {
		effects matrix.Effects
		after   string
	}
	var all []lost
	for _, cut := range cuts {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		t := f.Cut(f.d.Prepare(op), cut)
		f.Landed(t)
		if t.Final != nil {
			f.d.Learn(op, t.Final)
			f.notDone(op)
		}
		f.again(f.OpAs(op.Tag, matrix.Usual), effects, cut.String())
		all = append(all, lost{effects, cut.String()})
	}
	for _, one := range all {
		one.effects.Once("some time after " + one.after)
	}
}

// notDone asks that an upload of which no byte was written is not done, where its status resource became known.
func (f *flow) notDone(op *matrix.Operation) {
	if _, err := handle(op, statusPlace); err == nil {
		f.NotReady(op, "no byte")
	}
}

func createSameKey(f *flow) {
	f.allocated()
	key := matrix.NewTag()
	one, two := f.located(f.keyed(f.Tag, key)), f.located(f.keyed(f.Tag, key))
	if one != two {
		f.Unsupported("the target honours no Idempotency-Key on the POST: %s and %s", one, two)
	}
	f.Round()
	op := f.keyed(matrix.NewTag(), matrix.NewTag())
	effects := f.Effects(f.W, op.Tag)
	f.Landed(f.Cut(f.d.Prepare(op), f.At(matrix.ResponseHead, 0)))
	second, third := f.located(op), f.located(op)
	f.That(third, Equal(second), second+" and "+third, "the same status resource for each POST with one key")
	f.Prepare(f.d, op)
	f.Partly(op, 0, matrix.Usual/2)
	f.located(op)
	f.Unmoved(op, matrix.Usual/2, "after a POST with the same key")
	f.Completed(op)
	effects.Once("of an upload whose POST was repeated with one key")
}

// located sends the POST and gives its Location.
func (f *flow) located(op *matrix.Operation) string {
	r := f.Do("the POST with an Idempotency-Key", f.d.Prepare(op))
	if r.Status/100 != 2 || r.Fields.Get("Location") == "" {
		f.Broken("a POST with an Idempotency-Key to be answered with a Location", "%d", r.Status)
	}
	u, err := exchange.Resolve(op.URL.String(), r.Fields.Get("Location"))
	if err != nil {
		f.Broken("a Location that resolves", "%v", err)
	}
	return u.String()
}

func createRepeated(f *flow) {
	f.allocated()
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Unanswered(f.d, op)
	f.again(op, effects, "thirty lost answers")
}
