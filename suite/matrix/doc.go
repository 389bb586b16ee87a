// Package matrix is the interruption matrix: it cuts an exchange, lets a client recover and compares
// the outcome with an undisturbed twin, written once for every protocol.
//
// In the room: Driver (what a protocol must tell), Session (one case while it runs), Trial (one cut
// exchange), recovery, twins and their comparison. What may be touched: nothing here may know a
// header field or a media type of one protocol. Who comes in: suite, the profiles.
package matrix
