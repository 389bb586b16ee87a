package catalog

import (
	"slices"
	"testing"
)

func TestCaseParts(t *testing.T) {
	for _, c := range []struct{ id, profile, area, name string }{
		{"resume.upload.offsets", "resume", "upload", "offsets"},
		{"resume.offer.response-message-location", "resume", "offer", "response-message-location"},
		{"resume.a.b.c", "resume", "a", "b.c"},
		{"resume", "resume", "", ""},
		{"", "", "", ""},
	} {
		if got := (Case{ID: c.id}); got.Profile() != c.profile || got.Area() != c.area || got.Name() != c.name {
			t.Errorf("%q: %q %q %q", c.id, got.Profile(), got.Area(), got.Name())
		}
	}
}

func TestVariants(t *testing.T) {
	for _, c := range []struct {
		faults, transports []string
		want               []Variant
	}{
		{nil, []string{"h1"}, []Variant{{"none", "h1"}}},
		{[]string{"fin", "rst"}, []string{"h1"}, []Variant{{"fin", "h1"}, {"rst", "h1"}}},
		{[]string{"fin"}, []string{"h1", "h2"}, []Variant{{"fin", "h1"}, {"fin", "h2"}}},
		{[]string{"fin"}, nil, nil},
	} {
		if got := (Case{Faults: c.faults}).Variants(c.transports); !slices.Equal(got, c.want) {
			t.Errorf("%v over %v: %v", c.faults, c.transports, got)
		}
	}
}

func TestTitle(t *testing.T) {
	c := Case{ID: "resume.upload.offsets", Point: "mid-upload"}
	if got := c.Title(Variant{"fin", "h1"}); got != "resume.upload.offsets [mid-upload fin h1]" {
		t.Error(got)
	}
}

func TestSourceIsCited(t *testing.T) {
	if got := (Source{Document: "RFC 9110", Section: "15.2"}).String(); got != "RFC 9110, 15.2" {
		t.Error(got)
	}
}

func TestWeight(t *testing.T) {
	if Must.Weight() <= Should.Weight() || Should.Weight() <= May.Weight() || Level("").Weight() != May.Weight() {
		t.Error(Must.Weight(), Should.Weight(), May.Weight())
	}
}
