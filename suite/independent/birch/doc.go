// Package birch is an HTTP/1.1 server on raw sockets, written from the text of the resume preference (request-content,
// response-message, content-location; byte range PATCH) alone, sharing no code with the rest of the module. Its unusual but legal
// choices: every response closes; lower case fields, no reasons; 102/103/104 around a 100 in pieces; relative references with dot
// segments and queries; bodies by close or chunks; message/http without the body and 503 until ready; weak entity tags; prefix by
// GET; identical overlap taken, gap 416; refusals by the head; a later PATCH shuts out the older connections of its operation.
package birch
