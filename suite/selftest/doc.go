// Package selftest runs the suite on servers whose verdicts are known beforehand.
//
// In the room: tests only, with the servers that they need: independent ones that must not be failed, bare
// and hostile ones that must be told apart from them. What may be touched: servers may be added; an
// expectation is changed only together with the case that it is about. Who comes in: nobody.
package selftest
