package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// runner carries one run.
type runner struct {
	options Options
	plan    plan
	named   []string // the profiles to test
	bench   *matrix.Bench
	secrets *redactor
	// take asks for leave to run an item, which another process may be running; nil: there is no other.
	take func(context.Context, item) bool
	// bury is told of a case that killed the target, with its result; nil: nobody can start the target again.
	bury     func(context.Context, item, reports.Result)
	before   []item          // what this process ran last, at most mostBefore
	suspects map[string]bool // titles of cases that ran side by side when the target died
	convicts []string        // titles of those that killed it
	revivals int             // how often it was started again

	mu      sync.Mutex
	results map[string]reports.Result // by title
	dead    int                       // results in a row that ended with the verdict error
	killer  string                    // the case during which the target was seen to be gone, and did not come back
	stopped string                    // why no further case is run
	server  string                    // the target's Server field
}

// Run tests the target and gives the report. The report is there, with Interrupted set, also when ctx
// was done or the run's time was over before every case had run. Errors: ErrUsage, ErrNothingSelected,
// ErrTargetDead, or what the harness failed at.
func Run(ctx context.Context, o Options) (*reports.Report, error) {
	r, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.starts() {
		r.bury = r.bereaved
	}
	limited, cancel := context.WithTimeout(ctx, o.Config.Limits.Run)
	defer cancel()
	began := time.Now()
	carryOut := r.alone
	if min(o.Jobs, len(r.plan.selected())) > 1 {
		carryOut = r.together
	}
	if err := carryOut(limited); err != nil {
		return nil, err
	}
	switch {
	case ctx.Err() != nil:
		r.stop("interrupted")
	case limited.Err() != nil:
		r.stop("run limit " + o.Config.Limits.Run.String() + " reached")
	case len(r.results) < len(r.plan.selected()):
		r.stop("interrupted") // Ginkgo saw the signal first
	}
	return r.report(began), nil
}

// alone runs everything that is selected in this process.
func (r *runner) alone(ctx context.Context) error {
	r.tell(Progress{Kind: Planned, Total: len(r.plan.selected())})
	return r.inOrder(ctx)
}

// inOrder runs, one after another, what this process is given.
func (r *runner) inOrder(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.bench.Injector.Close() // the run is over; what closing says changes nothing
	all := r.ginkgo(ctx)
	r.late(ctx)
	if all && len(r.results) == 0 && !r.over(ctx) {
		return fmt.Errorf("%w: no spec ran", ErrNothingSelected)
	}
	return nil
}

// Register opens the way to the target and registers a spec for everything that is selected, for a test
// that calls Ginkgo's RunSpecs itself (go test, the ginkgo command). The function that it gives closes the way
// and yields the report of what this process ran.
func Register(ctx context.Context, o Options) (finish func() *reports.Report, err error) {
	r, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	r.tree(func() context.Context { return ctx })
	return func() *reports.Report {
		_ = r.bench.Injector.Close() // the run is over; what closing says changes nothing
		return r.report(began)
	}, nil
}

// prepare checks what was asked for, and that the target is there.
func prepare(ctx context.Context, o Options) (*runner, error) {
	r, err := newRunner(o)
	if err != nil {
		return nil, err
	}
	answer, err := preflight(ctx, o.Config)
	if err != nil {
		return nil, err
	}
	r.server = answer.Fields.Get("Server")
	err = r.discover(ctx)
	return r, err
}

// newRunner plans a run.
func newRunner(o Options) (*runner, error) {
	o.Selection.Sweep = o.Sweep > 0
	r := &runner{options: o, secrets: newRedactor(o.Config), results: map[string]reports.Result{}, named: named(o)}
	var err error
	r.plan, err = newPlan(r.named, o.Config, o.Selection)
	return r, err
}

// open opens the way to the target.
func (r *runner) open(ctx context.Context) (err error) {
	if r.bench, err = NewBench(ctx, r.options.Config, r.options.Toxiproxy); err != nil {
		return err
	}
	r.bench.Restart = restarter(r.options)
	r.bench.Sweep = r.options.Sweep
	r.bench.Progress = r.advanced
	return nil
}

// named gives the profiles that the user names, on the command line or else in the configuration; none: those that
// the target turns out to speak.
func named(o Options) []string {
	if len(o.Selection.Profiles) > 0 {
		return o.Selection.Profiles
	}
	var names []string
	for _, p := range profiles {
		if o.Config.Profiles[p.name] != nil {
			names = append(names, p.name)
		}
	}
	return names
}

// discover finds out what the target speaks where no profile is named. To a target of which nothing is known nothing is
// written, but where the user has selected cases of a single profile, which is as good as its name.
func (r *runner) discover(ctx context.Context) error {
	if len(r.named) > 0 {
		return nil
	}
	found, err := discover(ctx, r.options.Config)
	if err != nil {
		return err
	}
	for _, p := range found {
		if p.Speaks {
			r.named = append(r.named, p.Name)
		}
	}
	spoken := slices.DeleteFunc(slices.Clone(r.plan), func(i item) bool { return !slices.Contains(r.named, i.check.Profile()) })
	if len(spoken.selected()) > 0 {
		r.plan = spoken
		return nil
	}
	if r.named = r.plan.profiles(); len(r.named) > 1 || r.options.Selection.Focus == nil {
		return fmt.Errorf("%w: %s is not seen to speak any profile of the selection, and nothing is written to see more ('resumespec probe' says why): name one with --profile, or in the config",
			ErrNothingSelected, r.options.Config.Target)
	}
	return nil
}

