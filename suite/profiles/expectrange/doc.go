// Package expectrange is the profile "expect-range": PUT with a Range that the server is told to expect, the third option
// of "HTTP resumable uploads".
//
// In the room: the way in which a request names its range, and the cases that only this protocol has, one file per area;
// the others are in partialput. What may be touched: cases may be added; an ID is never reused and never means something
// else. Who comes in: suite, through Profile.
//
// What the source leaves open, and what this profile takes it to say, beside what stands in partialput:
//   - The expectation is the member "range" of the list in Expect, in any case (RFC 9110, 10.1.1), alone or beside
//     100-continue, on which it does not depend: the 100 comes first, and the range is written then.
//   - The range stands in Range, in the form of the source: the unit, a space, the first and the last position, a slash and
//     the complete length, or "*" where that is not told ("bytes 0-99/100"). The form of RFC 9110 ("bytes=0-99") means the
//     same without a complete length.
//   - A target says that it understands by "Accept-Expect: range" in its answer to OPTIONS; this name is the suite's own.
//     One that says nothing is tried, on a document of the suite's own, when the user names the profile; never else.
//   - A target that does not understand answers 417 and changes nothing. Another refusal keeps the document as well, but
//     does not say what was not understood.
//   - Where range and body do not agree, or the range is past the complete length that stands beside it, nothing can be
//     said of what the client wanted: 4xx, and nothing changes. So it is with several ranges, and with unknown units.
package expectrange
