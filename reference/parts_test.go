package reference

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
)

// FuzzParts reads patches of every format. Whatever they hold, a part has a range that fits an int64, and the reading ends.
func FuzzParts(f *testing.F) {
	for _, s := range []string{
		"Content-Range: bytes 2-5/12\r\n\r\nwxyz", "Content-Offset: 7;unit=bytes;complete-length=9\r\n\r\nab",
		"Content-Offset: 9\r\nContent-Length: 9223372036854775807\r\n\r\n", string(multi("Content-Range: bytes 0-1/*\r\n\r\nab", "Content-Range: bytes */9\r\n\r\n")),
		known(8, "content-range: bytes 0-2/8", "abc") + indeterminate(4, "content-offset: 3", "d", "ef"), "\xff\xff\xff\xff\xff\xff\xff\xff", "\x08\xbf\xff\xff\xff",
	} {
		for kind := range byte(3) {
			f.Add(kind, []byte(s))
		}
	}
	s := &Server{}
	s.seams.Document.Part = partOf
	kinds := []string{mediaByterange, mediaMultipart + "; boundary=B", mediaBinary}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		h := http.Header{"Content-Type": {kinds[int(kind)%len(kinds)]}}
		r, _, err := s.partsOf(h, bufio.NewReaderSize(bytes.NewReader(data), maxPartHead), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for {
			p, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				if answer := documentProblem(err); answer.Status/100 != 4 {
					t.Fatalf("%v is answered with %d", err, answer.Status)
				}
				return
			}
			c := p.Range
			if !c.Ends() && !p.Open && (c.First < 0 || c.Last < c.First || c.Last == math.MaxInt64) || c.Complete >= 0 && !p.Open && c.Last >= c.Complete {
				t.Fatalf("range %+v", p)
			}
			body, err := io.ReadAll(p.Body)
			if total += len(body); total > len(data) {
				t.Fatal("more bytes than there were")
			}
			if err != nil && !errors.Is(err, errShort) {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
		}
	})
}

// Over HTTP/2 net/http hands Expect on, unless it names 100-continue too: then the range is refused, never the whole written.
func TestExpectHTTP2(t *testing.T) {
	t.Parallel()
	f := startHTTP2(t)
	f.want(f.do("PUT", doc, []byte("abcdef")), 201)
	f.want(f.do("PUT", doc, []byte("XY"), "Expect: range", "Range: bytes 2-3/6"), 204)
	if a := f.do("PUT", doc, []byte("ZZ"), "Expect: 100-continue, range", "Range: bytes 2-3/6"); a.status/100 != 4 {
		t.Error(a.status)
	}
	if a := f.do("PUT", doc, []byte("ZZ"), "Expect: magic"); a.status != 417 {
		t.Error(a.status)
	}
	if a := f.do("GET", doc, nil); !strings.HasPrefix(string(a.body), "abXYef") {
		t.Errorf("%q", a.body)
	}
}
