// Package writer carries batches of messages from OUTCOMES into the ledger.
//
// For each batch: decode, record in one transaction, and only then acknowledge.
// Whatever happens before the acknowledgement, the messages come again, to this
// recorder or to another, and recording is idempotent; so nothing is lost, and
// nothing is double.
//
// What may go wrong with a batch, and what is done:
//
//   - Postgres is away, or full, or otherwise unable: the batch is held and tried
//     again, with growing pauses, for as long as the service lives. Its messages
//     are redelivered meanwhile when their ack wait ends, up to the one prefetch
//     of each recorder. No sign of life is sent to prevent that: recording twice
//     is harmless, and cheaper than the bookkeeping.
//   - A day of long ago is locked, for minutes where retention copies it. Its events
//     are given back for a while, so that the others need not wait with them.
//   - Postgres refuses the data: some event is poison. The batch is halved until
//     the event stands alone, so the rest is recorded. The poison is put into the
//     table set_aside_events with its reason, counted, and terminated: it can never
//     be recorded, and must not stand in the way. The same is done with a message
//     that says nothing at all.
//   - The service stops: what is in hand is recorded within a short grace; the
//     rest is given back to the server for whoever comes next.
package writer
