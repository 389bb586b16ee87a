package matrix

import "github.com/resumespec/resumespec/suite/catalog"

// Restart stops the target and starts it again. The case ends as unsupported where the target gives no way to,
// and with an error when it does not come back within the round's time.
func (s *Session) Restart() {
	s.Need(catalog.NeedRestart, s.bench.Restart != nil)
	s.Release() // what the client still holds would keep a server from ending in order
	if err := s.bench.Restart(s.ctx); err != nil {
		s.halt(catalog.Error, "the server to be stopped and started again within "+s.bench.Limits.Time.String(), err.Error())
	}
}
