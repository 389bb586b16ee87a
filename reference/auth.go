package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// userTable maps the digest of each credential to the user's name. Looking up a digest tells nothing
// of the credential through the time it takes.
func userTable(users map[string]string) map[[32]byte]string {
	if users == nil {
		return nil
	}
	t := make(map[[32]byte]string, len(users))
	for name, value := range users {
		t[digestCredential(value)] = name
	}
	return t
}

// digestCredential hashes an Authorization value; the scheme is case-insensitive (RFC 9110, 11.1).
func digestCredential(value string) [32]byte {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	return sha256.Sum256([]byte(strings.ToLower(scheme) + " " + strings.TrimSpace(rest)))
}

// authenticate says who sends a request. Without configured users it is whoever has the same
// credential, and nobody ("") without one.
func (s *Server) authenticate(r *http.Request) (owner string, ok bool) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return "", false
	}
	if s.users == nil {
		if len(values) == 0 {
			return "", true
		}
		d := digestCredential(values[0])
		return "credential:" + hex.EncodeToString(d[:16]), true
	}
	if len(values) == 0 {
		return "", false
	}
	name, ok := s.users[digestCredential(values[0])]
	return "user:" + name, ok
}
