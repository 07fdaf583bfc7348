package client

import "time"

// Forecast is the fires to come in a window, minute by minute.
type Forecast struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Fires     int       `json:"fires"`
	Complete  bool      `json:"complete"` // false if it ends earlier than was asked
	PerMinute []int     `json:"per_minute"`
	Queues    []struct {
		Queue       string    `json:"queue"`
		Concurrency int       `json:"concurrency"`
		RunSeconds  *float64  `json:"run_seconds"`
		Fires       int       `json:"fires"`
		PerMinute   []int     `json:"per_minute"`
		WaitSeconds []float64 `json:"wait_seconds,omitempty"`
		LongestWait *float64  `json:"longest_wait_seconds"`
	} `json:"queues"`
	Endpoints []struct {
		Endpoint  string `json:"endpoint"`
		Fires     int    `json:"fires"`
		PerMinute []int  `json:"per_minute"`
	} `json:"endpoints"`
}
