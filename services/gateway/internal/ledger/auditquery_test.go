package ledger

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
)

// TestFingerprintsAreThoseOfPostgres compares 10,000 of them, over all instants that
// a job may fire at.
func TestFingerprintsAreThoseOfPostgres(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	ids, instants := make([]uuid.UUID, 10_000), make([]time.Time, 10_000)
	want := make([]uint64, len(ids))
	for i := range ids {
		ids[i], instants[i] = uuid.New(), time.Unix(rand.Int64N(8e9), 0)
		if i == 0 {
			instants[i] = time.Unix(0, 0)
		}
		want[i] = audit.Fingerprint(ids[i], instants[i])
	}
	rows, err := pool.Query(t.Context(), `
		SELECT uuid_hash_extended(id, (date_part('epoch', at) * 1000000)::bigint)
		FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS run (id, at, i) ORDER BY i`, ids, instants)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := range want {
		var got int64
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Scan(&got); err != nil || uint64(got) != want[i] {
			t.Fatalf("%s at %s: %x in Postgres, %x here, %v", ids[i], instants[i], uint64(got), want[i], err)
		}
	}
}
