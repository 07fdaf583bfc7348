package ledger

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Stray is an event that cannot be recorded. Sequence is its place in the stream,
// StoredAt when it got there; the two together are its name.
type Stray struct {
	StoredAt time.Time
	Sequence uint64
	Subject  string
	Reason   string
	Body     []byte
}

const (
	// mostStrays bounds the table: what goes wrong ten thousand times is seen in
	// the first of them.
	mostStrays = 10_000
	// mostBody is how much is kept of a body; events are smaller, unless that is
	// what is wrong with them.
	mostBody = 16 << 10
	// strayAge is for how long they are kept.
	strayAge = 90 * 24 * time.Hour
)

// SetAside keeps events that cannot be recorded, each once however often it is
// given. When the table is full, no more are kept; kept is how many were.
func (l *Ledger) SetAside(ctx context.Context, strays []Stray) (kept int, err error) {
	tag, err := l.exec(ctx, `
		INSERT INTO set_aside_events (stored_at, sequence, subject, reason, body)
		SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::text[], $4::text[], $5::bytea[])
		WHERE (SELECT count(*) FROM set_aside_events) < $6
		ON CONFLICT DO NOTHING`,
		column(strays, func(s Stray) pgtype.Timestamptz { return instant(s.StoredAt) }),
		column(strays, func(s Stray) int64 { return int64(s.Sequence) }),
		column(strays, func(s Stray) string { return storable(s.Subject) }),
		column(strays, func(s Stray) string { return storable(s.Reason) }),
		column(strays, func(s Stray) []byte { return append([]byte{}, s.Body[:min(len(s.Body), mostBody)]...) }),
		mostStrays)
	return int(tag.RowsAffected()), err
}

// storable is a text that Postgres takes.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
