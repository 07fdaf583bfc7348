package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
)

// key stands for all that a schedule is compiled from. Different specs have
// different keys, as far as SHA-256 can tell them apart.
type key [16]byte

// keyOf returns the key of a spec. The seed counts only for what depends on it:
// an H counts as the numbers that it stands for, and the share of a spread is
// left to [Schedule.spreadBy] where nothing else rests on it.
func (s Spec) keyOf(seed string) (k key) {
	var room [160]byte // enough for most
	w := keyWriter{room[:0], seed}
	w.rule(s.own())
	w.number(int64(len(s.AnyOf)))
	for _, r := range s.AnyOf {
		w.rule(r)
	}
	w.instant(s.Start)
	w.instant(s.End)
	w.number(int64(s.MaxRuns))
	w.adapted(s.Adapted)
	w.text(s.Spread)
	if s.Spread != "" && !s.spreadsFreely() {
		w.text(seed)
	}
	w.number(int64(len(s.Blackouts)))
	for _, b := range s.Blackouts {
		w.blackout(b)
	}
	sum := sha256.Sum256(w.bytes)
	copy(k[:], sum[:])
	return k
}

// spreadsFreely reports whether nothing is worked out from the fires as they are
// once they are spread.
func (s Spec) spreadsFreely() bool { return len(s.Blackouts) == 0 && s.MaxRuns == 0 }

// keyWriter writes fields one after another, each so that its end is clear.
type keyWriter struct {
	bytes []byte
	seed  string
}

func (w *keyWriter) rule(r Rule) {
	w.cron(r.Cron)
	w.number(int64(r.Every))
	w.instant(r.At)
	w.text(r.RRule)
	w.instant(r.Anchor)
	w.text(r.Timezone)
	w.text(string(r.DST.Gap))
	w.text(string(r.DST.Repeat))
}

func (w *keyWriter) blackout(b Blackout) {
	w.cron(b.Cron)
	w.number(int64(b.Duration))
	w.number(int64(len(b.Dates)))
	for _, date := range b.Dates {
		w.text(date)
	}
	w.text(b.ICalendar)
	w.text(string(b.Policy))
}

// adapted writes only the offset, as the interval stands in the rule.
func (w *keyWriter) adapted(a *Adapted) {
	switch {
	case a == nil:
		w.number(0)
	case a.Offset == nil:
		w.number(1)
	default:
		w.number(2)
		w.number(int64(*a.Offset))
	}
}

// cron writes an expression with numbers in place of H.
func (w *keyWriter) cron(text string) { w.text(withoutHash(text, w.seed)) }

func (w *keyWriter) text(text string) {
	w.number(int64(len(text)))
	w.bytes = append(w.bytes, text...)
}

func (w *keyWriter) number(n int64) { w.bytes = binary.AppendVarint(w.bytes, n) }

// instant writes an instant; nil is none.
func (w *keyWriter) instant(t *time.Time) {
	if t == nil {
		w.number(0)
		return
	}
	w.number(1)
	w.number(t.Unix())
	w.number(int64(t.Nanosecond()))
}

// withoutHash returns a cron expression with numbers in place of every H, or the
// text as it is where it has none or is wrong.
func withoutHash(text, seed string) string {
	if !strings.ContainsAny(text, "hH") {
		return text
	}
	_, rest := cutZone(strings.TrimSpace(text))
	texts, err := cutFields(strings.ToUpper(rest))
	if err != nil || len(text) > maxCron {
		return text
	}
	zone := strings.TrimSuffix(strings.TrimSpace(text), rest)
	for i := range fields {
		if texts[i], err = fields[i].withoutHash(texts[i], seed); err != nil {
			return text
		}
	}
	return zone + strings.Join(texts[:], " ")
}

func (f *field) withoutHash(text, seed string) (string, error) {
	if !strings.Contains(text, "H") {
		return text, nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		if strings.HasPrefix(item, "H") {
			resolved, err := f.resolveHash(item, seed)
			if err != nil {
				return "", err
			}
			items[i] = resolved
		}
	}
	return strings.Join(items, ","), nil
}
