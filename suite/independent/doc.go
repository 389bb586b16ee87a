// Package independent holds servers of the profile "resume" that were written from the specification
// alone, by people who had seen neither the suite nor the reference.
//
// In the room: alder (net/http) and birch (raw sockets), with other legal choices than the reference
// and than each other. What may be touched: nothing for the suite's sake; a case that fails one of them is
// wrong, or has found a bug that the specification names. Who comes in: tests only.
package independent
