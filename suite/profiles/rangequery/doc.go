// Package rangequery is the profile "range-query": PUT with the range in its URI, as a URI Template says that the server
// advertises; the fourth option of "HTTP resumable uploads".
//
// In the room: how the template is found and expanded, and the cases that only this protocol has, one file per area; the
// others are in partialput. What may be touched: cases may be added; an ID is never reused and never means something else.
// Who comes in: suite, through Profile.
//
// What the source leaves open, and what this profile takes it to say, beside what stands in partialput:
//   - A document advertises the template in Link-Template (RFC 9652), with the relation "range", which is the suite's own
//     name, and no other anchor than the document: in the answers to OPTIONS, HEAD and GET, to OPTIONS also where it is not
//     there yet. A target that advertises it elsewhere, or nothing, is not written to: unknown parameters are commonly
//     ignored, and the part would replace the document.
//   - The template has one variable, whatever its name, whose value is "first-last": inclusive, zero-based, decimal. Or it
//     has two, called first and last, or start and end. A variable called length, or complete_length, takes the complete
//     length of the document. (RFC 6570, 2.3, knows no name with a hyphen: complete%2Dlength is taken as well.) Others stay
//     undefined.
//   - The expansion is used as it comes, resolved against the document's URL (RFC 8288, 3.1): in the query, in a segment of
//     the path, or in another path. One that leads to another origin, or that has the range in a fragment, which is not
//     sent, is not used.
//   - Where the configured URL of the document has a query, what the expansion leaves out of it is put behind it: it is the
//     user's own, and says for whom effects are counted.
//   - A range that does not agree with the body, or that is no range, is refused with a 4xx, and nothing changes; so is one
//     that is given twice.
package rangequery
