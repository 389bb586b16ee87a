// Package reference is an HTTP server that does all that the resume protocol asks for.
//
// In the room: the target /items, and the three resources of an operation: request content, response
// message, response content. Its durable state is in package store.
// May be touched: everything here; the specification is the authority, never what the suite expects.
// Who comes in: cmd and the external test that runs the suite on it. It imports nothing of the suite,
// nor the suite of it: a mistake that both shared would stay hidden.
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
//   - /items takes any content type but message/* and multipart/*, and no content coding.
package reference
