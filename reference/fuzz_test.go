package reference

import (
	"bufio"
	"bytes"
	"math/big"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var digitsForm = regexp.MustCompile(`^[0-9]+$`)

// FuzzDigits: a number is what its digits say, where that fits 63 bits, and nothing else is one.
func FuzzDigits(f *testing.F) {
	for _, s := range []string{"", "0", "007", "+1", "-1", "1_0", "0x1", "9223372036854775807", "9223372036854775808", "١"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseDigits(s)
		want, _ := new(big.Int).SetString(s, 10)
		valid := digitsForm.MatchString(s) && want != nil && want.IsInt64()
		if ok != valid || ok && want.Int64() != n {
			t.Errorf("%q: %d, %v", s, n, ok)
		}
	})
}

// FuzzJob: what a query asks for is within its limits, and is what net/url reads in it.
func FuzzJob(f *testing.F) {
	for _, s := range []string{"", "tag=a&respond=5&delay=100ms&fail=422", "refuse=413", "fail=200", "delay=-1s", "respond=99999999999999999999", "tag=%ff", "a;b", "tag=a&tag=b", "delay=10.0000001s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		job, refused := parseJob(query)
		q, err := url.ParseQuery(query)
		if err != nil {
			if refused == nil {
				t.Errorf("%q passes", query)
			}
			return
		}
		if refused != nil {
			if refused.Status < 400 || refused.Status > 599 {
				t.Errorf("%q is refused with %d", query, refused.Status)
			}
			return
		}
		if job.Tag != q.Get("tag") || len(job.Tag) > maxTag || job.Respond < 0 || job.Respond > maxRespond || job.Delay < 0 || job.Delay > maxDelay ||
			job.Fail != 0 && (job.Fail < 400 || job.Fail > 599) || q.Get("refuse") != "" || (q.Get("fail") != "") != (job.Fail != 0) {
			t.Errorf("%q: %+v", query, job)
		}
	})
}

// FuzzFieldLines holds the part fields of a PATCH against net/textproto: what both read has the same Content-Range.
func FuzzFieldLines(f *testing.F) {
	for _, s := range []string{"Content-Range: bytes 0-4/5\r\n\r\nhello", "content-range:bytes */5\n\n", "a: b\r\nContent-Range: bytes 0-0/*\r\ncontent-length: 1\r\n\r\nx", "Content-Range: bytes 0-4/5\r\n x\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := readPartHead(bufio.NewReaderSize(bytes.NewReader(doc), maxPartHead))
		if err != nil {
			return
		}
		if p.size > maxPartHead || p.size > int64(len(doc)) {
			t.Fatalf("%q: a head of %d bytes", doc, p.size)
		}
		fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(doc))).ReadMIMEHeader()
		if err != nil {
			return
		}
		got, err := rangeOf(p.fields)
		if err != nil {
			return
		}
		values := fields.Values("Content-Range")
		if len(values) != 1 {
			t.Fatalf("%q passes with %d ranges", doc, len(values))
		}
		if c, err := parseContentRange(strings.Trim(values[0], " \t")); err != nil || c != got {
			t.Errorf("%q: %+v, net/textproto reads %q", doc, got, values[0])
		}
	})
}

// FuzzRange: whatever Range and If-Range say, the answer is the whole, exactly the part that it says, or 416. Where net/http
// takes Range for malformed, its 416 does not name the length; and for the last no bytes ("bytes=-0", which no range satisfies,
// RFC 9110, 14.1.2) it gives an empty part.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-4", "bytes=-1", "bytes=5-", "bytes=99-", "bytes=0-0,2-3", "bytes=-0", "bytes=-0,", "bytes=4-2", "lines=1-2", "bytes=", "bytes=0-99999999999999999999"} {
		f.Add(s, "")
		f.Add(s, `"tag"`)
	}
	const whole = "0123456789"
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, value, condition string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Range", value)
		if condition != "" {
			r.Header.Set("If-Range", condition)
		}
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"tag"`)
		s.serveSegments(&exchange{w: newResponse(w, r, s.seams.HTTP.Head, time.Second), r: r}, segments{bytesSegment([]byte(whole))})
		got := w.Body.String()
		switch c, err := parseContentRange(w.Header().Get("Content-Range")); w.Code {
		case 200:
			if got != whole {
				t.Errorf("%q, %q: 200 with %q", value, condition, got)
			}
		case 206:
			if strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/byteranges") {
				return
			}
			if none := w.Header().Get("Content-Range") == "bytes 10-9/10" && got == ""; none && strings.Contains(value, "-") {
				return
			}
			if err != nil || c.Complete != int64(len(whole)) || whole[c.First:c.Last+1] != got {
				t.Errorf("%q, %q: 206 for %q with %q", value, condition, w.Header().Get("Content-Range"), got)
			}
		case 416:
			if named := w.Header().Get("Content-Range"); named != "bytes */10" && named != "" {
				t.Errorf("%q, %q: 416 with %q", value, condition, named)
			}
		default:
			t.Errorf("%q, %q: %d", value, condition, w.Code)
		}
	})
}
