package reference

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reference/store"
)

func TestResumePreference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines string // field lines, separated by |
		want  Resumption
	}{
		{"", ResumeNone},
		{"resume", ResumeSave},
		{"Resume", ResumeSave},
		{"resume=", ResumeSave},
		{`resume=""`, ResumeSave},
		{"resume=save-incomplete", ResumeSave},
		{`resume="save-incomplete"`, ResumeSave},
		{`resume="save\-incomplete"`, ResumeSave},
		{"RESUME = Save-Incomplete", ResumeSave},
		{"resume=ignore-incomplete", ResumeIgnore},
		{"respond-async, wait=10, resume=ignore-incomplete; x=1; y", ResumeIgnore},
		{"wait=1|, ,resume;foo=\"a,b\",z", ResumeSave},
		{"resume=ignore-incomplete, resume=save-incomplete", ResumeIgnore},
		{"resume|resume=ignore-incomplete", ResumeSave},
		{"resume=later", ResumeNone},
		{"resume=later, resume", ResumeNone}, // the first counts
		{`x="resume, resume", y`, ResumeNone},
		{`x="\"", resume`, ResumeSave},
		{"x=a b, resume", ResumeSave},
		{`x="open, resume`, ResumeNone},
		{"resumes", ResumeNone},
		{"x;resume", ResumeNone},
	} {
		if got := resumeOf(parsePrefer(strings.Split(c.lines, "|"))); got != c.want {
			t.Errorf("%q: %v, want %v", c.lines, got, c.want)
		}
	}
}

