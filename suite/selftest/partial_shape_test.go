package selftest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// shape is how a server lets the range be told in the URI.
type shape struct {
	template string // %p stands for the path of the document
	// params gives the name of the parameters in the query; path finds the range in the path where it stands there.
	whole, first, last, length string
	path                       *regexp.Regexp
}

// shapes by the quirk that has a server use it.
var shapes = map[quirk]shape{
	"":              {template: `"%p{?range,length}"; rel="range"`, whole: "range", length: "length"},
	shapeBare:       {template: `"%p{?range}"; rel="range"`, whole: "range"},
	shapeNamed:      {template: `"%p?v=1{&bytes,complete_length}"; rel=range`, whole: "bytes", length: "complete_length"},
	shapePair:       {template: `"%p{?first,last,length}"; rel="range"`, first: "first", last: "last", length: "length"},
	shapeStartEnd:   {template: `"?start={start}&end={end}{&length}"; rel="range"`, first: "start", last: "end", length: "length"},
	shapeSegment:    {template: `"%p/bytes/{range}{?length}"; rel="range"`, length: "length", path: regexp.MustCompile(`^(.+)/bytes/([^/]*)$`)},
	shapeMatrix:     {template: `"%p{;range}{?length}"; rel="range"`, length: "length", path: regexp.MustCompile(`^(.+);range(?:=([^/]*))?$`)},
	shapeOtherPath:  {template: `"/parts{/range}%p{?length}"; rel="range"`, length: "length", path: regexp.MustCompile(`^/parts/([^/]*)(/documents/.+)$`)},
	shapeManyLinks:  {template: `"/search{?q}"; rel="search", "%p{?range}"; rel="range", "%p{?range,length,note}"; rel="edit range"; anchor="%p"`, whole: "range", length: "length"},
	shapeBadSyntax:  {template: `<%p{?range,length}>; rel="range"`, whole: "range", length: "length"},
	shapeNoTemplate: {template: `"%p{?range,length"; rel="range"`, whole: "range", length: "length"},
	shapeFragment:   {template: `"%p{#range}"; rel="range"`},
	shapeElsewhere:  {template: `"http://elsewhere.example%p{?range,length}"; rel="range"`},
	shapePrefix:     {template: `"%p{?range:2,length}"; rel="range"`, whole: "range", length: "length"},
	shapeOtherName:  {template: `"%p{?range,length}"; rel="range"`, whole: "r", length: "length"},
	shapeAnchored:   {template: `"%p{?range,length}"; rel="range"; anchor="/documents/other"`, whole: "range", length: "length"},
}

func (s *partServer) shape() shape {
	for q, one := range shapes {
		if q != "" && s.has(q) {
			return one
		}
	}
	return shapes[""]
}

// advertised gives the value of Link-Template for a document.
func (p shape) advertised(path string) string { return strings.ReplaceAll(p.template, "%p", path) }

// document gives the path of the document that a request is for, "" for none, and whether its URI names a range.
func (s *partServer) document(r *http.Request) (path string, isPart bool) {
	path = r.URL.Path
	p := s.shape()
	if p.path != nil {
		if m := p.path.FindStringSubmatch(path); m != nil {
			path, isPart = m[1], true
			if strings.HasPrefix(m[2], "/documents/") {
				path = m[2]
			}
		}
	}
	if name, found := strings.CutPrefix(path, "/documents/"); !found || name == "" || strings.Contains(name, "/") {
		return "", false
	}
	query := r.URL.Query()
	for _, name := range []string{p.whole, p.first, p.last} {
		isPart = isPart || name != "" && query.Has(name)
	}
	if s.has(partWholeURI) && isPart {
		path += "?" + r.URL.Query().Get(p.whole)
	}
	return path, isPart
}

// spans gives the values of "first-last" that a URI names, and of its complete length; "" for none.
func (p shape) spans(u *url.URL) (all []string, length string) {
	query := u.Query()
	if p.path != nil {
		if m := p.path.FindStringSubmatch(u.Path); m != nil {
			all = []string{m[2]}
			if strings.HasPrefix(m[2], "/documents/") {
				all = []string{m[1]}
			}
		}
	}
	all = append(all, query[p.whole]...)
	if p.first != "" {
		firsts, lasts := query[p.first], query[p.last]
		for i := range max(len(firsts), len(lasts)) {
			all = append(all, at1(firsts, i)+"-"+at1(lasts, i))
		}
	}
	return all, query.Get(p.length)
}

func at1(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}
