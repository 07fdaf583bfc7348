package wire_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
)

// hopeless are the classes that no job can have tried again: nothing about the next
// attempt could differ, or the run has ended.
var hopeless = []wire.Class{wire.ClassBlocked, wire.ClassTooLarge, wire.ClassInterrupted}

// TestRetryRulesKnowEveryClass holds the two lists together: carillon cannot know
// this package. Statuses have words of their own.
func TestRetryRulesKnowEveryClass(t *testing.T) {
	t.Parallel()
	on, _ := reflect.TypeFor[carillon.Retry]().FieldByName("On")
	said, _, _ := strings.Cut(on.Tag.Get("doc"), ".")
	for _, class := range wire.Classes() {
		def := definition()
		def.Retry.On = []string{string(class)}
		wanted := class != wire.ClassStatus && !slices.Contains(hopeless, class)
		if taken := def.Validate() == nil; taken != wanted {
			t.Errorf("retry.on takes %s: %t, want %t", class, taken, wanted)
		}
		if named := strings.Contains(said, string(class)); named != (wanted || class == wire.ClassStatus) {
			t.Errorf("what is said of retry.on names %s: %t", class, named)
		}
	}
}

func TestTheGuideKnowsEveryClass(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "## How attempts fail")
	section, _, _ = strings.Cut(section, "\n## ")
	var named []wire.Class
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(section, -1) {
		named = append(named, wire.Class(row[1]))
	}
	known := wire.Classes()
	slices.Sort(named)
	slices.Sort(known)
	if diff := cmp.Diff(known, named); diff != "" {
		t.Errorf("the table of classes in docs/targets.md differs from wire.Classes: %s", diff)
	}
}
