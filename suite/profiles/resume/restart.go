package resume

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// restartChecks: between the interruption and the recovery the server itself is stopped and started again.
func restartChecks() []matrix.Check {
	restart := []catalog.Need{catalog.NeedRestart}
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.restart.kept", Level: catalog.Should,
			Source:   catalog.Loose(preference, `the source says "for a period of time"; that a restart does not end it is the profile's reading`),
			Requires: "An interrupted upload is still there, at the offset that was told, after the server was restarted.",
			Why:      "Servers are restarted while clients are away, and an upload of hours begins again from nothing.",
			Sends:    "An upload cut in the middle; HEAD; a restart of the server; HEAD on the same Request-Content-Location.",
			Failure:  "What was kept, or where it belongs, is only in the memory of the process.",
			Point:    "mid-upload", Faults: matrix.FinOnly, Needs: restart,
		}, Run: shared(matrix.RestartKept)},
		{Case: catalog.Case{
			ID: "resume.restart.intact", Level: catalog.Must,
			Source:   catalog.Loose(workflow, "restarts are not mentioned; a server that goes on with an upload after one owes its client the same as before"),
			Requires: "After a restart the server either says that an upload is gone, or it resumes to the same bytes and exactly one effect, from an offset that was really sent.",
			Why:      "A file that was longer than its note, or a note that was ahead of its file, becomes a damaged document.",
			Sends:    "Uploads cut after a few bytes, in the middle and before the last byte; a restart of the server; then the rest, or the whole request again where the upload is gone.",
			Failure:  "The state is written in the wrong order: the offset before the bytes, or the effect before the end.",
			Point:    "mid-upload", Faults: matrix.Closing, Needs: restart,
		}, Run: shared(matrix.RestartIntact)},
		{Case: catalog.Case{
			ID: "resume.restart.response", Level: catalog.Should,
			Source:   catalog.Loose(messageRes, "the source does not say for how long the copy is there; that a restart does not end it is the profile's reading"),
			Requires: "A lost response is still there, unchanged, after the server was restarted.",
			Why:      "Without it a client never learns what became of its request, and issues it a second time.",
			Sends:    "A whole upload whose response is cut off; a restart of the server; GET on the Response-Message-Location; twins before and after.",
			Failure:  "Final responses are only in the memory of the process, or are made up again from what is left.",
			Point:    "pre-response", Faults: matrix.FinOnly, Needs: restart,
		}, Run: shared(matrix.RestartResponse)},
	}
}
