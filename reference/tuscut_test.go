package reference

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestTusCut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	for tag, cut := range map[string]func(*wire){"fin": func(w *wire) { w.Close() }, "rst": (*wire).reset} {
		uri := f.create("tag="+tag, 100)
		for offset := 0; offset < 60; offset += 20 {
			w := f.openTus(uri, offset, 100-offset)
			w.send(string(data[offset : offset+20]))
			f.keptTus(uri, int64(offset+20))
			cut(w)
			f.at(uri, offset+20)
		}
		w := f.openTus(uri, 60, -1) // the last chunk is cut off, and every byte is there
		w.send("28\r\n" + string(data[60:]) + "\r\n")
		f.keptTus(uri, 100)
		cut(w)
		f.eventually(func() bool { return string(f.do("GET", "/tus?tag="+tag, nil).body) != "{\"count\":0}\n" })
		f.at(uri, 100)
		f.has(uri, data)
		f.tusCount(tag, 1)
		w = f.openTus(uri, 100, -1)
		w.send("1\r\nx\r\n")
		f.want(w.head(), 413)
		w = f.openTus(uri, 100, -1)
		w.send("0\r\n\r\n")
		f.want(w.head(), 204)
	}
}

func (a *arrivals) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

// A HEAD waits for a PATCH that arrived before it, and whose client has gone.
func TestTusHeadWaits(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(50_000)
	for range 50 {
		uri := f.create("", len(data)+1)
		w := f.dial()
		f.eventually(func() bool { return f.s.arrivals.size() > 1 }) // before it is accepted the server does not know of it
		w.send(fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\nUpload-Offset: 0\r\nContent-Length: %d\r\n\r\n", uri, resumable, offsetType, len(data)+1) + string(data))
		w.Close()
		f.at(uri, len(data))
		f.eventually(func() bool { return f.s.arrivals.size() == 1 })
	}
}

// A newer request takes over from one that is silent, at once, and what that brings later is never written.
func TestTusTakeOver(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: time.Hour})
	data := content(100)
	for _, head := range []bool{true, false} {
		for _, sum := range []bool{true, false} {
			tag := fmt.Sprint("over-", head, "-", sum)
			uri := f.create("tag="+tag, 100)
			header, offset := []string{}, 10
			if sum {
				header, offset = []string{"Upload-Checksum: " + sha1Of(data)}, 0
			}
			old := f.openTus(uri, 0, 100, header...)
			old.send(string(data[:10]))
			f.keptTus(uri, int64(offset))
			if head {
				f.at(uri, offset)
			}
			began := time.Now()
			f.appended(uri, offset, data[offset:50])
			if took := time.Since(began); took > 5*time.Second {
				t.Error("taking over takes", took)
			}
			old.Write(bytes.Repeat([]byte("X"), 90)) // may fail already
			f.want(old.head(), 409)
			f.at(uri, 50)
			f.appended(uri, 50, data[50:])
			f.has(uri, data)
			f.tusCount(tag, 1)
		}
	}
}

// A request at another offset does not disturb the one that is at work.
func TestTusUndisturbed(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	uri := f.create("tag=u", 100)
	w := f.openTus(uri, 0, 100)
	w.send(string(data[:10]))
	f.keptTus(uri, 10)
	f.want(f.append(uri, 0, data), 409)
	f.want(f.append(uri, 50, data[50:]), 409)
	f.want(f.append(uri, 10, data), 413)
	f.want(f.append(uri, 10, data[10:], "Upload-Checksum: none x"), 400)
	f.at(uri, 10)
	w.send(string(data[10:]))
	f.want(w.head(), 204)
	f.has(uri, data)
	f.tusCount("u", 1)
}

// Of many requests at the same offset the bytes of one are kept at each place, and there is one effect.
func TestTusRace(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for i := range 20 {
		uri := f.create("tag=r", 40_000)
		var wg sync.WaitGroup
		for b := range byte(6) {
			wg.Go(func() {
				body := bytes.Repeat([]byte{b}, 40_000)
				for offset := 0; offset < len(body); {
					a := f.append(uri, offset, body[offset:])
					if a.status == 204 {
						return
					}
					n, err := strconv.Atoi(a.header.Get("Upload-Offset"))
					if a.status != 409 || err != nil {
						t.Errorf("%d %v", a.status, a.header)
						return
					}
					offset = n
				}
			})
		}
		wg.Wait()
		f.at(uri, 40_000)
		f.tusCount("r", i+1)
	}
}

// Clients that send nothing any more are closed, also those that were refused.
func TestTusSlow(t *testing.T) {
	t.Parallel()
	f := start(t, Options{ReadIdle: 100 * time.Millisecond})
	uri := f.create("", 100)
	head := "PATCH " + uri + " HTTP/1.1\r\nHost: x\r\n" + resumable + "\r\n" + offsetType + "\r\n"
	for _, rest := range []string{
		"Content-Length: 50\r\nUpload-Offset: 0\r\n\r\nabc",
		"Content-Length: 50\r\nUpload-Offset: 9\r\n\r\nabc",
		"Content-Length: 50\r\nUpload-Offset: 3\r\nUpload-Checksum: " + sha1Of(nil) + "\r\n\r\nabc",
		"Transfer-Encoding: chunked\r\nUpload-Offset: 3\r\n\r\n",
	} {
		w := f.dial()
		w.send(head + rest)
		w.ended()
	}
	f.at(uri, 3)
	f.has(uri, []byte("abc"))
}
