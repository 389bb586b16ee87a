package suite

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reports"
)

// wake is what the death of a target leaves behind in a run of several workers. Of the cases that ran at that time, and of
// those that had just ended, any may have been the one: their results say nothing. They are run again, and all that has not
// been run yet after them, without the workers and one after another.
type wake struct {
	dying  bool                      // the target is dead, and some of those cases still run
	now    map[string]reports.Result // those of this death that have ended, by title
	deaths []death
	asking []question // who waits for the target to be there again
}

// death is one death of the target: the cases that ran, and all that may have been the one.
type death struct{ during, suspects []string }

// question is a worker that asked for leave to run a case.
type question struct {
	hand  *hand
	title string
}

// suspect takes in the result of a case that ran when the target died.
func (c *crew) suspect(f *finished) {
	if !c.dying {
		c.dying, c.now = true, map[string]reports.Result{}
	}
	c.now[f.Title] = f.Result
}

// unsolved sees to it that a death is told of which no case could be convicted: a server that dies now and then must not
// look like one that passes.
func (c *crew) unsolved(ctx context.Context) {
	for _, d := range c.deaths {
		convicted := slices.ContainsFunc(d.suspects, func(title string) bool { return slices.Contains(c.convicts, title) })
		result, known := c.results[d.during[0]]
		if convicted || !known {
			continue
		}
		result.Verdict, result.Expected = reports.Error, "the server to go on answering"
		result.Got = "the server died while these cases ran, and did not when they ran again, one after another: " + strings.Join(d.during, ", ")
		c.keep(ctx, c.items[d.during[0]], result)
	}
}

// settle starts a dead target again once nothing runs any more, and answers those who waited.
func (c *crew) settle(ctx context.Context) {
	if !c.dying || slices.ContainsFunc(c.hands, func(h *hand) bool { return h.runs != "" }) {
		return
	}
	c.dying = false
	names := strings.Join(slices.Sorted(maps.Keys(c.now)), ", ")
	if c.revive(ctx, names) {
		c.doubt()
	} else {
		for title, result := range c.now {
			result.Verdict = reports.Error
			result.Expected, result.Got = "the server to go on answering", "the server died while these cases ran: "+names
			c.keep(ctx, c.items[title], result)
		}
	}
	for _, q := range c.asking {
		q.hand.tell(order{Answer: c.answer(ctx, q.hand, q.title)})
	}
	c.asking = nil
}

// late looks for a target that dies when the workers are done.
func (c *crew) late(ctx context.Context) {
	if !c.starts() || c.over(ctx) || len(c.results) == 0 {
		return
	}
	if why := c.watch(ctx); why != nil && c.revive(ctx, "one of the last cases") {
		c.now = nil
		c.doubt()
	}
}

// doubt makes suspects of the cases that ran when the target died, and of the last ones that each worker had ended before.
func (c *crew) doubt() {
	during := slices.Sorted(maps.Keys(c.now))
	d := death{during, during}
	for _, h := range c.hands {
		d.suspects = slices.Concat(d.suspects, h.last)
	}
	if len(during) == 0 {
		d.during = d.suspects
	}
	c.deaths = append(c.deaths, d)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, title := range d.suspects {
		c.suspects[title] = true
		delete(c.results, title)
	}
}
