package matrix

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestEntropy tells random locations from counters, clocks and short random numbers.
func TestEntropy(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(source.UintN(256))
		}
		return b
	}
	tests := []struct {
		name   string
		enough bool
		text   func(i int) string
	}{
		{"128 bits in hex", true, func(int) string { return "/r/" + hex.EncodeToString(random(16)) }},
		{"128 bits in base64", true, func(int) string { return "/r/" + base64.RawURLEncoding.EncodeToString(random(16)) + "/body?x=1" }},
		{"a UUID of version 4", true, func(int) string {
			b := random(16)
			b[6], b[8] = b[6]&15|64, b[8]&63|128
			return fmt.Sprintf("/r/%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		}},
		{"a counter", false, func(i int) string { return fmt.Sprintf("/r/%d", 1000+i) }},
		{"a clock and a counter", false, func(i int) string { return fmt.Sprintf("/r/%x-%04x", 1_790_000_000_000+i*37, i) }},
		{"64 bits", false, func(int) string { return "/r/" + hex.EncodeToString(random(8)) }},
		{"a long prefix and 64 bits", false, func(int) string { return strings.Repeat("abcdef", 20) + hex.EncodeToString(random(8)) }},
	}
	for _, c := range tests {
		texts := make([]string, Samples)
		for i := range texts {
			texts[i] = c.text(i)
		}
		if bits := entropy(texts); (bits >= apparentBits) != c.enough {
			t.Errorf("%s: %.1f bits", c.name, bits)
		}
	}
}
