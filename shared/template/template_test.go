package template

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestPlaceholdersBecomeTheirValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":              "",
		"as it is } }}": "as it is } }}",
		"{{fire_time}}": "2026-03-29T01:30:00Z",
		"{{ fire_time - 24h | date }} {{fire_time+1d|date}}": "2026-03-28 2026-03-30",
		"{{fire_time | unix}} {{fire_time | unix_ms}}":       "1774747800 1774747800000",
		"{{fire_time | json}}":                               `"2026-03-29T01:30:00Z"`,
		"{{attempt}}/{{attempt}}":                            "1/1",
		`{"job": {{job.name | json}}}`:                       `{"job": "nightly-report"}`,
		"{{job.namespace}}.{{job.revision}}":                 "default.1",
		"{{run_id}} {{job.id}}":                              Sample().RunID + " " + Sample().JobID,
		`{{"{{"}}x}}`:                                        "{{x}}",
		`{{ "{{" }}`:                                         "{{",
		"{{attempt}}}":                                       "1}",
		"{{secret.key}} {{ secret.a-1 | json }}":             `k\y "1"`,
	} {
		template, err := Read(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		values := Sample()
		values.Secrets = map[string]string{"key": `k\y`, "a-1": "1"}
		if got := template.Fill(values, nil); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestFaultyTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{{":                               "without }}",
		"{{run_id":                         "without }}",
		"{{}}":                             "unknown placeholder {{}}",
		"{{fire}}":                         "there are fire_time",
		"{{job.labels.team}}":              "unknown placeholder",
		"{{RUN_ID}}":                       "unknown placeholder",
		"{{secret.}}":                      "unknown placeholder",
		"{{secret.A}}":                     "unknown placeholder",
		"{{secret.a.b}}":                   "secret.<name>",
		"{{secret.a | upper}}":             "unknown format",
		"{{run_id | upper}}":               `unknown format "upper"`,
		"{{run_id |}}":                     `unknown format ""`,
		"{{run_id | json | json}}":         "unknown format",
		"{{fire_time | }}":                 `unknown format ""`,
		"{{fire_time | rfc}}":              "unix_ms",
		"{{fire_time 24h}}":                "taken away",
		"{{fire_time - }}":                 "taken away",
		"{{fire_time - -1h}}":              "taken away",
		"{{fire_time - 9000d}}":            "taken away",
		"{{fire_times}}":                   "taken away",
		`{{"}}`:                            "unknown placeholder",
		strings.Repeat("{{attempt}}", 101): "at most 100",
	} {
		if _, err := Read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestAValueIsDataInAnAddress(t *testing.T) {
	t.Parallel()
	const hostile = "a/../b?c=d&e#f%00 +ü\r\n:@"
	address, err := url.Parse("https://example.com/x/" + InURL(hostile) + "/y?q=" + InURL(hostile) + "&r=1")
	if err != nil {
		t.Fatal(err)
	}
	if address.Path != "/x/"+hostile+"/y" || address.Query().Get("q") != hostile || address.Query().Get("r") != "1" || address.Fragment != "" {
		t.Errorf("%#v", address)
	}
}

func TestAValueIsNoTemplate(t *testing.T) {
	t.Parallel()
	template, err := Read("{{job.name}}")
	if err != nil {
		t.Fatal(err)
	}
	if got := template.Fill(&Values{Job: "{{run_id}}"}, nil); got != "{{run_id}}" {
		t.Error(got)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{{"{{"}}`, "{{fire_time - 1h | unix}}", "{{{{", "{{a|json}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := Read(text)
		if err != nil {
			if _, encodable := json.Marshal(err.Error()); encodable != nil {
				t.Error(encodable)
			}
			return
		}
		if filled := template.Fill(Sample(), nil); !Has(text) && filled != text {
			t.Errorf("%q became %q", text, filled)
		}
	})
}
