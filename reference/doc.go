// Package reference is an HTTP server that does all that the protocols of the suite ask for.
//
// In the room: the target /items, and the three resources of an operation: request content, response
// message, response content. Its durable state is in package store.
// May be touched: everything here; the specification is the authority, never what the suite expects.
// What the server decides has a name in Seams; package mutants replaces one decision at a time.
// Who comes in: cmd and the external test that runs the suite on it. It imports nothing of the suite,
// nor the suite of it: a mistake that both shared would stay hidden.
//
// # Resources
//
//	POST /items          makes an item of the body: 201 with Location. In the query: tag (counted by it),
//	                     respond (bytes of the response body, up to 16 MiB), delay (of processing, up to
//	                     10s), fail (400 to 599: the outcome), refuse (400 to 599: instead of the 100)
//	GET /items?tag=T     {"count": n}: items created with the tag, deleted ones included; all without tag
//	/items/{id}          GET and HEAD with ranges; DELETE for who made it
//	/items/{id}/receipt  the response body of the upload
//	/requests/{id}       request content: GET, HEAD, PATCH with message/byterange, DELETE to cancel
//	/messages/{id}       response message: GET, HEAD, DELETE to close the operation
//	/responses/{id}      response content: GET, HEAD
//	POST /uploads        makes a place to upload to: 201 with Location. In the query the same as of /items; the
//	                     content is empty, or JSON with length (bytes) and type. OPTIONS names it with a Link
//	GET /uploads?tag=T   {"count": n}: items that uploads with the tag have made
//	/uploads/{id}        status of an upload: GET, HEAD, DELETE to cancel
//	/uploads/{id}/content  PUT of a part with Content-Range
//	GET /documents?tag=T {"count": n}: documents that have become complete with the tag, replacements by PUT included
//	/documents/{name}    GET and HEAD with ranges; PUT the whole, with Expect: Range, or with the query of Link-Template;
//	                     PATCH with message/byterange, multipart/byteranges, application/byteranges; DELETE. The query of a
//	                     write takes what POST /items does
//	POST /tus            creates an upload by tus 1.0.0: 201 with Location. In the query the same as of /items, and keep: how
//	                     long the upload is kept while it is not finished, up to 24h. OPTIONS tells what there is
//	GET /tus?tag=T       {"count": n}: uploads with the tag that have become complete and were processed
//	/tus/{id}            HEAD for the offset, PATCH, DELETE; GET for the bytes that are kept
//	POST /files          a representation, in whole or its beginning (draft-ietf-httpbis-resumable-upload); PUT and PATCH do the
//	                     same. In the query the same as of /items, and least: min-append-size of this upload in bytes. OPTIONS tells
//	                     the limits of all
//	GET /files?tag=T     {"count": n}: representations with the tag that were processed
//	/files/{id}          upload resource: HEAD and GET for the offset, PATCH to append, DELETE to cancel
//	/healthz             200 when it serves
//
// # Durability
//
// What was acknowledged, by the length that HEAD tells, by Acknowledge or by a final response, survives
// kill -9, and with fsync (Options.Durability) the loss of power. The 100 alone promises zero bytes:
// after a loss of power its URIs may be 404, and the client issues its request again.
//
// # Where the specification leaves a choice
//
//   - HEAD on the request content never stops an upload. It waits until what has arrived is read, then
//     tells the offset. A PATCH that starts at an offset told before is accepted even if the old
//     connection brought more meanwhile: the bytes that overlap are compared, not written.
//   - A PATCH takes over from a connection that a HEAD has looked at, that the client has closed, or that
//     is silent for Options.TakeOver. Otherwise it waits a little, and is then refused with 409.
//   - A gap, or an overlap with other bytes, is 409 and tells the offset; a malformed Content-Range is
//     400; one that is missing, or contradicts the complete length, is 422.
//   - Response message and response content are 503 with Retry-After while there is no final response,
//     404 once the operation is closed. "Prefer: wait=N" makes a GET wait for up to N seconds.
//   - resume=ignore-incomplete gets no Request-Content-Location: there is nothing to come back to.
//   - Without Expect the three fields come in a 104 (HTTP/1.1 and later) and in the final response.
//   - The final response of the operation has one strong ETag for the item made and for the response content.
//   - Acknowledge is sent for an upload that can be resumed, not for a PATCH, whose sender could not
//     tell from where the number counts.
//   - A request with a known Idempotency-Key gets the first one's response; 409 while the first is still
//     sending, 422 with another target. One that was interrupted is superseded.
//   - DELETE on the request content or the response message while the request is processed is 409.
//   - Parts of an upload come in any order and at once where POST /uploads named the length; without it, one
//     behind the other. A part takes over from older ones only where they would write the same bytes.
//   - A part after which something is missing is answered with 308, whose Range tells the prefix that is kept. The
//     part that brings the last byte gets the final response; 202 where a delay was asked for. Any part
//     that is sent to a complete upload gets the final response too, if its bytes are those that are kept.
//   - "Content-Range: bytes */L" asks what is kept, and ends an upload of which nothing else is missing: one whose
//     length was not named, and one whose length is 0.
//   - A POST to /uploads that is repeated without Idempotency-Key makes another upload; nothing comes of the one
//     that nobody writes. With the key it leads to the first one; 422 with other content.
//   - An upload that has failed answers 200 on its status resource; errors holds the problem.
//   - Each user has documents of their own: those of others are not there.
//   - A document that is created in segments shows what is there, up to the last byte written, with zeros in holes; it is
//     complete, and has its effect, when every byte of its complete length was written. Segments out of order need a
//     complete length, and are for PATCH; the ranges of a PUT come in order. Otherwise a gap is 409.
//   - A write without a transaction preference is kept as it comes where it destroys nothing: while a document is created,
//     and at its end. What changes bytes, a patch of several parts, and a PUT that replaces are atomic. A patch with
//     multipart/byteranges is always atomic; transaction=persist is then not said to be applied.
//   - "*/L" gives a complete document a size, a new one room, and ends one whose bytes are all there. One of whose bytes
//     some are missing it does not end: 409.
//   - The complete length does not matter to a document that is complete, but may not be less than its size: 422.
//   - What brings again that by which a document became complete gets the same response; there is no second effect.
//   - If-None-Match: * holds while a document is created, because each segment may carry it.
//   - A document whose processing failed keeps its bytes, and the response, which is there for who brings them again.
//   - A range of a PUT without a complete length is complete in itself, unless a complete length is known.
//   - A reader whose bytes are changed while it reads is cut off; it may resume with If-Range, and gets the new document.
//   - Expect: Range over HTTP/2, and in a server that embeds Handler, is as that server hands it on.
//   - What tus leaves open: a PATCH at the offset that is kept takes over from any older one, at once; one at another offset is
//     409, tells the offset, and disturbs nobody. HEAD stops no upload. A PATCH whose content is interrupted leaves what has
//     come, one that is refused nothing; with a checksum nothing is kept, nor told, before it is verified.
//   - The last PATCH is answered when the upload is processed: 204, or the error that was asked for, with Upload-Offset in
//     both. A PATCH without content at the end of a complete upload gets that answer again. A creation that completes the
//     upload has respond bytes of content.
//   - An upload by tus that is cut while it is created is forgotten: nobody knows its URL. What is complete stays until DELETE,
//     which waits for processing; what is not, and each partial upload, expires: 410, and 404 when it was swept.
//   - A final upload is put together when its last part is complete, and until then has no offset and no bytes. Where a part
//     goes before, it never is, and expires. Of the URLs of its parts the path counts only. 400 for what is no partial upload
//     of the same user; 404 for the whole where there turns out to be no room for it.
//   - Tus-Resumable is not asked for where tus has nothing to say: at GET, and at HEAD of /tus. A length that is missing,
//     malformed or contradicts is 400; bytes behind it are 413, as is a length above Tus-Max-Size.
//   - Resumable uploads speak the newest text, and the interop versions 3 to 8, each as the drafts have it that carry it
//     (rufhdraft.go); where these say that an append which does not complete the upload is acknowledged with an
//     Upload-Complete of true (-02 to -05), what is meant is false. A version that is missing, or is none of these, is the
//     newest text without any 104, which a server of a draft must not send then.
//   - Who asks for the offset, appends or cancels ends the request that is still sending, when what has arrived is kept. Its
//     connection is cut off.
//   - An upload that is complete and still processed is told as incomplete in the newest text: there is no final response
//     yet. An append without content, at its end, waits for that. Such an append gets the final response again and again;
//     any other to a complete upload is 400.
//   - Content that is announced to be longer than a recorded Upload-Length is 400, and the upload gone, as if it had come
//     (interop version 6: it stays). Lengths that contradict each other are 400 and change nothing.
//   - The final response names what was made with Location; to interop version 7 and earlier ones with Content-Location,
//     because in those up to 6 Location is the upload resource. GET there gives them the content of a complete upload.
//   - A representation of unknown length is not below min-size where no min-size is announced, which is the default. One that
//     is below it is a conventional upload if it is whole, and else refused.
//   - What a request with Content-Digest brings is not told in a 104, so that it can be taken back; if it is cut, it is kept.
//   - The representation has any content type and coding. They, and the file name, are those of the item.
//   - An upload while it is processed cannot be cancelled: 409.
//   - /items takes any content type but message/* and multipart/*, and no content coding.
package reference
