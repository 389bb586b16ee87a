// Package partialput holds what the profiles share whose clients write a range of a document with PUT, and differ only in
// how the request says which range it is.
//
// In the room: the driver of the interruption matrix, and the cases that are the same for all of them, one file per area.
// What may be touched: cases may be added; an ID is never reused and never means something else. Who comes in: the
// profiles expectrange and rangequery.
//
// README.md of each says what the sources leave open, and what they take them to say.
package partialput
