package carillon_test

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/go-cmp/cmp"
)

func TestDefaultsFillWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	minimal := carillon.Document{
		Name:     "tick",
		Schedule: schedule.Spec{Cron: "* * * * *"},
		Target:   carillon.Target{URL: "http://example.com"},
	}
	want := minimal
	want.Namespace, want.Queue = "default", "default"
	want.Target.Method, want.Target.Timeout = "POST", carillon.Duration(30*time.Second)
	want.Retry = carillon.Retry{MaxAttempts: 3, MinBackoff: carillon.Duration(time.Second), MaxBackoff: carillon.Duration(5 * time.Minute)}
	want.Overlap = carillon.OverlapSkip
	want.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpLatest, Window: carillon.Duration(time.Hour)}
	got := minimal.WithDefaults()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

func TestDefaultsLeaveWhatIsGiven(t *testing.T) {
	t.Parallel()
	given := carillon.Document{
		Namespace: "billing", Name: "tick", Queue: "low", Paused: true,
		Labels:   map[string]string{"team": "billing"},
		Schedule: schedule.Spec{Cron: "* * * * *"},
		Target:   carillon.Target{Method: "GET", URL: "http://example.com", Timeout: carillon.Duration(time.Minute)},
		Retry:    carillon.Retry{MaxAttempts: 1, MinBackoff: carillon.Duration(time.Minute), MaxBackoff: carillon.Duration(time.Hour)},
		Overlap:  carillon.OverlapQueue, MaxQueued: 7,
		CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(24 * time.Hour), Max: 10},
	}
	if diff := cmp.Diff(given, given.WithDefaults()); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsOfAPolicyAreFilledWithIt(t *testing.T) {
	t.Parallel()
	got := carillon.Document{Overlap: carillon.OverlapQueue, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll}}.WithDefaults()
	if got.MaxQueued != 1 || got.CatchUp.Max != 100 {
		t.Errorf("max_queued %d and catch_up.max %d, want 1 and 100", got.MaxQueued, got.CatchUp.Max)
	}
}

func TestDefaultsOfACallbackLeaveTheDocumentAlone(t *testing.T) {
	t.Parallel()
	given := carillon.Document{Target: carillon.Target{Callback: &carillon.Callback{}}}
	if got := given.WithDefaults().Target.Callback; got.TTL != carillon.Duration(time.Hour) || given.Target.Callback.TTL != 0 {
		t.Errorf("%s, and %s in what was given", got.TTL, given.Target.Callback.TTL)
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "http://127.0.0.1:8470", "https://carillon.example.com/", "https://example.com/carillon"} {
		if err := carillon.CheckPublicURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"carillon.example.com", "ftp://example.com", "https://", "https://a:b@example.com", "https://example.com/?a", "https://example.com/#a", "https://example.com/{{run_id}}", "://"} {
		if err := carillon.CheckPublicURL(bad); err == nil || !strings.Contains(err.Error(), "CARILLON_PUBLIC_URL") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestDefaultLongestWaitIsNotBelowTheShortest(t *testing.T) {
	t.Parallel()
	doc := carillon.Document{Retry: carillon.Retry{MinBackoff: carillon.Duration(time.Hour)}}
	if got := doc.WithDefaults().Retry.MaxBackoff; got != carillon.Duration(time.Hour) {
		t.Errorf("got %s, want 1h", got)
	}
}
