// Package expectrange is the profile "expect-range": PUT with a Range that the server is told to expect, the third option
// of "HTTP resumable uploads".
//
// In the room: the way in which a request names its range, and the cases that only this protocol has, one file per area;
// the others are in partialput. What may be touched: cases may be added; an ID is never reused and never means something
// else. Who comes in: suite, through Profile.
//
// README.md says what the sources leave open, and what this profile takes them to say.
package expectrange
