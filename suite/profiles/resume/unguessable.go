package resume

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/resumespec/resumespec/suite/matrix"
)

// How many locations are compared, and how many bits each must seem to carry.
const (
	samples      = 200
	apparentBits = 120
)

func offerUnguessable(f *flow) {
	first := f.Op(16)
	f.Success(f.Upload(f.d, first), "an undisturbed upload")
	offered := slices.DeleteFunc([]string{requestContent, responseMessage}, func(name string) bool { return first.Handle(name) == nil })
	if len(offered) == 0 {
		f.Unsupported("neither %s nor %s is offered", requestContent, responseMessage)
	}
	uploads := f.quietUploads()
	for _, name := range offered {
		var locations []*url.URL
		for _, op := range uploads {
			if u := op.Handle(name); u != nil {
				locations = append(locations, u)
			}
		}
		f.unguessable(name, locations)
	}
}

// quietUploads carries out many small uploads, some at a time, and only learns from them. The limit of time is for
// those that are made at once, not for their number.
func (f *flow) quietUploads() []*matrix.Operation {
	const atOnce = 8
	uploads := make([]*matrix.Operation, samples)
	for group := range slices.Chunk(uploads, atOnce) {
		f.Round()
		var all sync.WaitGroup
		for i := range group {
			all.Go(func() {
				group[i] = f.OpAs(matrix.NewTag(), 16)
				_, interims, _ := f.TryAll(f.d.Start(group[i])) // a failed one offers nothing, and is counted as such
				for _, r := range interims {
					f.d.Learn(group[i], r)
				}
			})
		}
		all.Wait()
	}
	return uploads
}

func (f *flow) unguessable(name string, locations []*url.URL) {
	texts := make([]string, len(locations))
	for i, u := range locations {
		texts[i] = u.RequestURI()
	}
	if len(texts) < samples*9/10 {
		f.Broken(strconv.Itoa(samples)+" uploads to be offered a "+name, "%d were", len(texts))
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
