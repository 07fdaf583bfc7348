package carillon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/go-cmp/cmp"
)

func valid() carillon.Document {
	return carillon.Document{
		Name:     "nightly-report",
		Schedule: schedule.Spec{Cron: "30 2 * * *"},
		Target:   carillon.Target{URL: "https://api.example.com/report"},
	}.WithDefaults()
}

// fields are the names of all faulty fields, in the order of the faults.
func fields(t *testing.T, err error) []string {
	t.Helper()
	faults, ok := errors.AsType[fault.Faults](err)
	if err != nil && !ok {
		t.Fatalf("not a list of faults: %v", err)
	}
	var names []string
	for _, f := range faults {
		if f.Message == "" || strings.Contains(f.Message, "%!") || len(f.Message) > 400 {
			t.Errorf("%s: bad message %q", f.Field, f.Message)
		}
		names = append(names, f.Field)
	}
	return names
}

func many(n int, value string) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprintf("key-%d", i)] = value
	}
	return all
}

func TestValidDocuments(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*carillon.Document){
		"the smallest":       func(*carillon.Document) {},
		"shortest names":     func(d *carillon.Document) { d.Namespace, d.Queue, d.Name = "a", "b", "C" },
		"longest names":      func(d *carillon.Document) { d.Namespace, d.Name = strings.Repeat("a", 63), strings.Repeat("a", 100) },
		"dots in a name":     func(d *carillon.Document) { d.Name = "Billing.v2_daily-report" },
		"address with port":  func(d *carillon.Document) { d.Target.URL = "http://10.0.0.1:8080/a?b=c#d" },
		"address of IPv6":    func(d *carillon.Document) { d.Target.URL = "http://[::1]:80/" },
		"scheme in capitals": func(d *carillon.Document) { d.Target.URL = "HTTPS://EXAMPLE.COM" },
		"all labels":         func(d *carillon.Document) { d.Labels = many(32, strings.Repeat("é", 31)) },
		"empty label":        func(d *carillon.Document) { d.Labels = map[string]string{"team": ""} },
		"all headers":        func(d *carillon.Document) { d.Target.Headers = many(50, strings.Repeat("v", 8000)) },
		"tab in a header":    func(d *carillon.Document) { d.Target.Headers = map[string]string{"X-Kind": "a\tb"} },
		"largest body":       func(d *carillon.Document) { d.Target.Body = strings.Repeat("x", 256<<10) },
		"longest timeout":    func(d *carillon.Document) { d.Target.Timeout = carillon.Duration(time.Hour) },
		"longest callback": func(d *carillon.Document) {
			d.Target.Callback = &carillon.Callback{TTL: carillon.Duration(24 * time.Hour)}
		},
		"most attempts":     func(d *carillon.Document) { d.Retry.MaxAttempts = 50 },
		"constant backoff":  func(d *carillon.Document) { d.Retry.MaxBackoff = d.Retry.MinBackoff },
		"nothing caught up": func(d *carillon.Document) { d.CatchUp.Policy = carillon.CatchUpSkip },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := valid()
			change(&doc)
			if err := doc.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFaultyCallbacks(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{0, -time.Second, 24*time.Hour + 1} {
		doc := valid()
		doc.Target.Callback = &carillon.Callback{TTL: carillon.Duration(ttl)}
		if got := fields(t, doc.Validate()); !slices.Equal(got, []string{"target.callback.ttl"}) {
			t.Errorf("%s: faults of %v", ttl, got)
		}
	}
}

func TestFaultyDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*carillon.Document)
		want   []string
	}{
		"namespace with dot":   {func(d *carillon.Document) { d.Namespace = "a.b" }, []string{"namespace"}},
		"namespace with star":  {func(d *carillon.Document) { d.Namespace = "*" }, []string{"namespace"}},
		"namespace with >":     {func(d *carillon.Document) { d.Namespace = ">" }, []string{"namespace"}},
		"namespace too long":   {func(d *carillon.Document) { d.Namespace = strings.Repeat("a", 64) }, []string{"namespace"}},
		"namespace with break": {func(d *carillon.Document) { d.Namespace = "a\n" }, []string{"namespace"}},
		"queue in capitals":    {func(d *carillon.Document) { d.Queue = "Low" }, []string{"queue"}},
		"queue ends with dash": {func(d *carillon.Document) { d.Queue = "low-" }, []string{"queue"}},
		"queue with blank":     {func(d *carillon.Document) { d.Queue = "lo w" }, []string{"queue"}},
		"no name":              {func(d *carillon.Document) { d.Name = "" }, []string{"name"}},
		"name too long":        {func(d *carillon.Document) { d.Name = strings.Repeat("a", 101) }, []string{"name"}},
		"name with break":      {func(d *carillon.Document) { d.Name = "a\n" }, []string{"name"}},
		"name as a path":       {func(d *carillon.Document) { d.Name = "../../etc/passwd" }, []string{"name"}},
		"name of letters that look like others": {
			func(d *carillon.Document) { d.Name = "nіghtly" }, []string{"name"}},
		"faulty schedule":      {func(d *carillon.Document) { d.Schedule.Cron = "61 * * * *" }, []string{"schedule.cron"}},
		"no schedule":          {func(d *carillon.Document) { d.Schedule = schedule.Spec{} }, []string{"schedule"}},
		"method in lower case": {func(d *carillon.Document) { d.Target.Method = "post" }, []string{"target.method"}},
		"method with break":    {func(d *carillon.Document) { d.Target.Method = "GET / HTTP/1.1\r\nX: y" }, []string{"target.method"}},
		"method CONNECT":       {func(d *carillon.Document) { d.Target.Method = "CONNECT" }, []string{"target.method"}},
		"no address":           {func(d *carillon.Document) { d.Target.URL = "" }, []string{"target.url"}},
		"address of a file":    {func(d *carillon.Document) { d.Target.URL = "file:///etc/passwd" }, []string{"target.url"}},
		"address without host": {func(d *carillon.Document) { d.Target.URL = "http:///path" }, []string{"target.url"}},
		"host is a port":       {func(d *carillon.Document) { d.Target.URL = "http://:80/" }, []string{"target.url"}},
		"relative address":     {func(d *carillon.Document) { d.Target.URL = "//example.com" }, []string{"target.url"}},
		"address with user":    {func(d *carillon.Document) { d.Target.URL = "http://a:b@example.com" }, []string{"target.url"}},
		"address with break":   {func(d *carillon.Document) { d.Target.URL = "http://example.com/\r\nX: y" }, []string{"target.url"}},
		"address with blank":   {func(d *carillon.Document) { d.Target.URL = "http://example.com/a b" }, []string{"target.url"}},
		"address with NUL":     {func(d *carillon.Document) { d.Target.URL = "http://example.com/\x00" }, []string{"target.url"}},
		"address too long":     {func(d *carillon.Document) { d.Target.URL = "http://a/" + strings.Repeat("a", 2048) }, []string{"target.url"}},
		"port too high":        {func(d *carillon.Document) { d.Target.URL = "http://example.com:65536" }, []string{"target.url"}},
		"port 0":               {func(d *carillon.Document) { d.Target.URL = "http://example.com:0" }, []string{"target.url"}},
		"port as a word":       {func(d *carillon.Document) { d.Target.URL = "http://example.com:http" }, []string{"target.url"}},
		"too many headers":     {func(d *carillon.Document) { d.Target.Headers = many(51, "v") }, []string{"target.headers"}},
		"header name broken":   {func(d *carillon.Document) { d.Target.Headers = map[string]string{"X Kind": "", "": ""} }, []string{"target.headers", "target.headers"}},
		"header smuggled":      {func(d *carillon.Document) { d.Target.Headers = map[string]string{"X-Kind": "a\r\nHost: b"} }, []string{"target.headers"}},
		"reserved headers": {func(d *carillon.Document) {
			d.Target.Headers = map[string]string{"host": "", "IDEMPOTENCY-KEY": "", "carillon-job": "", "TraceParent": ""}
		}, slices.Repeat([]string{"target.headers"}, 4)},
		"header too long":      {func(d *carillon.Document) { d.Target.Headers = map[string]string{"X": strings.Repeat("v", 8<<10)} }, []string{"target.headers"}},
		"header given twice":   {func(d *carillon.Document) { d.Target.Headers = map[string]string{"X-Kind": "1", "x-kind": "2"} }, []string{"target.headers"}},
		"body too large":       {func(d *carillon.Document) { d.Target.Body = strings.Repeat("x", 256<<10+1) }, []string{"target.body"}},
		"body swells as JSON":  {func(d *carillon.Document) { d.Target.Body = strings.Repeat("<", 256<<10) }, []string{""}},
		"no time":              {func(d *carillon.Document) { d.Target.Timeout = -1 }, []string{"target.timeout"}},
		"too much time":        {func(d *carillon.Document) { d.Target.Timeout = carillon.Duration(time.Hour + 1) }, []string{"target.timeout"}},
		"no attempt":           {func(d *carillon.Document) { d.Retry.MaxAttempts = -1 }, []string{"retry.max_attempts"}},
		"too many attempts":    {func(d *carillon.Document) { d.Retry.MaxAttempts = 51 }, []string{"retry.max_attempts"}},
		"negative backoff":     {func(d *carillon.Document) { d.Retry.MinBackoff = -1 }, []string{"retry.min_backoff"}},
		"backoff backwards":    {func(d *carillon.Document) { d.Retry.MaxBackoff = 1 }, []string{"retry.max_backoff"}},
		"backoff over a day":   {func(d *carillon.Document) { d.Retry.MaxBackoff = carillon.Duration(24*time.Hour + 1) }, []string{"retry.max_backoff"}},
		"unknown overlap":      {func(d *carillon.Document) { d.Overlap = carillon.Overlap(strings.Repeat("x", 1<<20)) }, []string{"overlap", ""}},
		"unknown catch-up":     {func(d *carillon.Document) { d.CatchUp.Policy = "none" }, []string{"catch_up.policy"}},
		"too many queued":      {func(d *carillon.Document) { d.MaxQueued = 101 }, []string{"max_queued"}},
		"negative queue":       {func(d *carillon.Document) { d.MaxQueued = -1 }, []string{"max_queued"}},
		"too many to catch up": {func(d *carillon.Document) { d.CatchUp.Max = 10_001 }, []string{"catch_up.max"}},
		"negative catch-up":    {func(d *carillon.Document) { d.CatchUp.Max = -1 }, []string{"catch_up.max"}},
		"negative window":      {func(d *carillon.Document) { d.CatchUp.Window = -1 }, []string{"catch_up.window"}},
		"too many labels":      {func(d *carillon.Document) { d.Labels = many(33, "v") }, []string{"labels"}},
		"label key broken":     {func(d *carillon.Document) { d.Labels = map[string]string{"": "", "a b": ""} }, []string{"labels", "labels"}},
		"label value broken": {func(d *carillon.Document) {
			d.Labels = map[string]string{"a": "\x1b[31m", "b": strings.Repeat("v", 64)}
		}, []string{"labels", "labels"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := valid()
			c.change(&doc)
			if diff := cmp.Diff(c.want, fields(t, doc.Validate())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryFaultyFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	doc := carillon.Document{
		Schedule: schedule.Spec{Cron: "61 * * * *"},
		Labels:   map[string]string{"": ""},
		Target:   carillon.Target{Headers: map[string]string{"Host": ""}, Body: strings.Repeat("x", 1<<20)},
		Retry:    carillon.Retry{MaxBackoff: -1},
		CatchUp:  carillon.CatchUp{Window: -1},
	}
	want := []string{
		"namespace", "queue", "name", "schedule.cron",
		"target.method", "target.url", "target.headers", "target.body", "target.timeout",
		"retry.max_attempts", "retry.min_backoff", "retry.max_backoff",
		"catch_up.policy", "catch_up.window", "labels", "overlap", "",
	}
	first := doc.Validate()
	if diff := cmp.Diff(want, fields(t, first)); diff != "" {
		t.Error(diff)
	}
	if again := doc.Validate(); again.Error() != first.Error() {
		t.Errorf("not the same twice:\n%v\n%v", first, again)
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	for _, queue := range append(carillon.BuiltinQueues(), carillon.Queue{Name: "a", Concurrency: 1, Weight: 1},
		carillon.Queue{Name: "a", Concurrency: 10_000, Weight: 1000, Paused: true}) {
		if err := queue.Validate(); err != nil {
			t.Errorf("%+v: %v", queue, err)
		}
	}
	for _, queue := range []carillon.Queue{{}, {Name: "a.b", Concurrency: 10_001, Weight: 1001}, {Name: ">", Concurrency: -1, Weight: -1}} {
		want := []string{"name", "concurrency", "weight"}
		if diff := cmp.Diff(want, fields(t, queue.Validate())); diff != "" {
			t.Errorf("%+v: %s", queue, diff)
		}
	}
}

// A document from outside is refused or can be sent, and never ends the process.
func FuzzValidate(f *testing.F) {
	f.Add(`{"name": "a", "schedule": {"cron": "* * * * *"}, "target": {"url": "http://a"}}`)
	f.Add(`{"name": "a", "schedule": {"at": "9999-12-31T23:59:59-12:00"}, "target": {"url": "http://a", "headers": {"a": "b"}}}`)
	f.Add(`{"name": "a", "schedule": {"cron": "* * * * *"}, "target": {"url": "http://a/{{run_id}}", "timeouts": {"tls": "1s"}, "success": {"json_path": "$", "equals": null}}}`)
	f.Add(`{"labels": {"": "\u0000"}, "retry": {"max_backoff": "-1s"}, "overlap": "\ud800"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var doc carillon.Document
		if json.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		doc = doc.WithDefaults()
		if again := doc.WithDefaults(); !cmp.Equal(doc, again) {
			t.Errorf("defaults change what they filled in: %s", cmp.Diff(doc, again))
		}
		if err := doc.Validate(); err != nil {
			fields(t, err)
			return
		}
		if encoded, err := json.Marshal(doc); err != nil || len(encoded) > 768<<10 {
			t.Errorf("valid, but %d bytes, %v", len(encoded), err)
		}
	})
}
