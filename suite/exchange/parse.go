package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// parser reads the responses to one request, one after the other (RFC 9112). Its errors are *Error.
type parser struct {
	src    *source
	limits Limits
	method string // of the request: the answer to HEAD has no body

	op    string // what is being done, for errors
	part  string // what lines are being read of, for errors
	start int64  // where the message begins in the source
}

// The reader's words for what it does.
const (
	opWait  = "waiting for a response"
	opHead  = "reading a response head"
	opFinal = "reading the final response"
)

// fail makes an error of the connection into one that says where in the message it came.
func (p *parser) fail(err error) *Error {
	var typed *Error
	if errors.As(err, &typed) {
		return typed
	}
	return connectionError(p.op, p.bytes(), err)
}

func (p *parser) syntax(format string, args ...any) *Error {
	return &Error{Kind: Syntax, Op: p.op, Byte: p.bytes(), Err: fmt.Errorf(format, args...)}
}

func (p *parser) limit(format string, args ...any) *Error {
	return &Error{Kind: Limit, Op: p.op, Byte: p.bytes(), Err: fmt.Errorf(format, args...)}
}

// bytes gives how many wire bytes of the current message were taken.
func (p *parser) bytes() int64 { return p.src.taken - p.start }

// head reads one response head, interim or final (RFC 9112, 2.1, 4 and 5). It tolerates one empty
// line before it, LF without CR, and a status line without reason.
func (p *parser) head() (*Response, error) {
	p.start, p.op = p.src.taken, opWait
	p.src.enter(classHead, "incomplete head")
	if _, err := p.src.peek(); err != nil {
		return nil, p.fail(err)
	}
	p.op, p.part = opHead, "head"
	var raw []byte
	line, err := p.line(&raw, p.limits.Head)
	if err == nil && len(line) == 0 {
		line, err = p.line(&raw, p.limits.Head)
	}
	if err != nil {
		return nil, err
	}
	resp := &Response{}
	if err := p.statusLine(resp, line); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("interim %d", resp.Status)
	p.op = fmt.Sprintf("reading the interim response %d", resp.Status)
	if !resp.Interim() {
		p.op, what = opFinal, fmt.Sprintf("final %d", resp.Status)
	}
	if resp.Fields, err = p.fields(&raw, p.limits.Head); err != nil {
		return nil, err
	}
	resp.Raw, resp.HeadBytes, resp.At = raw, p.bytes(), p.src.at
	p.src.border(what)
	return resp, nil
}

// line reads one line into raw, which must not become longer than limit, and gives it without its
// end. NUL and a bare CR are refused: readers disagree on what they mean (RFC 9112, 2.2; RFC 9110, 5.5).
func (p *parser) line(raw *[]byte, limit int64) ([]byte, error) {
	start := len(*raw)
	for {
		b, err := p.src.peek()
		if err != nil {
			return nil, p.fail(err)
		}
		n, ends := len(b), false
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			n, ends = i+1, true
		}
		room := limit - int64(len(*raw))
		if int64(n) > room {
			*raw = append(*raw, p.src.take(int(room))...)
			return nil, p.limit("%s larger than %d bytes", p.part, limit)
		}
		*raw = append(*raw, p.src.take(n)...)
		if !ends {
			continue
		}
		line := bytes.TrimSuffix((*raw)[start:len(*raw)-1], []byte("\r"))
		if bytes.ContainsAny(line, "\r\x00") {
			return nil, p.syntax("NUL or bare CR in the line %s", quote(line))
		}
		return line, nil
	}
}

// statusLine parses "HTTP/1.1 200 OK", also without reason (RFC 9112, 4).
func (p *parser) statusLine(resp *Response, line []byte) error {
	proto, rest, _ := strings.Cut(string(line), " ")
	status, reason, _ := strings.Cut(rest, " ")
	if len(proto) != len("HTTP/1.1") || !strings.HasPrefix(proto, "HTTP/1.") || !digits(proto[7:]) {
		return p.syntax("no HTTP/1.x status line: %s", quote(line))
	}
	if len(status) != 3 || !digits(status) || status[0] == '0' {
		return p.syntax("no status code of three digits: %s", quote(line))
	}
	resp.Proto, resp.Reason = proto, reason
	resp.Status = int(status[0]-'0')*100 + int(status[1]-'0')*10 + int(status[2]-'0')
	return nil
}

// fields reads field lines up to the empty line (RFC 9112, 5). A folded line is joined with one space,
// as 5.2 demands of a user agent.
func (p *parser) fields(raw *[]byte, limit int64) (Fields, error) {
	var fields Fields
	for {
		line, err := p.line(raw, limit)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			return fields, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 {
				return nil, p.syntax("white space before the first field line: %s", quote(line))
			}
			last := &fields[len(fields)-1]
			last.Value = strings.Trim(last.Value+" "+trimOWS(string(line)), " \t")
			continue
		}
		name, value, found := strings.Cut(string(line), ":")
		if !found || !isToken(name) {
			return nil, p.syntax("no field line: %s", quote(line))
		}
		fields = append(fields, Field{name, trimOWS(value)})
	}
}

func trimOWS(s string) string { return strings.Trim(s, " \t") }

// quote shows the start of a line that the target sent, escaped.
func quote(line []byte) string {
	const enough = 60
	if len(line) > enough {
		return fmt.Sprintf("%q...", line[:enough])
	}
	return fmt.Sprintf("%q", line)
}

// digits says whether s is DIGITs only, and not empty.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// isToken says whether s is a token (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	return isAlpha(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
