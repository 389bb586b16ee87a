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
		faults, transports, holds, asked []string
		want                             []Variant
	}{
		{nil, []string{"h1"}, nil, nil, []Variant{{"none", "h1", ""}}},
		{[]string{"fin", "rst"}, []string{"h1"}, nil, []string{"3"}, []Variant{{"fin", "h1", ""}, {"rst", "h1", ""}}},
		{[]string{"fin"}, []string{"h1", "h2"}, nil, nil, []Variant{{"fin", "h1", ""}, {"fin", "h2", ""}}},
		{[]string{"fin"}, nil, nil, nil, nil},
		{nil, []string{"h1"}, []string{"3", "4"}, nil, []Variant{{"none", "h1", "4"}}},
		{nil, []string{"h1"}, []string{"3", "4"}, []string{"4", "3", "5"}, []Variant{{"none", "h1", "4"}, {"none", "h1", "3"}}},
		{nil, []string{"h1"}, []string{"3", "4"}, []string{"5"}, nil},
	} {
		if got := (Case{Faults: c.faults, Versions: c.holds}).Variants(c.transports, c.asked...); !slices.Equal(got, c.want) {
			t.Errorf("%v over %v: %v", c.faults, c.transports, got)
		}
	}
}

func TestTitle(t *testing.T) {
	c := Case{ID: "resume.upload.offsets", Point: "mid-upload"}
	if got := c.Title(Variant{"fin", "h1", ""}); got != "resume.upload.offsets [mid-upload fin h1]" {
		t.Error(got)
	}
	if got := c.Title(Variant{"fin", "h1", "6"}); got != "resume.upload.offsets [mid-upload fin h1 v6]" {
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
