package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// As many at a time as there are jobs, no more, and each report in the place of its name.
func TestEachKeepsOrderAndLimit(t *testing.T) {
	names := strings.Fields("a b c d e f g h")
	var now, most atomic.Int64
	together := make(chan struct{})
	full := sync.OnceFunc(func() { close(together) }) // nobody goes on before there are as many as there are jobs
	get := func(_ context.Context, name string) (*reports.Report, error) {
		defer now.Add(-1)
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			continue
		}
		if n == 3 {
			full()
		}
		<-together
		return &reports.Report{Target: reports.Target{Name: name}}, nil
	}
	told := 0
	all, err := each(t.Context(), names, 3, get, func(done) { told++ })
	if err != nil || told != len(names) || most.Load() != 3 {
		t.Fatalf("%v, told %d, at most %d at a time", err, told, most.Load())
	}
	for i, report := range all {
		if report.Target.Name != names[i] {
			t.Errorf("%s stands in the place of %s", report.Target.Name, names[i])
		}
	}
}

// The first error ends the others, and is the one that is told.
func TestEachEndsWithAnError(t *testing.T) {
	wrong := errors.New("wrong")
	get := func(ctx context.Context, name string) (*reports.Report, error) {
		if name == "b" {
			return nil, wrong
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := each(t.Context(), strings.Fields("a b c d"), 2, get, func(done) {}); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
}

func TestEachIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	get := func(ctx context.Context, _ string) (*reports.Report, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := each(ctx, strings.Fields("a b c"), 1, get, func(done) {}); err == nil || err.Error() != "interrupted" {
		t.Errorf("got %v", err)
	}
}
