package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest config that is read, in bytes.
const maxFile = 1 << 20

// Load reads a configuration file. Errors in it come as Errors.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("read config: %s is larger than %d bytes", path, maxFile)
	}
	return Parse(path, data)
}

// Parse reads a configuration, names it in errors as name, and fills in the defaults. An empty document is one with
// defaults only. A config without a target is valid: the command line may name it (Retarget).
func Parse(name string, data []byte) (*Config, error) {
	r := &reader{name: name, dir: filepath.Dir(name)}
	c := &Config{Path: name}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, Errors{syntaxError(name, err)}
	case len(document.Content) == 0: // comments only
	default:
		r.document(resolve(document.Content[0]), c)
		if err := decoder.Decode(&second); err == nil {
			r.bare(&second, "a second document begins; one file holds one config")
		} else if !errors.Is(err, io.EOF) {
			r.errs = append(r.errs, syntaxError(name, err))
		}
	}
	if len(r.errs) > 0 {
		r.errs.sort()
		return nil, r.errs
	}
	c.fill()
	return c, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntaxError gives an error of the YAML parser a place: it knows the line only.
func syntaxError(name string, err error) Error {
	line, message := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	return Error{name, max(line, 1), 1, "not YAML: " + message}
}

// Default gives the config of a target of which nothing but the URL is known.
func Default(rawURL string) (*Config, error) {
	c := &Config{}
	if err := c.Retarget(rawURL); err != nil {
		return nil, err
	}
	return c, nil
}

// Retarget points the config at another URL. What followed from the old one follows from the new.
func (c *Config) Retarget(rawURL string) error {
	if err := checkTarget(rawURL); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	c.Target = rawURL
	c.fill()
	return nil
}

// fill puts the defaults in where nothing was given. It can be called again after a change.
func (c *Config) fill() {
	c.Version = or(c.Version, 1)
	c.Limits.Body = or(c.Limits.Body, 1<<20)
	c.Limits.Run = or(c.Limits.Run, max(10*time.Minute, c.Limits.Case))
	c.Limits.Case = or(c.Limits.Case, min(10*time.Second, c.Limits.Run))
	if len(c.Transports) == 0 {
		c.Transports = []string{"h1"}
	}
	c.Profiles = nil
	for name, given := range c.given {
		if c.Profiles == nil {
			c.Profiles = map[string]*Profile{}
		}
		c.Profiles[name] = c.filled(name, given)
	}
}

// Profile gives the settings of a profile, also where the user did not name it.
func (c *Config) Profile(name string) *Profile {
	if p := c.Profiles[name]; p != nil {
		return p
	}
	return c.filled(name, Profile{})
}

// usual is what a profile does unless it is told otherwise.
type usual struct {
	method, readback string
	document         bool // each upload goes to a URL of its own, below that of the target
}

// usuals by profile; "" stands for all others.
var usuals = map[string]usual{
	"":                {"POST", "location", false},
	"byterange":       {"PATCH", "document", true},
	"expect-range":    {"PUT", "document", true},
	"range-query":     {"PUT", "document", true},
	"upload-resource": {"POST", "result", false},
	"tus":             {"POST", "upload", false},
	"rufh":            {"POST", "location", false},
}

// Newest stands for the newest text of a protocol whose drafts have interop versions.
const Newest = "latest"

// versioned are the profiles whose protocol has several versions, with those that can be spoken, the oldest first.
var versioned = map[string][]string{
	"rufh": {"3", "4", "5", "6", "7", "8", Newest},
}

// filled gives the settings with the defaults in the gaps; the original stays as it is.
func (c *Config) filled(name string, given Profile) *Profile {
	of, known := usuals[name]
	if !known {
		of = usuals[""]
	}
	path := c.path()
	if of.document && !strings.Contains(path, "{tag}") {
		place, query, _ := strings.Cut(path, "?")
		path = strings.TrimSuffix(place, "/") + "/{tag}"
		if query != "" {
			path += "?" + query
		}
	}
	if len(given.Interop) == 0 && len(versioned[name]) > 0 {
		given.Interop = []string{Newest}
	}
	given.Upload = given.Upload.inherit(Request{
		Method:  of.method,
		Path:    path,
		Headers: map[string]string{"Content-Type": "application/octet-stream"},
	})
	if given.Readback.From == "" {
		given.Readback.From = of.readback
	}
	for _, variant := range []**Request{&given.Large, &given.Slow, &given.Expiring, &given.Limited} {
		if *variant != nil {
			whole := (*variant).inherit(given.Upload)
			*variant = &whole
		}
	}
	given.Failing = slices.Clone(given.Failing)
	for i, failing := range given.Failing {
		given.Failing[i] = failing.inherit(given.Upload)
	}
	return &given
}

// inherit takes what q leaves open from base. Header fields are merged, by name without case.
func (q Request) inherit(base Request) Request {
	headers := maps.Clone(q.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	for name, v := range base.Headers {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(q.Headers)), func(own string) bool {
			return strings.EqualFold(own, name)
		}) {
			headers[name] = v
		}
	}
	return Request{or(q.Method, base.Method), or(q.Path, base.Path), headers}
}

// path is path and query of the target's URL; uploads go there when the config does not say otherwise.
func (c *Config) path() string {
	u, err := url.Parse(c.Target)
	if err != nil || c.Target == "" {
		return "/"
	}
	path := u.RequestURI()
	if strings.HasPrefix(path, "?") {
		path = "/" + path
	}
	return strings.ReplaceAll(path, "%7Btag%7D", "{tag}") // the placeholder is ours, not the server's
}

// Origin is host and port of the target, "127.0.0.1:8080" or "[::1]:80"; "" without a target.
func (c *Config) Origin() string {
	u, err := url.Parse(c.Target)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	return net.JoinHostPort(u.Hostname(), or(u.Port(), "80"))
}

// Header is one header field.
type Header struct{ Name, Value string }

// Expand gives the request with the token of one case in place of {tag}; header fields are in the order of their names.
func (q Request) Expand(tag string) (method, path string, headers []Header) {
	for _, name := range slices.Sorted(maps.Keys(q.Headers)) {
		headers = append(headers, Header{name, ExpandTag(q.Headers[name], tag)})
	}
	return q.Method, ExpandTag(q.Path, tag), headers
}

// ExpandTag puts the token of one case in place of {tag}.
func ExpandTag(s, tag string) string { return strings.ReplaceAll(s, "{tag}", tag) }

// Named gives, with From "file", the folder in which the file of an upload is, and its name in there: what the server
// chooses, the id, is part of the name only.
func (b Readback) Named(id, tag string) (folder, name string) {
	at := strings.IndexByte(b.File, '{')
	cut := strings.LastIndexByte(b.File[:max(at, 0)], '/') + 1
	folder, name = b.File[:cut], b.File[cut:]
	return or(folder, "."), strings.NewReplacer("{id}", id, "{tag}", tag).Replace(name)
}

// Tagged says whether the count is kept for each tag: cases that count may then run beside others.
func (n *Count) Tagged() bool { return strings.Contains(n.Path, "{tag}") }

// or gives the first value that is not zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
