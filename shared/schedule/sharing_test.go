package schedule

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"
)

func mustCompile(t *testing.T, spec Spec, seed string) *Schedule {
	t.Helper()
	compiled, err := spec.Compile(seed)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestEqualSpecsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, spec := range []Spec{
		{Cron: "17 4 * * *", Timezone: "Europe/Berlin"},
		{Every: Duration(37 * time.Minute), Start: &at},
		{At: &at},
		{AnyOf: []Rule{{Cron: "18 4 * * *"}, {Every: Duration(day)}}},
		{Cron: "19 4 * * *", Blackouts: []Blackout{{Dates: []string{"2026-12-25"}}}},
	} {
		if mustCompile(t, spec, "a") != mustCompile(t, spec, "b") {
			t.Errorf("%+v is compiled for every seed", spec)
		}
	}
}

// Seeds share a schedule exactly where their H are the same numbers.
func TestWhatHStandsForDecidesWhatIsShared(t *testing.T) {
	t.Parallel()
	for _, spec := range []Spec{
		{Cron: "H H/6 * * *"},
		{Cron: "TZ=Asia/Tokyo h(0-9) 1,H 4 * THU"},
		{AnyOf: []Rule{{Cron: "H 3 * * *"}, {Cron: "@daily"}}},
		{Cron: "21 4 * * *", Blackouts: []Blackout{{Cron: "H(0-9) 0 * * 1", Duration: Duration(time.Hour)}}},
	} {
		byText, all := map[string]*Schedule{}, map[*Schedule]bool{}
		for i := range 2000 {
			s := mustCompile(t, spec, fmt.Sprint("job", i))
			text := s.String()
			if known := byText[text]; known != nil && known != s {
				t.Fatalf("%+v: two schedules %q", spec, text)
			}
			byText[text], all[s] = s, true
		}
		if len(byText) != len(all) || len(all) < 5 {
			t.Errorf("%+v: %d schedules with %d texts", spec, len(all), len(byText))
		}
	}
}

// A spread keeps its seed's share, whoever compiled the schedule first.
func TestASpreadIsTheSeedsOwn(t *testing.T) {
	t.Parallel()
	end := time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, spec := range []Spec{
		{Cron: "22 4 * * *", Spread: "3h"},
		{Cron: "23 4 * * *", Spread: "40%", End: &end},
		{Cron: "24 H * * *", Spread: "3h"},
		{Cron: "25 4 * * *", Spread: "3h", Blackouts: []Blackout{{Cron: "0 5 1 * *", Duration: Duration(time.Hour)}}},
		{Cron: "26 4 * * *", Spread: "3h", MaxRuns: 9, Start: &time.Time{}},
	} {
		first := mustCompile(t, spec, "first")
		for i := range 50 {
			seed := fmt.Sprint("job", i)
			alone, err := spec.compile(seed)
			if err != nil {
				t.Fatal(err)
			}
			shared := mustCompile(t, spec, seed)
			for at := time.Unix(1e9, 0); at.Year() < 2004; at = at.Add(31 * time.Hour) {
				got, ok := shared.Next(at)
				want, wantOK := alone.Next(at)
				if !got.Equal(want) || ok != wantOK || shared.String() != alone.String() {
					t.Fatalf("%+v: %s with %q, want %s with %q", spec, got, shared, want, alone)
				}
			}
		}
		runtime.KeepAlive(first)
	}
}

// A spread can lead past the end for one seed and not for another.
func TestASpreadPastTheEndIsRefusedForItsSeedAlone(t *testing.T) {
	t.Parallel()
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	end := at.Add(12 * time.Hour)
	spec := Spec{At: &at, End: &end, Spread: "24h"}
	refused := 0
	for i := range 100 {
		seed := fmt.Sprint("job", i)
		_, alone := spec.compile(seed)
		_, shared := spec.Compile(seed)
		if fmt.Sprint(alone) != fmt.Sprint(shared) {
			t.Fatalf("%s: %v, want %v", seed, shared, alone)
		}
		if alone != nil {
			refused++
		}
	}
	if refused < 20 || refused > 80 {
		t.Errorf("%d of 100 refused", refused)
	}
}

// Each field of a spec, of its rules and of its blackouts is part of the key.
func TestEveryFieldIsPartOfTheKey(t *testing.T) {
	t.Parallel()
	fresh := func() *Spec { return &Spec{AnyOf: []Rule{{}}, Blackouts: []Blackout{{}}} }
	seen := map[key]string{fresh().keyOf(""): "nothing"}
	for name, part := range map[string]func(*Spec) any{
		"spec":     func(s *Spec) any { return s },
		"spec.dst": func(s *Spec) any { return &s.DST },
		"rule":     func(s *Spec) any { return &s.AnyOf[0] },
		"rule.dst": func(s *Spec) any { return &s.AnyOf[0].DST },
		"blackout": func(s *Spec) any { return &s.Blackouts[0] },
	} {
		for i := range reflect.TypeOf(part(fresh())).Elem().NumField() {
			spec := fresh()
			of := reflect.ValueOf(part(spec)).Elem()
			if of.Field(i).Type() == reflect.TypeFor[DST]() {
				continue // its fields have their turn
			}
			change(t, of.Field(i))
			k, path := spec.keyOf(""), name+"."+of.Type().Field(i).Name
			if other, ok := seen[k]; ok {
				t.Errorf("%s has the key of %s", path, other)
			}
			seen[k] = path
		}
	}
}

// change gives a field another value.
func change(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.String:
		field.SetString("x")
	case reflect.Int, reflect.Int64:
		field.SetInt(7)
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	case reflect.Slice:
		field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
	default:
		t.Fatalf("a field of type %s", field.Type())
	}
}
