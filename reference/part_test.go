package reference

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

func TestUploadInOrder(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	for name, length := range map[string]int{"announced": 1000, "later": -1} {
		p := f.begin("tag="+name, length, "Idempotency-Key: "+name)
		if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "" || len(a.body) != 0 {
			t.Error("Range of nothing:", a.header)
		}
		if a := f.want(p.put(data, 0, 300, "*"), 308); a.header.Get("Range") != "bytes=0-299" {
			t.Error(a.header)
		}
		if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "bytes=0-299" {
			t.Error(a.header)
		}
		p.received([2]int64{0, 299})
		if d := p.read(); d.State != "receiving" || (d.Length == nil) != (length < 0) {
			t.Errorf("%+v", d)
		}
		if a := f.want(p.put(data, 200, 600, 1000), 308); a.header.Get("Range") != "bytes=0-599" {
			t.Error("a part that overlaps:", a.header)
		}
		if d := p.read(); d.Length == nil || *d.Length != 1000 || *d.Remaining != 400 || d.Parallel != (length > 0) {
			t.Errorf("%+v", d)
		}
		last := p.put(data, 600, 1000, "*")
		p.made(last, data, name)
		for _, again := range []answer{p.put(data, 600, 1000, 1000), p.put(data, 0, 300, 1000), p.put(data, 0, 1000, "*"), p.ask(1000)} {
			f.same(again, last)
		}
		f.want(p.put(content(1001), 0, 300, 1000), 409)
		f.want(p.ask(999), 422)
		p.made(last, data, name)
	}
}

// An upload without a length is ended by saying it.
func TestUploadEnds(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(500)
	p := f.begin("tag=a", -1)
	f.want(p.put(data, 0, 500, "*"), 308)
	f.want(p.ask(499), 422)
	if f.want(p.ask(501), 308); p.read().Length != nil {
		t.Error("asking has told the length")
	}
	p.made(p.ask(500), data, "a")

	for i, length := range []int{0, -1} {
		tag := fmt.Sprint("empty", i)
		p = f.begin("tag="+tag, length)
		if d := p.read(); d.State != "waiting" || f.uploads(tag) != 0 {
			t.Errorf("%+v", d)
		}
		p.made(p.ask(0), nil, tag)
	}
}

// What is refused changes nothing, and gets no 100.
func TestPartRefused(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 5000})
	data := content(1000)
	sparse, ordered := f.begin("tag=a", 1000), f.begin("tag=a", -1)
	f.want(sparse.put(data, 500, 600, 1000), 308)
	f.want(ordered.put(data, 0, 200, "*"), 308)
	for _, c := range []struct {
		p      *place
		fields string
		length int
		status int
	}{
		{sparse, "X: y", 100, 422},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Range: bytes 0-99/1000", 100, 400},
		{sparse, "Content-Range: ", 100, 400},
		{sparse, "Content-Range: bytes=0-99/1000", 100, 400},
		{sparse, "Content-Range: bytes 99-0/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99", 100, 400},
		{sparse, "Content-Range: bytes 0-99/50", 100, 400},
		{sparse, "Content-Range: bytes -99/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-/1000", 100, 400},
		{sparse, "Content-Range: bytes +0-99/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99,200-299/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99999999999999999999/*", 100, 400},
		{sparse, "Content-Range: bytes */*", 0, 400},
		{sparse, "Content-Range: bytes */1000", 5, 400},
		{sparse, "Content-Range: items 0-99/1000", 100, 422},
		{sparse, "Content-Range: bytes 0-98/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-100/1000", 100, 400},
		{sparse, "Content-Range: bytes 0-99/999", 100, 422},
		{sparse, "Content-Range: bytes 0-99/2000", 100, 422},
		{sparse, "Content-Range: bytes */999", 0, 422},
		{sparse, "Content-Range: bytes 950-1049/*", 100, 422},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Encoding: gzip", 100, 415},
		{sparse, "Content-Range: bytes 0-99/1000\r\nContent-Type: multipart/byteranges; boundary=x", 100, 415},
		{sparse, "Content-Range: bytes 0-99/1000\r\nIf-Match: \"x\"", 100, 412},
		{ordered, "Content-Range: bytes 300-399/1000", 100, 409},
		{ordered, "Content-Range: bytes 300-399/*", 100, 409},
		{ordered, "Content-Range: bytes 100-199/150", 100, 400},
		{ordered, "Content-Range: bytes 0-99/150", 100, 422},
		{ordered, "Content-Range: bytes */199", 0, 422},
		{ordered, "Content-Range: bytes 200-5100/*", 4901, 413},
		{ordered, "Content-Range: bytes 200-299/5001", 100, 413},
	} {
		for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
			before := c.p.read()
			w := f.dial()
			w.send(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n%s\r\n\r\n", c.p.content, expect, c.length, c.fields))
			if expect == "" {
				w.send(strings.Repeat("x", c.length))
			}
			a := w.head()
			if a.status != c.status || a.header.Get("Content-Type") != mediaProblem {
				t.Errorf("%s: %d, want %d: %s", c.fields, a.status, c.status, a.body)
			}
			if after := c.p.read(); !reflect.DeepEqual(after, before) {
				t.Errorf("%s: %+v, before %+v", c.fields, after, before)
			}
		}
	}
	if f.uploads("a") != 0 {
		t.Error("a refused part had an effect")
	}
	f.want(sparse.put(data, 0, 500, 1000), 308)
	sparse.made(sparse.put(data, 600, 1000, 1000), data, "a")
}

