package jobstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// mostTries is how often an apply begins anew because somebody else has made a job
// that it was about to make.
const mostTries = 3

// Text is a document as it was sent. Two with one digest say the same.
type Text struct {
	Namespace, Name string
	Digest          []byte
}

// Wanted is what a job should be.
type Wanted struct {
	Document carillon.Document // valid
	Place    string            // in the request, for faults
	// KeepPaused is for a document that does not say whether the job is paused.
	KeepPaused bool
	Digest     []byte // of its text
}

// Applied is what became of a text or of a document.
type Applied struct {
	ID       uuid.UUID // zero for what a dry run would create
	Revision int64
	Action   Action   // Created, Updated or Unchanged
	Changed  []string // for Updated: JSON pointers into the document, and /set for its set
}

// Unchanged stands for no revision.
const Unchanged Action = "unchanged"

// Known returns what becomes of texts that are, to the byte, what was applied last,
// to a job that nobody has changed since and that is in the set, if one is given
// (""): nothing. For the other texts the id is zero.
func (s *Store) Known(ctx context.Context, set string, texts []Text) ([]Applied, error) {
	found, err := find(ctx, s.pool, set, texts)
	if err != nil {
		return nil, err
	}
	known := make([]Applied, len(texts))
	for i, f := range found {
		if f.same {
			known[i] = Applied{ID: f.id, Revision: f.revision, Action: Unchanged}
		}
	}
	return known, nil
}

type found struct {
	id       uuid.UUID
	revision int64
	same     bool
}

// find looks each text's job up by its name, in an index whatever the planner
// thinks of a thousand names.
func find(ctx context.Context, db querier, set string, texts []Text) (map[int]found, error) {
	var namespaces, names []string
	var digests [][]byte
	for _, t := range texts {
		namespaces, names, digests = append(namespaces, t.Namespace), append(names, t.Name), append(digests, t.Digest)
	}
	rows, err := db.Query(ctx, `
		SELECT n, id, revision, coalesce(applied = digest AND applied_revision = revision AND ($4 = '' OR apply_set = $4), false)
		FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS w (wanted_namespace, wanted_name, digest, n)
		CROSS JOIN LATERAL (
			SELECT id, revision, applied, applied_revision, apply_set FROM jobs
			WHERE namespace = wanted_namespace AND name = wanted_name AND ($5::text[] IS NULL OR namespace = ANY($5)) LIMIT 1
		) AS j`, namespaces, names, digests, set, scope.From(ctx).Names())
	if err != nil {
		return nil, fmt.Errorf("look up jobs: %w", err)
	}
	all := map[int]found{}
	var n int
	var f found
	_, err = pgx.ForEachRow(rows, []any{&n, &f.id, &f.revision, &f.same}, func() error {
		all[n-1] = f
		return nil
	})
	return all, err
}

// Apply makes jobs what is wanted, in one transaction: those that are not there
// come to be, and what a job is already writes no revision. If set is not "", all
// of them are in it from then on. A dry run says what would happen. It fails with
// *[scope.ForeignError], or with fault.Faults under the places of the documents. No
// two documents have the same name.
func (s *Store) Apply(ctx context.Context, actor, set string, dry bool, wanted []Wanted) (applied []Applied, err error) {
	for _, w := range wanted {
		if err := scope.From(ctx).Check(w.Document.Namespace); err != nil {
			return nil, err
		}
	}
	for try := 1; ; try++ {
		a := &application{many: newMany(actor), wanted: wanted, dry: dry}
		a.set = set
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return a.run(ctx, tx) })
		switch {
		case err == nil && len(a.id) > 0:
			s.written()
			fallthrough
		case err == nil, errors.Is(err, errDry):
			return a.applied, nil
		case !errors.Is(err, ErrNameTaken) || try == mostTries:
			return nil, err
		}
	}
}
