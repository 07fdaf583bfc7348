package ledger

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
)

func TestTheAPIKnowsEveryClass(t *testing.T) {
	t.Parallel()
	field, _ := reflect.TypeFor[Attempt]().FieldByName("Class")
	var offered []wire.Class
	for _, word := range strings.Split(field.Tag.Get("enum"), ",") {
		offered = append(offered, wire.Class(word))
	}
	known := wire.Classes()
	slices.Sort(offered)
	slices.Sort(known)
	if diff := cmp.Diff(known, offered); diff != "" {
		t.Errorf("the classes of the API differ from wire.Classes: %s", diff)
	}
}
