package matrix

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// Bench is what all sessions of a run share. It is safe for concurrent use.
type Bench struct {
	Config   *target.Config
	Base     *url.URL // the target's URL
	Injector faults.Injector
	Limits   exchange.Limits // of one exchange
	// Restart stops the target and starts it again with what it has kept; nil where that is not possible.
	Restart func(context.Context) error

	// Sweep is the length in bytes of the exchange that a sweep cuts at each of its bytes; 0: sweep cases say
	// that they were not asked for.
	Sweep int64
	// Progress is told, by the goroutine of the case, how many cuts of how many a sweep has made; nil: nobody watches.
	Progress func(c catalog.Case, v catalog.Variant, made, all int)

	known sync.Map // what a case had to wait for to learn, so that the next need not
}

// Step is one exchange of a session: its transcript and, where it went through a link, what that did.
type Step struct {
	Record   exchange.Record
	Evidence *faults.Evidence // nil for a clean exchange
}

// Session is one case while it runs. Its methods that judge end the case by a panic which Run
// takes back, so they are called from the case's own goroutine only; those that send may be
// called from any.
type Session struct {
	Case    catalog.Case
	Variant catalog.Variant
	Tag     string // the case's own token
	Finding catalog.Finding
	Notes   []string
	// MayWait says why the target may keep a request waiting while it sees another connection of the session open: what
	// is not answered in time then breaks nothing. Empty: it may not.
	MayWait string

	bench  *Bench
	parent context.Context
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	steps   []Step
	figures map[string]Figure
	links   []*faults.Link
	asked   []*Asked
	began   time.Time
	swept   *Swept  // of a sweep
	spares  *spares // connections kept for the next exchange; nil: each exchange has one of its own
	stale   bool    // one of them turned out to be closed under a request that cannot be repeated
}

// Figure is a measured quantity.
type Figure struct {
	Value float64
	Unit  string
}

// Check is a case together with the code that carries it out.
type Check struct {
	catalog.Case
	Run func(*Session)
}

// stop is the panic that ends a case.
type stop struct{ finding catalog.Finding }

// Run carries out one check and says what it found. It never panics; what the harness itself does
// wrong becomes the verdict "error".
func Run(ctx context.Context, bench *Bench, check Check, variant catalog.Variant) *Session {
	s := &Session{
		Case: check.Case, Variant: variant, Tag: NewTag(),
		Finding: catalog.Finding{Verdict: catalog.Pass, Byte: -1},
		bench:   bench, parent: ctx, figures: map[string]Figure{}, began: time.Now(),
	}
	s.Round()
	defer s.end()
	s.guard(check.Run)
	return s
}

// guard runs f and turns the panic that ended it into the finding.
func (s *Session) guard(f func(*Session)) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			s.Finding = catalog.Worse(s.Finding, s.unlessEnded(p.finding))
		default:
			s.Finding = catalog.Finding{
				Verdict: catalog.Error, Expected: "the case to run to its end",
				Got: fmt.Sprintf("the harness failed: %v", p), Byte: -1,
			}
		}
	}()
	f(s)
}

// unlessEnded gives a finding, but for one that came about because the run ended: a server that was given
// no time has broken nothing, and what it did not send it may well offer.
func (s *Session) unlessEnded(f catalog.Finding) catalog.Finding {
	if s.parent.Err() != nil {
		return catalog.Finding{Verdict: catalog.Inconclusive, Expected: f.Expected, Got: "the run was ended first", Byte: -1}
	}
	return f
}

// Release lets the target see the end of every connection that it was not shown, and waits until that
// has happened.
func (s *Session) Release() {
	for _, link := range s.letGo() {
		await(s.ctx, link.Done())
	}
}

// letGo closes both sides of every link that the session holds, and gives them.
func (s *Session) letGo() []*faults.Link {
	s.mu.Lock()
	links := s.links
	s.links = nil
	s.mu.Unlock()
	for _, link := range links {
		link.Release()
		_ = link.Close() // the client's end; the target is told by Release
	}
	return links
}

// end lets go of what the session holds.
func (s *Session) end() {
	s.letGo()
	for _, a := range s.asked {
		a.Drop()
	}
	s.cancel()
	if s.Finding.Verdict == catalog.Pass {
		s.Finding.Expected, s.Finding.Got = s.Case.Requires, "as required"
	}
}

// Round gives the case its time limit anew. A case that repeats an interruption calls it before each
// repetition, so that the limit bounds one recovery and not their number.
func (s *Session) Round() {
	if s.cancel != nil {
		s.cancel()
	}
	s.ctx, s.cancel = context.WithTimeout(s.parent, s.bench.Limits.Time)
}

