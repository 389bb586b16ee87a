package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// leakChecked is a test run after which no goroutine may be left.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"resumespec": main, "fragile": fragile})
}

var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"status": statusCommand, "interrupt": interruptCommand, "asked": askedCommand,
}

// muteKey is where askedCommand finds the mute server.
type muteKey struct{}

// TestScripts runs the sessions in testdata. Beside what testscript knows there are
//
//	status N COMMAND...        run it, and want exactly this exit status
//	interrupt N RE COMMAND...  run it, send SIGINT once a line of its output matches RE, and want this status;
//	                           the output is in the file output.txt
//	asked N                    $MUTE was connected to at most N times, by this script
//	tty N COMMAND...           run it with its output on a terminal, which is then in the file tty.txt
//
// and the targets $DEAD (nobody listens), $MUTE (accepts and never answers) and $BARE (an upload handler that knows
// nothing of resumption).
func TestScripts(t *testing.T) {
	bare := bareServer(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DEAD", "http://"+deadAddress(t))
			mute := startMute(t)
			env.Defer(mute.close)
			env.Values[muteKey{}] = mute
			env.Setenv("MUTE", "http://"+mute.listener.Addr().String())
			env.Setenv("BARE", bare)
			env.Setenv("TMPDIR", env.WorkDir)
			return nil
		},
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	checkStatus(ts, ts.Exec(args[1], args[2:]...), want)
}

// askedCommand is how a script says "soon" without a clock: few tries, each of which the target's own limit ends.
func askedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asked N")
	}
	limit, err := strconv.Atoi(args[0])
	ts.Check(err)
	mute, ok := ts.Value(muteKey{}).(*muteServer)
	if !ok {
		ts.Fatalf("no mute server")
	}
	if asked := len(mute.conns); asked < 1 || asked > limit {
		ts.Fatalf("%d connections to the server that never answers, want 1 to %d", asked, limit)
	}
}

func checkStatus(ts *testscript.TestScript, err error, want int) {
	got := 0
	var exited *exec.ExitError
	switch {
	case errors.As(err, &exited):
		got = exited.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func interruptCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt N RE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	line := regexp.MustCompile(args[1])
	command := exec.Command(find(ts, args[2]), args[3:]...)
	command.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	r, w, err := os.Pipe()
	ts.Check(err)
	command.Stdout, command.Stderr = w, w
	ts.Check(command.Start())
	ts.Check(w.Close())
	var output strings.Builder
	sent := false
	for lines := bufio.NewScanner(r); lines.Scan(); {
		output.WriteString(lines.Text() + "\n")
		if !sent && line.MatchString(lines.Text()) {
			sent = true
			ts.Check(command.Process.Signal(syscall.SIGINT))
		}
	}
	err = command.Wait()
	ts.Check(r.Close())
	ts.Check(os.WriteFile(ts.MkAbs("output.txt"), []byte(output.String()), 0o600))
	if !sent {
		ts.Fatalf("no line matched %s:\n%s", line, output.String())
	}
	ts.Logf("%s", output.String())
	checkStatus(ts, err, want)
}

// find looks a command up in the PATH of the script.
func find(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if file := filepath.Join(dir, name); exists(file) {
			return file
		}
	}
	ts.Fatalf("%s is not in PATH", name)
	return ""
}

func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A muteServer accepts connections and never answers.
type muteServer struct {
	listener net.Listener
	ended    chan struct{}
	conns    chan net.Conn // every connection that was made, open
}

func startMute(t *testing.T) *muteServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mute := &muteServer{listener: l, ended: make(chan struct{}), conns: make(chan net.Conn, 1000)}
	go mute.accept()
	return mute
}

func (m *muteServer) accept() {
	defer close(m.ended)
	for {
		c, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.conns <- c
	}
}

func (m *muteServer) close() {
	m.listener.Close()
	<-m.ended
	close(m.conns)
	for c := range m.conns {
		c.Close()
	}
}

// bareServer takes uploads as most servers do: it stores what has come in whole and knows nothing of resumption.
func bareServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Location", "/items/1")
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
