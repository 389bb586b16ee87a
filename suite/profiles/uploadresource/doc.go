// Package uploadresource is the profile "upload-resource": an upload to a resource that a POST has allocated.
//
// In the room: the driver (how this protocol allocates, writes, asks and sees the outcome) and its own cases, one
// file per area; those of the interruption matrix come from package matrix. What may be touched: cases may be added;
// an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// # The definition
//
// The source, HTTP resumable uploads, names the option "POST with 201 Accepted response" and leaves its wire open:
// "The client can send a POST request indicating a resource was created that may be used to send uploaded data. The 201
// Accepted body will contain instructions on how to upload the remaining data." What follows is what this profile reads
// into it, on the ground of RFC 9110 and of servers in the field.
//
// Allocation. POST to the target, without a body or with a JSON object of which every member is optional: length, the
// complete length in bytes, and type, the media type. The answer is 201 or 202; its Location is the status resource.
// Where to write is said by a link with the relation "upload" (RFC 8288; the relation is ours), by the member upload of
// a JSON body, or, where neither is there, is the Location itself. An Idempotency-Key on the POST, where one is honoured,
// makes a repeated POST give the same status resource. An upload that was begun and never finished is no effect, and is
// seen nowhere but at its own resources.
//
// Status. GET and HEAD on the status resource: a JSON object with state (waiting, receiving, processing, done, failed),
// length (bytes, or null), received (a list of [first, last], inclusive), remaining (bytes, or null), errors (problem
// objects, RFC 9457), result (URI-reference, when done), upload (URI-reference) and parallel (true where parts may come
// out of order and several at a time). When done, 303 with Location: result is as good. The offset at which a client
// goes on is the end of what was received from byte 0 on without a hole. Where work goes on, Retry-After says when to
// ask again. DELETE cancels: afterwards status and upload are 404 or 410.
//
// Writing. PUT with Content-Range (RFC 9110, 14.4 and 14.5): bytes a-b/L, or bytes a-b/* where the length is not known.
// While bytes are missing the answer is any 2xx, or 308 with Range: bytes=0-N for what is kept from byte 0 on, and no
// Range for nothing. Content-Range: bytes */L with an empty body asks the same question; where everything is there and
// the length was not known, it ends the upload. Where the upload takes PATCH (Accept-Patch names message/byterange, and
// Allow no PUT) the same Content-Range stands inside the PATCH.
//
// Completion. When the last byte is in, the upload completes by itself: the answer is 201 or 200, which may name the
// result in Location or Content-Location, or 202 where work goes on. The status resource turns to done or failed.
//
// Discovery. OPTIONS on the target may answer with a link of the relation "upload" that leads to the target itself.
package uploadresource
