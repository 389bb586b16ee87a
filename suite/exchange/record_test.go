package exchange

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

// checkRecord checks what holds of every transcript.
func checkRecord(t testing.TB, rec Record) {
	t.Helper()
	var sent, read int64
	for i, e := range rec.Events {
		if e.Omitted() < 0 || e.Until < e.At || rec.Finished < e.Until && e.Bytes > 0 {
			t.Errorf("event %d: %+v", i, e)
		}
		switch e.Kind {
		case Sent:
			if e.Offset != sent {
				t.Errorf("event %d begins at %d, not %d", i, e.Offset, sent)
			}
			sent += e.Bytes
		case Received:
			if e.Offset != read {
				t.Errorf("event %d begins at %d, not %d", i, e.Offset, read)
			}
			read += e.Bytes
		default:
			if e.Bytes != 0 || e.Note == "" {
				t.Errorf("event %d: %+v", i, e)
			}
		}
	}
	if sent != rec.SentAll || read != rec.ReadAll {
		t.Errorf("events make %d and %d bytes, not %d and %d", sent, read, rec.SentAll, rec.ReadAll)
	}
}

func size(rec Record) (n int) {
	for _, e := range rec.Events {
		n += len(e.Data) + len(e.Tail) + len(e.Note)
	}
	return n
}

func notes(rec Record) (n []string) {
	for _, e := range rec.Events {
		n = append(n, string(e.Kind)+" "+e.Note)
	}
	return n
}

func TestRecordOfALargeUpload(t *testing.T) {
	req := post(bytes.Repeat([]byte("x"), 1<<20))
	req.Chunked = true
	req.Fields = Fields{{"Expect", "100-continue"}}
	answer := "HTTP/1.1 200 OK\r\nX: \x1b[31m\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nend\r\n0\r\nT: r\r\n\r\n"
	x := open(t, req, Limits{}, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, readHead(c)[:0]+"HTTP/1.1 100 Continue\r\n\r\n")
		_, _ = io.CopyN(io.Discard, c, req.BodyWire(1<<20)+5)
		_, _ = io.WriteString(c, answer+"excess")
	})
	x.Mark("begun")
	resp := mustDo(t, x)
	x.Close()
	rec := x.Record()
	checkRecord(t, rec)
	want := "mark begun|sent request head|received interim 100|mark 100 seen|sent request body|received final 200|received body|received not read as HTTP|end closed by the client"
	got := strings.Join(notes(rec), "|")
	if got != want && got != strings.Replace(want, "received not read as HTTP|", "", 1) {
		t.Errorf("events %q", got)
	}
	if size(rec) > 2048 {
		t.Errorf("the transcript has %d bytes", size(rec))
	}
	e := rec.Events
	if string(e[1].Data) != string(req.Head()) || string(e[5].Data) != string(resp.Raw) || !bytes.Contains(resp.Raw, []byte("\x1b[31m")) {
		t.Errorf("heads %q and %q", e[1].Data, e[5].Data)
	}
	if !bytes.HasPrefix(e[4].Data, []byte("1000\r\nxxx")) || !bytes.HasSuffix(e[4].Tail, []byte("x\r\n0\r\n\r\n")) {
		t.Errorf("body %q ... %q", e[4].Data, e[4].Tail)
	}
	if resp.Trailers.Get("t") != "r" || rec.Label != "POST /items" {
		t.Errorf("trailers %v, label %q", resp.Trailers, rec.Label)
	}
}

func TestRecordIsBounded(t *testing.T) {
	r := newRecorder("", 200)
	for i := range 1000 {
		b := bytes.Repeat([]byte{byte(i)}, 100)
		r.received(classBody, "b", b, r.now())
		r.sent(r.open(outward, classBody, "s"), classBody, b)
		if i%10 == 0 {
			r.received(classHead, "h", bytes.Repeat([]byte("h"), 10000), r.now())
			r.border(inward, "head")
		}
	}
	rec := r.snapshot()
	checkRecord(t, rec)
	if limit := keepAllHeads + 100*keepStart + 2*200 + 4000; size(rec) > limit {
		t.Errorf("%d bytes are kept, more than %d", size(rec), limit)
	}
	if len(rec.Events) > 302 {
		t.Errorf("%d events", len(rec.Events))
	}
	for _, e := range rec.Events {
		if e.Note == "head" && (len(e.Data) > keepHead || len(e.Data) < keepStart) {
			t.Errorf("%d bytes of a head", len(e.Data))
		}
	}
}

func TestBodyRunsKeepStartAndEnd(t *testing.T) {
	all := make([]byte, 300)
	for i := range all {
		all[i] = byte(i)
	}
	for _, step := range []int{1, 3, 31, 32, 33, 64, 96, 97, 300} {
		for n := range len(all) + 1 {
			r := newRecorder("", 4096)
			for at := 0; at < n; at += step {
				r.received(classBody, "", all[at:min(n, at+step)], 0)
			}
			for _, e := range r.snapshot().Events {
				start, end := min(n, 64), min(max(n-64, 0), 32)
				if !bytes.Equal(e.Data, all[:start]) || !bytes.Equal(e.Tail, all[n-end:n]) {
					t.Fatalf("step %d, %d bytes: %v ... %v", step, n, e.Data, e.Tail)
				}
			}
		}
	}
}

func TestSnapshotDoesNotChange(t *testing.T) {
	r := newRecorder("", 4096)
	r.received(classBody, "", make([]byte, 200), 0)
	before := r.snapshot()
	r.received(classBody, "", []byte("later"), 0)
	if !bytes.Equal(before.Events[0].Tail, make([]byte, 32)) || before.Events[0].Bytes != 200 {
		t.Fatal(before)
	}
}
