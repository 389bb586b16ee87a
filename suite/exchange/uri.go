package exchange

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// The sets of characters of RFC 3986, Appendix A, beyond letters, digits and percent-encodings.
const (
	uriUnreserved = "-._~"
	uriSubDelims  = "!$&'()*+,;="
	uriRegName    = uriUnreserved + uriSubDelims
	uriUserinfo   = uriRegName + ":"
	uriSegments   = uriRegName + ":@/"
	uriQuery      = uriSegments + "?"
)

// ParseURIReference says why s is not one URI-reference (RFC 3986, 4.1 and Appendix A), nil when it is.
// Spaces, control and non-ASCII characters, and half percent-encodings are refused, and so are two
// references joined as a list. The empty reference is valid: it means the base itself.
func ParseURIReference(s string) error {
	rest, fragment, hasFragment := strings.Cut(s, "#")
	if hasFragment {
		if err := uriChars("fragment", fragment, uriQuery); err != nil {
			return err
		}
	}
	rest, query, _ := strings.Cut(rest, "?")
	if err := uriChars("query", query, uriQuery); err != nil {
		return err
	}
	rest, err := uriScheme(rest)
	if err != nil {
		return err
	}
	if authority, found := strings.CutPrefix(rest, "//"); found {
		path := ""
		if i := strings.IndexByte(authority, '/'); i >= 0 {
			authority, path = authority[:i], authority[i:]
		}
		if err := uriAuthority(authority); err != nil {
			return err
		}
		return uriChars("path", path, uriSegments)
	}
	return uriChars("path", rest, uriSegments)
}

// uriScheme takes the scheme off. A colon behind the first slash belongs to the path; one before it
// cannot, since the first segment of a relative path has none (RFC 3986, 4.2).
func uriScheme(s string) (rest string, err error) {
	i := strings.IndexAny(s, ":/")
	if i < 0 || s[i] == '/' {
		return s, nil
	}
	scheme := s[:i]
	if scheme == "" || !isAlpha(scheme[0]) {
		return "", fmt.Errorf("URI-reference: %q is no scheme", shorten(scheme))
	}
	for j := range len(scheme) {
		if c := scheme[j]; !isAlpha(c) && !isDigit(c) && strings.IndexByte("+-.", c) < 0 {
			return "", fmt.Errorf("URI-reference: %q is no scheme", shorten(scheme))
		}
	}
	return s[i+1:], nil
}

// uriAuthority checks [userinfo "@"] host [":" port] (RFC 3986, 3.2).
func uriAuthority(authority string) error {
	host := authority
	if i := strings.IndexByte(host, '@'); i >= 0 {
		if err := uriChars("userinfo", host[:i], uriUserinfo); err != nil {
			return err
		}
		host = host[i+1:]
	}
	var port string
	if literal, found := strings.CutPrefix(host, "["); found {
		inner, after, closed := strings.Cut(literal, "]")
		if !closed || !isIPLiteral(inner) {
			return fmt.Errorf("URI-reference: %q is no IP literal", shorten(host))
		}
		between, number, _ := strings.Cut(after, ":")
		if between != "" {
			return fmt.Errorf("URI-reference: %q follows an IP literal", shorten(after))
		}
		port = number
	} else {
		host, port, _ = strings.Cut(host, ":")
		if err := uriChars("host", host, uriRegName); err != nil {
			return err
		}
	}
	if port != "" && !digits(port) {
		return fmt.Errorf("URI-reference: %q is no port", shorten(port))
	}
	return nil
}

// isIPLiteral checks what stands between brackets: an IPv6 address without zone, or an IPvFuture.
func isIPLiteral(s string) bool {
	if future, found := strings.CutPrefix(strings.ToLower(s), "v"); found {
		version, address, dot := strings.Cut(future, ".")
		return dot && version != "" && strings.Trim(version, "0123456789abcdef") == "" &&
			address != "" && !strings.Contains(address, "%") && uriChars("", address, uriUserinfo) == nil
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && addr.Zone() == ""
}

// uriChars checks that s has letters, digits, percent-encodings and characters of the set only.
func uriChars(part, s, set string) error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isAlpha(c), isDigit(c), strings.IndexByte(set, c) >= 0:
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return fmt.Errorf("URI-reference: %q at byte %d of its %s %q", c, i, part, shorten(s))
		}
	}
	return nil
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// shorten keeps an error message readable whatever the target sent.
func shorten(s string) string {
	const enough = 100
	if len(s) > enough {
		return s[:enough] + "..."
	}
	return s
}

// Resolve gives the target of ref against base (RFC 3986, 5). Both must be valid, base with a scheme.
func Resolve(base, ref string) (*url.URL, error) {
	for _, s := range []string{base, ref} {
		if err := ParseURIReference(s); err != nil {
			return nil, err
		}
	}
	from, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("base URI: %w", err)
	}
	if !from.IsAbs() {
		return nil, fmt.Errorf("base URI %q: no scheme", shorten(base))
	}
	to, err := from.Parse(ref)
	if err != nil {
		return nil, fmt.Errorf("URI-reference: %w", err)
	}
	return to, nil
}
