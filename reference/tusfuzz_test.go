package reference

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reference/store"
)

var checksumForm = regexp.MustCompile(`^[ \t]*(sha1|sha256|md5) ([A-Za-z0-9+/]+=*)[ \t]*$`)

// FuzzTusChecksum: what is taken is the name of an algorithm, a space and as many bytes in Base64 as it gives.
func FuzzTusChecksum(f *testing.F) {
	for _, s := range []string{"", "sha1", "sha1 ", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=", "md5  x", "sha256 AA==", "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 Kq5sNclPz7QV\n2+lfQIuc6R7oRu0="} {
		f.Add(s)
	}
	sizes := map[string]int{"sha1": 20, "sha256": 32, "md5": 16}
	f.Fuzz(func(t *testing.T, value string) {
		sum, err := parseChecksum(value)
		parts := checksumForm.FindStringSubmatch(value)
		if err != nil {
			return
		}
		if parts == nil || parts[1] != sum.Algorithm || base64.StdEncoding.EncodeToString(sum.Digest) != parts[2] || len(sum.Digest) != sizes[parts[1]] {
			t.Errorf("%q: %+v", value, sum)
		}
	})
}

// FuzzTusMetadata: what is taken can be made again from what was read in it.
func FuzzTusMetadata(f *testing.F) {
	for _, s := range []string{"", ",", "a", "a ", "a YQ==", "a YQ==,b", " a YQ== , b ", "a b c", "a YR==", "a,a", "\xff YQ=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		pairs, err := checkMetadata(value)
		if err != nil {
			return
		}
		elements := strings.Split(value, ",")
		if len(elements) != len(pairs) {
			t.Fatalf("%q: %q", value, pairs)
		}
		for _, element := range elements {
			element = strings.Trim(element, " ")
			key, encoded, _ := strings.Cut(element, " ")
			if v, ok := pairs[key]; !ok || key == "" || base64.StdEncoding.EncodeToString([]byte(v)) != encoded {
				t.Errorf("%q: %q is %q", value, key, v)
			}
		}
		if typ := typeOf(pairs); strings.ContainsAny(typ, "\r\n") {
			t.Errorf("%q: type %q", value, typ)
		}
	})
}

// FuzzTusConcat: what is taken names partial uploads by their path, and nothing else.
func FuzzTusConcat(f *testing.F) {
	id := strings.Repeat("a", store.IDLength)
	for _, s := range []string{"", "partial", "final;", "final;/tus/" + id, "final; /tus/" + id + "  http://x/tus/" + id, "final;//x/tus/" + id, "final;tus/" + id, "final;/tus/../tus/" + id, "final;/tus/%61", "final;http://u@x/tus/" + id, "partial;x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseConcat(value)
		if err != nil {
			return
		}
		if c.partial != (value == "partial") || c.partial == (len(c.parts) > 0) || !c.partial && !strings.HasPrefix(value, "final;") {
			t.Fatalf("%q: %+v", value, c)
		}
		for _, uri := range c.parts {
			id := partID(uri)
			if id == "" {
				continue
			}
			u, err := url.Parse(uri)
			if err != nil || !store.ValidID(id) || strings.TrimPrefix(u.Path, "/") != "tus/"+id || u.RawQuery != "" || u.Fragment != "" {
				t.Errorf("%q: %q", uri, id)
			}
		}
	})
}

// FuzzTusPatch: whatever the fields say, what is taken fits what is kept, and the numbers stay in their limits.
func FuzzTusPatch(f *testing.F) {
	for _, s := range [][4]string{{"0", "", "", "5"}, {"9223372036854775807", "5", "", "5"}, {"5", "9223372036854775807", "sha1 x", ""}, {"-1", "", "", ""}, {"00", "010", "", "0"}} {
		f.Add(s[0], s[1], s[2], int64(len(s[3])), int64(3), int64(9))
	}
	s, err := New(Options{MaxBody: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, offset, length, sum string, size, kept, complete int64) {
		r := &http.Request{Header: http.Header{"Content-Type": {mediaOffset}, "Upload-Offset": {offset}}, ContentLength: max(size, -1)}
		if length != "" {
			r.Header["Upload-Length"] = []string{length}
		}
		if sum != "" {
			r.Header["Upload-Checksum"] = []string{sum}
		}
		w, err := s.patchFields(r, &store.Operation{})
		if err != nil {
			if p := tusProblem(err); p.Status < 400 || p.Status >= 500 {
				t.Errorf("%v: %+v", err, p)
			}
			return
		}
		if w.Offset < 0 || w.Length < -1 || w.Length > 1000 || w.Size > 1000 || (w.Length < 0) != (length == "") || (w.Checksum == nil) != (sum == "") {
			t.Fatalf("%+v", w)
		}
		kept = max(0, min(kept, 1000))
		if complete < kept || complete > 1000 {
			complete = -1
		}
		if fitsTus(w, store.Progress{Offset: kept, Length: complete}) != nil {
			return
		}
		end := max(complete, w.Length)
		if w.Offset != kept || complete >= 0 && w.Length >= 0 && w.Length != complete || end >= 0 && w.Offset+w.Size > end || w.Length >= 0 && w.Length < kept {
			t.Errorf("%+v fits %d of %d", w, kept, complete)
		}
	})
}
