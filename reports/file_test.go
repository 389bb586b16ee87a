package reports

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "folder", "report.json")
	for _, want := range []string{"one", "two"} {
		if err := WriteFile(path, text(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	broken := errors.New("broken")
	err := WriteFile(path, func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return broken })
	if got, _ := os.ReadFile(path); !errors.Is(err, broken) || string(got) != "two" {
		t.Errorf("after an error the file holds %q (%v)", got, err)
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if err := WriteFile(filepath.Join(path, "x.json"), text("")); err == nil || !strings.Contains(err.Error(), "x.json") {
		t.Errorf("a file as a folder: %v", err)
	}
}

func TestWriteFileFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	link, pointed := filepath.Join(dir, "link"), filepath.Join(dir, "real")
	if err := errors.Join(os.WriteFile(pointed, []byte("old"), 0o600), os.Symlink(pointed, link), WriteFile(link, text("new"))); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(pointed)
	info, _ := os.Stat(pointed)
	if err != nil || string(got) != "new" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", got, err, info.Mode())
	}
	if err := WriteFile(os.DevNull, text("away")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the null device was replaced: %v %v", info, err)
	}
}

func TestSanitize(t *testing.T) {
	for input, want := range map[string]string{
		"plain – ünïcode 日本 🙂":   "plain – ünïcode 日本 🙂",
		"a\r\nPASS b\tc":         "a␍␊PASS b␉c",
		"\x1b[31mred\x1b]0;t\a":  "␛[31mred␛]0;t␇",
		"\x00\x7f":               "␀␡",
		"\u009b31m":              "<U+009B>31m",
		"a\u202eb\u2066\u200f":   "a<U+202E>b<U+2066><U+200F>",
		"a\xffb\xc3":             "a<0xFF>b<0xC3>",
		"\ufffd":                 "\ufffd",
		"\u2028\ufeff\U000e0041": "<U+2028><U+FEFF><U+E0041>",
	} {
		if got := Sanitize(input); got != want {
			t.Errorf("Sanitize(%q) = %q, want %q", input, got, want)
		}
	}
	if got := SanitizeLines("a\r\nb\rc\n\x1bd\te", "  "); got != "a\n  b␍c\n  ␛d\te" {
		t.Errorf("SanitizeLines gives %q", got)
	}
}

func TestSanitizeAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + anyText().Draw(t, "text")
		got := Sanitize(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || Sanitize(got) != got {
			t.Fatalf("Sanitize(%q) = %q", s, got)
		}
	})
}
