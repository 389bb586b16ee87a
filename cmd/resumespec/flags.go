package main

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// runFlags are the flags of `run`.
type runFlags struct {
	configFile              string
	profiles, points        []string
	faults, transports      []string
	level, focus, skip      string
	focusGiven              bool
	seed                    seedFlag
	jobs                    jobsFlag
	shard                   shardFlag
	sweep                   int64
	sweepGiven              bool
	toxiproxy, baseline     string
	json, html, junit, mark string
	verbose, quiet          bool
}

// The words that the selecting flags take.
var (
	points     = []string{"none", "before-100", "mid-upload", "pre-response", "partial-download"}
	faults     = []string{"none", "fin", "rst", "stall"}
	transports = []string{"h1"}
	levels     = []string{"must", "should", "may"}
)

// usualSweep is the length in bytes of the request that is swept where no other was asked for.
const usualSweep = 4096

func (f *runFlags) declare(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&f.configFile, "config", "", "what the suite must be told about the target (see 'resumespec init')")
	flags.StringSliceVar(&f.profiles, "profile", nil, "only this profile; may be repeated")
	flags.StringSliceVar(&f.points, "point", nil, "only this point: "+strings.Join(points, ", "))
	flags.StringSliceVar(&f.faults, "fault", nil, "only this fault: "+strings.Join(faults, ", "))
	flags.StringSliceVar(&f.transports, "transport", nil, "only this transport: "+strings.Join(transports, ", "))
	flags.StringVar(&f.focus, "focus", "", "only cases whose `REGEX` matches \"ID [point fault transport]\"")
	flags.StringVar(&f.skip, "skip", "", "no cases whose `REGEX` matches")
	flags.StringVar(&f.level, "level", "", "only cases of this level or stronger: "+strings.Join(levels, ", "))
	flags.Var(&f.seed, "seed", "run the cases in an order that follows from this number; 0 is the order of the catalogue")
	f.jobs = 1
	flags.Var(&f.jobs, "jobs", "run cases in so many processes side by side; 0 or auto is the number of processors")
	flags.Var(&f.shard, "shard", "only the Ith of N parts of what is selected, as 2/3 (see 'resumespec report merge')")
	flags.Int64Var(&f.sweep, "sweep", 0, "instead of all other cases, cut one exchange at each of the `BYTES` of its request, and at each of its response")
	flags.Lookup("sweep").NoOptDefVal = strconv.FormatInt(usualSweep, 10)
	flags.StringVar(&f.toxiproxy, "toxiproxy", "", "cut with the toxiproxy-server at this `URL`, not with the embedded one")
	flags.StringVar(&f.baseline, "baseline", "", "what fails in the JSON report `FILE` of an earlier run is known: only other failures give status 1")
	flags.StringVar(&f.html, "html", "", "write the HTML report to `FILE`")
	flags.StringVar(&f.json, "json", "", "write the JSON report to `FILE` (- is standard output)")
	flags.StringVar(&f.junit, "junit", "", "write a JUnit report to `FILE` (- is standard output)")
	flags.StringVar(&f.mark, "markdown", "", "write a Markdown summary to `FILE` (- is standard output)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "one line per result")
	flags.BoolVar(&f.quiet, "quiet", false, "only the verdict and the files")
}

// selection checks what was asked for. A word that selects nothing by mistake is an error, not an empty run.
func (f *runFlags) selection(cases []catalog.Case) (suite.Selection, error) {
	none := suite.Selection{}
	for _, flag := range []struct {
		name    string
		given   []string
		allowed []string
	}{
		{"profile", f.profiles, profilesOf(cases)},
		{"point", f.points, points},
		{"fault", f.faults, faults},
		{"transport", f.transports, transports},
		{"level", nonEmpty(f.level), levels},
	} {
		for _, word := range flag.given {
			if !slices.Contains(flag.allowed, strings.ToLower(word)) {
				return none, usage("unknown --%s %q (known: %s)", flag.name, word, strings.Join(flag.allowed, ", "))
			}
		}
	}
	if f.verbose && f.quiet {
		return none, usage("--verbose and --quiet exclude each other")
	}
	focus, err := expression("focus", f.focus)
	if err != nil {
		return none, err
	}
	skip, err := expression("skip", f.skip)
	if err != nil {
		return none, err
	}
	if f.toxiproxy != "" {
		if u, err := url.Parse(f.toxiproxy); err != nil || u.Scheme != "http" || u.Host == "" {
			return none, usage("--toxiproxy wants http://HOST:PORT of a toxiproxy-server")
		}
	}
	return suite.Selection{
		Profiles: lower(f.profiles), Points: lower(f.points), Faults: lower(f.faults), Transports: lower(f.transports),
		Level: strings.ToLower(f.level), Focus: focus, Skip: skip,
		// An empty --focus is a variable that was not set: it means nothing, never everything.
		Nothing: f.focusGiven && f.focus == "",
		Shard:   suite.Shard(f.shard),
	}, nil
}

