package target_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resumespec/resumespec/suite/target"
)

func TestErrors(t *testing.T) {
	rows := []struct{ text, want string }{
		{"profiles:\n  resume:\n    uplod: {}", `3:5: unknown key "uplod" (did you mean "upload"?)`},
		{"colour: red", `1:1: unknown key "colour" (known: version, target, about, tls, transports, users, limits, restart, profiles)`},
		{"limits: {case: 10}", `1:16: limits.case: "10" is not a time (write a number and its unit: 300ms, 10s, 5m)`},
		{"limits: {case: 1ms}", `1:16: limits.case: 1ms is out of range (1s to 10m0s)`},
		{"limits: {case: 2m, run: 1m}", `1:9: limits: case 2m0s is longer than run 1m0s`},
		{"limits: {body: 1}", `1:16: limits.body: 1 is out of range (16384 to 1073741824 bytes)`},
		{"limits: {body: much}", `1:16: limits.body: "much" is not a size (write bytes, or a unit: 64KiB, 1MiB)`},
		{"limits: {body: [1]}", `1:16: limits.body: wants bytes, an integer or 1MiB, not a list`},
		{"limits: 5", `1:9: limits: wants keys and values, not "5"`},
		{"version: 2", `1:10: version: unsupported version 2 (this resumespec reads version 1)`},
		{"version: one", `1:10: version: wants an integer, not the text "one"`},
		{"version: 1\nversion: 1", `2:1: duplicate key "version" (it stands in line 1 already)`},
		{"target: [x]", `1:9: target: wants text, not a list`},
		{"target: 127.0.0.1:8080", `1:9: target: "127.0.0.1:8080" is not a URL (write http://HOST:PORT/PATH)`},
		{"target: http://", `1:9: target: "http://" names no host (write http://HOST:PORT/PATH)`},
		{"target: ftp://host", `1:9: target: scheme "ftp" is not http`},
		{"target: https://host", `1:9: target: https is not in this version, which speaks http without TLS (h1) only`},
		{"target: http://u:geheim@host", `1:9: target: has credentials in it; give them as a header field of a user (users: [{name: alice, headers: {Authorization: "Basic ..."}}])`},
		{"target: http://u:ge%heim@host", `1:9: target: this is not a URL (write http://HOST:PORT/PATH)`},
		{"target: http://host:99999", `1:9: target: port 99999 is out of range (1 to 65535)`},
		{"target: 'http://host/#x'", `1:9: target: has a fragment (#...), which is never sent to a server`},
		{"about: {url: home}", `1:14: about.url: "home" is not an http or https URL`},
		{"about: {name: [a]}", `1:15: about.name: wants text, not a list`},
		{`about: {name: "a\x1bb"}`, `1:15: about.name: has a control character in it`},
		{"tls: {insecure: perhaps}", `1:17: tls.insecure: wants true or false, not the text "perhaps"`},
		{"transports: h1", `1:13: transports: wants a list, not the text "h1"`},
		{"transports: []", `1:13: transports: is empty; leave the key out for the default`},
		{"transports: [h1, h2]", `1:18: transports[1]: h2 is not in this version, which speaks h1 only`},
		{"transports: [h3]", `1:14: transports[0]: unknown transport "h3" (did you mean "h1"?)`},
		{"transports: [h1, h1]", `1:18: transports[1]: h1 stands there twice`},
		{"users: [{name: a}]", `1:9: users[0]: has no headers: a user is told apart by them (headers: {Authorization: "Bearer ..."})`},
		{"users:\n- {name: a, headers: {X: 1}}\n- {name: a, headers: {X: 2}}", `3:3: users[1]: a user "a" stands there already`},
		{"users: [{headers: {X: 1}}, {headers: {X: 2}}, {headers: {X: 3}}]", `1:47: users[2]: a third user has no use: the first is used everywhere, the second turns on the privacy cases`},
		{"users: [{headers: {Expect: x}}]", `1:20: users[0].headers.Expect: is written by the suite itself`},
		{"users: [{headers: {\"a b\": x, Y: z}}]", `1:20: users[0].headers.a b: is not the name of a header field`},
		{"users: [{headers: {X: \"geheim\\n\", Y: z}}]", `1:23: users[0].headers.X: is not the value of a header field (a control character, or a space at an end)`},
		{"users: [{headers: {X: a, x: b}}]", `1:26: duplicate header field "x" (it stands in line 1 already)`},
		{"restart: {stop: [kill]}", `1:10: restart: wants both commands, stop and start`},
		{"profiles: {rufh: {interop: [6, 2]}}", `1:32: profiles.rufh.interop[1]: wants a version to speak (3, 4, 5, 6, 7, 8, latest), not "2"`},
		{"profiles: {rufh: {interop: [6, 6]}}", `1:32: profiles.rufh.interop[1]: 6 stands there twice`},
		{"profiles: {resume: {interop: [6]}}", `1:21: unknown key "interop" (known: upload, patch, readback, count, large, slow, failing)`},
		{"profiles: {resum: {}}", `1:12: unknown profile "resum" (did you mean "resume"?)`},
		{"profiles: {webdav: {}}", `1:12: unknown profile "webdav" (known: resume, byterange, upload-resource, expect-range, range-query, tus, rufh)`},
		{"profiles: {tus: {interop: [6]}}", `1:18: unknown key "interop" (known: upload, patch, readback, count, large, slow, failing, path, expiring)`},
		{"profiles: {rufh: {expiring: {path: /x}}}", `1:19: unknown key "expiring" (known: upload, patch, readback, count, large, slow, failing, limited, interop)`},
		{"profiles: {rufh: {interop: []}}", `1:28: profiles.rufh.interop: is empty; leave the key out for the default`},
		{"profiles: {resume: {upload: {method: GET}}}", `1:38: profiles.resume.upload.method: GET carries no upload`},
		{"profiles: {resume: {upload: {method: 'P T'}}}", `1:38: profiles.resume.upload.method: "P T" is not a method`},
		{"profiles: {resume: {upload: {path: items}}}", `1:36: profiles.resume.upload.path: "items" does not begin with a slash (paths are on the target's origin)`},
		{"profiles: {resume: {upload: {path: //evil/x}}}", `1:36: profiles.resume.upload.path: "//evil/x" begins with two slashes: that is another host`},
		{"profiles: {resume: {upload: {path: /a b}}}", `1:36: profiles.resume.upload.path: "/a b" has a character in it that must be percent-encoded`},
		{"profiles: {resume: {upload: {path: '/{tga}'}}}", `1:36: profiles.resume.upload.path: "/{tga}" has a placeholder that is not known ({tag}; in readback also {id})`},
		{"profiles: {resume: {path: /a}}", `1:21: unknown key "path" (did you mean "patch"?)`},
		{"profiles: {tus: {path: files}}", `1:24: profiles.tus.path: "files" does not begin with a slash (paths are on the target's origin)`},
		{"profiles: {tus: {path: /a, upload: {path: /b}}}", `1:17: profiles.tus: has a path twice, as path and as upload.path`},
		{"profiles: {resume: {patch: byterange}}", `1:28: profiles.resume.patch: "byterange" is not a media type (TYPE/SUBTYPE)`},
		{"profiles: {resume: {readback: loction}}", `1:31: profiles.resume.readback: unknown readback "loction" (did you mean "location"?); {path: "/items/{id}"} names a place of your own`},
		{"profiles: {resume: {readback: {}}}", `1:31: profiles.resume.readback: wants a path ({path: "/items/{id}"}) or a file ({file: "data/{id}"})`},
		{"profiles: {resume: {readback: {file: 'a/{id}', path: /a}}}", `1:31: profiles.resume.readback: wants a path ({path: "/items/{id}"}) or a file ({file: "data/{id}"})`},
		{"profiles: {resume: {readback: {file: data}}}", `1:38: profiles.resume.readback.file: "data" is one file for all uploads (write {id} where the name has the last part of the upload's URI)`},
		{"profiles: {resume: {readback: {file: 'data/{name}'}}}", `1:38: profiles.resume.readback.file: "data/{name}" has a placeholder that is not known ({id}, {tag})`},
		{"profiles: {resume: {readback: {file: 'data/{id}/'}}}", `1:38: profiles.resume.readback.file: "data/{id}/" names a folder`},
		{"profiles: {resume: {readback: {file: ''}}}", `1:38: profiles.resume.readback.file: is empty`},
		{"profiles: {resume: {count: {pointer: /a}}}", `1:28: profiles.resume.count: wants the path at which the number is read`},
		{"profiles: {resume: {count: {path: /a, pointer: count}}}", `1:48: profiles.resume.count.pointer: "count" is not a JSON Pointer (it begins with a slash: /count)`},
		{"profiles: {resume: {count: {path: /a, pointer: /a~2}}}", `1:48: profiles.resume.count.pointer: "/a~2" is not a JSON Pointer (~ stands only in ~0 and ~1)`},
		{"profiles: {resume: {failing: {path: /a}}}", `1:30: profiles.resume.failing: wants a list, not a mapping`},
		{"- a", `1:1: wants keys and values, not a list`},
		{"version: 1\n---\nversion: 1", `2:1: a second document begins; one file holds one config`},
		{"version: 1\n target: x", `2:1: not YAML: mapping values are not allowed in this context`},
	}
	for _, row := range rows {
		_, err := target.Parse(name, []byte(row.text))
		if err == nil {
			t.Errorf("no error for %q", row.text)
			continue
		}
		if diff := cmp.Diff(name+":"+row.want, err.Error()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", row.text, diff)
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: the error shows the secret", row.text)
		}
	}
}

