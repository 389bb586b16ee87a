package byterange

import (
	"bytes"
	"math"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
)

// TestInteger writes the examples of RFC 9000, A.1, and each number in each width that has room for it.
func TestInteger(t *testing.T) {
	for _, c := range []struct {
		n     int
		width int
		want  []byte
	}{
		{151_288_809_941_952_652, 0, []byte{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}},
		{494_878_333, 0, []byte{0x9d, 0x7f, 0x3e, 0x7d}},
		{15_293, 0, []byte{0x7b, 0xbd}},
		{37, 0, []byte{0x25}},
		{37, 2, []byte{0x40, 0x25}},
		{37, 4, []byte{0x80, 0, 0, 0x25}},
		{37, 8, []byte{0xc0, 0, 0, 0, 0, 0, 0, 0x25}},
		{63, 1, []byte{0x3f}}, {64, 1, []byte{0x40, 0x40}}, {16_383, 1, []byte{0x7f, 0xff}}, {16_384, 2, []byte{0x80, 0, 0x40, 0}},
		{math.MaxInt32 / 2, 1, []byte{0xbf, 0xff, 0xff, 0xff}}, {1 << 30, 4, []byte{0xc0, 0, 0, 0, 0x40, 0, 0, 0}},
	} {
		if got := (binaryStyle{width: c.width}).integer(nil, c.n); !bytes.Equal(got, c.want) {
			t.Errorf("%d in at least %d: %x, not %x", c.n, c.width, got, c.want)
		}
	}
}

// TestFramesHoldTheirParts: where a frame says that the body of a part begins it does.
func TestFramesHoldTheirParts(t *testing.T) {
	parts := []part{ranged(0, []byte("first"), "*"), ranged(700, bytes.Repeat([]byte("second "), 30), "1000"), sized(1000)}
	for what, f := range map[string]frame{
		"multipart": framed(multipartType, parts...), "application": framed(applicationType, parts...),
		"indeterminate": application(binaryStyle{open: true, width: 4}, parts...),
	} {
		if len(f.at) != len(parts) {
			t.Fatalf("%s: %d places", what, len(f.at))
		}
		for i, p := range parts {
			if !bytes.HasPrefix(f.body[f.at[i]:], p.body) {
				t.Errorf("%s: part %d is not at %d", what, i, f.at[i])
			}
		}
	}
	if f := framed(messageType, parts[0]); string(f.body[f.at[0]:]) != "first" {
		t.Errorf("message: %q", f.body)
	}
}

// TestChunks cuts the content of an indeterminate-length message into chunks, and ends it.
func TestChunks(t *testing.T) {
	p := part{body: []byte("01234")}
	for n, want := range map[int]string{
		0: "\x0a\x00\x0501234\x00", 2: "\x0a\x00\x0201\x0223\x014\x00", 5: "\x0a\x00\x0501234\x00", 9: "\x0a\x00\x0501234\x00",
	} {
		f := application(binaryStyle{open: true, chunk: n}, p)
		if got := string(f.body); got != want {
			t.Errorf("chunks of %d: %q, not %q", n, got, want)
		}
	}
	if f := application(binaryStyle{open: true}, part{}); string(f.body) != "\x0a\x00\x00" || f.at[0] != 2 {
		t.Errorf("no content: %q at %v", f.body, f.at)
	}
}

// TestMultipartIsRead by the parser of the suite, which is that of the standard library.
func TestMultipartIsRead(t *testing.T) {
	parts := []part{ranged(0, []byte("\r\n--resumespec-par"), "*"), ranged(100, []byte("x"), "200")}
	for _, w := range append(multiparts([]byte("body")), wording{"two parts", multipart(boundary, parts...)}) {
		if got, err := exchange.ParseMultipartByteranges(w.frame.contentType, w.frame.body); err != nil || len(got) == 0 {
			t.Errorf("%s: %d parts, %v", w.what, len(got), err)
		}
	}
	for _, w := range badBoundaries([]byte("0123456789")) {
		if got, err := exchange.ParseMultipartByteranges(w.frame.contentType, w.frame.body); err == nil {
			t.Errorf("%s: %d parts", w.what, len(got))
		}
	}
}
