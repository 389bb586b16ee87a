package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"mime"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
)

// FuzzCount reads a number by a JSON Pointer. A number that was put below a name is found by that name, whatever is in
// it; and in any other document what is found is there.
func FuzzCount(f *testing.F) {
	f.Add([]byte(`{"count":1}`), "count", int64(7))
	f.Add([]byte(`[{"a/b":[1,2]}]`), "~01/~1", int64(-1))
	f.Add([]byte(`{"":1e3}`), "", int64(1<<62))
	f.Fuzz(func(t *testing.T, document []byte, name string, n int64) {
		name = strings.ToValidUTF8(name, "?")
		body, err := json.Marshal(map[string]any{"list": []any{nil, map[string]any{name: n, name + "x": "other"}}})
		if err != nil {
			t.Fatal(err)
		}
		pointer := "/list/1/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if got, err := numberAt(&exchange.Response{Status: 200, Body: body}, pointer); err != nil || got != n {
			t.Fatalf("%s at %q: %d, %v", body, pointer, got, err)
		}
		got, err := numberAt(&exchange.Response{Status: 200, Body: document}, "/"+name)
		if err == nil && !bytes.Contains(document, fmt.Append(nil, got)) {
			t.Fatalf("%s at %q: %d", document, name, got)
		}
		if err != nil && len(err.Error()) > 500+len(name)*5 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzAspects takes bodies apart: two JSON bodies that are taken apart wholly agree in every aspect when they have the same
// value, and only then; other bodies when they have the same bytes. What is kept of one is bounded.
func FuzzAspects(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c.d":"x"}`), []byte(`{"c.d":"x","a":[1,{"b":null}]}`), "application/json")
	f.Add([]byte(`{"a":{"b":1}}`), []byte(`{"a.b":1}`), "application/problem+json; charset=utf-8")
	f.Add([]byte(`[[],{}]`), []byte(`[{},[]]`), "text/json")
	f.Add([]byte("took 5 ms"), []byte("took 17 ms"), "text/plain")
	f.Add([]byte(`{"a":1,"a":2}`), []byte(`{"a":2}`), "JSON")
	f.Fuzz(func(t *testing.T, a, b []byte, kind string) {
		one, other := seen(a, kind), seen(b, kind)
		first, second := aspects(one, false), aspects(other, false)
		if len(compare([]*Outcome{one, one}, one)) != 0 {
			t.Fatal("a response differs from itself")
		}
		if same, want := reflect.DeepEqual(first, second), sameValue(t, a, b, first, second); same != want {
			t.Fatalf("%q and %q: the aspects agree: %v, the bodies: %v\n%v\n%v", a, b, same, want, first, second)
		}
		kept := 0
		for key, value := range first {
			kept += len(key) + len(value)
		}
		if most := 2*mostMembers*(longestPath+300) + 5*len(kind) + 1000; kept > most {
			t.Fatalf("%d bytes are kept of a body of %d", kept, len(a))
		}
	})
}

func seen(body []byte, kind string) *Outcome {
	return &Outcome{Via: "the request", Response: &exchange.Response{
		Status: 200, Body: body, Fields: exchange.Fields{{Name: "Content-Type", Value: kind}},
	}}
}

// sameValue says whether two bodies have the same value: by encoding/json where both were taken apart, else byte by byte.
func sameValue(t *testing.T, a, b []byte, first, second map[string]string) bool {
	t.Helper()
	_, opaque := first[bodyLength]
	_, otherOpaque := second[bodyLength]
	if opaque || otherOpaque {
		return bytes.Equal(a, b)
	}
	var values [2]any
	for i, text := range [][]byte{a, b} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			t.Fatalf("%q was taken apart: %v", text, err)
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// FuzzFieldValues takes out of a value only what carries no meaning: twice is as good as once, and the items of a
// list are all there.
func FuzzFieldValues(f *testing.F) {
	f.Add(`Text/Plain; Charset="utf-8"`)
	f.Add("GET, HEAD,PATCH")
	f.Add(" ; ,, ")
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"Content-Type", "Allow", "Accept-Patch", "ETag"} {
			once := normal(name, value)
			if twice := normal(name, once); twice != once {
				t.Fatalf("%s: %q becomes %q and then %q", name, value, once, twice)
			}
			kind, params, err := mime.ParseMediaType(value)
			if name != "Content-Type" || err != nil {
				continue
			}
			if again, same, err := mime.ParseMediaType(once); once != "" && (err != nil || again != kind || !reflect.DeepEqual(same, params)) {
				t.Fatalf("%q is %s %v; %q is %s %v", value, kind, params, once, again, same)
			}
		}
		items := strings.FieldsFunc(normal("Allow", value), func(r rune) bool { return r == ',' || r == ' ' })
		want := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		sort.Strings(items)
		sort.Strings(want)
		if normal("Allow", value) != "" && strings.Join(items, " ") != strings.Join(want, " ") && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q becomes %q", value, items)
		}
	})
}

var delaySeconds = regexp.MustCompile(`^[0-9]+$`)

// FuzzRetryAfter: whatever a server asks for, the client waits between its own pause and a second; and a second
// where any number of seconds but none is asked for.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "1", "00", "99999999999999999999", "-1", "+1", "1.5", "Fri, 31 Dec 1999 23:59:59 GMT", " 1", "1_0", "99999999999999999999\xc8"} {
		f.Add(s, int64(5))
	}
	f.Fuzz(func(t *testing.T, value string, own int64) {
		if own < 0 {
			return
		}
		r := &exchange.Response{Fields: exchange.Fields{{Name: "retry-after", Value: value}}}
		want := min(time.Duration(own), longestPause)
		if n, ok := new(big.Int).SetString(value, 10); ok && delaySeconds.MatchString(value) && n.Sign() > 0 {
			want = longestPause
		}
		if got := retryAfter(r, time.Duration(own)); got != want {
			t.Fatalf("%q: %s, not %s", value, got, want)
		}
	})
}