// The length of a chunked part shows at its end only.
func TestPartChunked(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(300)
	p := f.begin("tag=a", 300)
	chunked := func(first, last int, body []byte) answer {
		w := f.dial()
		w.send(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes %d-%d/300\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", p.content, first, last, len(body), body))
		return w.head()
	}
	f.want(chunked(0, 99, data[:50]), 400)
	p.received([2]int64{0, 49})
	f.want(chunked(50, 99, data[50:101]), 400)
	p.received([2]int64{0, 99})
	f.want(chunked(100, 199, data[100:200]), 308)
	if a := f.want(chunked(200, 299, append(data[200:300:300], 'x')), 400); f.uploads("a") != 0 {
		t.Errorf("a part that is too long has completed the upload: %s", a.body)
	}
	p.made(p.ask(300), data, "a")
}

func TestPartsAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	const parts, size = 8, 100_000
	data := content(parts * size)
	p := f.begin("tag=a&respond=5000", len(data))
	var wg sync.WaitGroup
	answers := make([]answer, parts)
	for i := range parts {
		wg.Go(func() { answers[i] = p.put(data, i*size, (i+1)*size, len(data)) })
	}
	wg.Wait()
	var final []answer
	for _, a := range answers {
		if a.status != 308 {
			final = append(final, a)
		}
	}
	if len(final) == 0 {
		t.Fatal("no part was the last")
	}
	for _, a := range final {
		f.same(a, final[0])
	}
	if len(final[0].body) != 5000 {
		t.Error("response of", len(final[0].body), "bytes")
	}
	p.made(final[0], data, "a")
}

// Many small parts at once, again and again: whoever is overtaken by the part that completes the upload was taken as well.
func TestPartsAreOvertaken(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	const parts, size = 8, 64
	data := content(parts * size)
	for range 150 {
		p := f.begin("tag=o", len(data))
		var wg sync.WaitGroup
		for i := range parts {
			wg.Go(func() {
				if a := p.put(data, i*size, (i+1)*size, len(data)); a.status != 308 && a.status != 201 {
					t.Errorf("part %d: %d %s", i, a.status, a.body)
				}
			})
		}
		wg.Wait()
	}
}

// Parts that lie between others, and one that overlaps several.
func TestPartsOutOfOrder(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	f.want(p.put(data, 900, 1000, 1000), 308)
	f.want(p.put(data, 300, 400, "*"), 308)
	if a := f.want(p.ask(1000), 308); a.header.Get("Range") != "" {
		t.Error("what is kept behind a gap is told as a prefix:", a.header)
	}
	p.received([2]int64{300, 399}, [2]int64{900, 999})
	wrong := bytes.Clone(data)
	wrong[950]++
	f.want(p.put(wrong, 900, 1000, 1000), 409)
	if a := f.want(p.put(data, 0, 500, 1000), 308); a.header.Get("Range") != "bytes=0-499" {
		t.Error(a.header)
	}
	p.made(p.put(data, 400, 1000, 1000), data, "a")
}

