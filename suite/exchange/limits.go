package exchange

import "time"

// defaults are the limits of an exchange whose Limits leave them at zero.
var defaults = Limits{
	Head:     64 << 10,
	Body:     8 << 20,
	Interims: 64,
	Record:   4 << 10,
	Time:     10 * time.Second,
	Continue: time.Second,
}

// withDefaults gives the limits with every value that is not positive replaced by its default: a
// hostile target must never meet an unlimited client because of a forgotten field.
func (l Limits) withDefaults() Limits {
	l.Head = positive(l.Head, defaults.Head)
	l.Body = positive(l.Body, defaults.Body)
	l.Interims = positive(l.Interims, defaults.Interims)
	l.Record = positive(l.Record, defaults.Record)
	l.Time = positive(l.Time, defaults.Time)
	l.Continue = positive(l.Continue, defaults.Continue)
	return l
}

func positive[T int | int64 | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
