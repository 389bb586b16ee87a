package store

// made counts the items of each protocol by tag.
type made map[string]map[string]int

func (m made) add(protocol, tag string) {
	if m[protocol] == nil {
		m[protocol] = map[string]int{}
	}
	m[protocol][tag]++
}

// CountOf is the number of items that operations of a protocol (Record.Protocol) made with a tag, deleted ones included.
func (s *Store) CountOf(protocol, tag string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[protocol][tag]
}

// TotalOf is the number of items that operations of a protocol made.
func (s *Store) TotalOf(protocol string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, made := range s.made[protocol] {
		n += made
	}
	return n
}
