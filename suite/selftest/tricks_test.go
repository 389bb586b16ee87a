package selftest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The tricks of a hostile target. None of them allocates much: what a test measures is the suite.

// at plays a trick at one step only.
func at(where step, play trick) trick {
	return func(s *trap, c net.Conn, at step, n int, r *reply) bool {
		return at == where && play(s, c, at, n, r)
	}
}

// after plays a trick from the nth time on.
func after(n int, play trick) trick {
	return func(s *trap, c net.Conn, at step, count int, r *reply) bool {
		return count > n && play(s, c, at, count, r)
	}
}

// beyondPreflight plays a trick wherever it can do harm without the run being refused beforehand.
func beyondPreflight(play trick) trick {
	return func(s *trap, c net.Conn, at step, n int, r *reply) bool {
		return at != accepted && at != preflight && play(s, c, at, n, r)
	}
}

// both plays one trick and, where that does not write, another.
func both(first, second trick) trick {
	return func(s *trap, c net.Conn, at step, n int, r *reply) bool {
		return first(s, c, at, n, r) || second(s, c, at, n, r)
	}
}

// change alters the reply.
func change(f func(r *reply)) trick {
	return func(_ *trap, _ net.Conn, _ step, _ int, r *reply) bool {
		f(r)
		return false
	}
}

// raw writes bytes instead of the reply.
func raw(text string) trick {
	return func(_ *trap, c net.Conn, _ step, _ int, _ *reply) bool {
		_, _ = io.WriteString(c, text)
		return true
	}
}

// flood writes start, and then block again and again until the client has gone or n bytes are out.
func flood(start, block string, n int64) trick {
	big := []byte(strings.Repeat(block, 1+(64<<10)/len(block)))
	return func(_ *trap, c net.Conn, _ step, _ int, _ *reply) bool {
		_, err := io.WriteString(c, start)
		for left := n; err == nil && left > 0; left -= int64(len(big)) {
			_, err = c.Write(big)
		}
		return true
	}
}

const endless = 1 << 62

// silence answers nothing, ever, and holds the connection as long as the client does.
func silence(s *trap, c net.Conn, _ step, _ int, _ *reply) bool {
	_, _ = io.Copy(io.Discard, c)
	return true
}

// dribble sends start and then a byte now and then, for ever: a read always makes progress.
func dribble(start string) trick {
	return func(s *trap, c net.Conn, _ step, _ int, _ *reply) bool {
		_, err := io.WriteString(c, start)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for err == nil {
			select {
			case <-tick.C:
				_, err = c.Write([]byte("a"))
			case <-s.gone:
				return true
			}
		}
		return true
	}
}

// reset ends the connection with RST.
func reset(_ *trap, c net.Conn, _ step, _ int, _ *reply) bool {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
	return true
}

// dies ends the whole server.
func dies(s *trap, _ net.Conn, _ step, _ int, _ *reply) bool {
	s.kill()
	return true
}

// elsewhere sends every reference to another origin, each time in another form.
func elsewhere(host string) trick {
	forms := []string{"http://" + host, "//" + host, "http://user:word@" + host, "HTTP://" + strings.ToUpper(host), "https://" + host}
	return beyondPreflight(func(_ *trap, _ net.Conn, _ step, n int, r *reply) bool {
		for i, field := range r.fields {
			if strings.HasSuffix(field[0], "Location") {
				r.fields[i][1] = forms[n%len(forms)] + "/stolen" + field[1]
			}
		}
		return false
	})
}

// redirect answers with 307 to a place.
func redirect(to string) trick {
	return change(func(r *reply) {
		r.status, r.body = 307, nil
		r.set("Location", to)
	})
}

// poison is what must never reach a report or a terminal as it is: it moves the cursor, sets the title of
// the window, turns the reading direction around, and would run where it is taken for markup.
const poison = "\x1b[2J\x1b]0;owned\a\x9b31m\u009b\u202e<script>alert(4711)</script><img src=x onerror=alert(4711)>]]>`|**x**\xff\xfe\x7f"

// poisoned puts poison in every text of a response; reference-like fields keep their beginning.
var poisoned = change(func(r *reply) {
	r.reason = "OK " + poison
	for i := range r.fields {
		if r.fields[i][0] != "Content-Range" {
			r.fields[i][1] += poison
		}
	}
	r.set("Server", poison)
	r.set("X-Poison", poison)
	r.body = append([]byte(poison), r.body...)
})

// echoed gives the client's credentials back in every text of a response, whole, cut and encoded.
var echoed = change(func(r *reply) {
	secret := r.req.Header.Get("Authorization")
	token := strings.TrimPrefix(secret, "Bearer ")
	r.reason = "hello " + secret
	r.set("Server", secret)
	r.set("X-Long", strings.Repeat("-", 8150)+token) // around the end of what is kept of a head
	r.set("Set-Cookie", "session="+token)
	for i := range r.fields {
		if strings.HasSuffix(r.fields[i][0], "Location") && r.req.Method == "POST" {
			r.fields[i][1] += "?token=" + token
		}
	}
	// Around the border of what a transcript keeps of a body, and at its end.
	r.body = append([]byte(strings.Repeat(".", 55)+secret+" "), append(r.body, (token+" "+secret)...)...)
})

// gzipBomb answers with 16 MiB of zeros, packed.
func gzipBomb() trick {
	packed := sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		zeros := make([]byte, 1<<20)
		for range 16 {
			_, _ = w.Write(zeros)
		}
		_ = w.Close()
		return b.Bytes()
	})
	return change(func(r *reply) {
		r.set("Content-Encoding", "gzip")
		r.body = packed()
	})
}

// nested is JSON of n objects in one another, each under a long name: whoever writes out the path of each
// needs the square of its length.
func nested(n, name int) []byte {
	open := `{"` + strings.Repeat("n", name) + `":`
	return []byte(strings.Repeat(open, n) + "1" + strings.Repeat("}", n))
}

// wide is a JSON object with n members.
func wide(n int) []byte {
	var b bytes.Buffer
	b.WriteString("{")
	for i := range n {
		b.WriteString(`"m` + strconv.Itoa(i) + `":0,`)
	}
	b.WriteString(`"last":1}`)
	return b.Bytes()
}
