package suite

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/target"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// How long a value must be to be taken for a secret wherever it stands: shorter ones are words, or
// digits that every response has. On their own field lines they are redacted all the same.
const (
	shortestToken = 8 // what follows the scheme in a field value: "abc" of "Bearer abc"
	shortestValue = 4 // the whole value of a field, and the least part of one that is taken out where a text ends
)

// redactor takes credentials out of everything that is shown.
type redactor struct {
	field  *regexp.Regexp // field lines whose value is secret
	values [][]byte       // secrets wherever they stand, the longest first
}

// newRedactor knows the credentials of the configuration, and the fields that always carry some.
func newRedactor(c *target.Config) *redactor {
	names := []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"}
	r := &redactor{}
	for _, user := range c.Users {
		for name, value := range user.Headers {
			names = append(names, regexp.QuoteMeta(name))
			r.secret(value, shortestValue)
			if scheme, token, ok := strings.Cut(value, " "); ok {
				r.secret(token, shortestToken)
				r.basic(scheme, token)
			}
		}
	}
	if u, err := url.Parse(c.Target); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			r.secret(password, shortestValue)
		}
	}
	sort.Slice(r.values, func(i, j int) bool { return len(r.values[i]) > len(r.values[j]) })
	r.field = regexp.MustCompile(`(?mi)^((?:` + strings.Join(names, "|") + `)[ \t]*:[ \t]*)[^\r\n]+`)
	return r
}

// secret keeps a value of at least the given length in the forms in which a target may give it back: as it
// is, in a URI, and in what quotes it.
func (r *redactor) secret(value string, least int) {
	if len(value) < least {
		return
	}
	quoted := strconv.Quote(value)
	for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), quoted[1 : len(quoted)-1]} {
		if !slices.ContainsFunc(r.values, func(have []byte) bool { return string(have) == form }) {
			r.values = append(r.values, []byte(form))
		}
	}
}

// basic keeps the password that basic authentication (RFC 7617) carries.
func (r *redactor) basic(scheme, token string) {
	decoded, err := base64.StdEncoding.DecodeString(token)
	if err != nil || !strings.EqualFold(scheme, "basic") {
		return
	}
	if _, password, ok := strings.Cut(string(decoded), ":"); ok {
		r.secret(password, shortestToken)
	}
}

// bytes gives b without secrets.
func (r *redactor) bytes(b []byte) []byte {
	b = r.field.ReplaceAll(b, []byte("${1}"+redacted))
	for _, value := range r.values {
		b = bytes.ReplaceAll(b, value, []byte(redacted))
	}
	return b
}

// cutOff gives b, of which a part before or after was left out, without secrets and without the part of one
// at the end where it was cut.
func (r *redactor) cutOff(b []byte, before, after bool) []byte {
	b = r.bytes(b)
	for _, value := range r.values {
		for n := len(value) - 1; n >= shortestValue; n-- {
			if after && bytes.HasSuffix(b, value[:n]) {
				b = append(bytes.Clone(b[:len(b)-n]), redacted...)
			}
			if before && bytes.HasPrefix(b, value[len(value)-n:]) {
				b = append([]byte(redacted), b[n:]...)
			}
		}
	}
	return b
}

// longest bounds a text, in bytes: a target chooses what is quoted in it.
const longest = 2000

// text gives s without secrets, as valid UTF-8, and not too long. What was shortened in it ends in three dots.
func (r *redactor) text(s string) string {
	parts := strings.Split(string(r.bytes([]byte(s))), "...")
	for i, part := range parts[:len(parts)-1] {
		body := strings.TrimRight(part, `"`)
		parts[i] = string(r.cutOff([]byte(body), false, true)) + part[len(body):]
	}
	clean := strings.Join(parts, "...")
	if more := len(clean) - longest; more > 0 {
		clean = fmt.Sprintf("%s... (%d bytes more)", clean[:longest], more)
	}
	return strings.ToValidUTF8(clean, "\uFFFD")
}

func (r *redactor) texts(all []string) []string {
	var clean []string
	for _, s := range all {
		clean = append(clean, r.text(s))
	}
	return clean
}
