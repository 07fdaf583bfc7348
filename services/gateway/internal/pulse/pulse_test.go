package pulse

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// heart is what a pulse goes by.
type heart struct {
	at     time.Time
	err    error
	ensure error
	made   int
}

func (h *heart) Ensure(_ context.Context, document carillon.Document) error {
	h.made++
	if err := document.Validate(); err != nil {
		return err
	}
	return h.ensure
}

func (h *heart) LastSuccess(context.Context, string, string) (time.Time, error) { return h.at, h.err }

func TestBeatsNeedProof(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for name, c := range map[string]struct {
		heart heart
		told  time.Time
		want  int32
	}{
		"all is alive":             {heart{at: noon}, noon, 1},
		"not that long ago":        {heart{at: noon.Add(-2*time.Minute - slack)}, noon, 1},
		"too long ago":             {heart{at: noon.Add(-2*time.Minute - slack - 1)}, noon, 0},
		"a little ahead":           {heart{at: noon.Add(slack)}, noon, 1},
		"in the future":            {heart{at: noon.Add(slack + 1)}, noon, 0},
		"never":                    {heart{}, noon, 0},
		"nobody can say":           {heart{at: noon, err: away}, noon, 0},
		"the job cannot be made":   {heart{at: noon, ensure: away}, noon, 0},
		"nobody is told of alerts": {heart{at: noon}, noon.Add(-deaf - 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var beats atomic.Int32
			outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { beats.Add(1) }))
			defer outside.Close()
			h := c.heart
			p := New(Config{URL: outside.URL, Every: time.Minute, PublicURL: "https://carillon.example.com"}, &h, &h, outside.Client())
			p.beat(t.Context(), noon, c.told)
			if got := beats.Load(); got != c.want {
				t.Errorf("%d beats, want %d", got, c.want)
			}
		})
	}
}

func TestTheJobIsMadeAgainWhereItIsGone(t *testing.T) {
	t.Parallel()
	h := &heart{at: noon}
	outside := httptest.NewServer(http.NotFoundHandler())
	defer outside.Close()
	p := New(Config{URL: outside.URL, Every: time.Minute, PublicURL: "https://carillon.example.com"}, h, h, outside.Client())
	for range 3 {
		p.beat(t.Context(), noon, noon)
	}
	if h.made != 1 {
		t.Errorf("made %d times", h.made)
	}
	h.at = time.Time{}
	p.beat(t.Context(), noon, noon)
	p.beat(t.Context(), noon, noon)
	if h.made != 2 {
		t.Errorf("made %d times after it was deleted", h.made)
	}
}
