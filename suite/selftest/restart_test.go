package selftest

import (
	"context"
	"time"
)

// What a restart may do to a bugServer: all of its state counts as written down.
const (
	restartForgets   quirk = "a restart forgets all operations" // its right, of which the cases warn
	restartTailLost  quirk = "a restart loses the last bytes, and HEAD still claims them"
	restartApplies   quirk = "a restart applies what it finds"
	restartRemakes   quirk = "a restart makes final responses up again"
	restartTellsMore quirk = "a restart reads a longer file than was told"
)

// restart breaks every connection off, and spoils what the next process finds.
func (s *bugServer) restart(context.Context) error {
	s.mu.Lock()
	ops := map[*operation]bool{}
	for _, o := range s.ops {
		ops[o] = true
	}
	s.conns.HangUp()
	s.mu.Unlock()
	for s.conns.Count() > 0 {
		s.sleep(time.Millisecond)
	}
	for o := range ops {
		s.found(o)
	}
	return nil
}

// found is an operation as the new process finds it.
func (s *bugServer) found(o *operation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	partial := !o.complete && len(o.data) > 0
	switch {
	case s.has(restartForgets):
		o.gone = true
	case s.has(restartTailLost) && partial:
		clear(o.data[len(o.data)-1:])
	case s.has(restartTellsMore) && partial:
		o.data = append(o.data, 0)
	case s.has(restartApplies) && partial:
		o.effect()
	case s.has(restartRemakes) && o.complete:
		<-o.ready
		o.final = reply(200, "done\n")
	}
}
