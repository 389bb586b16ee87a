package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/resumespec/resumespec/reports"
)

// endLimit is how long a worker may take to end what it runs when it is told to. One that takes longer is killed.
const endLimit = 15 * time.Second

// crew carries out one run in several processes. Each goes through all the cases in the same order and asks for each
// whether it may run it, so that whoever is free takes the next one.
type crew struct {
	*runner
	items  map[string]item // by title
	given  map[string]bool // what a worker has run or runs
	events chan event
	hands  []*hand
	wake          // what a death of the target leaves behind
	died   string // how the last worker died that did
	failed error  // why a worker could not begin
}

// event is something that a worker did.
type event struct {
	from    *hand
	message message
	ended   bool  // its process has ended
	err     error // how it ended
}

// hand is the run's end of the wire to one worker.
type hand struct {
	number  int // from 1
	process *exec.Cmd
	out     io.Reader
	words   head // what it wrote to standard error

	mu sync.Mutex
	in *json.Encoder

	// Of the goroutine that gathers events:
	runs string   // the title of the case that it was given and has not given the result of
	last []string // the titles of those before, at most mostBefore
	over bool     // it has said its last word
}

// together runs everything that is selected in several processes.
func (r *runner) together(ctx context.Context) error {
	if r.options.Worker == nil {
		return fmt.Errorf("%w: %d jobs, and no command that starts them", ErrUsage, r.options.Jobs)
	}
	c := &crew{runner: r, items: map[string]item{}, given: map[string]bool{}, events: make(chan event)}
	r.suspects = map[string]bool{}
	selected := r.plan.selected()
	for _, i := range selected {
		if !r.serial(i) {
			c.items[i.title()] = i
		}
	}
	if len(c.items) == 0 {
		return r.alone(ctx)
	}
	c.options.Selection.Profiles = r.named // nobody needs to find out again
	r.tell(Progress{Kind: Planned, Total: len(selected)})
	err := c.work(ctx)
	if err == nil {
		c.late(ctx)
	}
	if err != nil || len(r.results) == len(selected) || r.over(ctx) {
		return err
	}
	r.take = func(_ context.Context, i item) bool {
		_, done := r.results[i.title()]
		return !done
	}
	if err := r.inOrder(ctx); err != nil {
		r.stop("what runs alone could not be run: " + r.secrets.text(err.Error()))
	}
	c.unsolved(ctx)
	return nil
}

// work lets the workers run what may run side by side.
func (c *crew) work(ctx context.Context) error {
	r := c.runner
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	living := 0
	for n := range min(r.options.Jobs, len(c.items)) {
		if err := c.start(ctx, n+1); err != nil {
			c.failed = err
			cancel() // those that were started end
			break
		}
		living++
	}
	for living > 0 {
		e := <-c.events
		c.handle(ctx, e)
		if e.ended {
			living--
		}
	}
	if c.failed != nil && len(r.results) == 0 {
		return c.failed
	}
	if c.died != "" && len(r.results) < len(c.items) && len(c.deaths) == 0 && ctx.Err() == nil {
		r.stop("no job is left: " + c.died)
	}
	return nil
}

// start starts a worker.
func (c *crew) start(ctx context.Context, number int) error {
	h := &hand{number: number, process: c.options.Worker(ctx)}
	in, err := h.process.StdinPipe()
	if err != nil {
		return fmt.Errorf("start job %d: %w", number, err)
	}
	if h.out, err = h.process.StdoutPipe(); err != nil {
		return fmt.Errorf("start job %d: %w", number, err)
	}
	h.in = json.NewEncoder(in)
	h.process.Stderr = &h.words
	h.process.Cancel = func() error {
		h.tell(order{Answer: end})
		return nil
	}
	h.process.WaitDelay = endLimit
	if err := h.process.Start(); err != nil {
		return fmt.Errorf("start job %d: %w", number, err)
	}
	c.hands = append(c.hands, h)
	go h.listen(c.options, c.events)
	return nil
}