// Context is done when the round's time is over or the run ends.
func (s *Session) Context() context.Context { return s.ctx }

// Config gives the configuration of the run.
func (s *Session) Config() *target.Config { return s.bench.Config }

// Base gives the target's URL.
func (s *Session) Base() *url.URL { return s.bench.Base }

// Elapsed is the time since the case began.
func (s *Session) Elapsed() time.Duration { return time.Since(s.began) }

// Steps gives the exchanges so far.
func (s *Session) Steps() []Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Step(nil), s.steps...)
}

// Figures gives what was measured.
func (s *Session) Figures() map[string]Figure { return s.figures }

// Figure keeps a measured quantity for the report.
func (s *Session) Figure(name string, value float64, unit string) {
	s.figures[name] = Figure{value, unit}
}

// Note keeps a remark for the report; a remark is kept once.
func (s *Session) Note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	for _, have := range s.Notes {
		if have == note {
			return
		}
	}
	s.Notes = append(s.Notes, note)
}

// Remember keeps a fact about the target for the cases that follow. Only what costs a wait to learn
// is worth it: every case stands alone, and learns by itself what it does not find.
func (s *Session) Remember(fact string) { s.bench.known.Store(fact, true) }

// Known says whether an earlier case remembered a fact.
func (s *Session) Known(fact string) bool {
	_, ok := s.bench.known.Load(fact)
	return ok
}

// RememberThat keeps a fact together with what is to be told of it.
func (s *Session) RememberThat(fact, told string) { s.bench.known.Store(fact, told) }

// Recall gives what an earlier case had to tell of a fact, "" where none remembered it.
func (s *Session) Recall(fact string) string {
	told, _ := s.bench.known.Load(fact)
	text, _ := told.(string)
	return text
}

var tagEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewTag gives a token of 16 letters and digits that no other case has.
func NewTag() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return tagEncoding.EncodeToString(b[:])
}

// Try carries out one undisturbed exchange over a connection of its own, as the first user. The
// error is an *exchange.Error, or one that wraps ErrDial.
func (s *Session) Try(req exchange.Request) (*exchange.Response, error) {
	response, _, err := s.exchange(req, 0)
	return response, err
}

// TryBy is Try by a client of the caller's own, which is not called where there is no connection.
func (s *Session) TryBy(req exchange.Request, client Client) (*exchange.Response, error) {
	response, _, err := s.exchangeBy(req, 0, client)
	return response, err
}

// ErrDial says that the target takes no connection.
var ErrDial = errors.New("connect to the target")

func (s *Session) exchange(req exchange.Request, user int) (*exchange.Response, []*exchange.Response, error) {
	return s.exchangeBy(req, user, prompt)
}

func (s *Session) exchangeBy(req exchange.Request, user int, client Client) (*exchange.Response, []*exchange.Response, error) {
	conn, used, err := s.connect()
	if err != nil {
		return nil, nil, err
	}
	x := exchange.New(conn, s.signed(req, user), s.limits())
	response, err := client(s.ctx, x)
	if s.spares != nil {
		s.spares.put(x.Keep())
	}
	_ = x.Close() // the exchange is over; what closing says changes nothing
	if used && outlived(x, err) {
		return s.outlived(req, user, client)
	}
	s.keep(Step{Record: x.Record()})
	s.learnSilence(req, x, response)
	return response, x.Interims(), err
}

// silent is the fact that the target answers Expect: 100-continue with nothing at all.
const silent = "no 100 (Continue)"

// limits gives the limits of one exchange. A client that waits for 100 (Continue) must not wait for ever
// (RFC 9110, 10.1.1), and not so briefly either that a busy machine makes it send too early: half of
// the time there is, unless the target is known to keep silent.
func (s *Session) limits() exchange.Limits {
	limits := s.bench.Limits
	limits.Continue = limits.Time / 2
	if s.Known(silent) {
		limits.Continue = limits.Time / 50
	}
	return limits
}

// learnSilence remembers a target that was asked for a 100, sent none and took the body all the same.
func (s *Session) learnSilence(req exchange.Request, x *exchange.Exchange, final *exchange.Response) {
	if req.ExpectsContinue() && final != nil && final.Status/100 == 2 && !slices.ContainsFunc(x.Interims(), isContinue) && final.At >= s.limits().Continue {
		s.Remember(silent)
	}
}

