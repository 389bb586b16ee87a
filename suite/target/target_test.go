package target_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/resumespec/resumespec/suite/target"
)

const name = "resumespec.yaml"

func parse(t *testing.T, text string) *target.Config {
	t.Helper()
	c, err := target.Parse(name, []byte(text))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, text)
	}
	return c
}

// The example of the contract, less what this version does not speak.
const full = `
version: 1
target: http://127.0.0.1:8080/base?x=1
about: {name: Example Server, version: 1.20, url: https://example.org}
transports: [h1]
users:
  - {name: alice, headers: {Authorization: "Bearer a"}}
  - {name: bob, headers: {Authorization: "Bearer b"}}
limits: {body: 2MiB, case: 5s, run: 1m}
restart: {stop: [kill, -9, "{pid}"], start: [./server, -data, ./data], ready: /healthz}
profiles:
  resume:
    upload: {method: PUT, path: "/items?tag={tag}", headers: {content-type: text/plain, X-Tag: "{tag}"}}
    patch: message/byterange
    readback: {path: "/items/{id}"}
    count: {path: "/items?tag={tag}", pointer: /count}
    large: {path: "/items?tag={tag}&respond=65536", headers: {X-Tag: large}}
    slow: {path: "/items?tag={tag}&delay=300ms", method: POST}
    failing: [{path: "/items?tag={tag}&fail=422"}, {path: "/items?tag={tag}&fail=503"}]
`

func TestParseFull(t *testing.T) {
	c := parse(t, full)
	own := map[string]string{"content-type": "text/plain", "X-Tag": "{tag}"}
	want := &target.Profile{
		Upload:   target.Request{Method: "PUT", Path: "/items?tag={tag}", Headers: own},
		Patch:    "message/byterange",
		Readback: target.Readback{From: "path", Path: "/items/{id}"},
		Count:    &target.Count{Path: "/items?tag={tag}", Pointer: "/count"},
		Large: &target.Request{
			Method: "PUT", Path: "/items?tag={tag}&respond=65536",
			Headers: map[string]string{"content-type": "text/plain", "X-Tag": "large"},
		},
		Slow: &target.Request{Method: "POST", Path: "/items?tag={tag}&delay=300ms", Headers: own},
		Failing: []target.Request{
			{Method: "PUT", Path: "/items?tag={tag}&fail=422", Headers: own},
			{Method: "PUT", Path: "/items?tag={tag}&fail=503", Headers: own},
		},
	}
	if diff := cmp.Diff(want, c.Profiles["resume"]); diff != "" {
		t.Errorf("resume (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(target.Limits{Body: 2 << 20, Case: 5 * time.Second, Run: time.Minute}, c.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	if c.About.Version != "1.20" || c.Users[1].Headers["Authorization"] != "Bearer b" || c.Restart.Stop[1] != "-9" {
		t.Errorf("about %+v, users %+v, restart %+v", c.About, c.Users, c.Restart)
	}
}

func TestDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "version: 1", "profiles:\nlimits:\n", "null"} {
		c := parse(t, text)
		if c.Profiles["resume"] != nil {
			t.Errorf("%q names the profile", text)
		}
		if err := c.Retarget("http://localhost/up?a=b"); err != nil {
			t.Fatal(err)
		}
		want := &target.Profile{
			Upload: target.Request{
				Method: "POST", Path: "/up?a=b",
				Headers: map[string]string{"Content-Type": "application/octet-stream"},
			},
			Readback: target.Readback{From: "location"},
		}
		if diff := cmp.Diff(want, c.Profile("resume")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if diff := cmp.Diff(target.Limits{Body: 1 << 20, Case: 10 * time.Second, Run: 10 * time.Minute}, c.Limits); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if diff := cmp.Diff([]string{"h1"}, c.Transports); diff != "" || c.Version != 1 {
			t.Errorf("%q: transports %q, version %d", text, c.Transports, c.Version)
		}
	}
}

func TestNamedProfile(t *testing.T) {
	for _, text := range []string{"profiles: {resume: {}}", "profiles:\n  resume:\n"} {
		c := parse(t, text)
		if c.Profiles["resume"] == nil || c.Profiles["resume"].Upload.Method != http.MethodPost {
			t.Errorf("%q: %+v", text, c.Profiles["resume"])
		}
	}
}

