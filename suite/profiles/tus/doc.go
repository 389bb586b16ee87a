// Package tus is the profile "tus": the tus resumable upload protocol 1.0.0 and its extensions.
//
// In the room: the driver (how this protocol creates, writes and asks), what a server announces, and the profile's own
// cases, one file per section; those of the interruption matrix come from package matrix. What may be touched: cases may be
// added; an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// # What was decided where the text is silent
//
// Uploads. The text leaves open how an upload comes to be but for the Creation extension: the suite creates with POST, also
// where creation is not announced, since the user has named the path; what else an extension has is tried only where it is
// announced. An announced extension that does not work is a failure.
//
// The first PATCH stands for the request that uploads. It carries all bytes, and expects 100 (Continue), so that there is
// a moment before it; a server need not send the 100 (RFC 9110, 10.1.1).
//
// The offset. HEAD tells what is stored, and nothing of what became of it: no answer is shown a second time, so that the
// cases of the matrix that look at one again are left out. A server may take less than it was sent and say so (the new
// offset is the sum of the old one and of what was "received and processed or stored"): the client goes on from there.
//
// After the end. The text does not say how long a complete upload stays: one that is gone (404, 410) is as good.
//
// Locks. The text has none. A server that turns a client away (423, Locked) while another connection, which that client
// has lost, still holds the upload is within the text, which asks only that network errors are handled "predictably", with
// timeouts at best: it is a warning, and the suite lets the connection end, as the server would in its own time. One that
// does not answer at all within the time of a case fails.
//
// Reading. GET on an upload is not in the text. With readback: upload it is tried once, on an upload that nothing has
// disturbed: only where that gives its bytes are those of others compared, and downloads cut. What GET gives is the MAY of
// the cases about it.
//
// Connections from elsewhere. Nothing is sent to another origin: an upload whose Location leads there is not tested.
package tus
