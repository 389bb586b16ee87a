package selftest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// proxy stands in front of a server and passes on every request and every response, interim ones too, in
// another shape: each thing that it does is an intermediary's right (RFC 9110, 3.7, 7.6 and 15.2; RFC 9112, 6 and 7).
type proxy struct {
	style
	upstream string // host:port
	quit     chan struct{}
	conns    *Conns // those to the server too
}

// style says what a proxy changes. The zero value changes nothing but the connection.
type style struct {
	name      string
	requests  framing
	responses framing
	chunks    []int // sizes in bytes of the chunks that it makes, in turn; none: as the bytes come
	segments  []int // sizes in bytes of its writes, in turn; none: as the bytes come
	gather    int   // bytes of a body that it waits for before it passes them on
	lower     bool  // field names in lower case
	reverse   bool  // field names in another order
	fold      bool  // field lines of one name as one
	adorn     bool  // Via, Server, Date and an id
	closing   bool  // Connection: close
	hints     bool  // 102 and 103 of its own
	slowHead  time.Duration
}

// framing is how a body is framed.
type framing int

const (
	asItCame framing = iota
	inChunks
	byLength // it is read whole before it is passed on
	byEnd    // of the connection
)

// startProxy gives the base address of a proxy, which is closed with the test.
func startProxy(t *testing.T, upstream string, s style) string {
	t.Helper()
	p := &proxy{style: s, upstream: upstream, quit: make(chan struct{}), conns: Listen(t)}
	p.conns.Serve(func(c net.Conn) func() {
		return func() {
			for in := bufio.NewReader(c); p.relay(c, in); {
			}
		}
	})
	t.Cleanup(p.close)
	return p.conns.URL()
}

func (p *proxy) close() {
	close(p.quit)
	p.conns.Close()
	p.conns.Wait()
}

// relay passes on one request and its responses. It says whether another may follow.
func (p *proxy) relay(client net.Conn, in *bufio.Reader) bool {
	req, err := readHead(in)
	if err != nil {
		return false
	}
	up, err := net.Dial("tcp", p.upstream)
	if err != nil {
		return false
	}
	p.conns.hold(up)
	old, head := strings.HasSuffix(req.start, "HTTP/1.0"), strings.HasPrefix(req.start, "HEAD ")
	whole := make(chan bool, 1)
	var sending sync.WaitGroup
	sending.Go(func() { whole <- p.upload(up, in, req) })
	answered, last := p.download(client, up, old, head)
	p.conns.release(up)
	_ = client.SetReadDeadline(past) // of who waits for the client's next word
	sending.Wait()
	_ = client.SetReadDeadline(time.Time{})
	if answered && !<-whole {
		p.linger(client)
		return false
	}
	return answered && !last
}

var past = time.Unix(1, 0)

// linger ends the proxy's direction, and reads what the client still sends, so that no reset overtakes
// the response.
func (p *proxy) linger(client net.Conn) {
	if tcp, ok := client.(*net.TCPConn); !ok || tcp.CloseWrite() != nil {
		return
	}
	_ = client.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.CopyN(io.Discard, client, 1<<20)
}

// upload passes a request on, and then tells the server when the client goes. It says whether the
// request was whole.
func (p *proxy) upload(up net.Conn, in *bufio.Reader, req *message) bool {
	body, how := req.body(in, true)
	if how != asItCame && p.requests == inChunks {
		how = inChunks
	}
	if line, old := strings.CutSuffix(req.start, "HTTP/1.0"); old {
		req.start = line + "HTTP/1.1"
		req.drop("Expect") // HTTP/1.0 has no 100 to wait for (RFC 9110, 10.1.1)
	}
	req.frame(how)
	err := p.write(up, p.shaped(req), p.slowHead)
	if err == nil && body != nil {
		err = p.pass(up, body, how)
	}
	whole := err == nil
	if whole {
		_, err = in.Peek(1) // the next request, or how the client went
	}
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
	case errors.Is(err, syscall.ECONNRESET):
		if tcp, ok := up.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		fallthrough
	default:
		_ = up.Close()
	}
	return whole
}