func TestRetarget(t *testing.T) {
	c := parse(t, "target: http://a/one\nprofiles: {resume: {large: {headers: {X-Large: '1'}}}}")
	if err := c.Retarget("http://b/two"); err != nil {
		t.Fatal(err)
	}
	if got := c.Profiles["resume"]; got.Upload.Path != "/two" || got.Large.Path != "/two" {
		t.Errorf("paths of the old URL stay: %+v", got)
	}
	c = parse(t, "target: http://a/one\nprofiles: {resume: {upload: {path: /fixed}}}")
	if err := c.Retarget("http://b/two"); err != nil {
		t.Fatal(err)
	}
	if got := c.Profiles["resume"].Upload.Path; got != "/fixed" {
		t.Errorf("a path that was given is %q now", got)
	}
}

func TestOriginAndPath(t *testing.T) {
	for _, row := range []struct{ url, origin, path string }{
		{"http://localhost", "localhost:80", "/"},
		{"http://127.0.0.1:8080/", "127.0.0.1:8080", "/"},
		{"http://[::1]/x", "[::1]:80", "/x"},
		{"http://[::1]:81?tag={tag}", "[::1]:81", "/?tag={tag}"},
		{"HTTP://Host:81/items/{tag}?x=%20", "Host:81", "/items/{tag}?x=%20"},
	} {
		c, err := target.Default(row.url)
		if err != nil {
			t.Errorf("%s: %v", row.url, err)
			continue
		}
		if got := c.Origin(); got != row.origin {
			t.Errorf("%s: origin %q, want %q", row.url, got, row.origin)
		}
		if got := c.Profile("resume").Upload.Path; got != row.path {
			t.Errorf("%s: path %q, want %q", row.url, got, row.path)
		}
	}
	if got := parse(t, "").Origin(); got != "" {
		t.Errorf("origin without a target: %q", got)
	}
}

func TestExpand(t *testing.T) {
	q := target.Request{Method: "POST", Path: "/a/{tag}?t={tag}", Headers: map[string]string{"X-B": "b-{tag}", "A": "1"}}
	method, path, headers := q.Expand("T")
	want := []target.Header{{"A", "1"}, {"X-B", "b-T"}}
	if method != "POST" || path != "/a/T?t=T" || !cmp.Equal(headers, want) {
		t.Errorf("got %s %s %v", method, path, headers)
	}
}

// uncomment takes the # from the examples of the template whose first line wanted accepts. Prose has exactly one
// space after the #, an example none or more; prose or an empty line ends it.
func uncomment(template string, wanted func(line string) bool) string {
	example := regexp.MustCompile(`^#(\S|\s\s)`)
	lines := strings.Split(template, "\n")
	inside, take := false, false
	for i, line := range lines {
		if !example.MatchString(line) {
			inside = false
			continue
		}
		if !inside {
			inside, take = true, wanted(strings.TrimLeft(line, "# "))
		}
		if take {
			lines[i] = line[1:]
		}
	}
	return strings.Join(lines, "\n")
}

func templateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("-----BEGIN CERTIFICATE-----\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func TestTemplate(t *testing.T) {
	file := templateDir(t)
	text := string(target.Template())
	plain, err := target.Parse(file, []byte(text))
	if err != nil {
		t.Fatalf("as it stands: %v", err)
	}
	if plain.Users != nil || plain.Profiles["resume"] == nil || plain.Profiles["resume"].Count != nil {
		t.Errorf("as it stands it sets more than target and profile: %+v", plain)
	}

	all := uncomment(text, func(string) bool { return true })
	c, err := target.Parse(file, []byte(all))
	if err != nil {
		t.Fatalf("uncommented: %v\n%s", err, all)
	}
	if c.TLS.CA != filepath.Join(filepath.Dir(file), "ca.pem") || len(c.Users) != 2 || c.Restart == nil ||
		len(c.Profiles["resume"].Failing) != 2 || c.About.Name == "" {
		t.Errorf("uncommented, something is missing: %+v", c)
	}
	var tree yaml.Node
	if err := yaml.Unmarshal([]byte(all), &tree); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	keysOf(&tree, "", got)
	for _, key := range schemaKeys(reflect.TypeFor[target.Config](), "") {
		if !got[key] {
			t.Errorf("the template does not show %s", key)
		}
	}

	for _, key := range []string{
		"about", "tls", "transports", "users", "limits", "restart", "upload", "patch", "readback", "count", "large",
		"slow", "failing",
	} {
		one := uncomment(text, func(line string) bool { return strings.HasPrefix(line, key+":") })
		if one == text || !strings.Contains(one, key+":") {
			t.Errorf("no example of %s", key)
		}
		if _, err := target.Parse(file, []byte(one)); err != nil {
			t.Errorf("only %s: %v\n%s", key, err, one)
		}
	}
}

// keysOf collects the keys of a YAML tree as paths; items of lists share one.
func keysOf(n *yaml.Node, path string, into map[string]bool) {
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			keysOf(child, path, into)
		}
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		key := path + "." + n.Content[i].Value
		into[key] = true
		keysOf(n.Content[i+1], key, into)
	}
}

