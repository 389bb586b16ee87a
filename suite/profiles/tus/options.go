package tus

import (
	"regexp"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// optionsChecks: what a server says of itself.
func optionsChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.options.versions", Level: must, Source: tusVersion,
			Requires: "Tus-Version is a comma-separated list of protocol versions.",
			Why:      "A client looks in it for a version that it speaks as well.",
			Sends:    "OPTIONS on the creation path.",
			Failure:  "The versions are separated otherwise, or something else stands in the field.",
		}, Run: with(optionsVersions)},
		{Case: catalog.Case{
			ID: "tus.options.extensions", Level: must, Source: tusExtension,
			Requires: "Tus-Extension is a comma-separated list of extensions, and is left out where there are none.",
			Why:      "A client that cannot read the list uses nothing of it.",
			Sends:    "OPTIONS on the creation path.",
			Failure:  "The list is separated otherwise, or an empty one is sent.",
		}, Run: with(optionsExtensions)},
		{Case: catalog.Case{
			ID: "tus.options.depends", Level: must, Source: withUpload,
			Requires: "Where creation-with-upload is announced, creation is too.",
			Why:      "A client that finds one without the other does not know whether it may create.",
			Sends:    "OPTIONS on the creation path.",
			Failure:  "The list is put together by hand, and the two are switched on and off apart.",
		}, Run: with(optionsDepends)},
		{Case: catalog.Case{
			ID: "tus.options.max-size", Level: must, Source: tusMaxSize,
			Requires: "Tus-Max-Size, where it is told, is a non-negative integer.",
			Why:      "A client compares its length with it before it begins.",
			Sends:    "OPTIONS on the creation path.",
			Failure:  "A unit, a sign or a float stands in the field, or no limit is told as -1.",
		}, Run: with(optionsMaxSize)},
		{Case: catalog.Case{
			ID: "tus.options.any-version", Level: must, Source: optionRequest,
			Requires: "OPTIONS with a Tus-Resumable is answered as without, whatever version it names.",
			Why:      "A client that asks which versions there are cannot know one yet.",
			Sends:    "OPTIONS with Tus-Resumable: 0.0.1, and with one of 99.0.0.",
			Failure:  "The version is checked before the method.",
		}, Run: with(optionsAnyVersion)},
		{Case: catalog.Case{
			ID: "tus.options.creation", Level: must, Source: creation,
			Requires: "A server that creates uploads by POST announces creation in Tus-Extension.",
			Why:      "A client that looks before it creates takes its file elsewhere.",
			Sends:    "POST with Upload-Length; OPTIONS.",
			Failure:  "Tus-Extension is missing, or is lost on the way, as it is where only some fields are exposed.",
		}, Run: with(optionsCreation)},
	}
}

var (
	aVersion   = regexp.MustCompile(`^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)
	anElement  = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+$`) // a token, which is what every name in the protocol is
	anotherOne = []string{"0.0.1", "99.0.0"}
)

// answered asks OPTIONS; the case ends as unsupported where that is not answered as the protocol says.
func (f *flow) answered() *exchange.Response {
	r := f.Do("OPTIONS", optionsOn(f.Op(0)))
	if r.Status != 200 && r.Status != 204 || !r.Fields.Has("Tus-Version") {
		f.Unsupported("OPTIONS is answered %d, with Tus-Version: %q", r.Status, r.Fields.Joined("Tus-Version"))
	}
	return r
}

func optionsVersions(f *flow) {
	r := f.answered()
	for item := range strings.SplitSeq(r.Fields.Joined("Tus-Version"), ",") {
		if !aVersion.MatchString(strings.TrimSpace(item)) {
			f.Broken("a list of versions, separated by commas", "Tus-Version: %s", r.Fields.Joined("Tus-Version"))
		}
	}
}

func optionsExtensions(f *flow) {
	r := f.answered()
	if !r.Fields.Has("Tus-Extension") {
		return
	}
	items := list(r.Fields, "Tus-Extension")
	if len(items) == 0 || slices.ContainsFunc(items, func(item string) bool { return !anElement.MatchString(item) }) {
		f.Broken("a list of extensions, separated by commas, or none at all", "Tus-Extension: %q", r.Fields.Joined("Tus-Extension"))
	}
}

func optionsDepends(f *flow) {
	f.announces(extInitial)
	if !f.d.offer.has(extCreation) {
		f.Broken("creation beside creation-with-upload", "Tus-Extension: %s", strings.Join(f.d.offer.extensions, ","))
	}
}

func optionsMaxSize(f *flow) {
	r := f.answered()
	if !r.Fields.Has("Tus-Max-Size") {
		f.Unsupported("the server tells no Tus-Max-Size")
	}
	value := r.Fields.Joined("Tus-Max-Size")
	if strings.Trim(value, "0123456789") != "" || value == "" {
		f.Broken("a non-negative integer", "Tus-Max-Size: %q", value)
	}
}

func optionsAnyVersion(f *flow) {
	plain := f.answered()
	for _, other := range anotherOne {
		req := optionsOn(f.Op(0))
		req.Fields = req.Fields.With("Tus-Resumable", other)
		r := f.Do("OPTIONS with Tus-Resumable: "+other, req)
		if r.Status != 200 && r.Status != 204 {
			f.Broken("the same answer with Tus-Resumable: "+other+" as without, which is "+matrix.Itoa(plain.Status), "%d", r.Status)
		}
		for _, name := range []string{"Tus-Version", "Tus-Extension"} {
			if r.Fields.Joined(name) != plain.Fields.Joined(name) {
				f.Broken(name+": "+plain.Fields.Joined(name)+", as without Tus-Resumable", "%s", r.Fields.Joined(name))
			}
		}
	}
}

func optionsCreation(f *flow) {
	f.created(matrix.Usual)
	r := f.Do("OPTIONS", optionsOn(f.Op(0)))
	if !parseAnnounced(r).has(extCreation) {
		f.Broken("creation in Tus-Extension of a server that creates", "%d, Tus-Extension: %s", r.Status, r.Fields.Joined("Tus-Extension"))
	}
}
