package birch

import (
	"bufio"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// request is a parsed head; its body is read on demand.
type request struct {
	method string
	url    *url.URL
	query  url.Values
	minor  int
	fields fields
	length int64 // of the body, -1 when chunked
	expect bool  // 100-continue, and the client may be told
	body   *body
}

// fields has the lower case names and the values in the order of their lines.
type fields map[string][]string

// list is the value of a list based field over all of its lines.
func (f fields) list(name string) string { return strings.Join(f[name], ", ") }

func (f fields) get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// errLong: a line or a section goes over its limit.
var errLong = errors.New("birch: too long")

// readLine reads up to LF and takes CR LF or LF away; budget counts what the section may still have.
func readLine(br *bufio.Reader, budget *int) (string, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		if *budget -= len(part); *budget < 0 {
			return "", errLong
		}
		line = append(line, part...)
		if err == nil {
			return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
		}
		if err != bufio.ErrBufferFull {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
	}
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// errField: a line that is not a field line.
var errField = errors.New("birch: malformed field line")

// readFields reads field lines up to and with the empty line.
func readFields(br *bufio.Reader, budget *int) (fields, error) {
	f := fields{}
	for {
		line, err := readLine(br, budget)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return f, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) { // with the folded lines, and white space before the colon
			return nil, errField
		}
		value = strings.Trim(value, " \t")
		for i := 0; i < len(value); i++ {
			if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
				return nil, errField
			}
		}
		name = strings.ToLower(name)
		f[name] = append(f[name], value)
	}
}

// readRequest reads a head. An error that is no *refusal means that no request arrived.
func readRequest(br *bufio.Reader) (*request, error) {
	budget := headLimit
	line, err := "", error(nil)
	for i := 0; line == "" && err == nil; i++ {
		if i > 4 {
			return nil, refuse(400, "no request line")
		}
		line, err = readLine(br, &budget)
	}
	if err == errLong {
		return nil, refuse(414, "request line too long")
	} else if err != nil {
		return nil, err
	}
	part := strings.Split(line, " ")
	if len(part) != 3 || !isToken(part[0]) || part[1] == "" {
		return nil, refuse(400, "malformed request line")
	}
	r := &request{method: part[0]}
	v := part[2]
	if len(v) != 8 || v[:5] != "HTTP/" || v[6] != '.' || v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9' {
		return nil, refuse(400, "malformed version")
	}
	if v[5] != '1' {
		return nil, refuse(505, "only HTTP/1")
	}
	if v[7] != '0' {
		r.minor = 1
	}
	r.fields, err = readFields(br, &budget)
	switch {
	case err == errLong:
		return nil, refuse(431, "head too long")
	case err == errField:
		return nil, refuse(400, "malformed field line")
	case err != nil:
		return nil, err
	}
	if n := len(r.fields["host"]); n > 1 || n == 0 && r.minor > 0 {
		return nil, refuse(400, "exactly one host field, please")
	}
	r.url, err = url.ParseRequestURI(part[1])
	if err != nil || r.url.Scheme != "" && r.url.Scheme != "http" || !strings.HasPrefix(r.url.Path, "/") {
		return nil, refuse(400, "malformed request target")
	}
	if r.query, err = url.ParseQuery(r.url.RawQuery); err != nil {
		return nil, refuse(400, "malformed query")
	}
	if err := r.framing(br); err != nil {
		return nil, err
	}
	return r, r.expectation()
}

// framing finds how the body ends.
func (r *request) framing(br *bufio.Reader) error {
	te, hasTE := r.fields["transfer-encoding"]
	cl, hasCL := r.fields["content-length"]
	switch {
	case hasTE && (hasCL || r.minor == 0):
		return refuse(400, "ambiguous framing")
	case hasTE:
		if !strings.EqualFold(strings.Join(te, ", "), "chunked") {
			return refuse(501, "no transfer coding but chunked")
		}
		r.length = -1
	case hasCL:
		all := strings.Split(strings.Join(cl, ","), ",")
		for _, v := range all {
			if strings.Trim(v, " \t") != strings.Trim(all[0], " \t") {
				return refuse(400, "two lengths")
			}
		}
		n, ok := number(strings.Trim(all[0], " \t"))
		if !ok {
			return refuse(400, "malformed length")
		}
		if n > bodyLimit+headLimit {
			return refuse(413, "body too long")
		}
		r.length = n
	}
	r.body = &body{br: br, chunked: r.length < 0, left: max(r.length, 0)}
	return nil
}

func (r *request) expectation() error {
	if r.minor == 0 {
		return nil // to be ignored from an HTTP/1.0 client
	}
	for m := range strings.SplitSeq(r.fields.list("expect"), ",") {
		switch m = strings.Trim(m, " \t"); {
		case m == "":
		case strings.EqualFold(m, "100-continue"):
			r.expect = true
		default:
			return refuse(417, "no expectation but 100-continue")
		}
	}
	return nil
}

// number reads digits only; what does not fit becomes the largest number.
func number(s string) (int64, bool) {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && s == "" {
		return 0, false
	}
	return n, true
}
