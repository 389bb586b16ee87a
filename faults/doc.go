// Package faults decides where and how one TCP connection to an HTTP/1.1 server is cut, and says
// afterwards what really went through it. In the room: injectors (embedded and external Toxiproxy),
// their links, and the parser of message borders. It speaks TCP and bytes, knows RFC 9112 and no
// profile, imports nothing of this project and no test framework. Everything here may be touched as
// long as a cut stays exact to the byte; suite/matrix and suite/exchange are the ones who come in.
package faults
