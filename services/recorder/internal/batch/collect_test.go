package batch_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/batch"
)

const (
	size = 10
	wait = 50 * time.Millisecond
)

// start runs a Collect whose items the test sends and whose batches it takes.
func start() (items chan int, batches chan []int) {
	items, batches = make(chan int), make(chan []int)
	go batch.Collect(items, batches, size, wait)
	return items, batches
}

func send(items chan<- int, from, to int) {
	for n := from; n < to; n++ {
		items <- n
	}
}

func numbers(from, to int) []int {
	var list []int
	for n := from; n < to; n++ {
		list = append(list, n)
	}
	return list
}

func TestAFullBatchDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items, batches := start()
		defer close(items)
		began := time.Now()
		go send(items, 0, size)
		if got := <-batches; !slices.Equal(got, numbers(0, size)) {
			t.Errorf("got %v", got)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestAPartBatchWaitsFromItsFirstItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items, batches := start()
		defer close(items)
		time.Sleep(time.Hour)
		items <- 0
		began := time.Now()
		time.Sleep(wait / 2)
		items <- 1
		if got := <-batches; !slices.Equal(got, numbers(0, 2)) {
			t.Errorf("got %v", got)
		}
		if waited := time.Since(began); waited != wait {
			t.Errorf("waited %v, want %v", waited, wait)
		}
	})
}

func TestADueBatchGrowsWhileNobodyTakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items, batches := start()
		defer close(items)
		items <- 0
		time.Sleep(2 * wait)
		go send(items, 1, 2*size)
		synctest.Wait()
		if got := <-batches; !slices.Equal(got, numbers(0, size)) {
			t.Errorf("first batch: got %v", got)
		}
		if got := <-batches; !slices.Equal(got, numbers(size, 2*size)) {
			t.Errorf("second batch: got %v", got)
		}
	})
}

func TestClosingSendsTheRestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items, batches := start()
		began := time.Now()
		go func() { send(items, 0, size+3); close(items) }()
		var got []int
		for one := range batches {
			got = append(got, one...)
		}
		if !slices.Equal(got, numbers(0, size+3)) {
			t.Errorf("got %v", got)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}
