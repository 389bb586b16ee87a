// Package rangequery is the profile "range-query": PUT with the range in its URI, as a URI Template says that the server
// advertises; the fourth option of "HTTP resumable uploads".
//
// In the room: how the template is found and expanded, and the cases that only this protocol has, one file per area; the
// others are in partialput. What may be touched: cases may be added; an ID is never reused and never means something else.
// Who comes in: suite, through Profile.
//
// README.md says what the sources leave open, and what this profile takes them to say.
package rangequery
