package lease

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// renewEvery lets three renewals fail before a lease runs out.
const renewEvery = topology.LeaseTTL / 4

// callTimeout bounds each request to the bucket: shorter than what is left of
// a lease after a missed renewal.
const callTimeout = topology.LeaseTTL / 2

// silence is how long nothing may be heard of a key before it counts as gone: it
// has run out by then, even if the news of that was lost, as it can be when the
// server restarts.
const silence = topology.LeaseTTL + renewEvery

// Owner is told what a keeper holds. Its methods are called from the keeper's
// goroutine; Lose must not return before planning has stopped there.
type Owner interface {
	Gain(partition int)
	Lose(partition int)
}

// Keeper holds leases for one planner.
type Keeper struct {
	bucket jetstream.KeyValue
	name   string
	owner  Owner
	report func(error)

	view    view
	heard   map[string]time.Time // when each key of the view was last written
	held    map[int]uint64       // revision of the key of each held partition
	renewed time.Time            // when all of them were last known to be ours
}

// NewKeeper returns a keeper for the planner of the given unique name. report
// is told after every round of renewals how it went: nil, or what went wrong.
func NewKeeper(bucket jetstream.KeyValue, name string, owner Owner, report func(error)) *Keeper {
	return &Keeper{
		bucket: bucket, name: name, owner: owner, report: report, held: map[int]uint64{}, heard: map[string]time.Time{},
		view: view{planners: map[string]bool{}, holders: map[int]string{}},
	}
}

// Run keeps leases until ctx ends; then it gives them all up, so that others
// take over at once. It fails if the bucket cannot be watched, or not any more;
// then too it holds nothing when it returns.
func (k *Keeper) Run(ctx context.Context) error {
	watch, err := k.bucket.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watch.Stop() }()
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	defer k.resign()
	started := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watch.Updates():
			switch {
			case !ok:
				return errUnwatched
			case entry == nil: // everything that stood there has been seen
				started = true
				k.renew(ctx)
				k.balance(ctx)
			default:
				k.see(entry, time.Now())
				if started && entry.Operation() != jetstream.KeyValuePut {
					k.balance(ctx) // something came free
				}
			}
		case now := <-tick.C:
			k.forget(now)
			k.renew(ctx)
			k.balance(ctx)
		}
	}
}

// see takes one change of the bucket into the view.
func (k *Keeper) see(entry jetstream.KeyValueEntry, now time.Time) {
	key := entry.Key()
	if entry.Operation() != jetstream.KeyValuePut {
		k.drop(key)
		return
	}
	k.heard[key] = now
	if name, ok := strings.CutPrefix(key, topology.PlannerLease); ok {
		k.view.planners[name] = true
	}
	if p, ok := partitionOf(key); ok {
		k.view.holders[p] = string(entry.Value())
	}
}

// drop takes a key out of the view.
func (k *Keeper) drop(key string) {
	delete(k.heard, key)
	if name, ok := strings.CutPrefix(key, topology.PlannerLease); ok {
		delete(k.view.planners, name)
	}
	if p, ok := partitionOf(key); ok {
		delete(k.view.holders, p)
	}
}

// forget drops the keys that nothing was heard of for too long. What is held
// here is known better.
func (k *Keeper) forget(now time.Time) {
	for key, at := range k.heard {
		p, ok := partitionOf(key)
		if _, held := k.held[p]; now.Sub(at) > silence && !(ok && held) {
			k.drop(key)
		}
	}
}

// renew extends everything that is held. What cannot be renewed in time, or
// belongs to somebody else by now, is lost.
func (k *Keeper) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, failed := k.bucket.PutString(ctx, topology.PlannerLease+k.name, k.name)
	for p, revision := range k.held {
		next, err := k.bucket.Update(ctx, partitionKey(p), []byte(k.name), revision)
		switch {
		case err == nil:
			k.held[p] = next
		case wrongRevision(err):
			k.lose(p)
		default:
			failed = err
		}
	}
	k.report(failed)
	if failed == nil {
		k.renewed = time.Now()
	} else if time.Since(k.renewed) > topology.LeaseTTL {
		k.loseAll("leases could not be renewed")
	}
}

// balance takes and gives until this planner has its share.
func (k *Keeper) balance(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	take, give := share(k.view, k.name)
	for k.take(ctx, take) { // others were faster: what is free now?
		take, give = share(k.view, k.name)
	}
	for _, p := range give {
		if _, ok := k.held[p]; ok { // the view may be a moment behind
			k.release(ctx, p)
		}
	}
}

// take takes free partitions, and reports whether somebody else was faster at any
// of them, of which the news is still to come.
func (k *Keeper) take(ctx context.Context, free []int) (outrun bool) {
	for _, p := range free {
		revision, err := k.bucket.Create(ctx, partitionKey(p), []byte(k.name))
		switch {
		case err == nil:
			k.held[p], k.view.holders[p], k.renewed = revision, k.name, time.Now()
			k.owner.Gain(p)
		case errors.Is(err, jetstream.ErrKeyExists):
			k.heard[partitionKey(p)], k.view.holders[p] = time.Now(), somebody
			outrun = true
		}
	}
	return outrun
}

// somebody holds a partition of which the news is still to come.
const somebody = "?"

// release stops planning a partition and frees its lease for somebody else.
func (k *Keeper) release(ctx context.Context, p int) {
	revision := k.held[p]
	k.lose(p)
	if err := k.bucket.Delete(ctx, partitionKey(p), jetstream.LastRevision(revision)); err != nil {
		slog.Warn("lease not given back, it will run out", "partition", p, "error", err)
	}
}

// resign gives everything up at the end.
func (k *Keeper) resign() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	_ = k.bucket.Delete(ctx, topology.PlannerLease+k.name) // first, so that others see their larger share; it runs out by itself otherwise
	for p := range k.held {
		k.release(ctx, p)
	}
}

func (k *Keeper) loseAll(reason string) {
	if len(k.held) > 0 {
		slog.Warn("leases lost", "reason", reason, "partitions", len(k.held))
	}
	for p := range k.held {
		k.lose(p)
	}
}

func (k *Keeper) lose(p int) {
	delete(k.held, p)
	delete(k.view.holders, p)
	k.owner.Lose(p)
}

func partitionKey(p int) string { return topology.PartitionLease + strconv.Itoa(p) }

func partitionOf(key string) (int, bool) {
	text, ok := strings.CutPrefix(key, topology.PartitionLease)
	p, err := strconv.Atoi(text)
	return p, ok && err == nil
}