// listen tells the worker what the run is about and passes on what it says, until its process has ended.
func (h *hand) listen(o Options, events chan<- event) {
	h.tell(order{Options: &o})
	messages := newInbox[message](h.out, maxMessage)
	m, err := messages.next()
	for ; err == nil; m, err = messages.next() {
		events <- event{from: h, message: m}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	} else {
		_ = h.process.Process.Kill() // it says what nobody understands
	}
	events <- event{from: h, ended: true, err: errors.Join(err, h.process.Wait())}
}

// tell sends an order. A worker that cannot be told is a worker that has ended, and that is told elsewhere.
func (h *hand) tell(o order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.in.Encode(o)
}

// handle takes in what a worker did.
func (c *crew) handle(ctx context.Context, e event) {
	h, m := e.from, e.message
	switch {
	case e.ended:
		c.ended(ctx, h, e.err)
	case m.Ask != "":
		if c.dying {
			c.asking = append(c.asking, question{h, m.Ask})
			break
		}
		h.tell(order{Answer: c.answer(ctx, h, m.Ask)})
	case m.Result != nil && m.Result.Title == h.runs && (m.Result.Dead || c.dying):
		h.runs = ""
		c.suspect(m.Result)
	case m.Result != nil && m.Result.Title == h.runs:
		h.runs, h.last = "", append(h.last[max(0, len(h.last)+1-mostBefore):], m.Result.Title)
		c.keep(ctx, c.items[m.Result.Title], m.Result.Result)
	case m.Over != nil:
		h.over = true
		c.lastWord(h, *m.Over)
	default:
		c.stop(fmt.Sprintf("job %d said what it was not asked", h.number))
	}
	c.settle(ctx)
}

// answer says whether a worker may run a case. Those that are given away are so in the order of the run: nobody asks for
// one before all that come before it are taken.
func (c *crew) answer(ctx context.Context, h *hand, title string) answer {
	i, known := c.items[title]
	switch {
	case c.over(ctx), len(c.deaths) > 0: // what is left runs alone, so that it is seen what kills the target
		return end
	case !known || c.given[title]:
		return leave
	}
	c.given[title], h.runs = true, title
	c.tell(Progress{Kind: Started, Done: len(c.results), Title: i.title(), Total: len(c.plan.selected())})
	return take
}

func (c *crew) lastWord(h *hand, last lastWord) {
	if last.Stopped != "" {
		c.stop(last.Stopped)
	}
	if last.Failed != "" {
		c.failed = fmt.Errorf("job %d: %s", h.number, c.secrets.text(last.Failed))
		c.stop(c.failed.Error())
	}
}

// ended looks at how a worker's process ended. A case that it was running then has the verdict error, and the others go
// on; where it was running none, nobody knows what it was doing, and the run ends.
func (c *crew) ended(ctx context.Context, h *hand, err error) {
	if ctx.Err() != nil || h.over && err == nil || c.failed != nil {
		return
	}
	died := fmt.Sprintf("job %d died: %s", h.number, c.lastWords(h, err))
	i, running := c.items[h.runs]
	if !running {
		c.stop(died)
		return
	}
	result := c.blank(i)
	result.Verdict, result.Expected, result.Got = reports.Error, "the case to run to its end", died
	c.keep(ctx, i, result)
	c.died = died
}

func (c *crew) lastWords(h *hand, err error) string {
	how := "it ended without a word"
	if err != nil {
		how = err.Error()
	}
	if said := strings.TrimSpace(string(h.words)); said != "" {
		how += ": " + said
	}
	return c.secrets.text(how)
}

// head keeps the beginning of what is written to it: a Go program that crashes says there what happened.
type head []byte

// maxHead is how much it keeps, in bytes.
const maxHead = 600

// Write keeps what there is room for, and never fails.
func (h *head) Write(p []byte) (int, error) {
	*h = append(*h, p[:min(len(p), maxHead-len(*h))]...)
	return len(p), nil
}
