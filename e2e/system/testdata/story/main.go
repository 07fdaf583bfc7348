// Command story is the life of two jobs, told by a client that was generated from the
// OpenAPI document and knows nothing else. Its arguments are the server's address, a
// key, and the addresses of a quick target and of a slow one.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"story/client"

	"github.com/google/uuid"
)

// teller has the client, and ends the program at what should not be.
type teller struct {
	context.Context
	*client.ClientWithResponses
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, key, quick, slow := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
	c, err := client.NewClientWithResponses(server, client.WithRequestEditorFn(authorize))
	must(err)
	t := teller{ctx, c}
	t.refusals()
	job := t.create("quick", quick)
	t.succeed(job)
	t.list(job)
	t.cancel(t.create("slow", slow))
	t.delete(job)
	fmt.Println("told")
}

// refusals are problems, and name what is wrong.
func (t teller) refusals() {
	missing, err := t.GetJobWithResponse(t, uuid.New())
	must(err)
	if p := missing.ApplicationproblemJSON404; p == nil || *p.Status != 404 {
		fail("a job that never was: %s", missing.Body)
	}
	every := "1h"
	refused, err := t.CreateJobWithResponse(t, &client.CreateJobParams{}, client.Document{Name: "", Schedule: client.Spec{Every: &every}, Target: client.Target{Url: "ftp://x"}})
	must(err)
	if p := refused.ApplicationproblemJSON422; p == nil || len(*p.Errors) != 2 || *(*p.Errors)[0].Location != "body.name" {
		fail("a faulty document: %s", refused.Body)
	}
}

func (t teller) create(name, url string) client.Job {
	every, labels := "24h", map[string]string{"story": name}
	created, err := t.CreateJobWithResponse(t, &client.CreateJobParams{}, client.Document{
		Name: name, Labels: &labels, Schedule: client.Spec{Every: &every}, Target: client.Target{Url: url},
	})
	must(err)
	if created.JSON201 == nil || created.JSON201.Revision != 1 {
		fail("create %s: %s", name, created.Body)
	}
	return *created.JSON201
}

// succeed runs a job and watches it on the feed.
func (t teller) succeed(job client.Job) {
	events := t.follow(job)
	started, err := t.RunJobWithResponse(t, job.Id, &client.RunJobParams{})
	must(err)
	if started.JSON202 == nil {
		fail("run: %s", started.Body)
	}
	for event := range events {
		if event.Run.RunId == started.JSON202.Id && event.Event == "finished" {
			if event.Run.State != "succeeded" {
				fail("the run: %+v", event.Run)
			}
			return
		}
	}
	fail("the feed ended before the run")
}

// follow reads server-sent events, from the time of the call on.
func (t teller) follow(job client.Job) <-chan client.FeedEvent {
	answer, err := t.FollowFeed(t, &client.FollowFeedParams{JobId: &job.Id}, func(_ context.Context, request *http.Request) error {
		request.Header.Set("Accept", "text/event-stream")
		return nil
	})
	must(err)
	if answer.StatusCode != http.StatusOK {
		fail("feed: %s", answer.Status)
	}
	events := make(chan client.FeedEvent)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- eventOf(data)
			}
		}
	}()
	return events
}

func eventOf(data string) client.FeedEvent {
	var message client.FeedMessage
	must(json.Unmarshal([]byte(data), &message))
	event, err := message.AsFeedEvent()
	must(err)
	return event
}

// list finds the job and its run.
func (t teller) list(job client.Job) {
	label, limit := "story=quick", int64(1)
	jobs, err := t.ListJobsWithResponse(t, &client.ListJobsParams{Label: &label, Limit: &limit})
	must(err)
	if jobs.JSON200 == nil || len(jobs.JSON200.Items) != 1 || jobs.JSON200.Items[0].Id != job.Id {
		fail("jobs: %s", jobs.Body)
	}
	t.await(job, client.ListRunsParamsStateSucceeded)
}

// await polls the ledger until a job's run is in a state, and reads that run.
func (t teller) await(job client.Job, state client.ListRunsParamsState) {
	for {
		runs, err := t.ListRunsWithResponse(t, &client.ListRunsParams{JobId: &job.Id, State: &[]client.ListRunsParamsState{state}})
		must(err)
		if runs.JSON200 == nil {
			fail("runs: %s", runs.Body)
		}
		if len(runs.JSON200.Items) == 1 {
			t.read(runs.JSON200.Items[0])
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (t teller) read(run client.Run) {
	whole, err := t.GetRunWithResponse(t, run.Id)
	must(err)
	if whole.JSON200 == nil || string(whole.JSON200.State) != string(run.State) || len(whole.JSON200.History) != 1 {
		fail("run: %s", whole.Body)
	}
}

// cancel stops a run that is under way.
func (t teller) cancel(job client.Job) {
	events := t.follow(job)
	started, err := t.RunJobWithResponse(t, job.Id, &client.RunJobParams{})
	must(err)
	for event := range events {
		if event.Event == "started" {
			break
		}
	}
	cancelled, err := t.CancelRunWithResponse(t, started.JSON202.Id)
	must(err)
	if cancelled.StatusCode() != http.StatusAccepted {
		fail("cancel: %s", cancelled.Body)
	}
	for event := range events {
		if event.Event == "finished" && event.Run.State == "cancelled" {
			t.await(job, client.ListRunsParamsStateCancelled)
			return
		}
	}
	fail("the feed ended before the cancelled run")
}

func (t teller) delete(job client.Job) {
	patched, err := t.PatchJobWithResponse(t, job.Id, &client.PatchJobParams{}, client.PatchJobJSONRequestBody{"paused": true})
	must(err)
	if patched.JSON200 == nil || patched.JSON200.Paused == nil || !*patched.JSON200.Paused {
		fail("patch: %s", patched.Body)
	}
	deleted, err := t.DeleteJobWithResponse(t, job.Id, &client.DeleteJobParams{})
	must(err)
	if deleted.StatusCode() != http.StatusNoContent {
		fail("delete: %s", deleted.Body)
	}
	gone, err := t.GetJobWithResponse(t, job.Id)
	must(err)
	if gone.ApplicationproblemJSON404 == nil {
		fail("after the deletion: %s", gone.Body)
	}
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}
