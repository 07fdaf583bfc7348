package cronicle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func read(text string) *importer.Import {
	into := &importer.Import{}
	Read(into, "f", text, "")
	into.Finish("default")
	return into
}

// export is in the shape of what `control.sh export` writes; events have numbers as
// numbers and as texts, flags as 0, 1 and false.
const export = `# Cronicle Data Export v1.0
# Hostname: a.example.com
# Format: KEY - JSON

users/admin - {"username":"admin","password":"x"}
global/plugins - {"page_size":50,"first_page":0,"last_page":0,"length":1,"type":"list"}
global/schedule - {"page_size":50,"first_page":-1,"last_page":0,"length":6,"type":"list"}
global/schedule/-1 - {"type":"list_page","items":[{"enabled":1,"params":{"method":"POST","url":"https://api.example.com/crawl","headers":"User-Agent: Cronicle/1.0\r\nX-A: b","data":"{\"a\":1}","timeout":"60","follow":0,"ssl_cert_bypass":0,"success_match":"done","error_match":""},"timing":{"hours":[23,1,2,3],"minutes":[0,30]},"max_children":1,"timeout":3600,"catch_up":1,"queue_max":1000,"timezone":"Asia/Tokyo","plugin":"urlplug","title":"Create crawl jobs","category":"general","target":"allgrp","algo":"random","multiplex":0,"stagger":0,"retries":2,"retry_delay":30,"detached":0,"queue":0,"chain":"","notify_fail":"","web_hook":"","cpu_limit":0,"log_max_size":0,"notes":"","id":"ejm1","created":1,"modified":2,"username":"admin"}]}
global/schedule/0 - {"type":"list_page","items":[{"id":"e2","title":"both days","enabled":0,"plugin":"urlplug","timing":{"days":[1,15],"weekdays":[1],"hours":[9],"minutes":[0]},"max_children":0,"params":{"method":"GET","url":"https://api.example.com/[id]","timeout":"30"},"timezone":"UTC"},{"id":"e3","title":"by hand","enabled":1,"plugin":"urlplug","timing":false,"params":{"url":"https://api.example.com"}},{"id":"e4","title":"shell","enabled":1,"plugin":"shellplug","timing":{"minutes":[5],"years":[2030,2031]},"params":{"script":"#!/bin/sh\n\ncurl -sf -m 5 https://api.example.com/s\n","annotate":0,"json":0},"max_children":1,"queue":1,"queue_max":5,"timezone":"UTC"},{"id":"e5","title":"php","enabled":1,"plugin":"pphp","timing":{},"params":{"a":1}},{"id":"e6","title":"chained","enabled":1,"plugin":"urlplug","timing":{},"max_children":3,"chain":"e2","notify_fail":"a@example.com","params":{"url":"https://api.example.com","method":"GET","error_match":"bad","ssl_cert_bypass":1},"timezone":"UTC"}]}
global/servers - {"length":1}
global/schedule/1 - oops
`

func TestExport(t *testing.T) {
	t.Parallel()
	into := read(export)
	for i, want := range []struct {
		outcome importer.Outcome
		cron    string
		lost    []string
	}{
		{importer.Carried, "0,30 1-3,23 * * *", nil},
		{importer.Partly, "", []string{"params.url"}},
		{importer.Refused, "", []string{"timing"}},
		{importer.Carried, "0 5 * * * * 2030,2031", nil},
		{importer.Refused, "", []string{"plugin"}},
		{importer.Partly, "* * * * *", []string{"max_children", "chain", "notify_fail", "params.error_match", "params.ssl_cert_bypass"}},
		{importer.Refused, "", []string{""}},
	} {
		item := into.Items[i]
		var lost []string
		for _, f := range item.Lost {
			lost = append(lost, f.Field)
		}
		if diff := cmp.Diff(want.lost, lost); item.Outcome() != want.outcome || diff != "" || !item.Refused && item.Document.Schedule.Cron != want.cron {
			t.Errorf("%s: %s %q %v %s", item.Place, item.Outcome(), item.Document.Schedule.Cron, item.Lost, diff)
		}
	}
	if len(into.Items) != 7 || !strings.Contains(into.Remarks.Error(), "3 records that are no events") {
		t.Errorf("%d items, %v", len(into.Items), into.Remarks)
	}
	second := func(n int) carillon.Duration { return carillon.Duration(time.Duration(n) * time.Second) }
	want := carillon.Document{
		Namespace: "default", Name: "Create-crawl-jobs", Labels: map[string]string{"category": "general"}, Overlap: carillon.OverlapSkip,
		CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll, Window: second(365 * 86400), Max: 10_000},
		Target: carillon.Target{
			Method: "POST", URL: "https://api.example.com/crawl", Headers: map[string]string{"User-Agent": "Cronicle/1.0", "X-A": "b"}, Body: `{"a":1}`,
			Timeout: second(60), Success: &answer.Success{Status: []string{"200-399"}, Body: "done"},
		},
		Retry: carillon.Retry{MaxAttempts: 3, MinBackoff: second(30), MaxBackoff: second(30), On: []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "100-199", "400-599"}},
	}
	want.Schedule.Cron, want.Schedule.Timezone = "0,30 1-3,23 * * *", "Asia/Tokyo"
	if diff := cmp.Diff(want, into.Items[0].Document); diff != "" {
		t.Error(diff)
	}
	if both := into.Items[1].Document; both.Schedule.RRule != "FREQ=DAILY;BYMONTHDAY=1,15;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0" || !both.Paused || both.Overlap != carillon.OverlapAllow {
		t.Errorf("%+v", both)
	}
	if shell := into.Items[3].Document; shell.Overlap != carillon.OverlapQueue || shell.MaxQueued != 5 {
		t.Errorf("%+v", shell)
	}
}

