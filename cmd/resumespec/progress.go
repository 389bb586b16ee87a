package main

import (
	"fmt"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// watcher shows a run while it goes on: on a terminal a bar with the case that runs, results above it; elsewhere plain
// lines.
type watcher struct {
	screen   *screen
	target   string
	known    map[reports.Key]bool // what fails in the baseline
	progress *mpb.Progress
	bar      *mpb.Bar
	current  atomic.Value // string: the case that runs
}

// watch shows a run against a target. With a baseline, not nil, what fails there too is shown as known.
func (s *screen) watch(target string, baseline *reports.Report) *watcher {
	w := &watcher{screen: s, target: target}
	if baseline != nil {
		w.known = baseline.Failed()
	}
	w.current.Store("")
	return w
}

// step is called by the suite, from one goroutine.
func (w *watcher) step(p suite.Progress) {
	switch p.Kind {
	case suite.Planned:
		w.screen.say("%s to come from %s", plural(p.Total, "result"), w.target)
		if w.screen.bar {
			w.draw(p.Total)
		}
	case suite.Started:
		w.current.Store(shorten(reports.Sanitize(p.Title), 60))
	case suite.Advanced:
		w.current.Store(fmt.Sprintf("%s: %d/%d cuts", shorten(reports.Sanitize(p.Title), 60), p.Cuts, p.AllCuts))
	case suite.Finished:
		if p.Result != nil {
			shown := *p.Result
			shown.Known = shown.Verdict == reports.Fail && w.known[shown.Key()]
			w.screen.result(&shown)
		}
	}
	if w.bar != nil {
		w.bar.SetCurrent(int64(p.Done))
	}
}

func (w *watcher) draw(total int) {
	w.progress = mpb.New(mpb.WithOutput(w.screen.out), mpb.WithWidth(64))
	w.bar = w.progress.AddBar(int64(total),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(
			decor.Elapsed(decor.ET_STYLE_GO),
			decor.Any(func(decor.Statistics) string { return "  " + w.current.Load().(string) }),
		),
	)
	w.screen.divert(w.progress)
}

// close takes the bar away. It is called once, after the last step.
func (w *watcher) close() {
	if w.progress == nil {
		return
	}
	w.bar.Abort(true)
	w.progress.Wait()
	w.screen.divert(nil)
}

// shorten cuts a line down to n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
