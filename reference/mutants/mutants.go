package mutants

import (
	"slices"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// Mutant is the reference server with one bug.
type Mutant struct {
	Name     string   // lower case, with hyphens
	Area     string   // of the protocol
	Sentence string   // what the server does wrong
	Breaks   []string // the cases whose requirement it breaks, the one that it is for first
	// Apply puts the bug in: the value for reference.Options.Seams. Each server needs a call of its own, because
	// what the bug remembers belongs to the server.
	Apply func(*reference.Seams)
}

// Profile is the profile of the case that the mutant is for.
func (m Mutant) Profile() string {
	profile, _, _ := strings.Cut(m.Breaks[0], ".")
	return profile
}

// All gives every mutant, by area.
func All() []Mutant {
	var all []Mutant
	for _, area := range []struct {
		name    string
		mutants []Mutant
	}{
		{"prefer", prefer()}, {"offer", offer()}, {"before100", before100()}, {"offset", offset()}, {"body", body()},
		{"patch", patch()}, {"concurrency", concurrency()}, {"effect", effect()}, {"message", message()},
		{"download", download()}, {"restart", restart()}, {"privacy", privacy()}, {"acknowledge", acknowledge()},
		{"upload-resource offer", uploadOffer()}, {"upload-resource write", uploadWrite()}, {"upload-resource parts", uploadParts()},
		{"upload-resource status", uploadStatus()}, {"upload-resource outcome", uploadOutcome()}, {"upload-resource life", uploadLife()},
		{"byterange offer", byterangeOffer()}, {"byterange download", byterangeDownload()}, {"byterange upload", byterangeUpload()},
		{"byterange part", byterangePart()}, {"byterange refuse", byterangeRefuse()}, {"byterange transaction", byterangeTransaction()},
		{"tus version", tusVersion()}, {"tus offset", tusOffset()}, {"tus patch", tusPatch()}, {"tus checksum", tusChecksum()},
		{"tus creation", tusCreation()}, {"tus life", tusLife()}, {"tus concatenation", tusConcat()}, {"tus effect", tusEffect()},
		{"tus edges", tusEdges()}, {"tus options", tusAnnounced()}, {"tus creations", tusCreations()}, {"tus lists", tusLists()},
		{"expect-range", expectRange()}, {"range-query", rangeQuery()},
		{"rufh create", rufhCreate()}, {"rufh interop", rufhDraft()}, {"rufh offset", rufhOffset()}, {"rufh append", rufhAppend()},
		{"rufh length", rufhLength()}, {"rufh limit", rufhLimit()}, {"rufh life", rufhLife()}, {"rufh download", rufhDownload()},
	} {
		for _, m := range area.mutants {
			m.Area = area.name
			all = append(all, m)
		}
	}
	return all
}

// Find gives the mutant of a name.
func Find(name string) (Mutant, bool) {
	all := All()
	i := slices.IndexFunc(all, func(m Mutant) bool { return m.Name == name })
	if i < 0 {
		return Mutant{}, false
	}
	return all[i], true
}

// Names gives the name of every mutant, in the order of All.
func Names() []string {
	var names []string
	for _, m := range All() {
		names = append(names, m.Name)
	}
	return names
}

// cases gives the IDs of cases of the profile resume.
func cases(names ...string) []string { return profile("resume", names) }

// profile gives the IDs of cases of a profile.
func profile(name string, names []string) []string {
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = name + "." + n
	}
	return ids
}

// marks remembers operations.
type marks struct{ ops sync.Map }

func (m *marks) set(op *store.Operation) { m.ops.Store(op, true) }

func (m *marks) has(op *store.Operation) bool {
	_, ok := m.ops.Load(op)
	return ok
}

// tally counts something of each operation.
type tally struct {
	mu sync.Mutex
	n  map[*store.Operation]int
}

// next counts one more, and returns the number: 1 for the first.
func (t *tally) next(op *store.Operation) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[*store.Operation]int{}
	}
	t.n[op]++
	return t.n[op]
}
