package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/resumespec/resumespec"

// arrows says who may import what of this project. A folder stands for itself; with /... also for what is below it. The
// first row that fits a package holds. A package may always import what lies below itself in the rooms that have no
// arrows (faults, reports, reference).
var arrows = []struct {
	who string
	may []string
}{
	{"cmd/embedded", []string{"suite/target", "reference", "reports"}},
	{"cmd/resumespec", []string{"cmd/embedded", "suite", "suite/catalog", "suite/target", "reference", "reference/mutants", "reports"}},
	{"cmd/soak", []string{"reports"}},
	{"cmd/interop", []string{"reports"}},
	{"cmd/killmatrix", []string{"cmd/embedded", "suite", "suite/catalog", "suite/target", "reference", "reference/mutants", "reports"}},
	{"suite", []string{"suite/catalog", "suite/exchange", "suite/matrix", "suite/profiles/...", "suite/target", "faults", "reports"}},
	{"suite/catalog", nil},
	{"suite/target", nil},
	{"suite/exchange", nil},
	{"suite/matrix", []string{"suite/catalog", "suite/exchange", "suite/target", "faults"}},
	{"suite/profiles/expectrange", []string{"suite/catalog", "suite/exchange", "suite/matrix", "suite/profiles/partialput"}},
	{"suite/profiles/rangequery", []string{"suite/catalog", "suite/exchange", "suite/matrix", "suite/profiles/partialput"}},
	{"suite/profiles/...", []string{"suite/catalog", "suite/exchange", "suite/matrix", "suite/target"}},
	{"suite/independent/...", nil},
	{"suite/selftest", nil}, // tests only
	{"faults/...", []string{"faults/..."}},
	{"reports/...", []string{"reports/..."}},
	{"reference/...", []string{"reference/..."}},
}

// forTests are the arrows that tests may use beside those of their package.
var forTests = []struct {
	who string
	may []string
}{
	{"cmd/embedded", []string{"suite"}},                           // what it names are cases
	{"suite", []string{"suite/...", "reference", "cmd/embedded"}}, // an external test package runs the suite on the embedded target
	{"suite/selftest", []string{"suite/...", "faults", "reports", "reference", "reference/mutants", "cmd/embedded"}},
	{"suite/...", []string{"suite/...", "faults"}},
}

// frameworks are imported where specs and their assertions are made, and nowhere else.
var frameworks = []string{"github.com/onsi/ginkgo/v2", "github.com/onsi/gomega"}

var withFrameworks = []string{"suite", "suite/profiles/..."}

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// TestArrows keeps the arrows of the architecture.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		who := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		i := slices.IndexFunc(arrows, func(a struct {
			who string
			may []string
		}) bool {
			return within(a.who, who)
		})
		if i < 0 {
			t.Errorf("%s: a package without arrows; add it to the table and to the architecture", who)
			continue
		}
		may := arrows[i].may
		checkImports(t, who, p.Imports, may)
		for _, row := range forTests {
			if within(row.who, who) {
				may = slices.Concat(may, row.may)
			}
		}
		checkImports(t, who+" (tests)", slices.Concat(p.TestImports, p.XTestImports), slices.Concat(may, []string{who}))
		if slices.ContainsFunc(withFrameworks, func(pattern string) bool { return within(pattern, who) }) {
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for _, framework := range frameworks {
				if imported == framework || strings.HasPrefix(imported, framework+"/") {
					t.Errorf("%s imports %s: it is tested by ordinary Go tests", who, imported)
				}
			}
		}
	}
}

func checkImports(t *testing.T, who string, imports, may []string) {
	t.Helper()
	for _, imported := range imports {
		what, ours := strings.CutPrefix(imported, module+"/")
		if ours && !slices.ContainsFunc(may, func(pattern string) bool { return within(pattern, what) }) {
			t.Errorf("%s imports %s: there is no such arrow", who, what)
		}
	}
}

// TestSuiteAndReferenceAreStrangers looks at everything that is linked, not only at direct imports: a mistake that both
// share stays hidden.
func TestSuiteAndReferenceAreStrangers(t *testing.T) {
	for who, stranger := range map[string]string{"./suite/...": "reference", "./reference/...": "suite"} {
		for dep := range strings.Lines(string(goList(t, "-deps", who))) {
			if what, ours := strings.CutPrefix(strings.TrimSpace(dep), module+"/"); ours && within(stranger+"/...", what) {
				t.Errorf("%s is linked with %s", who, what)
			}
		}
	}
}

// within says whether a folder is what the pattern names: "suite" is itself only, "suite/..." also what is below.
func within(pattern, folder string) bool {
	parent, below := strings.CutSuffix(pattern, "/...")
	return folder == parent || below && strings.HasPrefix(folder, parent+"/")
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(goList(t, "-json=ImportPath,Imports,TestImports,XTestImports", "./..."))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	command.Dir = "../.."
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}