// schemaKeys collects the keys of the types. Readback, large, slow, failing, expiring and limited have forms of their own.
func schemaKeys(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		keys = append(keys, path+"."+key)
		if !slices.Contains([]string{"large", "slow", "failing", "expiring", "limited"}, key) {
			keys = append(keys, schemaKeys(t.Field(i).Type, path+"."+key)...)
		}
	}
	return keys
}

func TestLoad(t *testing.T) {
	if _, err := target.Load(filepath.Join(t.TempDir(), "no.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, append([]byte("#"), make([]byte, 1<<20)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Load(file); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file without end: %v", err)
	}
	if err := os.WriteFile(file, target.Template(), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := target.Load(file); err != nil || c.Path != file {
		t.Errorf("the template: %+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(string(target.Template()))
	f.Add("users: &a [*a]\nprofiles: {<<: *a, resume: *a}")
	f.Add("? {a: b}\n: c\n---\n...\n---\n")
	f.Add("limits: {body: 9223372036854775807GiB, case: 1h, run: -0x1}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := target.Parse(name, []byte(text))
		if err != nil {
			var list target.Errors
			if !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("not a list of errors: %v", err)
			}
			for _, one := range list {
				if one.Line < 1 || one.Col < 1 || one.Message == "" {
					t.Fatalf("an error without a place: %+v", one)
				}
			}
			return
		}
		if c.Limits.Case <= 0 || c.Limits.Body <= 0 || c.Limits.Run < c.Limits.Case || len(c.Transports) == 0 {
			t.Fatalf("a gap is left: %+v", c)
		}
		if up := c.Profile("resume").Upload; up.Method == "" || !strings.HasPrefix(up.Path, "/") {
			t.Fatalf("no upload: %+v", up)
		}
		if err := c.Retarget("http://[::1]:1/x"); err != nil || c.Origin() != "[::1]:1" {
			t.Fatalf("origin %q, %v", c.Origin(), err)
		}
	})
}

// TestBrief: a profile whose requests are the protocol's is told by a path.
func TestBrief(t *testing.T) {
	c := parse(t, "target: http://a/one\nprofiles: {tus: {path: '/files?tag={tag}', slow: {path: /slow}, expiring: {path: '/files?keep=1s'}}}")
	p := c.Profile("tus")
	if p.Upload.Path != "/files?tag={tag}" || p.Upload.Method != "POST" || p.Slow.Path != "/slow" || p.Expiring.Path != "/files?keep=1s" || p.Expiring.Method != "POST" || p.Readback.From != "upload" {
		t.Errorf("%+v", p)
	}
	if p = parse(t, "target: http://a/one\nprofiles: {tus: {readback: none}}").Profile("tus"); p.Upload.Path != "/one" || p.Readback.From != "none" {
		t.Errorf("by default: %+v", p)
	}
}

// TestLimited: what is not said of the upload with a min-append-size is as for every upload.
func TestLimited(t *testing.T) {
	p := parse(t, "target: http://a/one\nprofiles: {rufh: {upload: {method: PUT, path: '/files?tag={tag}'}, limited: {path: '/files?least=100'}}}").Profile("rufh")
	if p.Limited.Path != "/files?least=100" || p.Limited.Method != "PUT" {
		t.Errorf("%+v", p.Limited)
	}
}

// TestReadbackFile: a name in the file is relative to the file, and what the server chooses is never part of the folder.
func TestReadbackFile(t *testing.T) {
	for _, row := range []struct{ config, file, folder, name string }{
		{"resumespec.yaml", "data/{id}", "data/", "ID"},
		{"/etc/suite/resumespec.yaml", "data/{id}", "/etc/suite/data/", "ID"},
		{"/etc/suite/resumespec.yaml", "../data/{id}/content.bin", "/etc/data/", "ID/content.bin"},
		{"/etc/suite/resumespec.yaml", "/var/data/u-{tag}/{id}.bin", "/var/data/", "u-TAG/ID.bin"},
		{"resumespec.yaml", "{id}", ".", "ID"},
	} {
		c, err := target.Parse(row.config, []byte("profiles: {resume: {readback: {file: '"+row.file+"'}}}"))
		if err != nil {
			t.Fatal(err)
		}
		readback := c.Profile("resume").Readback
		if folder, name := readback.Named("ID", "TAG"); readback.From != "file" || folder != row.folder || name != row.name {
			t.Errorf("%s in %s: %s, %s in %s", row.file, row.config, readback.From, name, folder)
		}
	}
}
