package suite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// How long a target may take to accept a connection, and to answer its first request.
const (
	dialLimit   = 3 * time.Second
	answerLimit = 6 * time.Second
)

// preflight asks the target for anything at all, with HEAD, and gives the answer: a run against a
// server that is not there would only be noise.
func preflight(ctx context.Context, c *target.Config) (*exchange.Response, error) {
	base, err := url.Parse(c.Target)
	if err != nil {
		return nil, fmt.Errorf("%w: target %q: %w", ErrUsage, c.Target, err)
	}
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(ctx, "tcp", c.Origin())
	if err != nil {
		return nil, fmt.Errorf("%w: dial target %s: %w (is the server running?)", ErrTargetDead, c.Origin(), reason(err))
	}
	req := exchange.Request{Method: "HEAD", Target: base.RequestURI(), Host: base.Host}
	for _, user := range c.Users[:min(1, len(c.Users))] {
		for name, value := range user.Headers {
			req.Fields = req.Fields.With(name, value)
		}
	}
	x := exchange.New(conn, req, exchange.Limits{Time: answerLimit, Body: 1 << 20})
	defer x.Close() // a connection that is not needed any more
	response, err := x.Do(ctx)
	switch {
	case err == nil || response != nil:
		return response, nil
	case exchange.KindOf(err) == exchange.Timeout:
		return nil, fmt.Errorf("%w: %s accepts connections and did not answer HEAD %s within %s", ErrTargetDead, c.Origin(), base.RequestURI(), answerLimit)
	default:
		return nil, fmt.Errorf("%w: %s accepts connections and does not speak HTTP/1.1: %w", ErrTargetDead, c.Origin(), err)
	}
}

// reason takes the address out of a dial error, which names it once too often.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}
