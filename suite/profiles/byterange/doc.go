// Package byterange is the profile "byterange": PATCH with a segmented upload media type, the first option of
// http-resumable-uploads.txt, on the ground of draft-ietf-httpapi-patch-byterange.
//
// In the room: the driver, the writers of the three media types, and the cases, one file per area. What may be touched:
// cases may be added; an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// What the sources leave open, and what this profile takes them to say:
//   - Each upload is a document of its own, at a URL that the client chooses (step 1 of Segmented Document Creation).
//     What a target speaks is seen by Accept-Patch: in the answer to OPTIONS (RFC 5789, 3.1), or in a refusal with 405 or
//     415. A target that says nothing is tried with a small message/byterange to a new URL, with If-None-Match: *.
//   - HEAD on a document that is not yet complete tells how much of it is there, as its Content-Length (step 2); a server
//     that keeps nothing of it answers 404, which stands for 0 (step 3). So does 204 without a length.
//   - Any 2xx says that a segment was taken. The example of the draft sends If-None-Match: * with every segment, which only
//     the first can mean: it is sent with the request that begins an upload, and with no other.
//   - A document is complete, and has had its effect, when every byte up to a complete length that was named is in, whoever
//     names it: Content-Range, Content-Offset, or the form */L. Without one it stays open. A write to a complete document
//     is no second effect.
//   - An upload of unknown length begins with Content-Offset, though the syntax of message/byterange asks for Content-Range:
//     the section on Content-Range says that Content-Offset must then be used instead. A server may know no such field; it
//     refuses, as it does where there is no range that it knows.
//   - The response to the last segment is shown to nobody again: what became of an upload is seen at the document alone.
//   - A write over a document that is complete may be cut as well. Then every byte is the old or the new one, the new ones
//     are the first that were sent, and the document is as long as before.
package byterange
