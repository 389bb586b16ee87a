package matrix

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// FuzzEntropy: the estimate of the bits of some texts lies between none and those of their bytes, does not depend on their
// order, and is none where all are the same.
func FuzzEntropy(f *testing.F) {
	f.Add("/a/1 /a/2 /a/3")
	f.Add("x x x")
	f.Add(" \x00 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		texts := strings.Split(s, " ")
		longest := 0
		for _, text := range texts {
			longest = max(longest, len(text))
		}
		bits := entropy(texts)
		// Miller and Madow add less than half a bit by log 2 to what is at most the logarithm of the number of texts.
		most := float64(longest) * (math.Log2(float64(len(texts))) + 1/(2*math.Ln2))
		if math.IsNaN(bits) || bits < -1e-9 || bits > most+1e-9 {
			t.Fatalf("%.3f bits in %d texts of %d bytes, at most %.3f", bits, len(texts), longest, most)
		}
		back := slices.Clone(texts)
		slices.Reverse(back)
		if other := entropy(back); math.Abs(bits-other) > 1e-6 {
			t.Fatalf("%.9f bits, and %.9f in another order", bits, other)
		}
		if twice := repeated(texts); (twice != "" || slices.Contains(texts, "")) != (len(slices.Compact(slices.Sorted(slices.Values(texts)))) < len(texts) || slices.Contains(texts, "")) {
			t.Fatalf("%q: %q twice", texts, twice)
		}
		if len(slices.Compact(slices.Clone(texts))) == 1 && bits > 1e-9 {
			t.Fatalf("%.9f bits in equal texts", bits)
		}
	})
}