// TestRetriesOfCommands: curl calls an answer of 500 a failure only with -f, and may
// try again by itself.
func TestRetriesOfCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`"retries": 3, "params": {"script": "curl -s https://example.com"}`:         "4 connect dns tls timeout protocol",
		`"retries": 3, "params": {"script": "curl -sf https://example.com"}`:        "4 connect dns tls timeout protocol 4xx 5xx",
		`"retries": 0, "params": {"script": "curl --retry 2 https://example.com"}`:  "3 timeout dns 408 429 500 502 503 504",
		`"retries": "", "params": {"script": "curl --retry 0 https://example.com"}`: "1 ",
	} {
		retry := read(`{"title": "x", "enabled": 1, "plugin": "shellplug", "timing": {"minutes": [0]}, ` + line + "}").Items[0].Document.Retry
		if got := fmt.Sprint(retry.MaxAttempts, " ", strings.Join(retry.On, " ")); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestServersAndTimes: what is said of servers and of parts of a call is not dropped.
func TestServersAndTimes(t *testing.T) {
	t.Parallel()
	item := read(`{"title": "x", "enabled": 1, "plugin": "urlplug", "timing": {"minutes": [0]}, "multiplex": 1, "params": {"url": "https://example.com", "method": "GET", "connect_timeout": 5, "idle_timeout": 9}}`).Items[0]
	if times := item.Document.Target.Timeouts; times == nil || times.Connect != carillon.Duration(5*time.Second) ||
		len(item.Lost) != 2 || item.Lost[0].Field != "multiplex" || item.Lost[1].Field != "params.idle_timeout" || !strings.Contains(item.Remarks.Error(), "params.follow") {
		t.Errorf("%+v, lost %v, remarks %v", times, item.Lost, item.Remarks)
	}
}

// TestDaysAndWeekdays: the first Mondays of a month that are its first or 15th day.
func TestDaysAndWeekdays(t *testing.T) {
	t.Parallel()
	spec := read(export).Items[1].Document.Schedule
	compiled, err := spec.Compile("x")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range []string{"2026-06-01", "2026-06-15", "2027-02-01"} {
		at, _ = compiled.Next(at)
		if at.Format("2006-01-02") != want || at.Hour() != 9 {
			t.Errorf("%s, want %s", at, want)
		}
	}
}

// FuzzExports: nothing panics, and nothing is refused without a reason.
func FuzzExports(f *testing.F) {
	f.Add(export)
	f.Add(`{"code": 0, "rows": [{"title": "x", "timing": {"minutes": ["a", 99], "days": [32], "weekdays": [9]}, "plugin": "urlplug", "params": {"url": "x", "headers": ":\n"}}]}`)
	f.Add("global/schedule/0 - {\"items\": [null, {\"timing\": {\"days\": {}}}]}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, item := range read(text).Items {
			if item.Refused && len(item.Lost) == 0 {
				t.Errorf("%s is refused without a reason", item.Place)
			}
		}
	})
}
