package target

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// ownFields are the fields that the suite writes itself: a second value from the config would change what is tested.
var ownFields = []string{
	"connection", "content-length", "content-range", "expect", "prefer", "range", "te", "trailer", "transfer-encoding",
	"upgrade", "tus-resumable", "upload-length", "upload-defer-length", "upload-offset", "upload-concat", "upload-checksum",
	"x-http-method-override",
}

// bodiless are the methods that cannot carry an upload.
var bodiless = []string{"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"}

// checkTarget accepts the base URL of a target. Its errors never quote a URL that may hold a password.
func checkTarget(raw string) error {
	if raw == "" {
		return errors.New("is empty (write http://HOST:PORT/PATH)")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return fmt.Errorf("%s is not a URL (write http://HOST:PORT/PATH)", quoteURL(raw))
	}
	port, portErr := strconv.Atoi(u.Port())
	switch {
	case strings.EqualFold(u.Scheme, "https"):
		return errors.New("https is not in this version, which speaks http without TLS (h1) only")
	case !strings.EqualFold(u.Scheme, "http"):
		return fmt.Errorf("scheme %q is not http", short(u.Scheme))
	case u.User != nil:
		return errors.New("has credentials in it; give them as a header field of a user " +
			"(users: [{name: alice, headers: {Authorization: \"Basic ...\"}}])")
	case u.Hostname() == "" || strings.ContainsFunc(u.Host, unicode.IsSpace):
		return fmt.Errorf("%s names no host (write http://HOST:PORT/PATH)", quoteURL(raw))
	case u.Port() != "" && (portErr != nil || port < 1 || port > 65535):
		return fmt.Errorf("port %s is out of range (1 to 65535)", short(u.Port()))
	case strings.Contains(raw, "#"):
		return errors.New("has a fragment (#...), which is never sent to a server")
	}
	return nil
}

// quoteURL quotes what may be a URL for an error, unless there may be a password in it.
func quoteURL(raw string) string {
	if strings.Contains(raw, "@") {
		return "this"
	}
	return strconv.Quote(short(raw))
}

// checkHome accepts the page of a product: it becomes a link in the report.
func checkHome(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("%s is not an http or https URL", quoteURL(raw))
	}
	return nil
}

// checkPath accepts a path and a query on the target's origin, with placeholders.
func checkPath(path string) error {
	filled := strings.NewReplacer("{tag}", "t", "{id}", "i").Replace(path)
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q does not begin with a slash (paths are on the target's origin)", short(path))
	case strings.HasPrefix(path, "//"):
		return fmt.Errorf("%q begins with two slashes: that is another host", short(path))
	case strings.ContainsFunc(path, func(c rune) bool { return control(c) || unicode.IsSpace(c) || c >= utf8.RuneSelf }):
		return fmt.Errorf("%q has a character in it that must be percent-encoded", short(path))
	case strings.Contains(path, "#"):
		return fmt.Errorf("%q has a fragment (#...), which is never sent to a server", short(path))
	case strings.ContainsAny(filled, "{}"):
		return fmt.Errorf("%q has a placeholder that is not known ({tag}; in readback also {id})", short(path))
	}
	if _, err := url.ParseRequestURI(filled); err != nil {
		return fmt.Errorf("%q is not a path", short(path))
	}
	return nil
}

func checkMethod(method string) error {
	if !httpguts.ValidHeaderFieldName(method) {
		return fmt.Errorf("%q is not a method", short(method))
	}
	if slices.Contains(bodiless, strings.ToUpper(method)) {
		return fmt.Errorf("%s carries no upload", method)
	}
	return nil
}

func checkMediaType(s string) error {
	kind, _, err := mime.ParseMediaType(s)
	if err != nil || !strings.Contains(kind, "/") {
		return fmt.Errorf("%q is not a media type (TYPE/SUBTYPE)", short(s))
	}
	return nil
}

// checkPointer accepts a JSON Pointer (RFC 6901, section 3).
func checkPointer(s string) error {
	if s != "" && !strings.HasPrefix(s, "/") {
		return fmt.Errorf("%q is not a JSON Pointer (it begins with a slash: /count)", short(s))
	}
	for i := range len(s) {
		if s[i] == '~' && (i+1 == len(s) || (s[i+1] != '0' && s[i+1] != '1')) {
			return fmt.Errorf("%q is not a JSON Pointer (~ stands only in ~0 and ~1)", short(s))
		}
	}
	return nil
}

func checkFieldName(name string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return errors.New("is not the name of a header field")
	}
	if slices.Contains(ownFields, strings.ToLower(name)) {
		return errors.New("is written by the suite itself")
	}
	return nil
}

// checkFieldValue never quotes the value: it may be a secret.
func checkFieldValue(v string) error {
	if !httpguts.ValidHeaderFieldValue(v) || strings.TrimSpace(v) != v {
		return errors.New("is not the value of a header field (a control character, or a space at an end)")
	}
	return nil
}

// resolveFile gives the name of a file that stands in a config of folder dir.
func resolveFile(dir, name string) string {
	if filepath.IsAbs(name) || dir == "" {
		return name
	}
	return filepath.Join(dir, name)
}

// checkFile accepts the name of a file per upload, with placeholders.
func checkFile(name string) error {
	filled := strings.NewReplacer("{tag}", "", "{id}", "").Replace(name)
	switch {
	case name == "":
		return errors.New("is empty")
	case strings.ContainsFunc(name, control):
		return errors.New("has a control character in it")
	case strings.ContainsAny(filled, "{}"):
		return fmt.Errorf("%q has a placeholder that is not known ({id}, {tag})", short(name))
	case filled == name:
		return fmt.Errorf("%q is one file for all uploads (write {id} where the name has the last part of the upload's URI)", short(name))
	case strings.HasSuffix(name, "/"):
		return fmt.Errorf("%q names a folder", short(name))
	}
	return nil
}

func checkCertificates(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read certificates: %w", err)
	}
	if !bytes.Contains(data, []byte("-----BEGIN CERTIFICATE-----")) {
		return fmt.Errorf("%s holds no certificate in PEM form", short(file))
	}
	return nil
}

// control says whether a character moves the cursor or worse when it is printed.
func control(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError }

// sizes are the units of a number of bytes, longest name first where one ends on another.
var sizes = []struct {
	unit  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"B", 1},
}

// parseSize reads "1MiB".
func parseSize(s string) (int64, error) {
	wrong := fmt.Errorf("%q is not a size (write bytes, or a unit: 64KiB, 1MiB)", short(s))
	for _, size := range sizes {
		digits, found := strings.CutSuffix(s, size.unit)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/size.bytes {
			return 0, wrong
		}
		return n * size.bytes, nil
	}
	return 0, wrong
}
