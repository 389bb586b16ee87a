package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/resumespec/resumespec/reports"
)

// Work is one of the processes of a run with several Jobs: it reads from in what the run is about, and then asks on out,
// case by case and in the order of the run, which ones are its own, and runs those. It ends when it has asked for every
// case, when it is told to end or when in ends; an error says why it could not begin. One goroutine stays with in until
// that ends. The version must be that of the run: two programs may know different cases.
func Work(ctx context.Context, in io.Reader, out io.Writer, version string) error {
	orders := newInbox[order](in, maxMessage)
	first, err := orders.next()
	if first.Options == nil {
		return fmt.Errorf("nobody says what to run: a worker is started by a run with --jobs (%v)", err) //nolint:errorlint // nothing hangs on which error it is
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &worker{orders: orders, out: json.NewEncoder(out), answers: make(chan answer), cancel: cancel}
	last, err := w.work(ctx, *first.Options, version)
	if err != nil {
		last.Failed = err.Error()
	}
	w.send(message{Over: &last})
	return err
}

// worker is the worker's end of the wire.
type worker struct {
	orders  *inbox[order]
	answers chan answer
	cancel  context.CancelFunc // ends what runs

	mu  sync.Mutex
	out *json.Encoder
}

// work runs the cases that are given to this worker.
func (w *worker) work(ctx context.Context, o Options, version string) (last lastWord, err error) {
	if o.Version != version {
		return last, fmt.Errorf("this is resumespec %s, the run is one of %s (was the program replaced meanwhile?)", version, o.Version)
	}
	o.Progress = func(p Progress) {
		if p.Kind == Finished {
			w.send(message{Result: &finished{Title: p.Title, Result: *p.Result}})
		}
	}
	r, err := newRunner(o)
	if err != nil {
		return last, err
	}
	if err := r.open(ctx); err != nil {
		return last, err
	}
	defer r.bench.Injector.Close() // the run is over; what closing says changes nothing
	r.take = w.ask
	if r.starts() {
		r.bury = func(_ context.Context, i item, result reports.Result) {
			w.send(message{Result: &finished{i.title(), result, true}})
		}
	}
	go w.listen(ctx)
	r.ginkgo(ctx)
	return lastWord{Stopped: r.stopped}, nil
}

// listen takes the run's orders until there are no more: then nobody wants the results.
func (w *worker) listen(ctx context.Context) {
	defer w.cancel()
	for {
		o, err := w.orders.next()
		if err != nil || o.Answer == end {
			return
		}
		select {
		case w.answers <- o.Answer:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks for leave to run a case.
func (w *worker) ask(ctx context.Context, i item) bool {
	w.send(message{Ask: i.title()})
	select {
	case a := <-w.answers:
		return a == take
	case <-ctx.Done():
		return false
	}
}

// send tells the run something. A result that JSON cannot hold is told as an error; where the run is gone, so is the
// reason to go on.
func (w *worker) send(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.out.Encode(m)
	if err != nil && m.Result != nil {
		broken := &m.Result.Result
		broken.Verdict, broken.Got, broken.Figures = reports.Error, "the result cannot be told: "+err.Error(), nil
		err = w.out.Encode(m)
	}
	if err != nil {
		w.cancel()
	}
}
