package suite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// A server that dies while a case runs has broken more than the case's requirement: whoever sends the same takes it down.
// Where the configuration says how the server is started, the case fails and the run goes on with the server that was
// started again; elsewhere nobody knows whether it is the server that is gone, and the run ends.

// mostConvicts is how many cases may kill the server before the run ends: one that dies more often dies of nearly
// everything. To find one of them out takes starting the server several times.
const mostConvicts, mostRevivals = 20, 100

// mostBefore is how many of the last cases are run again to find out of which a server died late.
const mostBefore = 5

// startLimit is how long a server that died may take to come up again, where a case has not longer anyhow: on a busy machine
// it takes longer to load than any request should.
const startLimit = 30 * time.Second

// watchLimit is how long a server is watched after a case of which it may die late.
const watchLimit = 250 * time.Millisecond

// aliveLimit is how long a server that takes a connection is watched for the end of it: one that is about to go takes
// connections for a moment more.
const aliveLimit = 250 * time.Millisecond

// gone says why the target is taken for dead after a case: its address refuses connections. It says nil where that is not
// so, and where the run has ended.
func (r *runner) gone(ctx context.Context, result reports.Result) error {
	suspect := slices.Contains([]reports.Verdict{reports.Fail, reports.Error, reports.Inconclusive}, result.Verdict)
	if !suspect && r.bury == nil {
		return nil // nobody could help
	}
	conn, err := r.knock(ctx)
	if err != nil || conn == nil {
		return err
	}
	if !suspect {
		_ = conn.Close() // it was only to see
		return nil
	}
	base, err := url.Parse(r.options.Config.Target)
	if err != nil {
		_ = conn.Close() // nothing was sent
		return nil       // the run could not have begun
	}
	x := exchange.New(conn, exchange.Request{Method: "HEAD", Target: base.RequestURI(), Host: base.Host}, exchange.Limits{Time: aliveLimit, Body: 1 << 20})
	defer x.Close() // a connection that is not needed any more
	if _, err := x.Do(ctx); !slices.Contains([]exchange.ErrorKind{exchange.Closed, exchange.Reset}, exchange.KindOf(err)) {
		return nil
	}
	conn, err = r.knock(ctx)
	if conn != nil {
		_ = conn.Close() // it was only to see
	}
	return err
}

// knock opens a connection to the target. The error says that it is refused; what else keeps it from being opened says
// nothing about the server.
func (r *runner) knock(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(ctx, "tcp", r.options.Config.Origin())
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil {
			return nil, err
		}
		return nil, nil //nolint:nilnil // neither a connection nor a dead server
	}
	return conn, nil
}

// fatal gives the result of a case that killed the server: whatever it came to, and however strong its requirement is, it
// fails. A case that restarts the server itself, and could not, keeps what it says.
func fatal(i item, result reports.Result, after string, why error) reports.Result {
	if result.Verdict == reports.Error && slices.Contains(i.check.Needs, catalog.NeedRestart) {
		return result
	}
	if result.Verdict != reports.Pass {
		result.Notes = append(slices.Clone(result.Notes), "before that the case had come to: "+string(result.Verdict)+"; expected "+result.Expected+"; got "+result.Got)
	}
	result.Verdict, result.Byte, result.Where = reports.Fail, nil, ""
	result.Expected = "the server to go on answering; and " + strings.TrimSuffix(result.Requires, ".")
	result.Got = "the server died" + after + ": " + why.Error()
	return result
}

// lastStep tells what was sent last before a server died.
func lastStep(s *matrix.Session) string {
	steps := s.Steps()
	if len(steps) == 0 {
		return ""
	}
	return " after " + steps[len(steps)-1].Record.Label
}

// starts says whether the configuration tells how a dead target is started.
func (r *runner) starts() bool { return r.options.Config.Restart != nil && r.options.Restart == nil }

// revive starts a dead target again, and says whether it is there. Where it does not come up, or dies too often, the run
// ends; names says what it may have died of.
func (r *runner) revive(ctx context.Context, names string) bool {
	if ctx.Err() != nil {
		return false // nothing more is to be run
	}
	r.revivals++
	if r.revivals > mostRevivals {
		r.stop(fmt.Sprintf("the target died %d times, at last in %s", r.revivals, names))
		return false
	}
	starting, cancel := context.WithTimeout(ctx, max(r.options.Config.Limits.Case, startLimit))
	defer cancel()
	if err := startTarget(starting, r.options.Config); err != nil {
		r.stop(fmt.Sprintf("the target died in %s, and could not be started again: %v", names, err))
		return false
	}
	return true
}

// bereaved finds out whether a case killed the target, after which that was seen to be dead: it is started again, and so is
// the case. A server that does not die of it again may have died of one of the last cases, a moment later than that had ended.
func (r *runner) bereaved(ctx context.Context, i item, result reports.Result) {
	before := slices.Clone(r.before)
	if !r.revive(ctx, i.title()) || result.Verdict != reports.Fail { // it failed to restart the server itself
		r.keep(ctx, i, result)
		return
	}
	if r.suspects[i.title()] {
		r.convict(ctx, i, result)
		return
	}
	again := matrix.Run(ctx, r.bench, i.check, i.variant)
	second := r.result(i, again)
	why := r.gone(ctx, second)
	if why == nil {
		why = r.watch(ctx)
	}
	if why != nil {
		r.convict(ctx, i, fatal(i, second, lastStep(again), why))
		r.revive(ctx, i.title())
		return
	}
	for _, earlier := range slices.Backward(before) {
		again := matrix.Run(ctx, r.bench, earlier.check, earlier.variant)
		if why := r.watch(ctx); why != nil {
			r.convict(ctx, earlier, fatal(earlier, r.result(earlier, again), lastStep(again), why))
			r.keep(ctx, i, second)
			r.revive(ctx, earlier.title())
			return
		}
	}
	result.Notes = append(result.Notes, "it did not die again when this case and those before it were run once more")
	r.convict(ctx, i, result)
}

// late looks for a target that dies when the last case has ended.
func (r *runner) late(ctx context.Context) {
	last := len(r.before) - 1
	if r.bury == nil || last < 0 || r.over(ctx) {
		return
	}
	if why := r.watch(ctx); why != nil {
		i := r.before[last]
		r.before = r.before[:last]
		r.bereaved(ctx, i, fatal(i, r.results[i.title()], "", why))
	}
}

// convict keeps the result of a case that killed the target. The run ends where there are too many.
func (r *runner) convict(ctx context.Context, i item, result reports.Result) {
	r.keep(ctx, i, result)
	r.convicts = append(r.convicts, i.title())
	if n := len(r.convicts); n > mostConvicts {
		r.stop(fmt.Sprintf("the target died in %d cases, at last in %s", n, i.title()))
	}
}

// watch looks for a while whether the target dies.
func (r *runner) watch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	tick := time.NewTicker(restartTick)
	defer tick.Stop()
	for {
		conn, err := r.knock(ctx)
		if err != nil {
			return err
		}
		if conn != nil {
			_ = conn.Close() // it was only to see
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
