package schedule

import (
	"os"
	"strings"
	"testing"
)

// tableCrons are the expressions of testdata/fires.txt that are accepted.
func tableCrons(t testing.TB) (texts []string) {
	table, err := os.ReadFile("testdata/fires.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if text, _, found := strings.Cut(line, " | "); found && !strings.Contains(line, "| error: ") && text[0] != '#' {
			_, text = cutZone(text)
			texts = append(texts, text)
		}
	}
	return texts
}

// The canonical form is a valid expression that means the same and is its own
// canonical form.
func TestCanonicalFormMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range tableCrons(t) {
		checkCanonical(t, text)
	}
}

func checkCanonical(t *testing.T, text string) {
	t.Helper()
	original, err := parseCron(text, "seed")
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	canonical := original.String()
	again, err := parseCron(canonical, "other seed")
	if err != nil {
		t.Fatalf("%q became %q: %v", text, canonical, err)
	}
	if again.String() != canonical {
		t.Errorf("%q became %q and then %q", text, canonical, again.String())
	}
	if !sameMeaning(original, again) {
		t.Errorf("%q became %q, which means something else", text, canonical)
	}
}

func sameMeaning(a, b *expression) bool {
	if a.second != b.second || a.minute != b.minute || a.hour != b.hour || a.months != b.months || a.years != b.years || a.elapsed != b.elapsed {
		return false
	}
	for y := 2000; y < 2030; y++ {
		for m := 1; m <= 12; m++ {
			if a.days.days(y, m) != b.days.days(y, m) {
				return false
			}
		}
	}
	return true
}

func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"*/1 * * * *":                 "* * * * *",
		"0,15,30,45 * * * *":          "*/15 * * * *",
		"00 02 ? * MON-FRI":           "0 2 * * 1-5",
		"@weekly":                     "0 0 * * 0",
		"0 0 * * 7":                   "0 0 * * 0",
		"0 0 * * SUN-SAT":             "0 0 * * 0-6",
		"5,4,3 1,2 * JAN,MAR,DEC *":   "3-5 1,2 * 1,3,12 *",
		"0 0-23/2 * * *":              "0 0-22/2 * * *",
		"0 */2 * * *":                 "0 */2 * * *",
		"0 0,12 * * *":                "0 0,12 * * *",
		"0 * * * * *":                 "* * * * *",
		"0 0 0 * * * *":               "0 0 * * *",
		"*/15 * * * * * *":            "*/15 * * * * *",
		"0 0 0 1 1 * 2030,2026-2028":  "0 0 0 1 1 * 2026-2028,2030",
		"0 0 0 1 1 * */3":             "0 0 0 1 1 * 1970-2198/3",
		"0 0 0 1 1 * 2020/50":         "0 0 0 1 1 * 2020-2170/50",
		"0 0 LW,15W,L,1 * FRIL,MON#2": "0 0 1,15W,L,LW * 1#2,5L",
		"0 0 */10,5 * *":              "0 0 */10,5 * *",
		"0 0 1-31 * 1":                "0 0 1-31 * 1",
		"0 0 * * */7":                 "0 0 * * */7",
		"50-10/10 * * * *":            "0,10,50 * * * *",
	} {
		expr, err := parseCron(text, "")
		if err != nil || expr.String() != want {
			t.Errorf("%q: got %v, %v, want %q", text, expr, err, want)
		}
	}
}

// FuzzCanonical checks that the canonical form of any expression means the same.
func FuzzCanonical(f *testing.F) {
	for _, text := range tableCrons(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := parseCron(text, "seed")
		if err == nil && len(expr.String()) <= maxCron {
			checkCanonical(t, text)
		}
	})
}

func TestEveryNameIsKnown(t *testing.T) {
	t.Parallel()
	for d, name := range []string{"SUN", "mon", "Tue", "WED", "THU", "FRI", "SAT"} {
		checkDow(t, "0 0 * * "+name, 1<<d)
	}
	checkDow(t, "0 0 * * MON-THU", 0b11110)
	checkDow(t, "0 0 * * THU-SUN", 0b1110001)
	for m, name := range []string{"JAN", "feb", "Mar", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"} {
		e, err := parseCron("0 0 1 "+name+" *", "")
		if err != nil || e.months != 2<<m {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
	for _, text := range []string{"0 0 * * THU#2", "0 0 * * THUL"} {
		e, err := parseCron(text, "")
		if err != nil || len(e.calendar.nth) != 1 || e.calendar.nth[0].Weekday != 4 {
			t.Errorf("%s: %v, %v", text, e, err)
		}
	}
}

func checkDow(t *testing.T, text string, want uint64) {
	t.Helper()
	e, err := parseCron(text, "")
	if err != nil || e.calendar.dow != want {
		t.Errorf("%s: %v, %v", text, e, err)
	}
}
