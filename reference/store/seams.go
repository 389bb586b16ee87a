package store

import "os"

// Seams are the decisions of a store that a mutant may replace; Decisions gives the right ones.
type Seams struct {
	// ID makes the identifier of a URI. Whatever it gives has the form of ValidID.
	ID func(Kind) string
	// Identity names the item that an operation makes: the same each time, so that there is one effect
	// however often it is tried.
	Identity func(*Operation) string
	// Whole tells whether a body is complete of which offset bytes are kept and length (-1: unknown) were announced.
	Whole func(op *Operation, offset, length int64) bool
	// Write puts p into the file of a body at offset, and returns how many bytes of it are kept.
	Write func(f *os.File, p []byte, offset int64) (int, error)
	// Restored is what is kept of a body after a restart of the store, when the disk says kept.
	Restored func(op *Operation, kept Extents) Extents
	// Filled tells whether a document of length bytes (-1: unknown) is complete of which these were written.
	Filled func(kept Extents, length int64) bool
	// Recovered is what a restart finds of the bytes that the journal of a document tells of.
	Recovered func(kept Extents) Extents
	// Holes makes zeros of what was read at off of a document and not written before.
	Holes func(kept Extents, p []byte, off int64)
}

// Kind is a kind of URI.
type Kind int

// The URIs of an operation.
const (
	KindRequest  Kind = iota // request content
	KindMessage              // response message
	KindResponse             // response content
)

// Decisions are the right ones.
func Decisions() Seams {
	return Seams{
		ID:        func(Kind) string { return NewID() },
		Identity:  func(op *Operation) string { return op.Item },
		Whole:     func(_ *Operation, offset, length int64) bool { return offset == length },
		Write:     func(f *os.File, p []byte, offset int64) (int, error) { return f.WriteAt(p, offset) },
		Restored:  func(_ *Operation, kept Extents) Extents { return kept },
		Filled:    func(kept Extents, length int64) bool { return length >= 0 && kept.Covers(length) },
		Recovered: func(kept Extents) Extents { return kept },
		Holes:     Extents.blank,
	}
}
