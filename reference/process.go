package reference

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// process makes the effect of a complete body happen, in the background: no connection can interrupt
// it. The caller is the one that completed the body by the request r, or New after a restart (nil).
func (s *Server) process(op *store.Operation, r *http.Request) {
	s.carryOut(r, op.Job.Delay, func() error { return s.effect(op) })
}

// carryOut calls effect in the background after a delay, until it returns nil.
func (s *Server) carryOut(r *http.Request, delay time.Duration, effect func() error) {
	s.begin(func() {
		ctx := s.seams.Effect.Lifetime(r)
		if !sleep(ctx, delay) {
			return
		}
		for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
			err := effect()
			if err == nil {
				return
			}
			// The store makes it safe to try again; nothing has been promised yet.
			s.opts.Logger.Error("effect", "error", err)
			if !sleep(ctx, wait) {
				return
			}
		}
	})
}

// sleep waits, and returns false when the server closes first: the next start takes up the work.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) effect(op *store.Operation) error {
	resp, err := s.seams.Effect.Outcome(op)
	if err != nil {
		return err
	}
	return op.Finish(resp)
}

// outcome makes the item, if the operation is to succeed, and the final response.
func (s *Server) outcome(op *store.Operation) (*store.Response, error) {
	digests, err := s.digestsOf(op)
	if err != nil {
		return nil, err
	}
	if !s.seams.Rufh.Intact(op, digests) {
		return s.failed(op, problem{Status: http.StatusBadRequest, Title: "Digest Mismatch", Detail: "The representation has another digest than Repr-Digest says."}), nil
	}
	if op.Job.Fail != 0 {
		return s.failure(op), nil
	}
	it, err := s.seams.Effect.Make(op)
	if err != nil {
		return nil, err
	}
	resp := s.created(op, it)
	if value := digests.wanted(op.Job.Want); value != "" {
		resp.Header[fieldReprDigest] = []string{value}
	}
	return resp, nil
}

func (s *Server) makeItem(op *store.Operation) (*store.Item, error) {
	n := op.Progress().Offset
	sum, err := s.hash(op, n)
	if err != nil {
		return nil, err
	}
	return op.Commit(store.Item{
		Tag:         op.Job.Tag,
		Length:      n,
		SHA256:      sum,
		ContentType: op.Job.ContentType,
		Coding:      op.Job.Coding,
		Name:        op.Job.Name,
		Respond:     op.Job.Respond,
		Created:     s.opts.Clock().UTC().Truncate(time.Second),
	})
}

// hash returns the SHA-256 of a body, or "" for one beyond HashLimit. It reads the body again, because an
// upload may have come in pieces; so short after the upload it is in memory.
func (s *Server) hash(op *store.Operation, n int64) (string, error) {
	if n > s.opts.HashLimit {
		return "", nil
	}
	content, err := op.Open(n)
	if err != nil {
		return "", err
	}
	defer content.Close()
	return digest(content, n)
}

func digest(content io.Reader, n int64) (string, error) {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	h := sha256.New()
	got, err := io.CopyBuffer(h, struct{ io.Reader }{content}, *p)
	if err != nil || got != n {
		return "", fmt.Errorf("hash body: %d of %d bytes: %w", got, n, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// await sends the final response of an operation when it is there. It does not watch the connection: a client
// that has closed only its sending side still listens.
func (s *Server) await(x *exchange, op *store.Operation) {
	select {
	case <-op.Done():
	case <-s.ctx.Done():
		panic(http.ErrAbortHandler)
	}
	resp, ok := op.Response()
	if !ok {
		s.refuse(x, problemOf(store.ErrClosed))
		return
	}
	send(x, resp)
}
