package faults

import "bytes"

// framingFields is what the fields of a head say about the length of the body.
type framingFields struct {
	sized   bool // a Content-Length was given
	length  int64
	coded   bool // a Transfer-Encoding was given
	chunked bool // and chunked is its last coding
	bad     bool // they contradict each other or can't be read
	framing bool // the last line was one of these fields
}

// add reads one field line. long says that the line was cut off, which only matters for the fields
// that are looked at.
func (f *framingFields) add(line []byte, long bool) {
	if line[0] == ' ' || line[0] == '\t' { // obsolete line folding
		f.bad = f.bad || f.framing
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	isLength := bytes.EqualFold(name, []byte("Content-Length"))
	isCoding := bytes.EqualFold(name, []byte("Transfer-Encoding"))
	f.framing = isLength || isCoding
	switch {
	case f.framing && long:
		f.bad = true
	case isLength:
		f.addLength(value)
	case isCoding:
		f.addCoding(value)
	}
}

// addLength reads a Content-Length. A list of equal numbers is as good as one (RFC 9110, 8.6).
func (f *framingFields) addLength(value []byte) {
	for item := range bytes.SplitSeq(value, []byte(",")) {
		n, ok := decimal(bytes.Trim(item, " \t"))
		if !ok || f.sized && n != f.length {
			f.bad = true
			return
		}
		f.sized, f.length = true, n
	}
}

func (f *framingFields) addCoding(value []byte) {
	if i := bytes.LastIndexByte(value, ','); i >= 0 {
		value = value[i+1:]
	}
	f.coded = true
	f.chunked = bytes.EqualFold(bytes.Trim(value, " \t"), []byte("chunked"))
}

// decimal reads at most 18 digits, which fit an int64 without a check for overflow.
func decimal(p []byte) (n int64, ok bool) {
	if len(p) == 0 || len(p) > 18 {
		return 0, false
	}
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// chunkSize reads the hexadecimal number at the start of a chunk-size line; extensions are skipped.
func chunkSize(line []byte) (n int64, ok bool) {
	digits := 0
	for _, c := range line {
		d := hexDigit(c)
		if d < 0 {
			if c != ';' && c != ' ' && c != '\t' {
				return 0, false
			}
			break
		}
		if digits++; digits > 15 {
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	return n, digits > 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isToken says whether c may stand in a method name (RFC 9110, 5.6.2).
func isToken(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}
