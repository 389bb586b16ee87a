// Package rufh is the profile "rufh": Resumable Uploads for HTTP, draft-ietf-httpbis-resumable-upload.
//
// In the room: the table of the protocol's versions, the driver (how one version creates, asks, appends and sees what
// became of an upload) and its own cases, one file per section; those of the interruption matrix come from package
// matrix. What may be touched: cases may be added, and rows of the table; an ID is never reused and never means something
// else. Who comes in: suite, through Profile.
//
// # Versions
//
// A version of the table is an interop version (3 to 8), which a client names in Upload-Draft-Interop-Version, or latest:
// the newest text, spoken without that field, as the final RFC will be. A number stands for every published text that
// carries it (8: -09, -10 and -11, and the newest text too): what one of them permits is permitted, what all of them
// demand is demanded. A case says in which versions it holds, and is run once for each that the configuration lists
// (interop). The version is part of a result's name: "[mid-upload fin h1 v6]".
//
// A target that does not take a version, because it answers 412, ignores the version or sends 104s of another one, fails
// offer.spoken, which says what came; whatever else needs the version is unsupported.
//
// # What was decided where the text is silent
//
// An upload begins as the text calls optimistic: one request with all of the content, and Expect: 100-continue, so that
// there is a moment before the content. The client waits for the 104 before it sends. Where a target sends none in time,
// which it may, the upload is created without content first, and the append of all of it takes that request's place.
//
// What a target tells of an upload that is over is found out by a look at one. It may have forgotten it: then nothing is
// asked of the response that was lost. It may tell that the upload is complete: then that is compared with a twin's. Or it
// may replay the final response to an append without content (from version 8 on): then that is compared.
//
// A server may serve the requests to one upload one after another, and so wait for an older one that hangs (Concurrency):
// cases with a stalled connection do not apply to it, and one, a recommendation, tells so. What it must never do is write
// late bytes after it told an offset, or refuse the offset that it told.
//
// The offset is held against what the client has sent. A server that obtains data on a client's behalf, and then tells
// more, cannot be tested.
//
// What the upload became is at the Location of the final response, unless that is the upload resource, or at its
// Content-Location. Limits that a server tells are kept: parts that they forbid are not sent, but in the cases on limits.
//
// Redirects (307, 308) of the upload resource are not followed, as a client need not: what needs it is unsupported.
package rufh
