package importer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begin adds an item that becomes a valid document.
func begin(into *Import, name string) *Item {
	item := into.Begin("here", name)
	item.Document.Schedule.Cron = "@daily"
	item.Document.Target.URL = "https://example.com"
	return item
}

func TestNamesAreMadeToFit(t *testing.T) {
	t.Parallel()
	var into Import
	for _, name := range []string{"a", "a", "Nightly report (old)", "über/x", "", "--", "a", strings.Repeat("x", 120), strings.Repeat("x", 120)} {
		begin(&into, name)
	}
	into.Finish("ops")
	var names []string
	for _, item := range into.Items {
		if item.Refused || item.Document.Namespace != "ops" {
			t.Error(item.Lost)
		}
		names = append(names, item.Document.Name)
	}
	want := []string{"a", "a-2", "Nightly-report-old", "ber-x", "job", "job-2", "a-3", strings.Repeat("x", 100), strings.Repeat("x", 98) + "-2"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if len(into.Items[0].Remarks) != 0 || len(into.Items[1].Remarks) != 1 {
		t.Error(into.Items[0].Remarks, into.Items[1].Remarks)
	}
}

func TestAnInvalidDocumentIsRefused(t *testing.T) {
	t.Parallel()
	var into Import
	begin(&into, "a").Document.Schedule.Cron = "61 * * * *"
	begin(&into, "a")
	into.Finish("default")
	if !into.Items[0].Refused || !strings.Contains(into.Items[0].Lost.Error(), "schedule.cron") || into.Items[1].Document.Name != "a" || into.Documents() != 1 || into.Whole() {
		t.Errorf("%+v", into.Items)
	}
}

func TestFieldsThatNobodyTookAreLost(t *testing.T) {
	t.Parallel()
	var item Item
	fields := item.Read(map[string]any{
		"taken": "x", "number": "7", "wrong": "7x", "flag": "0", "left": 1.5, "zero": 0.0, "none": nil, "off": false, "empty": []any{}, "skipped": 1.0,
		"part": map[string]any{"in": 1.0, "out": "y"}, "list": []any{map[string]any{"in": "z"}, "no"}, "lost": "l", "notext": []any{1.0},
	})
	if fields.Text("taken") != "x" || fields.Number("number") != 7 || fields.Number("wrong") != 0 || fields.Flag("flag") || fields.Text("notext") != "" {
		t.Error("read wrongly")
	}
	fields.Part("part").Text("out")
	fields.Parts("list")
	fields.Skip("skipped")
	fields.Lose("lost", "is %s", "gone")
	fields.Lose("none", "is not there")
	fields.Rest()
	var lost []string
	for _, f := range item.Lost {
		lost = append(lost, f.Field)
	}
	want := []string{"wrong", "notext", "list[1]", "lost", "left", "part.in", "list[0].in"}
	if diff := cmp.Diff(want, lost); diff != "" {
		t.Error(diff)
	}
}

// TestDaysOfRobfig follows dayMatches of robfig/cron v3: a step of a star restricts.
func TestDaysOfRobfig(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"0 0 * * *": "0 0 * * *", "0 0 */2 * *": "0 0 1-31/2 * *", "0 0 */2 * */3": "0 0 1-31/2 * 0-6/3", "0 0 5,* * 1": "0 0 * * 1", "0 0 */1 * 1": "0 0 * * 1",
		"0 0 0 ? * MON": "0 0 0 * * MON", "TZ=Asia/Tokyo 0 0 */2 * 1": "TZ=Asia/Tokyo 0 0 1-31/2 * 1", "@daily": "@daily", "nonsense": "nonsense",
	} {
		var item Item
		Robfig(&item, given)
		if got := item.Document.Schedule.Cron; got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}

func TestSecretsAreNamed(t *testing.T) {
	t.Parallel()
	var into Import
	item := begin(&into, "a")
	item.Header("X-Key", "k="+Secret(SecretName("My.Keys", "API_KEY"))+" {{x}}")
	item.Header("Host", "x")
	item.Header("X-Other", "first")
	item.Header("x-other", "again")
	into.Finish("ops")
	if got := item.Document.Target.Headers; got["X-Key"] != `k={{secret.my-keys-api-key}} {{"{{"}}x}}` || got["x-other"] != "again" || len(item.Lost) != 3 ||
		!strings.Contains(item.Lost.Error(), "carillon secrets set ops/my-keys-api-key") {
		t.Errorf("%+v", item)
	}
}

// TestUsersAreNoSecrets: a document names its user.
func TestUsersAreNoSecrets(t *testing.T) {
	t.Parallel()
	var into Import
	begin(&into, "a").BasicAuth(Secret("user") + ":" + Secret("password"))
	begin(&into, "b").BasicAuth("bob:" + Secret("password"))
	into.Finish("ops")
	if b := into.Items[1]; !into.Items[0].Refused || b.Refused || b.Document.Target.Auth.Basic.Secret != "password" {
		t.Errorf("%v %+v", into.Items[0].Lost, b)
	}
}

// TestCredentialsBecomeSecrets: what logs in stands in no document and no report. One
// secret holds one value, for each namespace.
func TestCredentialsBecomeSecrets(t *testing.T) {
	t.Parallel()
	var into Import
	for i, value := range []string{"Bearer PW", "Bearer PW", "Bearer PW2", "PW"} {
		item := begin(&into, "x")
		item.Header("Authorization", value)
		item.Header("X-Api-Key", "PW{{")
		item.Header("X-Keyboard", "shown")
		item.BasicAuth("bob:" + value)
		if i == 3 {
			item.Document.Namespace = "billing"
		}
	}
	into.Finish("ops")
	for i, want := range []struct{ header, password, set string }{
		{"Bearer {{secret.example-com-authorization}}", "example-com-bob", "set ops/example-com-authorization"},
		{"Bearer {{secret.example-com-authorization}}", "example-com-bob", "set ops/example-com-bob"},
		{"Bearer {{secret.example-com-authorization-2}}", "example-com-bob-2", "set ops/example-com-authorization-2"},
		{"{{secret.example-com-authorization}}", "example-com-bob", "set billing/example-com-bob"},
	} {
		item, target := into.Items[i], into.Items[i].Document.Target
		if target.Headers["Authorization"] != want.header || target.Auth.Basic.Secret != want.password || !strings.Contains(item.Lost.Error(), want.set) {
			t.Errorf("%d: %+v, lost %v", i, target, item.Lost)
		}
		if target.Headers["X-Api-Key"] != "{{secret.example-com-x-api-key}}" || target.Headers["X-Keyboard"] != "shown" || strings.Contains(item.Lost.Error(), "PW") {
			t.Errorf("%d: %+v, lost %v", i, target, item.Lost)
		}
	}
}