// A part that is at work keeps others out of its range, and only there.
func TestPartsMeet(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: 50 * time.Millisecond})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	slow := p.open(0, 400, 1000)
	slow.send(string(data[:100]))
	f.eventually(func() bool { return len(p.read().Received) == 1 })
	f.want(p.put(data, 400, 1000, 1000), 308)
	p.received([2]int64{0, 99}, [2]int64{400, 999})
	if err := f.alive(slow); err != nil {
		t.Fatal("a part elsewhere was broken off:", err)
	}
	slow.send(string(data[100:200]))
	f.eventually(func() bool { return p.read().Received[0] == [2]int64{0, 199} })
	final := p.put(data, 200, 400, 1000) // the client has looked: it has given the old connection up
	p.made(final, data, "a")
	slow.Write([]byte("late bytes"))
	if a := slow.head(); a.status != 409 && a.status != 201 {
		t.Error("the late part:", a.status)
	}
	p.made(final, data, "a")
}

// alive tells whether the server still holds the connection.
func (f *fixture) alive(w *wire) error {
	w.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	defer w.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err := w.r.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("it says something, or has ended: %w", err)
}

func TestPartBusy(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: 10 * time.Second})
	data := content(1000)
	p := f.begin("tag=a", 1000)
	slow := p.open(0, 400, 1000)
	slow.send(string(data[:100]))
	f.want(p.put(data, 300, 400, 1000), 409) // nobody has looked, and the other is not silent for long enough
	slow.send(string(data[100:400]))
	f.want(slow.head(), 308)
	p.made(p.put(data, 400, 1000, 1000), data, "a")
}

func TestPartCut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100_000)
	for name, cut := range map[string]func(*wire){
		"fin":   func(w *wire) { w.Close() },
		"rst":   (*wire).reset,
		"stall": func(*wire) {},
	} {
		for _, length := range []int{len(data), -1} {
			tag := fmt.Sprint(name, length)
			p := f.begin("tag="+tag, length)
			w := p.open(0, len(data), len(data))
			w.send(string(data[:60_000]))
			f.eventually(func() bool { return len(p.read().Received) == 1 })
			cut(w)
			d := p.read()
			n := int(d.Received[0][1]) + 1
			if len(d.Received) != 1 || n > 60_000 || name != "rst" && n != 60_000 || d.State != "receiving" {
				t.Fatalf("%s: %+v", tag, d)
			}
			if a := f.want(p.ask(len(data)), 308); a.header.Get("Range") != fmt.Sprintf("bytes=0-%d", n-1) {
				t.Error(tag, a.header)
			}
			p.made(p.put(data, n, len(data), len(data)), data, tag)
		}
	}
}

// The answer to the last part is lost: who asks again gets it, and there is one effect.
func TestLastAnswerLost(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(1000)
	for i, again := range []func(*place) answer{
		func(p *place) answer { return p.ask(1000) },
		func(p *place) answer { return p.put(data, 900, 1000, 1000) },
		func(p *place) answer { return p.put(data, 0, 1000, "*") },
	} {
		tag := fmt.Sprint("t", i)
		p := f.begin("tag="+tag, 1000)
		w := p.open(0, 1000, 1000)
		w.send(string(data))
		w.reset()
		p.made(again(p), data, tag)
	}
}

// What is scattered too widely is refused, and can still be completed.
func TestUploadScattered(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(4000)
	p := f.begin("tag=a", 4000)
	op, _ := f.s.store.RequestContent(strings.TrimPrefix(p.status, "/uploads/"))
	for i := range int64(1024) { // not as requests, which take longer
		w, err := op.AcquireRange(nil, &peer{}, store.Extent{From: 2 * i, To: 2*i + 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(data[2*i : 2*i+1]); err != nil {
			t.Fatal(err)
		}
		w.Release()
	}
	f.want(p.put(data, 3000, 3001, 4000), 409)
	if d := p.read(); len(d.Received) != 1024 {
		t.Fatal("received", len(d.Received))
	}
	p.made(p.put(data, 0, 4000, 4000), data, "a")
}

func TestPartMemory(t *testing.T) {
	const size = 128 << 20
	c := startChild(t, t.TempDir())
	defer c.kill()
	f := childFixture(t, c.addr)
	defer f.client.CloseIdleConnections()
	p := f.begin("", 2*size)
	for _, first := range []int64{size, 0} {
		req, err := http.NewRequest("PUT", f.url+p.content, &zeros{size})
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		req.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+size-1, 2*size))
		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := map[int64]int{size: 308, 0: 201}[first]; resp.StatusCode != want {
			t.Fatal(first, resp.StatusCode)
		}
	}
	if mib := peakMiB(t, c.cmd.Process.Pid); mib > 64 {
		t.Errorf("%.1f MiB of resident memory", mib)
	}
}
