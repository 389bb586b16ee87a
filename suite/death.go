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

// mostDeaths is how often a server is started again in one run. One that dies more often dies of nearly everything.
const mostDeaths = 10

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

// revive starts a dead target again, once: the run ends where it does not come up, or dies too often. names says what it
// died of.
func (r *runner) revive(ctx context.Context, names string) {
	if ctx.Err() != nil {
		return // nothing more is to be run
	}
	r.deaths++
	if r.deaths > mostDeaths {
		r.stop(fmt.Sprintf("the target died %d times, at last in %s", r.deaths, names))
		return
	}
	starting, cancel := context.WithTimeout(ctx, r.options.Config.Limits.Case)
	defer cancel()
	if err := startTarget(starting, r.options.Config); err != nil {
		r.stop(fmt.Sprintf("the target died in %s, and could not be started again: %v", names, err))
	}
}

// revived takes in the result of a case that killed the target, and starts that again.
func (r *runner) revived(ctx context.Context, i item, result reports.Result) {
	r.keep(ctx, i, result)
	r.revive(ctx, i.title())
}
