package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
)

// fragile is a program: the reference server at an address, with its data in a folder, which exits when a connection has
// brought what a regular expression matches, and so much later as a duration says.
func fragile() {
	ln, err := net.Listen("tcp", os.Args[1])
	if err == nil {
		var server *reference.Server
		if server, err = reference.New(reference.Options{Data: os.Args[2]}); err == nil {
			var later time.Duration
			if later, err = time.ParseDuration(os.Args[4]); err == nil {
				err = server.Serve(poisonable{ln, regexp.MustCompile(os.Args[3]), later})
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// poisonable is a listener whose connections end the process when they read the poison.
type poisonable struct {
	net.Listener
	poison *regexp.Regexp
	later  time.Duration
}

// Accept gives the next connection.
func (p poisonable) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	return &poisonableConn{Conn: conn, poisonable: p}, err
}

type poisonableConn struct {
	net.Conn
	poisonable
	read bytes.Buffer
}

// Read reads, and looks for the poison.
func (c *poisonableConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Write(b[:n])
	if c.poison.Match(c.read.Bytes()) {
		if c.later == 0 {
			os.Exit(7)
		}
		time.AfterFunc(c.later, func() { os.Exit(7) })
	}
	return n, err
}

// dying starts a fragile server, and gives the report of a run against it with the flags.
func dying(t *testing.T, poison, restart string, status int, flags ...string) (report *reports.Report, said string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	address := deadAddress(t)
	poison, later, found := strings.Cut(poison, " after ")
	if !found {
		later = "0s"
	}
	start := fmt.Sprintf("fragile %s data '%s' %s >>server.log 2>&1 & echo $! >pid", address, poison, later)
	config := fmt.Sprintf("target: http://%s/items\nprofiles: {resume: {upload: {path: \"/items?tag={tag}\"}, count: {path: \"/items?tag={tag}\", pointer: /count}}}\n", address)
	if restart != "" {
		config += fmt.Sprintf("restart: {stop: [kill, -9, \"{pid}\"], start: [sh, -c, %q], ready: /healthz}\n", strings.ReplaceAll(restart, "START", start))
	}
	if err := os.WriteFile("resumespec.yaml", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", start).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer func() { _ = syscall.Kill(serverPID(t), syscall.SIGKILL) }() // the last of those that were started
	awaitListener(t, address)
	command := exec.Command("resumespec", append([]string{"run", "--config", "resumespec.yaml", "--json", "report.json"}, flags...)...)
	out, err := command.CombinedOutput()
	if command.ProcessState == nil || command.ProcessState.ExitCode() != status {
		t.Fatalf("want status %d, got %v: %s", status, err, out)
	}
	report, err = readReport(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return report, string(out)
}

// awaitListener waits until somebody listens at an address.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}

// old is what a client of HTTP/1.0 sends, which of the cases below resume.offer.http10 alone is.
const old = `HTTP/1\.0\r\n`

func failures(report *reports.Report) (all []string) {
	for i := range report.Results {
		if one := &report.Results[i]; one.Verdict == reports.Fail {
			all = append(all, one.Key().String())
		}
	}
	return all
}

// TestServerDies: it is started again, the case that killed it fails and says so, and every other case passes as if
// nothing had happened, with one process and with several.
func TestServerDies(t *testing.T) {
	for _, c := range []struct{ jobs, poison string }{{"1", old}, {"3", old}, {"1", old + " after 25ms"}, {"3", old + " after 25ms"}} {
		t.Run("jobs "+c.jobs+" "+c.poison, func(t *testing.T) {
			report, said := dying(t, c.poison, "START", statusFailed, "--focus", `^resume\.offer\.`, "--skip", "unguessable", "--jobs", c.jobs)
			if got := failures(report); len(got) != 1 || got[0] != "resume.offer.http10 [none none h1]" {
				t.Fatalf("failed: %v\n%s", got, said)
			}
			if report.Summary.Error+report.Summary.Inconclusive > 0 || report.Interrupted != "" || report.Summary.Pass < 10 {
				t.Errorf("%+v, %s", report.Summary, said)
			}
			for i := range report.Results {
				one := &report.Results[i]
				if one.ID != "resume.offer.http10" {
					continue
				}
				if !strings.HasPrefix(one.Expected, "the server to go on answering; and ") || !strings.HasPrefix(one.Got, "the server died after ") ||
					!strings.Contains(one.Got, "connection refused") {
					t.Errorf("expected %s, got %s", one.Expected, one.Got)
				}
			}
		})
	}
}

// TestServerDiesOfEverything: it is not started again for ever.
func TestServerDiesOfEverything(t *testing.T) {
	report, said := dying(t, `POST /items`, "START", statusNothing, "--focus", `^resume\.upload\.`)
	if n := len(failures(report)); n != 21 || !strings.Contains(report.Interrupted, "the target died in 21 cases, at last in resume.upload.") {
		t.Errorf("%d failed, %q\n%s", n, report.Interrupted, said)
	}
}

// TestServerStaysDead: where it does not come up, or nobody says how it is started, the run ends and names the case.
func TestServerStaysDead(t *testing.T) {
	report, said := dying(t, old, "exit 3", statusNothing, "--focus", `^resume\.offer\.`)
	if !strings.HasPrefix(report.Interrupted, "the target died in resume.offer.http10 [none none h1], and could not be started again: ") || len(failures(report)) != 1 {
		t.Errorf("%q\n%s", report.Interrupted, said)
	}
	for _, jobs := range []string{"1", "2"} {
		report, said = dying(t, old, "", statusNothing, "--focus", `^resume\.(offer|upload)\.`, "--skip", "unguessable", "--jobs", jobs)
		if jobs == "1" && !strings.HasPrefix(report.Interrupted, "the target stopped answering in resume.offer.http10 [none none h1]: ") || report.Interrupted == "" {
			t.Errorf("%s: %q\n%s", jobs, report.Interrupted, said)
		}
	}
}