// download passes the responses to a request on. It says whether the final one was whole, and whether it is the last
// of its connection.
func (p *proxy) download(client, up net.Conn, old, head bool) (answered, last bool) {
	for in, first := bufio.NewReader(up), true; ; first = false {
		r, err := readHead(in)
		if err != nil {
			return false, true
		}
		interim := r.status()/100 == 1
		if first && p.hints && !old && p.hint(client) != nil || interim && !old && p.write(client, p.shaped(r), p.slowHead) != nil {
			return false, true
		}
		if interim {
			continue
		}
		return p.final(client, in, r, head, old)
	}
}

// hint sends interim responses of the proxy's own.
func (p *proxy) hint(client net.Conn) error {
	return p.write(client, []byte("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"), 0)
}

// final passes a final response on, and says what download does.
func (p *proxy) final(client net.Conn, in *bufio.Reader, r *message, head, old bool) (answered, last bool) {
	body, how := r.body(in, false)
	if head || r.status() == 204 || r.status() == 304 {
		r.frame(asItCame) // its Content-Length tells of what is not sent
		return p.write(client, p.shaped(r), p.slowHead) == nil, p.closing
	}
	if p.responses != asItCame {
		how = p.responses
	}
	switch {
	case how == byLength && r.get("Content-Length") == "":
		all, err := io.ReadAll(body)
		if !errors.Is(err, errEnd) {
			return false, true
		}
		body = &framed{r: bytes.NewReader(all), left: int64(len(all))}
		r.drop("Transfer-Encoding")
		r.fields = append(r.fields, [2]string{"Content-Length", strconv.Itoa(len(all))})
	case how == inChunks && old:
		how = byEnd
	}
	r.frame(how)
	if how == byEnd {
		r.fields = append(r.fields, [2]string{"Connection", "close"})
	}
	if p.write(client, p.shaped(r), p.slowHead) != nil || p.pass(client, body, how) != nil {
		return false, true
	}
	return true, p.closing || how == byEnd
}

// pass passes a body on as it comes. Where it is cut short, so is what is passed on.
func (p *proxy) pass(to net.Conn, body io.Reader, how framing) error {
	buf, turn := make([]byte, max(p.gather, 4096)), 0
	for {
		n, err := io.ReadAtLeast(body, buf, max(p.gather, 1))
		whole := errors.Is(err, errEnd)
		part := buf[:n]
		if how == inChunks {
			part, turn = chunks(part, p.chunks, turn)
			if whole {
				part = append(part, "0\r\n\r\n"...)
			}
		}
		if e := p.write(to, part, 0); e != nil {
			return e
		}
		if whole {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// chunks frames bytes in chunks of the sizes, in turn from the nth, and gives the turn at which it stopped.
func chunks(b []byte, sizes []int, turn int) (out []byte, next int) {
	for len(b) > 0 {
		n := len(b)
		if len(sizes) > 0 {
			n = min(n, sizes[turn%len(sizes)])
			turn++
		}
		out = strconv.AppendInt(out, int64(n), 16)
		out = append(out, "\r\n"...)
		out = append(out, b[:n]...)
		out = append(out, "\r\n"...)
		b = b[n:]
	}
	return out, turn
}

// write writes in the proxy's segments, with a pause after each of them.
func (p *proxy) write(to net.Conn, b []byte, pause time.Duration) error {
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(p.segments) > 0 {
			n = min(n, p.segments[i%len(p.segments)])
		}
		if _, err := to.Write(b[:n]); err != nil {
			return err
		}
		if b = b[n:]; pause > 0 && !p.wait(pause) {
			return os.ErrClosed
		}
	}
	return nil
}

func (p *proxy) wait(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-p.quit:
		return false
	}
}

// shaped gives a head as the proxy writes it.
func (p *proxy) shaped(m *message) []byte {
	fields := slices.Clone(m.fields)
	if p.adorn {
		fields = append(fields, [2]string{"Via", "1.1 wrap"}, [2]string{"X-Request-Id", "q-1"})
		if strings.HasPrefix(m.start, "HTTP/") && m.get("Server") == "" {
			fields = append(fields, [2]string{"Server", "wrap"})
		}
	}
	if p.closing && (!strings.HasPrefix(m.start, "HTTP/") || m.status()/100 != 1) && m.get("Connection") == "" {
		fields = append(fields, [2]string{"Connection", "close"})
	}
	if p.fold {
		fields = folded(fields)
	}
	if p.reverse { // of the lines of one name the order has a meaning (RFC 9110, 5.3)
		slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(strings.ToLower(b[0]), strings.ToLower(a[0])) })
	}
	out := []byte(m.start + "\r\n")
	for _, f := range fields {
		if p.lower {
			f[0] = strings.ToLower(f[0])
		}
		out = append(out, f[0]+": "+f[1]+"\r\n"...)
	}
	return append(out, "\r\n"...)
}

