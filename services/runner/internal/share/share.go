// Package share splits a runner's slots over its queues.
//
// A slot is room for one call. Each queue gets slots in proportion to its
// weight, but never more than its concurrency: what a queue cannot use goes to
// the others, by their weights again. Whole slots are dealt by the largest
// remainder, so that the sum is exact. Every queue gets at least one slot, so a
// light queue is slow at worst and never starved; only with more queues than
// slots does that exceed the total.
//
// Shares are fixed until the queues change. That a busy queue does not borrow
// from an idle one is on purpose: a borrowed slot could not be taken back from
// a call that lasts an hour.
package share

import (
	"cmp"
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Of returns the number of slots of each queue, by name. It is a pure function:
// the order of queues does not matter. Weights and concurrencies are at least 1.
func Of(slots int, queues []carillon.Queue) map[string]int {
	open := slices.SortedFunc(slices.Values(queues), func(a, b carillon.Queue) int { return cmp.Compare(a.Name, b.Name) })
	shares := make(map[string]int, len(queues))
	for {
		full, rest := split(slots, open)
		if len(full) == 0 {
			break
		}
		for _, queue := range full {
			shares[queue.Name] = queue.Concurrency
			slots -= queue.Concurrency
		}
		open = rest
	}
	if len(open) > 0 {
		deal(shares, slots, open)
	}
	return shares
}

// split parts the queues whose proportional share reaches their concurrency
// from the others.
func split(slots int, queues []carillon.Queue) (full, rest []carillon.Queue) {
	total := weight(queues)
	for _, queue := range queues {
		if slots*queue.Weight >= queue.Concurrency*total {
			full = append(full, queue)
		} else {
			rest = append(rest, queue)
		}
	}
	return full, rest
}

// deal gives out slots by weight: whole shares first, then the slots left over
// to the largest remainders, then one to whoever got none.
func deal(shares map[string]int, slots int, queues []carillon.Queue) {
	total, left := weight(queues), slots
	for _, queue := range queues {
		shares[queue.Name] = slots * queue.Weight / total
		left -= shares[queue.Name]
	}
	byRemainder := slices.Clone(queues)
	slices.SortStableFunc(byRemainder, func(a, b carillon.Queue) int {
		return cmp.Compare(slots*b.Weight%total, slots*a.Weight%total)
	})
	for _, queue := range byRemainder[:left] {
		shares[queue.Name]++
	}
	for _, queue := range queues {
		shares[queue.Name] = max(shares[queue.Name], 1)
	}
}

func weight(queues []carillon.Queue) (total int) {
	for _, queue := range queues {
		total += queue.Weight
	}
	return total
}
