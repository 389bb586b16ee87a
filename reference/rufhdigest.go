package reference

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"io"
	"maps"
	"slices"

	"github.com/dunglas/httpsfv"

	"github.com/resumespec/resumespec/reference/store"
)

// Integrity fields (RFC 9530).
const (
	fieldReprDigest     = "Repr-Digest"
	fieldContentDigest  = "Content-Digest"
	fieldWantReprDigest = "Want-Repr-Digest"
)

// hashes are the digest algorithms that are known, those that RFC 9530 (Appendix) calls active.
var hashes = map[string]func() hash.Hash{"sha-256": sha256.New, "sha-512": sha512.New}

// Digests are digests by their algorithm.
type Digests map[string][]byte

// parseDigests reads a Dictionary of Byte Sequences. What cannot be read, or has another type, is ignored as a whole;
// algorithms that are not known are left out.
func parseDigests(lines []string) Digests {
	dict, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return nil
	}
	out := Digests{}
	for _, name := range dict.Names() {
		member, _ := dict.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			return nil
		}
		sum, ok := item.Value.([]byte)
		if !ok {
			return nil
		}
		if hashes[name] != nil {
			out[name] = sum
		}
	}
	return out
}

// wantedAlgorithm is the algorithm that a client prefers of those that are known, "" for none: a Dictionary of Integers
// from 0, not acceptable, to 10 (RFC 9530, Want-Repr-Digest).
func wantedAlgorithm(lines []string) string {
	dict, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return ""
	}
	best, most := "", int64(0)
	for _, name := range dict.Names() {
		member, _ := dict.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			return ""
		}
		preference, ok := item.Value.(int64)
		if !ok || preference < 0 || preference > 10 {
			return ""
		}
		if hashes[name] != nil && preference > most {
			best, most = name, preference
		}
	}
	return best
}

// wanted is the value of Repr-Digest for who prefers some algorithm, "" for none.
func (d Digests) wanted(want string) string {
	name := ""
	if want != "" {
		name = wantedAlgorithm([]string{want})
	}
	sum, ok := d[name]
	if !ok {
		return ""
	}
	dict := httpsfv.NewDictionary()
	dict.Add(name, httpsfv.NewItem(sum))
	value, _ := httpsfv.Marshal(dict) // a byte sequence under a known key
	return value
}

// agrees tells whether what was announced is so: each digest that could be computed.
func (d Digests) agrees(announced Digests) bool {
	for name, sum := range announced {
		if !bytes.Equal(d[name], sum) {
			return false
		}
	}
	return true
}

// hasher computes digests while bytes pass.
type hasher map[string]hash.Hash

func newHasher(names ...string) hasher {
	h := hasher{}
	for _, name := range names {
		if f := hashes[name]; f != nil {
			h[name] = f()
		}
	}
	return h
}

// Write implements io.Writer.
func (h hasher) Write(p []byte) (int, error) {
	for _, f := range h {
		_, _ = f.Write(p) // never fails
	}
	return len(p), nil
}

func (h hasher) sums() Digests {
	out := Digests{}
	for name, f := range h {
		out[name] = f.Sum(nil)
	}
	return out
}

// digestsOf computes the digests of a body that were announced, and the one that is wanted. One that is only wanted may
// be left out (Representation Digests): that of a body beyond Options.HashLimit is.
func (s *Server) digestsOf(op *store.Operation) (Digests, error) {
	n := op.Progress().Offset
	h := newHasher()
	if op.Job.Digest != "" {
		h = newHasher(slices.Collect(maps.Keys(parseDigests([]string{op.Job.Digest})))...)
	}
	if op.Job.Want != "" && n <= s.opts.HashLimit {
		maps.Copy(h, newHasher(wantedAlgorithm([]string{op.Job.Want})))
	}
	return hashed(op, n, h)
}

// digestSoFar is the value of Repr-Digest for the first n bytes of a body that is not complete, "" where nobody wants it.
func (s *Server) digestSoFar(op *store.Operation, n int64) string {
	if op.Job.Want == "" || n > s.opts.HashLimit {
		return ""
	}
	sums, err := hashed(op, n, newHasher(wantedAlgorithm([]string{op.Job.Want})))
	if err != nil {
		s.opts.Logger.Error("digest", "error", err)
		return ""
	}
	return sums.wanted(op.Job.Want)
}

// hashed computes digests of the first n bytes of a body.
func hashed(op *store.Operation, n int64, h hasher) (Digests, error) {
	if len(h) == 0 {
		return nil, nil
	}
	content, err := op.Open(n)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{content}, *p); err != nil {
		return nil, err
	}
	return h.sums(), nil
}

// intact tells whether a representation is what Repr-Digest said of it.
func intact(op *store.Operation, computed Digests) bool {
	return op.Job.Digest == "" || computed.agrees(parseDigests([]string{op.Job.Digest}))
}