// folded makes one line of those of one name (RFC 9110, 5.3), but for Set-Cookie.
func folded(fields [][2]string) (all [][2]string) {
	for _, f := range fields {
		i := slices.IndexFunc(all, func(have [2]string) bool { return strings.EqualFold(have[0], f[0]) })
		if i < 0 || strings.EqualFold(f[0], "Set-Cookie") {
			all = append(all, f)
		} else {
			all[i][1] += ", " + f[1]
		}
	}
	return all
}

// message is the head of a request or of a response.
type message struct {
	start  string // its first line
	fields [][2]string
}

func readHead(in *bufio.Reader) (*message, error) {
	m := &message{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		name, value, found := strings.Cut(line, ":")
		switch {
		case m.start == "":
			m.start = line
		case line == "":
			return m, nil
		case !found:
			return nil, fmt.Errorf("no field line: %q", line)
		default:
			m.fields = append(m.fields, [2]string{name, strings.TrimSpace(value)})
		}
	}
}

func (m *message) status() int {
	if len(m.start) < 12 {
		return 0
	}
	n, _ := strconv.Atoi(m.start[9:12]) // what is none is passed on as a final response
	return n
}

func (m *message) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

func (m *message) drop(name string) {
	m.fields = slices.DeleteFunc(m.fields, func(f [2]string) bool { return strings.EqualFold(f[0], name) })
}

// errEnd is how a body ends that is whole. One that is cut short ends with another error.
var errEnd = errors.New("the body is whole")

// body gives what follows a head, without its framing, and how it was framed; asItCame where a request
// has no body.
func (m *message) body(in *bufio.Reader, request bool) (io.Reader, framing) {
	if strings.Contains(strings.ToLower(m.get("Transfer-Encoding")), "chunked") {
		return &framed{r: httputil.NewChunkedReader(in), left: -1, trailer: in}, inChunks
	}
	if n, err := strconv.ParseInt(m.get("Content-Length"), 10, 64); err == nil {
		return &framed{r: in, left: n}, byLength
	}
	if request {
		return nil, asItCame
	}
	return &framed{r: in, left: -1}, byEnd
}

// frame makes the fields fit the framing, and takes off those that were for one connection only.
func (m *message) frame(how framing) {
	m.drop("Connection")
	m.drop("Keep-Alive")
	m.drop("Transfer-Encoding")
	if how == inChunks || how == byEnd {
		m.drop("Content-Length")
	}
	if how == inChunks {
		m.fields = append(m.fields, [2]string{"Transfer-Encoding", "chunked"})
	}
}

// framed reads a body to its end.
type framed struct {
	r       io.Reader
	left    int64         // bytes; -1: until r ends
	trailer *bufio.Reader // of a chunked body, nil for others
}

// Read reads, and gives errEnd where the body is whole, together with its last bytes where that is known.
func (f *framed) Read(p []byte) (int, error) {
	if f.left < 0 {
		n, err := f.r.Read(p)
		if errors.Is(err, io.EOF) {
			err = f.ended()
		}
		return n, err
	}
	n, err := 0, error(nil)
	if f.left > 0 {
		n, err = f.r.Read(p[:min(f.left, int64(len(p)))])
	}
	if f.left -= int64(n); f.left == 0 {
		return n, errEnd
	}
	return n, err
}

// ended takes the trailer section off, and gives errEnd.
func (f *framed) ended() error {
	for f.trailer != nil {
		line, err := f.trailer.ReadString('\n')
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		if strings.TrimRight(line, "\r\n") == "" {
			break
		}
	}
	f.trailer = nil
	return errEnd
}
