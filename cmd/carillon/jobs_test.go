package main

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

func jobsOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "jobs-a", "/")
	l.create(t, "jobs-b", "/")
	holds(t, l.ok(t, "jobs", "list", "--namespace", "cli", "--text", "jobs-"), "JOB", "PAUSED", "cli/jobs-a", "0 0 1 1 *", "cli/jobs-b")
	if one := read[[]carillon.Job](t, l, "jobs", "list", "--text", "jobs-", "--limit", "1"); len(one) != 1 {
		t.Errorf("%d jobs, want 1", len(one))
	}
	if none := l.ok(t, "jobs", "list", "--text", "no-such-job", "-o", "json"); none != "[]\n" {
		t.Errorf("an empty list is %q", none)
	}
	job := read[carillon.Job](t, l, "jobs", "get", name)
	holds(t, l.ok(t, "jobs", "get", job.ID.String()), "job ", name, "revision", "1, from", "paused", "no")

	l.ok(t, "pause", name)
	if then := read[carillon.Job](t, l, "jobs", "rollback", name, "--to", "1"); then.Paused || then.Revision != 3 {
		t.Errorf("after the rollback %+v", then)
	}
	revisions := read[[]client.Revision](t, l, "jobs", "revisions", name)
	if len(revisions) != 3 || revisions[0].Action != "rolled_back" || revisions[1].Action != "paused" {
		t.Errorf("%+v", revisions)
	}
	holds(t, l.ok(t, "jobs", "revisions", name), "REVISION", "3 ", "rolled_back", "admin")

	l.ok(t, "jobs", "delete", name)
	l.refused(t, "there is no job "+name, "jobs", "get", name)
	l.refused(t, "404", "jobs", "get", job.ID.String())
	l.refused(t, "--limit", "jobs", "list", "--limit", "0")
	l.refused(t, "--output", "jobs", "list", "-o", "xml")
	for _, text := range []string{"name: x\nshedule: {every: 1m}", "name: [", "name: x\nschedule: {every: 0s}\ntarget: {url: y}"} {
		if _, err := l.do(t.Context(), text, "jobs", "create", "-f", "-"); err == nil {
			t.Errorf("%q is created", text)
		}
	}
	if out := l.ok(t, "jobs", "get", "cli/jobs-b", "-o", "yaml"); !strings.Contains(out, "name: jobs-b\n") {
		t.Error(out)
	}
}
