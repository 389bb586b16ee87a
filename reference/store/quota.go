package store

import "sync"

// quota counts what each owner and all owners together keep.
type quota struct {
	limits Limits

	mu    sync.Mutex
	total usage
	users map[string]*usage
}

type usage struct {
	bytes      int64
	operations int
}

func (q *quota) user(owner string) *usage {
	u := q.users[owner]
	if u == nil {
		u = &usage{}
		q.users[owner] = u
	}
	return u
}

// addBytes reserves n bytes (n < 0 gives back).
func (q *quota) addBytes(owner string, n int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.user(owner)
	if n > 0 && (over(u.bytes+n, q.limits.UserBytes) || over(q.total.bytes+n, q.limits.TotalBytes)) {
		return ErrBytes
	}
	u.bytes += n
	q.total.bytes += n
	q.tidy(owner, u)
	return nil
}

// addOperation reserves one operation whose body will have length bytes (-1: unknown).
func (q *quota) addOperation(owner string, length int64, counted bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.user(owner)
	defer q.tidy(owner, u)
	if counted && (over(int64(u.operations+1), int64(q.limits.UserOperations)) ||
		over(int64(q.total.operations+1), int64(q.limits.TotalOperations))) {
		return ErrOperations
	}
	if length > 0 && (over(u.bytes+length, q.limits.UserBytes) || over(q.total.bytes+length, q.limits.TotalBytes)) {
		return ErrBytes
	}
	if counted {
		u.operations++
		q.total.operations++
	}
	return nil
}

func (q *quota) dropOperation(owner string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.user(owner)
	u.operations--
	q.total.operations--
	q.tidy(owner, u)
}

// tidy forgets owners that keep nothing, so that made-up credentials do not fill the memory.
func (q *quota) tidy(owner string, u *usage) {
	if *u == (usage{}) {
		delete(q.users, owner)
	}
}

func over(n, limit int64) bool { return limit > 0 && n > limit }
