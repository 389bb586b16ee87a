// Package rufh is the profile "rufh": Resumable Uploads for HTTP, draft-ietf-httpbis-resumable-upload.
//
// In the room: the table of the protocol's versions, the driver (how one version creates, asks, appends and sees what
// became of an upload) and its own cases, one file per section; those of the interruption matrix come from package
// matrix. What may be touched: cases may be added, and rows of the table; an ID is never reused and never means something
// else. Who comes in: suite, through Profile.
//
// README.md says what the versions differ in, what the sources leave open, and what this profile takes them to say.
package rufh