func TestAllErrorsInOrder(t *testing.T) {
	_, err := target.Parse(name, []byte("limits: {run: 1ms, case: x}\nversion: 3\nuser: []\n"))
	var list target.Errors
	if !errors.As(err, &list) || len(list) != 4 {
		t.Fatalf("want four errors, got %v", err)
	}
	for i, line := range []int{1, 1, 2, 3} {
		if list[i].Line != line {
			t.Errorf("error %d is of line %d: %v", i, list[i].Line, list[i])
		}
	}
	var one target.Error
	if !errors.As(err, &one) || one.Line != 1 {
		t.Errorf("the first error cannot be had: %v", one)
	}
}

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"tls: {ca: gone.pem}": "1:11: tls.ca: read certificates: open " + filepath.Join(dir, "gone.pem"),
		"tls: {ca: key.pem}":  "holds no certificate in PEM form",
	} {
		if _, err := target.Parse(file, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNear(t *testing.T) {
	known := []string{"upload", "patch", "count", "slow", "h1"}
	for word, want := range map[string]string{
		"uplod": "upload", "Upload": "upload", "apload": "upload", "pacth": "patch", "colour": "", "": "", "x": "", "cuont": "count",
	} {
		if got := target.Near(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestRetargetErrors(t *testing.T) {
	c, err := target.Default("http://host")
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"", "https://host", "host:80", "http://a:b@host", "http://ho st", "http:///x"} {
		if err := c.Retarget(raw); err == nil || !strings.HasPrefix(err.Error(), "target: ") {
			t.Errorf("%q: %v", raw, err)
		}
	}
	if c.Target != "http://host" {
		t.Errorf("a refused URL is kept: %s", c.Target)
	}
}
