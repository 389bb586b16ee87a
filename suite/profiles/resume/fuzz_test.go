package resume

import (
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

var contentLengthForm = regexp.MustCompile(`^[0-9]+$`)

// FuzzOffset reads the Content-Length of a HEAD: an offset is what its digits say (RFC 9110, 8.6), and nothing else is one.
func FuzzOffset(f *testing.F) {
	for _, s := range []string{"0", "17", "007", "+5", "-5", "5, 5", "0x10", "1e3", "9223372036854775807", "9223372036854775808", "1_000", ""} {
		f.Add(s, 200)
	}
	f.Fuzz(func(t *testing.T, value string, status int) {
		r := interim(status, exchange.Field{Name: "content-length", Value: value})
		n, err := (&driver{}).ReadOffset(nil, r)
		want, ok := new(big.Int).SetString(value, 10)
		ok = ok && contentLengthForm.MatchString(value) && want.IsInt64() && status/100 == 2
		if (err == nil) != ok || ok && want.Int64() != n {
			t.Fatalf("%d with %q: %d, %v", status, value, n, err)
		}
	})
}

// FuzzLocations: whatever an interim response names, what a request is sent to lies within the target's origin, and
// makes a request line of three words.
func FuzzLocations(f *testing.F) {
	for _, s := range []string{"/a", "../b?c", "//elsewhere/x", "http://127.0.0.1:8080/x", "http:/x", "http:x", "http://127.0.0.1:8080", "", "#f", "http://u:p@127.0.0.1:8080/", "/a b", "HTTP://127.0.0.1:8080/%0d%0a"} {
		f.Add(s, "/later")
	}
	f.Fuzz(func(t *testing.T, first, last string) {
		d, op := &driver{}, upload(t, "abc")
		d.Learn(op, interim(102, exchange.Field{Name: requestContent, Value: first}))
		d.Learn(op, interim(100, exchange.Field{Name: requestContent, Value: last}, exchange.Field{Name: responseMessage, Value: first}))
		if last != "" && exchange.ParseURIReference(last) == nil {
			if want, err := op.URL.Parse(last); err == nil && op.Handle(requestContent).String() != want.String() {
				t.Fatalf("%q, then %q: %s", first, last, op.Handle(requestContent))
			}
		}
		for _, ask := range []func(*matrix.Operation) (exchange.Request, error){d.Offset, d.Outcome} {
			req, err := ask(op)
			if err != nil {
				continue
			}
			req.Host = op.URL.Host
			line, _, _ := strings.Cut(string(req.Head()), "\r\n")
			words := strings.Split(line, " ")
			if len(words) != 3 || !strings.HasPrefix(words[1], "/") || words[2] != "HTTP/1.1" || strings.ContainsAny(line, "\r\n\t\x00") {
				t.Fatalf("%q, %q: request line %q", first, last, line)
			}
			if u, err := url.ParseRequestURI(words[1]); err != nil {
				t.Fatalf("%q, %q: request target %q is %v, %v", first, last, words[1], u, err)
			}
		}
	})
}

// FuzzMedia: the media type of a PATCH is one that the suite can write, and one that the server named where it named any.
func FuzzMedia(f *testing.F) {
	for _, s := range []string{"", "message/byterange", "text/x, Message/ByteRange;q=1", "multipart/byteranges; boundary=x", "message/byterange-not", ",;,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accepted string) {
		op := upload(t, "abc")
		op.Facts[acceptPatch] = accepted
		media, err := (&driver{}).media(op)
		if err != nil {
			return
		}
		if media != byterange && media != "multipart/byteranges" || accepted != "" && !strings.Contains(strings.ToLower(accepted), media) {
			t.Fatalf("%q gives %q", accepted, media)
		}
	})
}
