package outbox

import "github.com/jackc/pgx/v5"

// Append queues a message in a batch that runs within the writer's transaction.
// A nil payload is an empty one.
func Append(batch *pgx.Batch, subject string, payload []byte) {
	if payload == nil {
		payload = []byte{}
	}
	batch.Queue(`INSERT INTO outbox (subject, payload) VALUES ($1, $2)`, subject, payload)
}