func (s *Session) dial() (net.Conn, error) {
	if err := s.late(); err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(s.ctx, "tcp", s.bench.Config.Origin())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDial, err)
	}
	return conn, nil
}

// late gives an error when the round's time is over: it is not the target then that takes no connection.
func (s *Session) late() error {
	if s.timeUp() {
		return &exchange.Error{Kind: exchange.Timeout, Op: "connecting to the target", Err: context.DeadlineExceeded}
	}
	return nil
}

func (s *Session) keep(step Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

// TryAs is Try with the credentials of the numbered user; -1 sends none.
func (s *Session) TryAs(user int, req exchange.Request) (*exchange.Response, error) {
	response, _, err := s.exchange(req, user)
	return response, err
}

// TryAll is Try that gives the interim responses as well.
func (s *Session) TryAll(req exchange.Request) (*exchange.Response, []*exchange.Response, error) {
	return s.exchange(req, 0)
}

// TryAllBy is TryAll by a client of the caller's own.
func (s *Session) TryAllBy(req exchange.Request, client Client) (*exchange.Response, []*exchange.Response, error) {
	return s.exchangeBy(req, 0, client)
}

// Do is Try for an exchange that must succeed in getting any final response; what names it in the
// finding.
func (s *Session) Do(what string, req exchange.Request) *exchange.Response {
	response, err := s.Try(req)
	if err != nil {
		s.unanswered(what, err)
	}
	return response
}

// unanswered ends the case because an undisturbed exchange got no whole answer.
func (s *Session) unanswered(what string, err error) {
	expected := what + " to be answered within " + s.bench.Limits.Time.String()
	switch {
	case s.MayWait != "" && exchange.KindOf(err) == exchange.Timeout && s.holds():
		s.halt(catalog.Unsupported, expected, s.MayWait)
	case errors.Is(err, ErrDial) && !s.timeUp():
		s.halt(catalog.Error, expected, err.Error()+" (did the server die?)")
	case s.died(err):
		s.halt(catalog.Error, expected, err.Error()+"; now the target takes no connection (did the server die?)")
	default:
		s.halt(catalog.Fail, expected, err.Error())
	}
}

// holds says whether the target may still see a connection open that the client has given up.
func (s *Session) holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links) > 0
}

// died says whether a connection ended because the whole server did: then nothing is known of the
// requirement.
func (s *Session) died(err error) bool {
	if kind := exchange.KindOf(err); kind != exchange.Closed && kind != exchange.Reset {
		return false
	}
	ctx, cancel := context.WithTimeout(s.parent, s.bench.Limits.Time)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.bench.Config.Origin())
	if err != nil {
		return true
	}
	_ = conn.Close() // it was only to see
	return false
}

// timeUp says that the round's time is over. What is given a deadline may say so a moment before the context
// that it has it from.
func (s *Session) timeUp() bool {
	deadline, ok := s.ctx.Deadline()
	return s.ctx.Err() != nil || ok && time.Until(deadline) < 20*time.Millisecond
}

// early says that more than half of the round's time is left.
func (s *Session) early() bool {
	deadline, ok := s.ctx.Deadline()
	return s.ctx.Err() == nil && (!ok || time.Until(deadline) > s.bench.Limits.Time/2)
}

// signed adds the credentials of the numbered user. Requests go to the configured origin only, and
// so do these.
func (s *Session) signed(req exchange.Request, user int) exchange.Request {
	req.Host = s.bench.Base.Host
	users := s.bench.Config.Users
	if user < 0 || user >= len(users) {
		return req
	}
	fields := append(exchange.Fields{}, req.Fields...)
	for name, value := range users[user].Headers {
		if !fields.Has(name) {
			fields = append(fields, exchange.Field{Name: name, Value: value})
		}
	}
	req.Fields = fields
	return req
}

// Here says whether u belongs to the target's origin: nothing is ever sent elsewhere.
func (s *Session) Here(u *url.URL) bool {
	return u != nil && SameOrigin(u, s.bench.Base)
}

// SameOrigin says whether two http URIs have one origin (RFC 6454, 5).
func SameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if u.Port() == "" {
			return "80"
		}
		return u.Port()
	}
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// RequestTo gives a request without body for u.
func RequestTo(method string, u *url.URL, fields ...exchange.Field) exchange.Request {
	return exchange.Request{Method: method, Target: u.RequestURI(), Fields: fields}
}

// Wait lets d pass, or less when the round's time is over: for polling where the protocol itself
// waits, never to hit a moment.
func (s *Session) Wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