func FuzzPrefer(f *testing.F) {
	for _, s := range []string{"resume", `a="b,c";d, resume=ignore-incomplete`, `"`, `\`, "=,;="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name := range parsePrefer([]string{s}) {
			if !isToken(name) || name != strings.ToLower(name) {
				t.Errorf("name %q", name)
			}
		}
		// Whatever comes on another line, a preference is found.
		if !strings.Contains(strings.ToLower(s), "resume") {
			if got := resumeOf(parsePrefer([]string{s, "resume"})); got != ResumeSave {
				t.Errorf("hidden by %q", s)
			}
		}
	})
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-4/5", "bytes 0-4/*", "bytes */5", "bytes */*", "bytes 5-4/9", "BYTES 1-1/2", "bytes  1-2/3",
		"bytes 0-9223372036854775807/*", "items 1-2/3", "bytes 1-2", "bytes +1-2/3", "bytes 1-2/3 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseContentRange(s)
		if err != nil {
			return
		}
		if c.Ends() {
			if c.Complete < 0 || c.Length() != 0 {
				t.Errorf("%q: %+v", s, c)
			}
		} else if c.First < 0 || c.Last < c.First || c.Length() <= 0 || c.Complete >= 0 && c.Last >= c.Complete {
			t.Errorf("%q: %+v", s, c)
		}
		again, err := parseContentRange(c.text())
		if err != nil || again != c {
			t.Errorf("%q: %+v, written %q, read %+v %v", s, c, c.text(), again, err)
		}
	})
}

// text writes a range as parseContentRange reads it.
func (c ContentRange) text() string {
	complete := "*"
	if c.Complete >= 0 {
		complete = fmt.Sprint(c.Complete)
	}
	if c.Ends() {
		return "bytes */" + complete
	}
	return fmt.Sprintf("bytes %d-%d/%s", c.First, c.Last, complete)
}

func FuzzPartHead(f *testing.F) {
	for _, s := range []string{"Content-Range: bytes 0-4/5\r\n\r\nhello", "content-range:bytes */5\n\n", "a: b\r\nContent-Range: bytes 0-0/*\r\nContent-Length: 1\r\n\r\nx",
		"\r\n", "Content-Range : bytes 0-4/5\r\n\r\n", " x\r\n\r\n", "Content-Range: bytes 0-4/5\r\n x\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(doc), maxPartHead)
		p, err := readPartHead(r)
		if err != nil {
			return
		}
		rest, _ := io.ReadAll(r)
		if p.size+int64(len(rest)) != int64(len(doc)) || !bytes.Equal(rest, doc[p.size:]) {
			t.Errorf("%q: head of %d bytes, body %q", doc, p.size, rest)
		}
		if !bytes.HasSuffix(doc[:p.size], []byte("\n")) {
			t.Errorf("%q: no empty line", doc[:p.size])
		}
	})
}

func TestPartHeadLimit(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"X: " + strings.Repeat("a", maxPartHead) + "\r\n\r\n",
		strings.Repeat("X: "+strings.Repeat("a", 100)+"\r\n", maxPartHead/50) + "\r\n",
	} {
		if _, err := readPartHead(bufio.NewReaderSize(strings.NewReader(doc), maxPartHead)); !errors.Is(err, errPartSize) {
			t.Error(err)
		}
	}
	if _, err := readPartHead(bufio.NewReaderSize(strings.NewReader("Content-Range: bytes 0-4/5\r\n"), maxPartHead)); !errors.Is(err, errPartSyntax) {
		t.Error(err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rng            string
		offset, length int64
		overlap        int64
		err            error
	}{
		{"bytes 5-9/10", 5, 10, 0, nil},
		{"bytes 5-9/*", 5, 10, 0, nil},
		{"bytes 5-9/10", 5, -1, 0, nil},
		{"bytes 3-9/10", 5, 10, 2, nil},
		{"bytes 0-2/10", 5, 10, 3, nil},
		{"bytes 6-9/10", 5, 10, 0, errGap},
		{"bytes 6-9/*", 5, -1, 0, errGap},
		{"bytes 5-9/11", 5, 10, 0, store.ErrLength},
		{"bytes 5-10/*", 5, 10, 0, store.ErrPastEnd},
		{"bytes 0-2/3", 5, -1, 0, store.ErrLength},
		{"bytes */5", 5, -1, 0, nil},
		{"bytes */6", 5, -1, 0, errGap},
		{"bytes */4", 5, -1, 0, store.ErrLength},
		{"bytes */10", 10, 10, 0, nil},
		{"bytes */10", 5, 10, 0, errGap},
		{"bytes */9", 5, 10, 0, store.ErrLength},
	} {
		r, err := parseContentRange(c.rng)
		if err != nil {
			t.Fatal(err)
		}
		n, err := int64(0), fits(r, store.Progress{Offset: c.offset, Length: c.length})
		if err == nil {
			n = overlap(r, max(0, r.First), store.Progress{Offset: c.offset, Length: c.length})
		}
		if n != c.overlap || !errors.Is(err, c.err) {
			t.Errorf("%s at %d of %d: %d, %v", c.rng, c.offset, c.length, n, err)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"0": 0, "007": 7, "9223372036854775807": math.MaxInt64} {
		if n, ok := parseDigits(s); !ok || n != want {
			t.Error(s, n, ok)
		}
	}
	for _, s := range []string{"", "-1", "+1", " 1", "1 ", "1x", "9223372036854775808", "99999999999999999999"} {
		if n, ok := parseDigits(s); ok {
			t.Error(s, n)
		}
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	s := segments{bytesSegment([]byte("head")), {padding("seed"), 1000}, bytesSegment(nil), bytesSegment([]byte("tail"))}
	whole := make([]byte, s.size())
	if n, err := s.ReadAt(whole, 0); n != 1008 || err != nil {
		t.Fatal(n, err)
	}
	for from := range whole {
		for _, n := range []int{1, 3, 64, 1008} {
			p := make([]byte, n)
			k, err := s.ReadAt(p, int64(from))
			if want := whole[from:min(from+n, 1008)]; !bytes.Equal(p[:k], want) || (err == io.EOF) != (k < n) {
				t.Fatalf("%d bytes at %d: %d, %v", n, from, k, err)
			}
		}
	}
	if _, err := s.ReadAt(make([]byte, 1), 1008); err != io.EOF {
		t.Error(err)
	}
}

func TestRespondIsExact(t *testing.T) {
	t.Parallel()
	it := &store.Item{ID: store.NewID(), Tag: "t", Length: 5, SHA256: strings.Repeat("a", 64)}
	least := bodyOf(receiptOf(it)).size()
	for n := range int64(400) {
		it.Respond = n
		if got := bodyOf(receiptOf(it)).size(); got != max(n, least) {
			t.Fatal("respond", n, "gives", got)
		}
	}
}
