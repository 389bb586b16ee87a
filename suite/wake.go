package suite

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reports"
)

// wake is what the death of a target leaves behind in a run of several workers. Of the cases that ran at that time any may
// have been the one: their results say nothing, and where there are several, they are run again when the workers are done,
// one after another.
type wake struct {
	dying    bool                      // the target is dead, and some of those cases still run
	now      map[string]reports.Result // those of this death that have ended, by title
	suspects map[string]reports.Result // those of all deaths, to be run again
	asking   []question                // who waits for the target to be there again
}

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

// settle starts a dead target again once nothing runs any more, and lets the workers go on. A single case that ran has
// killed it; several are suspects.
func (c *crew) settle(ctx context.Context) {
	if !c.dying || slices.ContainsFunc(c.hands, func(h *hand) bool { return h.runs != "" }) {
		return
	}
	c.dying = false
	names := strings.Join(slices.Sorted(maps.Keys(c.now)), ", ")
	c.revive(ctx, names)
	for title, result := range c.now {
		switch {
		case len(c.now) == 1:
			c.keep(ctx, c.items[title], result)
		case c.over(ctx):
			result.Verdict = reports.Error
			result.Expected, result.Got = "the server to go on answering", "the server died while these cases ran side by side: "+names
			c.keep(ctx, c.items[title], result)
		default:
			c.suspects[title] = result
		}
	}
	for _, q := range c.asking {
		q.hand.tell(order{Answer: c.answer(ctx, q.hand, q.title)})
	}
	c.asking = nil
}
