// Package once remembers what requests were answered, so that one that is sent again
// is not done again.
//
//	             ┌─ nothing is known ─▶ claim it ─▶ do it ─▶ Keep, or Forget if it was refused
//	Begin(key) ──┼─ answered ─▶ that answer again
//	             ├─ asked something else ─▶ ErrOther
//	             └─ claimed, no answer ─▶ ErrUnderWay
//
// The claim is a row, so it counts at every gateway, and of two requests at once one
// is done. A gateway that dies between the deed and its answer leaves the claim
// without one: then nobody knows whether it was done, and until the claim is
// forgotten it is not tried again. So under one key nothing is done twice.
//
// Refusals and failures are forgotten: the caller may mend what was wrong, and ask
// again. A failure of which he cannot know whether it was done, a 503, is such a
// one too: whoever asks again wants it done.
package once

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lifetime is how long an answer is remembered.
const Lifetime = 24 * time.Hour

// The refusals.
var (
	ErrOther    = errors.New("came with another request before: take a new one")
	ErrUnderWay = errors.New("a request with this Idempotency-Key has begun, and how it ended is not known: ask again in a moment; if it stays so, see what came of it and take a new key")
)

// Claim is a request of somebody under a key of his own choice.
type Claim struct {
	Caller  uuid.UUID
	Key     string
	Request [sha256.Size]byte // digest of all that it asks
}

// Answer is what a request was answered.
type Answer struct {
	Status      int
	ContentType string
	ETag        string
	Body        []byte
}

// Answers remembers answers in a database. It is safe for concurrent use.
type Answers struct{ pool *pgxpool.Pool }

// New returns the answers of a database.
func New(pool *pgxpool.Pool) *Answers { return &Answers{pool} }

// Begin returns what the request was answered before; or nil, and then it is the
// caller's to do it, and to call Keep or Forget. It fails with ErrOther or
// ErrUnderWay.
func (a *Answers) Begin(ctx context.Context, c Claim) (*Answer, error) {
	batch := &pgx.Batch{}
	batch.Queue(`
		DELETE FROM answers WHERE (caller, key) IN (
			SELECT caller, key FROM answers WHERE created_at < now() - $1::interval ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)`, Lifetime)
	claimed := false
	batch.Queue(`
		INSERT INTO answers AS a (caller, key, request) VALUES ($1, $2, $3)
		ON CONFLICT (caller, key) DO UPDATE SET request = excluded.request, status = NULL, created_at = now()
		WHERE a.created_at < now() - $4::interval`, c.Caller, c.Key, c.Request[:], Lifetime).Exec(func(tag pgconn.CommandTag) error {
		claimed = tag.RowsAffected() == 1
		return nil
	})
	if err := a.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("claim a request: %w", err)
	}
	if claimed {
		return nil, nil
	}
	return a.find(ctx, c)
}

func (a *Answers) find(ctx context.Context, c Claim) (*Answer, error) {
	var request []byte
	var status *int
	var kept Answer
	err := a.pool.QueryRow(ctx, `SELECT request, status, content_type, etag, body FROM answers WHERE caller = $1 AND key = $2`, c.Caller, c.Key).
		Scan(&request, &status, &kept.ContentType, &kept.ETag, &kept.Body)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // it was refused, in this moment
		return nil, ErrUnderWay
	case err != nil:
		return nil, fmt.Errorf("look up an answer: %w", err)
	case [sha256.Size]byte(request) != c.Request:
		return nil, ErrOther
	case status == nil:
		return nil, ErrUnderWay
	}
	kept.Status = *status
	return &kept, nil
}

// Keep remembers the answer to a request that was begun.
func (a *Answers) Keep(ctx context.Context, c Claim, answer Answer) error {
	_, err := a.pool.Exec(ctx, `UPDATE answers SET status = $3, content_type = $4, etag = $5, body = $6 WHERE caller = $1 AND key = $2`,
		c.Caller, c.Key, answer.Status, answer.ContentType, answer.ETag, answer.Body)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// Forget gives up a claim.
func (a *Answers) Forget(ctx context.Context, c Claim) error {
	if _, err := a.pool.Exec(ctx, `DELETE FROM answers WHERE caller = $1 AND key = $2 AND status IS NULL`, c.Caller, c.Key); err != nil {
		return fmt.Errorf("give up a request: %w", err)
	}
	return nil
}
