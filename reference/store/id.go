package store

import (
	"crypto/rand"
	"encoding/base32"
)

// IDLength is the length in characters of every identifier: 160 random bits, five to a character.
const IDLength = 32

const idAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

var idEncoding = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)

// NewID returns an identifier that nobody can guess: 160 bits of crypto/rand in lower-case base 32.
func NewID() string {
	var b [IDLength * 5 / 8]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return idEncoding.EncodeToString(b[:])
}

// ValidID tells whether s has the form that NewID gives. Only such a string may become a file name.
func ValidID(s string) bool {
	if len(s) != IDLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
