// Package uploadresource is the profile "upload-resource": an upload to a resource that a POST has allocated.
//
// In the room: the driver (how this protocol allocates, writes, asks and sees the outcome) and its own cases, one
// file per area; those of the interruption matrix come from package matrix. What may be touched: cases may be added;
// an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// README.md says what the sources leave open, and what this profile takes them to say.
package uploadresource
