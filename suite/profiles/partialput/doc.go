// Package partialput holds what the profiles share whose clients write a range of a document with PUT, and differ only in
// how the request says which range it is.
//
// In the room: the driver of the interruption matrix, and the cases that are the same for all of them, one file per area.
// What may be touched: cases may be added; an ID is never reused and never means something else. Who comes in: the
// profiles expectrange and rangequery.
//
// What the sources leave open, and what these profiles take them to say:
//   - Each upload is a document of its own, at a URL that the client chooses. HEAD on a document that is not yet complete
//     tells how much of it is there, as its Content-Length; a server that keeps nothing of it answers 404, which stands
//     for 0. So does 204 without a length.
//   - Any 2xx says that a part was taken.
//   - Where the complete length is told, a document is complete, and has had its effect, when all of it is there. Where it
//     is not, the sources do not say whether a write is complete in itself or more is to come: cases of such writes look
//     at the bytes, and not at the number of effects. A write to a part of a complete document is no second effect.
//   - A range names its last byte, so that an upload whose length is not known beforehand is sent in parts of a length that
//     is known.
//   - A write that is cut may have been applied as far as it came, or not at all. Of a document that is there every byte is
//     the old or the new one, the new ones are the first that were sent, and the document is as long as before.
//   - A write that begins beyond the end of what is there is refused; a server that takes it shows zeros in between, or
//     nothing yet.
//   - The response to the last part is shown to nobody again: what became of an upload is seen at the document alone.
package partialput
