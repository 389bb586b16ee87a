// Package alder is an independent HTTP server for "Partial and Resumable Requests in HTTP", written from the seed alone.
// It was made without sight of any other implementation, to be an unusual but legal peer: absolute URIs; the three fields
// spread over a 102 and the 100; 405 on GET of the request content; 202 with Retry-After for a response that is not ready;
// no ETag and no Accept-Ranges promise; 409 for overlap and gap; a completing PATCH answers with the operation's own final
// response; HEAD leaves an upload alone, and the next PATCH may begin at the offset it told, whatever came in meanwhile.
package alder