// checkSweep says what is wrong with the length that was asked for.
func (f *runFlags) checkSweep(config *target.Config) error {
	most := config.Limits.Body
	switch {
	case f.sweepGiven && f.sweep < 1:
		return usage("--sweep=%d: a request has at least one byte", f.sweep)
	case f.sweepGiven && f.sweep > most:
		return usage("--sweep=%d is longer than limits.body in the config allows (%d bytes)", f.sweep, most)
	}
	return nil
}

// sweepWord gives the flag as it stands on a command line, none where no sweep was asked for.
func (f *runFlags) sweepWord() []string {
	switch f.sweep {
	case 0:
		return nil
	case usualSweep:
		return []string{"--sweep"}
	}
	return []string{fmt.Sprintf("--sweep=%d", f.sweep)}
}

// config loads the config, and lets a URL override its target. The target may stay empty.
func (f *runFlags) config(args []string) (*target.Config, error) {
	if f.sweepGiven && len(args) == 1 && strings.Trim(args[0], "0123456789") == "" {
		return nil, usage("--sweep takes its length after an equals sign only: --sweep=%s", args[0])
	}
	config, err := target.Parse("", nil)
	if f.configFile != "" {
		config, err = target.Load(f.configFile)
	}
	if err != nil {
		return nil, &exit{statusUsage, err}
	}
	if len(args) == 1 {
		if err := config.Retarget(args[0]); err != nil {
			return nil, &exit{statusUsage, err}
		}
	}
	return config, nil
}

// command is the command line of this run, for the report. Nothing of what it may hold is secret but the user and the
// password of a toxiproxy-server: the target's own are refused.
func (f *runFlags) command(args []string) []string {
	words := append([]string{"resumespec", "run"}, args...)
	add := func(flag string, values ...string) {
		for _, value := range values {
			words = append(words, flag, value)
		}
	}
	add("--config", nonEmpty(f.configFile)...)
	add("--profile", f.profiles...)
	add("--point", f.points...)
	add("--fault", f.faults...)
	add("--transport", f.transports...)
	if f.focusGiven {
		add("--focus", f.focus)
	}
	add("--skip", nonEmpty(f.skip)...)
	add("--level", nonEmpty(f.level)...)
	if f.seed != 0 {
		add("--seed", f.seed.String())
	}
	words = append(words, f.sweepWord()...)
	if f.jobs != 1 {
		add("--jobs", f.jobs.String())
	}
	add("--shard", nonEmpty(f.shard.String())...)
	add("--toxiproxy", nonEmpty(redacted(f.toxiproxy))...)
	add("--baseline", nonEmpty(f.baseline)...)
	for _, out := range f.files() {
		add("--"+out.flag, nonEmpty(out.path)...)
	}
	return words
}

// rerun is the start of the command that repeats one case of this run.
func (f *runFlags) rerun(args []string) string {
	words := append([]string{"resumespec", "run"}, args...)
	if f.configFile != "" {
		words = append(words, "--config", f.configFile)
	}
	if f.toxiproxy != "" {
		words = append(words, "--toxiproxy", redacted(f.toxiproxy))
	}
	return shellLine(append(words, f.sweepWord()...)...)
}

func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Redacted()
}

// expression compiles the value of a flag; nil for an empty one.
func expression(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no expression is no error
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, usage("--%s: %w", flag, err)
	}
	return re, nil
}

func profilesOf(cases []catalog.Case) []string {
	var names []string
	for _, c := range cases {
		if !slices.Contains(names, c.Profile()) {
			names = append(names, c.Profile())
		}
	}
	return names
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func lower(words []string) []string {
	var out []string
	for _, word := range words {
		out = append(out, strings.ToLower(word))
	}
	return out
}
