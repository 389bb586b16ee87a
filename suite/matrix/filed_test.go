package matrix

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// inFolder makes a folder with what a test reads in it, and a secret beside it.
func inFolder(t *testing.T) (folder string) {
	t.Helper()
	dir := t.TempDir()
	folder = filepath.Join(dir, "data")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(folder, "folder"), 0o700),
		os.WriteFile(filepath.Join(dir, "secret"), []byte("0123456789"), 0o600),
		os.WriteFile(filepath.Join(folder, "whole"), []byte("0123456789"), 0o600),
		os.WriteFile(filepath.Join(folder, "other"), []byte("0123x56789"), 0o600),
		os.WriteFile(filepath.Join(folder, "a b%c"), []byte("0123456789"), 0o600),
		os.WriteFile(filepath.Join(folder, "long"), make([]byte, 200), 0o600),
		os.Symlink("whole", filepath.Join(folder, "inside")),
		os.Symlink("../secret", filepath.Join(folder, "outside")),
		os.Symlink(filepath.Join(dir, "secret"), filepath.Join(folder, "absolute")),
		syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestStoredInFile reads files as a server's answers name them, and nothing else.
func TestStoredInFile(t *testing.T) {
	folder := inFolder(t)
	bench := serve(t, http.NotFoundHandler())
	bench.Limits.Body = 100
	for _, c := range []struct {
		name, uri string
		verdict   catalog.Verdict
		words     string
	}{
		{"whole", "http://h/files/whole", catalog.Pass, ""},
		{"a query, and a slash at the end", "http://h/files/whole/?token=x/y", catalog.Pass, ""},
		{"encoded", "http://h/files/a%20b%25c", catalog.Pass, ""},
		{"a link within", "http://h/files/inside", catalog.Pass, ""},
		{"other bytes", "http://h/files/other", catalog.Fail, "the first difference is at byte 4"},
		{"not there", "http://h/files/none", catalog.Fail, "there is no file none in " + folder},
		{"a link that leads out", "http://h/files/outside", catalog.Fail, "path escapes from parent"},
		{"a link to an absolute name", "http://h/files/absolute", catalog.Fail, "path escapes from parent"},
		{"up", "http://h/files/..", catalog.Fail, "ends in no name of a file"},
		{"up, encoded", "http://h/files/%2e%2e", catalog.Fail, "ends in no name of a file"},
		{"out, encoded", "http://h/files/..%2Fsecret", catalog.Fail, "ends in no name of a file"},
		{"NUL", "http://h/files/whole%00", catalog.Fail, "ends in no name of a file"},
		{"nothing", "http://h/", catalog.Fail, "ends in no name of a file"},
		{"a folder", "http://h/files/folder", catalog.Fail, "it is no regular file"},
		{"a pipe, which nobody writes", "http://h/files/pipe", catalog.Fail, "it is no regular file"},
		{"endless", "http://h/files/long", catalog.Fail, "it has 200 bytes, more than the 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := Witness{Readback: target.Readback{From: "file", File: folder + "/{id}"}}
			s := run(t, bench, func(s *Session) {
				op := s.Operation(target.Request{Method: "POST", Path: "/files"}, "tag", []byte("0123456789"))
				op.Handles[UploadHandle] = parsed(t, c.uri)
				s.Intact(w, op, nil)
			})
			words := []string{}
			if c.words != "" {
				words = append(words, c.words)
			}
			want(t, s, c.verdict, words...)
			if text := s.Finding.Got + strings.Join(s.Notes, ""); c.verdict == catalog.Pass && !strings.Contains(text, "stored bytes: 10") {
				t.Errorf("nothing was compared: %s", text)
			}
		})
	}
}

// A file may be there a moment after the response that says so.
func TestStoredInFileLater(t *testing.T) {
	folder := t.TempDir()
	bench := serve(t, http.NotFoundHandler())
	s := run(t, bench, func(s *Session) {
		op := s.Operation(target.Request{Method: "POST", Path: "/files"}, "tag", []byte("abc"))
		op.Handles[UploadHandle] = parsed(t, "http://h/files/late")
		later := time.AfterFunc(time.Millisecond, func() { _ = os.WriteFile(filepath.Join(folder, "late.bin"), []byte("abc"), 0o600) })
		defer later.Stop()
		s.Intact(Witness{Readback: target.Readback{From: "file", File: folder + "/{id}.bin"}}, op, nil)
	})
	want(t, s, catalog.Pass)
}

// Without a resource of its own the Location of the final response names the file; where nothing does it is only noted.
func TestStoredInFileByLocation(t *testing.T) {
	folder := inFolder(t)
	bench := serve(t, http.NotFoundHandler())
	w := Witness{Readback: target.Readback{From: "file", File: folder + "/{id}"}}
	for location, compared := range map[string]bool{"/items/whole": true, "whole": true, "": false} {
		s := run(t, bench, func(s *Session) {
			op := s.Operation(target.Request{Method: "POST", Path: "/files"}, "tag", []byte("0123456789"))
			var fields exchange.Fields
			if location != "" {
				fields = fields.With("Location", location)
			}
			outcome := &Outcome{Response: &exchange.Response{Status: 201, Fields: fields}, Bases: []*url.URL{op.URL}}
			if s.Intact(w, op, outcome) != compared {
				t.Errorf("%q: compared %t", location, !compared)
			}
		})
		want(t, s, catalog.Pass)
	}
}

// A folder that is not there is the configuration's fault.
func TestStoredInNoFolder(t *testing.T) {
	bench := serve(t, http.NotFoundHandler())
	s := run(t, bench, func(s *Session) {
		op := s.Operation(target.Request{Method: "POST", Path: "/files"}, "tag", []byte("abc"))
		op.Handles[UploadHandle] = parsed(t, "http://h/files/x")
		s.Intact(Witness{Readback: target.Readback{From: "file", File: "/no/such/folder/{id}"}}, op, nil)
	})
	want(t, s, catalog.Unsupported, "the folder of readback.file cannot be read")
}
