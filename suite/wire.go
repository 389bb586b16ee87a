package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/resumespec/resumespec/reports"
)

// What a run and its workers say to each other, one JSON value on a line. The run sends orders to a worker's standard
// input: the options first, then one answer to each question, and "end" at any time. The worker writes messages to its
// standard output: a question before each case, the result of each that it was given, and a last word.

// maxMessage bounds one message, in bytes: far above any result, far below what hurts.
const maxMessage = 256 << 20

// order is what a run tells a worker.
type order struct {
	Options *Options `json:"options,omitempty"` // the first order, and no other
	Answer  answer   `json:"answer,omitempty"`
}

// answer is the answer to a question.
type answer string

const (
	take  answer = "take"  // the case is yours
	leave answer = "leave" // another worker has it
	end   answer = "end"   // nothing more is to be run, and what runs is to be ended
)

// message is what a worker tells the run; one of its fields is set.
type message struct {
	Ask    string    `json:"ask,omitempty"` // title of the case that it would run next
	Result *finished `json:"result,omitempty"`
	Over   *lastWord `json:"over,omitempty"`
}

// finished is the result of a case.
type finished struct {
	Title  string         `json:"title"`
	Result reports.Result `json:"result"`
	// Dead says that the target was gone after the case; whether it was this one that killed it, a worker cannot know.
	Dead bool `json:"dead,omitempty"`
}

// lastWord tells why a worker asks for no more.
type lastWord struct {
	Stopped string `json:"stopped,omitempty"` // why it ran no further case, where it knows
	Failed  string `json:"failed,omitempty"`  // why it could not begin
}

// inbox reads values of one kind, none of much more than most bytes.
type inbox[T any] struct {
	most    int64
	limited *io.LimitedReader
	decoder *json.Decoder
}

func newInbox[T any](r io.Reader, most int64) *inbox[T] {
	limited := &io.LimitedReader{R: r}
	return &inbox[T]{most, limited, json.NewDecoder(limited)}
}

// next gives the next value; io.EOF when there is none.
func (i *inbox[T]) next() (T, error) {
	var v T
	i.limited.N = i.most
	err := i.decoder.Decode(&v)
	switch {
	case err != nil && i.limited.N == 0:
		return v, fmt.Errorf("a message of more than %d bytes", i.most)
	case errors.Is(err, io.EOF), err == nil:
		return v, err
	}
	return v, fmt.Errorf("read a message: %w", err)
}
