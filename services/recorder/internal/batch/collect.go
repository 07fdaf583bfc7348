// Package batch groups a stream of items into batches, by size or by time,
// whichever comes first.
//
// A batch is due when it is full, or a moment after its first item. A due batch
// that nobody takes yet goes on growing up to its full size, so batches are the
// larger the more there is to do, and a busy receiver is asked less often. At
// most one batch waits here; beyond that the sender of items waits.
package batch

import "time"

// Collect reads items from in and sends them to out in batches of 1 to size
// items, in order, at the latest wait after the first of them if a receiver is
// there. When in is closed it sends what it holds, closes out and returns. Each
// batch belongs to its receiver.
func Collect[T any](in <-chan T, out chan<- []T, size int, wait time.Duration) {
	defer close(out)
	for first := range in {
		batch := append(make([]T, 0, size), first)
		handOver(batch, in, out, wait)
	}
}

// handOver fills a batch up to its capacity and sends it once it is due.
func handOver[T any](batch []T, in <-chan T, out chan<- []T, wait time.Duration) {
	due := time.After(wait)
	var send chan<- []T // nil, so that nothing is sent, until the batch is due
	for {
		if len(batch) == cap(batch) {
			in, send = nil, out
		}
		select {
		case item, open := <-in:
			if !open {
				out <- batch
				return
			}
			batch = append(batch, item)
		case <-due:
			send = out
		case send <- batch:
			return
		}
	}
}
