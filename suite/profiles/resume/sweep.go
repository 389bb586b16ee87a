package resume

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sweepChecks: one exchange is cut at each of its bytes.
func sweepChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.sweep.request", Level: catalog.Must, Source: workflow,
			Requires: "Wherever its request is cut, an upload can be recovered: the offset is never above what was sent and never goes down, what is stored equals the body, the effect happens once, and the final response is that of an undisturbed upload.",
			Why:      "A connection breaks at any byte, and an off-by-one shows itself at one of them only.",
			Sends:    "One upload for each byte of the request, cut there, in the head or in the body; the same request again where the head was cut, else HEAD twice and PATCH; a read of the stored bytes and of the number of effects.",
			Failure:  "The table of failing bytes says where: one byte alone is an off-by-one, a border of a buffer or of the message; a long run is a rule that is broken everywhere, which a case of another area tells in more detail.",
			Point:    "mid-upload", Faults: matrix.Closing, Sweep: true,
			Unkilled: matrix.Unswept,
		}, Run: shared(matrix.SweptRequest)},
		{Case: catalog.Case{
			ID: "resume.sweep.response", Level: catalog.Must, Source: workflow,
			Requires: "Wherever its response is cut, an upload can be recovered: before the end of the 100 (Continue) by the same request again, later by the response message, which holds the response of an undisturbed upload; the effect happens once.",
			Why:      "The client cannot choose where its connection breaks, and has the right to the answer all the same.",
			Sends:    "One upload for each byte of the 100 (Continue), of the head of the final response and of its body, cut there; then the same request again, or GET on the response message; a read of the stored bytes and of the number of effects.",
			Failure:  "The response is taken for delivered once part of it was written, or the request for begun although its 100 was lost.",
			Point:    "pre-response", Faults: matrix.Closing, Sweep: true,
			Unkilled: matrix.Unswept,
		}, Run: shared(matrix.SweptResponse)},
	}
}
