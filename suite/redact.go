package suite

import (
	"bytes"
	"net/url"
	"regexp"
	"sort"
	"strings"

	"github.com/resumespec/resumespec/suite/target"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// shortest is the length from which a token alone is taken for a secret: shorter ones are words.
const shortest = 8

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
			r.secret(value)
			if _, token, ok := strings.Cut(value, " "); ok && len(token) >= shortest {
				r.secret(token)
			}
		}
	}
	if u, err := url.Parse(c.Target); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			r.secret(password)
		}
	}
	sort.Slice(r.values, func(i, j int) bool { return len(r.values[i]) > len(r.values[j]) })
	r.field = regexp.MustCompile(`(?mi)^((?:` + strings.Join(names, "|") + `)[ \t]*:[ \t]*)[^\r\n]+`)
	return r
}

func (r *redactor) secret(value string) {
	if value != "" {
		r.values = append(r.values, []byte(value))
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

// text gives s without secrets, as valid UTF-8.
func (r *redactor) text(s string) string {
	return strings.ToValidUTF8(string(r.bytes([]byte(s))), "\uFFFD")
}

func (r *redactor) texts(all []string) []string {
	var clean []string
	for _, s := range all {
		clean = append(clean, r.text(s))
	}
	return clean
}