// profiles gives the profiles of what is selected.
func (p plan) profiles() []string {
	var names []string
	for _, i := range p.selected() {
		if name := i.check.Profile(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// manyInterims is how many interim responses one exchange may have: a server may acknowledge every few KiB.
const manyInterims = 1024

// wrapping is how many bytes a response may be longer than the body that it shows: a response message
// holds a head as well, a multipart answer its borders.
const wrapping = 64 << 10

// NewBench opens the way to the target: the proxies that cut, and the limits. Its Injector must be
// closed.
func NewBench(ctx context.Context, c *target.Config, toxiproxy string) (*matrix.Bench, error) {
	base, err := url.Parse(c.Target)
	if err != nil {
		return nil, fmt.Errorf("%w: target %q: %w", ErrUsage, c.Target, err)
	}
	if base.Path == "" {
		base.Path = "/"
	}
	var injector faults.Injector
	if toxiproxy != "" {
		injector, err = faults.External(ctx, toxiproxy, c.Origin())
	} else {
		injector, err = faults.Embedded(c.Origin())
	}
	if err != nil {
		return nil, fmt.Errorf("open the proxies to %s: %w", c.Origin(), err)
	}
	return &matrix.Bench{
		Config: c, Base: base, Injector: injector,
		Limits: exchange.Limits{Time: c.Limits.Case, Body: c.Limits.Body + wrapping, Interims: manyInterims},
	}, nil
}

// one runs one case and keeps its result.
func (r *runner) one(ctx context.Context, i item) reports.Result {
	r.tell(Progress{Kind: Started, Done: len(r.results), Title: i.title(), Total: len(r.plan.selected())})
	s := matrix.Run(ctx, r.bench, i.check, i.variant)
	result := r.result(i, s)
	why := r.gone(ctx, result)
	if why == nil && r.revivals > 0 {
		why = r.watch(ctx) // it has died before, and may do so a moment late
	}
	switch {
	case why == nil:
		r.killer = ""
		r.keep(ctx, i, result)
	case r.bury == nil:
		r.killer = cmp.Or(r.killer, i.title())
		r.keep(ctx, i, result)
	default:
		result = fatal(i, result, lastStep(s), why)
		r.bury(ctx, i, result)
	}
	r.before = append(r.before[max(0, len(r.before)+1-mostBefore):], i)
	return result
}

// keep keeps the result of a case, and ends the run when the target turns out to be gone.
func (r *runner) keep(ctx context.Context, i item, result reports.Result) {
	r.mu.Lock()
	r.results[i.title()] = result
	done := len(r.results)
	if result.Verdict == reports.Error {
		r.dead++
	} else {
		r.dead = 0
	}
	suspect := r.dead >= 3
	r.mu.Unlock()
	if suspect {
		r.check(ctx, i)
	}
	r.tell(Progress{Kind: Finished, Done: done, Total: len(r.plan.selected()), Title: i.title(), Result: &result})
}

// check ends the run when the target is not there any more.
func (r *runner) check(ctx context.Context, i item) {
	if _, err := preflight(ctx, r.options.Config); errors.Is(err, ErrTargetDead) {
		if r.killer != "" {
			r.stop(fmt.Sprintf("the target stopped answering in %s: %v", r.killer, err))
			return
		}
		r.stop(fmt.Sprintf("the target stopped answering at the latest in %s: %v", i.title(), err))
	}
}

func (r *runner) stop(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == "" {
		r.stopped = why
	}
}

// over says whether no further case is to be run.
func (r *runner) over(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped != "" || ctx.Err() != nil
}

// advanced tells how far the sweep is that runs. It is called from the goroutine of its spec.
func (r *runner) advanced(c catalog.Case, v catalog.Variant, made, all int) {
	r.mu.Lock()
	done := len(r.results)
	r.mu.Unlock()
	r.tell(Progress{Kind: Advanced, Done: done, Total: len(r.plan.selected()), Title: c.Title(v), Cuts: made, AllCuts: all})
}

func (r *runner) tell(p Progress) {
	if r.options.Progress != nil {
		r.options.Progress(p)
	}
}

// report gives the report: every result in catalogue order.
func (r *runner) report(began time.Time) *reports.Report {
	c := r.options.Config
	cut := "toxiproxy v2.12.0 (embedded)"
	if r.options.Toxiproxy != "" {
		cut = "toxiproxy at " + r.options.Toxiproxy
	}
	out := &reports.Report{
		Schema:  reports.Schema,
		Tool:    reports.Tool{Name: "resumespec", Version: r.options.Version, Faults: cut},
		Target:  reports.Target{URL: c.Target, Name: c.About.Name, Version: c.About.Version, Home: c.About.URL, Server: r.secrets.text(r.server)},
		Started: began.UTC(), Seconds: time.Since(began).Seconds(), Seed: r.options.Seed, Shard: r.options.Selection.Shard.String(),
		Command: r.secrets.texts(r.options.Command), Interrupted: r.secrets.text(r.stopped), Results: []reports.Result{},
	}
	for _, p := range profiles {
		if slices.Contains(r.named, p.name) {
			out.Profiles = append(out.Profiles, reports.Profile{Name: p.name, Title: p.title, Source: p.source})
		}
	}
	for _, i := range r.plan {
		if result, ok := r.results[i.title()]; ok {
			out.Results = append(out.Results, result)
		} else if i.left != "" {
			out.Results = append(out.Results, r.excluded(i))
		}
	}
	out.Summary = reports.Summarize(out.Results, out.Interrupted)
	return out
}
