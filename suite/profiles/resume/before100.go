package resume

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// before100Checks: the connection is cut before the client has read 100 (Continue).
func before100Checks() []matrix.Check {
	point, faults := "before-100", matrix.EveryFault
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.before100.head-cut", Level: catalog.Must, Source: workflow,
			Requires: "A request whose head is cut, at its first byte, in the request line, inside a field name or before its last CRLF, changes nothing, and can be issued again.",
			Why:      "The client re-issues what it could not finish asking; an effect from half a head would then happen twice.",
			Sends:    "The head of an upload, cut at each of these bytes; then the whole request again.",
			Failure:  "Half a head is acted on, or the broken connection blocks the next request.",
			Point:    point, Faults: faults,
		}, Run: shared(matrix.BeforeHeadCut)},
		{Case: catalog.Case{
			ID: "resume.before100.lost", Level: catalog.Must, Source: workflow,
			Requires: "When the 100 (Continue) is lost, whole, from the middle of its status line, or but for its last CRLF, the request can be issued again and takes effect once.",
			Why:      "The client cannot tell a lost 100 from one that was never sent; both must be safe to repeat.",
			Sends:    "The whole head of an upload; the connection is cut inside the 100; then the whole request again.",
			Failure:  "The server takes the request for begun although the client never had leave to send its body.",
			Point:    point, Faults: faults,
		}, Run: shared(matrix.BeforeLost)},
		{Case: catalog.Case{
			ID: "resume.before100.state-unchanged", Level: catalog.Must, Source: workflow,
			Requires: "An interruption before 100 (Continue) leaves the state of the target as it was.",
			Why:      `The source promises it: "the server state has not changed yet"; the client builds on it when it repeats the request.`,
			Sends:    "The head of an upload, cut in the head and around the 100; then a read of the number of effects.",
			Failure:  "An item is made, or counted, when the request arrives instead of when its body has.",
			Point:    point, Faults: faults, Needs: []catalog.Need{catalog.NeedCount},
		}, Run: shared(matrix.BeforeUnchanged)},
		{Case: catalog.Case{
			ID: "resume.before100.reissue", Level: catalog.Must, Source: workflow,
			Requires: "After an interruption before 100 (Continue) the same request, issued again, succeeds, and its effect happens exactly once.",
			Why:      "Re-issuing is all that the client can do, and the source says that it may.",
			Sends:    "The head of an upload, cut before any byte of the 100; then the same request again, whole.",
			Failure:  "The second request is refused as a repetition, or both take effect.",
			Point:    point, Faults: faults,
		}, Run: shared(matrix.BeforeReissue)},
		{Case: catalog.Case{
			ID: "resume.before100.repeated", Level: catalog.Must, Source: catalog.Loose(workflow, "how long a server may take is not said: the ratio to its own undisturbed time decides"),
			Requires: "Fifty interruptions in a row before 100 (Continue) leave no lock and no visible trace: the next request succeeds, about as fast as an undisturbed one.",
			Why:      "On a bad line a client may need many attempts before the first byte of its body moves.",
			Sends:    "Fifty heads whose 100 is cut off, then the whole request.",
			Failure:  "Each interrupted request keeps a lock, a worker or a slot of a quota.",
			Point:    point, Faults: faults,
		}, Run: shared(matrix.BeforeRepeated)},
	}
}
