package suite

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/suite/target"
)

// TestRestartTellsWhatFailed: each way in which a target does not come back has words of its own.
func TestRestartTellsWhatFailed(t *testing.T) {
	for _, c := range []struct {
		name, want  string
		stop, start []string
		listens     bool
		waits       bool // until the time is over
	}{
		{"stop fails", "stop the target: sh: exit status 1: cannot", []string{"sh", "-c", "echo cannot; exit 1"}, []string{"true"}, true, false},
		{"no such stop", "stop the target: ./no-such", []string{"./no-such"}, []string{"true"}, true, false},
		{"stop does nothing", "stop the target: wait for the target to stop listening", []string{"true"}, []string{"true"}, true, true},
		{"nobody listens", "find who listens", []string{"kill", "{pid}"}, []string{"true"}, false, false},
		{"no such start", "start the target: fork/exec ./no-such", []string{"true"}, []string{"./no-such"}, false, false},
		{"start ends", "start the target: sh ended: exit status 3", []string{"true"}, []string{"sh", "-c", "exit 3"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.NotFoundHandler())
			defer server.Close()
			if !c.listens {
				server.Close()
			}
			limit := 20 * time.Second
			if c.waits {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			err := restart(ctx, &target.Config{Target: server.URL, Restart: &target.Restart{Stop: c.stop, Start: c.start}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestPIDIsThatOfTheListener: {pid} is whoever listens at the target's port, here this test itself.
func TestPIDIsThatOfTheListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	words, err := withPID([]string{"kill", "-9", "{pid}"}, ln.Addr().String())
	if err != nil || words[2] != strconv.Itoa(os.Getpid()) {
		t.Errorf("%v, %v", words, err)
	}
}

// TestCommandsRunInTheFolderOfTheConfig: that is where a relative name in it belongs.
func TestCommandsRunInTheFolderOfTheConfig(t *testing.T) {
	dir := t.TempDir()
	c := &target.Config{Target: "http://127.0.0.1:1", Path: filepath.Join(dir, "resumespec.yaml"),
		Restart: &target.Restart{Stop: []string{"touch", "stopped"}, Start: []string{"true"}}}
	if err := stopTarget(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "stopped")); err != nil {
		t.Error(err)
	}
}
