package matrix

import (
	"math"
	"strconv"
)

// Samples is how many locations are compared, and apparentBits how many bits each must seem to carry.
const (
	Samples      = 200
	apparentBits = 120
)

// Unguessable asks that the locations that many uploads were offered under one name are distinct, and seem to be
// random.
func (f *Flow) Unguessable(name string, texts []string) {
	if len(texts) < Samples*9/10 {
		f.Broken(strconv.Itoa(Samples)+" uploads to be offered a "+name, "%d were", len(texts))
	}
	if twice := repeated(texts); twice != "" {
		f.Broken("a location of its own for every upload", "%s was given twice", twice)
	}
	bits := entropy(texts)
	f.Note("%s: at least %.0f bits vary over %d uploads", name, bits, len(texts))
	f.Figure("apparent entropy of "+name, math.Round(bits), "bits")
	if bits < apparentBits {
		f.Broken("at least "+strconv.Itoa(apparentBits)+" bits of apparent entropy in the "+name,
			"about %.0f, for example %s and %s", bits, texts[0], texts[1])
	}
}

// repeated gives a text that comes twice, "" when none does.
func repeated(texts []string) string {
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[text] {
			return text
		}
		seen[text] = true
	}
	return ""
}

// entropy estimates how many bits a text carries: the sum over its characters of how evenly each is
// spread over all texts. A counter or a clock varies in few characters, a random number in all. The
// estimate of each character is corrected for the number of samples (Miller and Madow).
func entropy(texts []string) float64 {
	longest := 0
	for _, text := range texts {
		longest = max(longest, len(text))
	}
	bits := 0.0
	for i := range longest {
		counts := map[byte]int{}
		for _, text := range texts {
			if i < len(text) {
				counts[text[i]]++
			} else {
				counts[0]++
			}
		}
		bits += spread(counts, len(texts))
	}
	return bits
}

func spread(counts map[byte]int, n int) float64 {
	bits := 0.0
	for _, count := range counts {
		p := float64(count) / float64(n)
		bits -= p * math.Log2(p)
	}
	return bits + float64(len(counts)-1)/(2*float64(n)*math.Ln2)
}
