package preview

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/go-cmp/cmp"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func compiled(t *testing.T, spec schedule.Spec) *schedule.Schedule {
	t.Helper()
	s, err := spec.Compile(Seed(""))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instants(t *testing.T, texts ...string) []time.Time {
	t.Helper()
	all := []time.Time{}
	for _, text := range texts {
		all = append(all, instant(t, text))
	}
	return all
}

func TestFiresOnBothSidesOfAnInstant(t *testing.T) {
	t.Parallel()
	s := compiled(t, schedule.Spec{Cron: "0 * * * *"})
	p := Of(s, instant(t, "2026-01-01T03:00:00Z"), 2, 2)
	if diff := cmp.Diff(instants(t, "2026-01-01T04:00:00Z", "2026-01-01T05:00:00Z"), p.Fires); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(instants(t, "2026-01-01T02:00:00Z", "2026-01-01T03:00:00Z"), p.Previous); diff != "" {
		t.Error("a fire at the instant is one of the previous", diff)
	}
	if p.Moved != nil {
		t.Error("moved", p.Moved)
	}
}

func TestFewerFiresThanAskedFor(t *testing.T) {
	t.Parallel()
	end := instant(t, "2026-01-01T03:00:00Z")
	s := compiled(t, schedule.Spec{Cron: "0 * * * *", Start: new(instant(t, "2026-01-01T01:00:00Z")), End: &end})
	p := Of(s, instant(t, "2026-01-01T01:30:00Z"), 10, 10)
	if diff := cmp.Diff(instants(t, "2026-01-01T02:00:00Z"), p.Fires); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(instants(t, "2026-01-01T01:00:00Z"), p.Previous); diff != "" {
		t.Error(diff)
	}
}

func TestMovedFiresSayWhereFrom(t *testing.T) {
	t.Parallel()
	s := compiled(t, schedule.Spec{Cron: "0 * * * *", Blackouts: []schedule.Blackout{{
		Cron: "30 1 * * *", Duration: schedule.Duration(2 * time.Hour), Policy: schedule.BlackoutDefer,
	}}})
	p := Of(s, instant(t, "2026-01-01T03:00:00Z"), 2, 1)
	if diff := cmp.Diff(instants(t, "2026-01-01T03:30:00Z", "2026-01-01T04:00:00Z"), p.Fires); diff != "" {
		t.Error(diff)
	}
	want := []Move{{instant(t, "2026-01-01T02:00:00Z"), instant(t, "2026-01-01T03:30:00Z")}}
	if diff := cmp.Diff(want, p.Moved); diff != "" {
		t.Error(diff)
	}
}

func TestASpreadMovesPreviousFiresToo(t *testing.T) {
	t.Parallel()
	s := compiled(t, schedule.Spec{Cron: "0 * * * *", Spread: "30m"})
	p := Of(s, instant(t, "2026-01-01T03:59:00Z"), 2, 2)
	if len(p.Moved) != 4 {
		t.Fatalf("%+v", p)
	}
	for i, move := range p.Moved {
		hour := instant(t, "2026-01-01T02:00:00Z").Add(time.Duration(i) * time.Hour)
		if !move.Nominal.Equal(hour) || move.Fire.Sub(hour) != p.Moved[0].Fire.Sub(p.Moved[0].Nominal) {
			t.Errorf("%d: %+v", i, move)
		}
	}
}

func TestSeedsDoNotDependOnCase(t *testing.T) {
	t.Parallel()
	const id = "0199ABCD-0000-7000-8000-00000000000F"
	if Seed(id) != "0199abcd-0000-7000-8000-00000000000f" || Seed("") != "preview" {
		t.Error(Seed(id), Seed(""))
	}
}

func TestListsAreNeverNull(t *testing.T) {
	t.Parallel()
	s := compiled(t, schedule.Spec{At: new(instant(t, "2026-01-01T00:00:00Z"))})
	for _, from := range []string{"0001-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "9999-12-31T23:59:59-23:59"} {
		text, err := json.Marshal(Of(s, instant(t, from), 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(text, &got); err != nil || string(got["fires"]) != "[]" || string(got["warnings"]) == "null" {
			t.Errorf("from %s: %s", from, text)
		}
	}
}

func TestInstantsBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	s := compiled(t, schedule.Spec{Cron: "0 0 1 1 *"})
	early, late := Of(s, instant(t, "0001-01-01T00:00:00Z"), 1, 5), Of(s, instant(t, "9999-12-31T23:59:59Z"), 5, 1)
	if diff := cmp.Diff(instants(t, "1970-01-01T00:00:00Z"), early.Fires); diff != "" || len(early.Previous) > 0 {
		t.Error(early, diff)
	}
	if diff := cmp.Diff(instants(t, "2199-01-01T00:00:00Z"), late.Previous); diff != "" || len(late.Fires) > 0 {
		t.Error(late, diff)
	}
}

func TestTheZoneIsTheEffectiveOne(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]schedule.Spec{
		"UTC":           {Cron: "30 2 * * *"},
		"Europe/Berlin": {Cron: "30 2 * * *", Timezone: "Europe/Berlin"},
		"Asia/Tokyo":    {Cron: "CRON_TZ=Asia/Tokyo 30 2 * * *"},
	} {
		if got := Of(compiled(t, spec), time.Now(), 1, 1).Timezone; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
