package mutants_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/mutants"
)

// client looks for what is wrong with a server. It gives up with a panic of type wrong.
type client struct {
	server *reference.Server
	base   string
	http   *http.Client
	tag    string
}

type wrong string

func (c *client) need(ok bool, format string, args ...any) {
	if !ok {
		panic(wrong(fmt.Sprintf(format, args...)))
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) do(method, path, body string, fields ...string) reply {
	req, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	c.need(err == nil, "%s %s: %v", method, path, err)
	req.Header.Set("Authorization", "Bearer a")
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := c.http.Do(req)
	c.need(err == nil, "%s %s: %v", method, path, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	c.need(err == nil, "%s %s: %v", method, path, err)
	return reply{resp.StatusCode, resp.Header, data}
}

// want is do with the status that is right.
func (c *client) want(status int, method, path, body string, fields ...string) reply {
	r := c.do(method, path, body, fields...)
	c.need(r.status == status, "%s %s: %d, want %d: %s", method, path, r.status, status, r.body)
	return r
}

const data = "0123456789abcdefghijklmnopqrstuvwxyz"

// has reads what is stored at a place.
func (c *client) has(uri, body string) reply {
	r := c.want(200, "GET", uri, "")
	c.need(string(r.body) == body, "stored %q", r.body)
	return r
}

// counted checks the number of effects of a kind of upload.
func (c *client) counted(path string, n int) {
	r := c.want(200, "GET", path+"?tag="+c.tag, "")
	c.need(string(r.body) == fmt.Sprintf("{\"count\":%d}\n", n), "count: %s, want %d", r.body, n)
}

func (c *client) restart() {
	next, err := c.server.Restart()
	c.need(err == nil, "restart: %v", err)
	c.server = next
	c.http.CloseIdleConnections()
}

// dial opens a connection to the server.
func (c *client) dial() net.Conn {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
	c.need(err == nil, "dial: %v", err)
	_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
	return conn
}

// expecting sends a head over a connection of its own, waits until the server is ready for the content, and brings some of it.
func (c *client) expecting(head, brought string) net.Conn {
	conn := c.dial()
	fmt.Fprintf(conn, "%sHost: x\r\nAuthorization: Bearer a\r\nExpect: 100-continue\r\n\r\n", head)
	r := bufio.NewReader(conn) // nothing follows the 100 before the body has come
	for line := ""; line != "\r\n"; {
		var err error
		line, err = r.ReadString('\n')
		c.need(err == nil, "no 100: %v", err)
	}
	_, err := io.WriteString(conn, brought)
	c.need(err == nil, "send: %v", err)
	return conn
}

// clientProbe looks at one thing that a client may rely on. With that of its area a mutant is looked at first.
type clientProbe struct {
	name  string
	areas []string
	run   func(*client)
}

// probe runs one probe, and returns what is wrong.
func probe(t *testing.T, seams func(*reference.Seams), run func(*client)) (complaint string) {
	t.Helper()
	s, url, err := reference.Listen("127.0.0.1:0", reference.Options{Seams: seams, Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{server: s, base: url, http: &http.Client{Transport: &http.Transport{}, Timeout: 4 * time.Second}, tag: "t"}
	defer func() {
		c.http.CloseIdleConnections()
		if err := c.server.Close(); err != nil {
			t.Error(err)
		}
		if r := recover(); r != nil {
			w, ok := r.(wrong)
			if !ok {
				panic(r)
			}
			complaint = string(w)
		}
	}()
	run(c)
	return ""
}

// everyShows: every mutant of a kind shows, of which there are at least so many, and the reference gives no reason to complain.
func everyShows(t *testing.T, least int, probes []clientProbe, of func(mutants.Mutant) bool) {
	t.Helper()
	for _, p := range probes {
		if complaint := probe(t, nil, p.run); complaint != "" {
			t.Fatalf("reference: %s: %s", p.name, complaint)
		}
	}
	n := 0
	for _, m := range mutants.All() {
		if !of(m) {
			continue
		}
		n++
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			first := max(0, slices.IndexFunc(probes, func(p clientProbe) bool { return slices.Contains(p.areas, m.Area) }))
			for _, p := range slices.Concat(probes[first:], probes[:first]) {
				if complaint := probe(t, m.Apply, p.run); complaint != "" {
					t.Logf("%s: %s: %.200s", m.Sentence, p.name, complaint)
					return
				}
			}
			t.Error(m.Sentence, "Nobody complains.")
		})
	}
	if n < least {
		t.Error("mutants:", n)
	}
}
