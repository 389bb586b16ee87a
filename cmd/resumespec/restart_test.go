package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// TestRestart kills a real server process again and again, as the configuration says, and starts it with the same data.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	address := deadAddress(t)
	start := "resumespec serve --listen " + address + " --data data >server.log 2>&1 & echo $! >pid"
	config := fmt.Sprintf(`
target: http://%s/items
restart: {stop: [kill, -9, "{pid}"], start: [sh, -c, %q], ready: /healthz}
profiles:
  resume: {upload: {path: "/items?tag={tag}"}, count: {path: "/items?tag={tag}", pointer: /count}}
  tus: {path: "/tus?tag={tag}", count: {path: "/tus?tag={tag}", pointer: /count}}
  rufh: {upload: {path: "/files?tag={tag}"}, count: {path: "/files?tag={tag}", pointer: /count}}
`, address, start)
	if err := os.WriteFile("resumespec.yaml", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", start+"; until grep -q listening server.log; do sleep 0.05; done").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	first := serverPID(t)
	defer func() { _ = syscall.Kill(serverPID(t), syscall.SIGKILL) }() // the last of those that were started
	out, err := exec.Command("resumespec", "run", "--config", "resumespec.yaml", "--focus", `\.restart\.`, "--json", "report.json").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	var report reports.Report
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	for i := range report.Results {
		if r := &report.Results[i]; r.Verdict == reports.Pass {
			passed[r.Profile]++
		}
	}
	if want := map[string]int{"resume": 4, "tus": 3, "rufh": 4}; !maps.Equal(passed, want) {
		t.Errorf("%v passed, not %v:\n%s", passed, want, out)
	}
	if serverPID(t) == first {
		t.Error("the server was never restarted")
	}
	if left, err := filepath.Glob("data/operations/*"); err != nil || len(left) == 0 {
		t.Errorf("the server kept nothing: %v", err)
	}
}

func serverPID(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("pid")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
