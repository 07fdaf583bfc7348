package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/jobfile"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/go-cmp/cmp"
)

func TestBatchesAreWhatTheServerTakes(t *testing.T) {
	t.Parallel()
	document := func(size int) *jobfile.Document {
		return &jobfile.Document{Raw: json.RawMessage(strings.Repeat("x", size))}
	}
	many := func(n, size int) (documents []*jobfile.Document) {
		for range n {
			documents = append(documents, document(size))
		}
		return documents
	}
	for name, test := range map[string]struct {
		documents []*jobfile.Document
		want      []int
	}{
		"one":                 {many(1, 10), []int{1}},
		"a full one":          {many(client.LargestApply, 10), []int{client.LargestApply}},
		"one more than fit":   {many(client.LargestApply+1, 10), []int{client.LargestApply, 1}},
		"large ones":          {many(5, 3<<20), []int{2, 2, 1}},
		"one beyond all size": {append(many(1, 9<<20), many(2, 10)...), []int{1, 2}},
	} {
		var got []int
		for _, batch := range batchesOf(test.documents) {
			got = append(got, len(batch))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFaultsOfTheServerAreThoseOfFiles(t *testing.T) {
	t.Parallel()
	documents, _, err := jobfile.Read([]string{"-"}, strings.NewReader("name: a\n---\nname: b\nlabels:\n  x: y\n"))
	if err != nil {
		t.Fatal(err)
	}
	problem := &client.Problem{Status: 422}
	problem.Errors = append(problem.Errors, struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	}{"body.jobs[1].labels.x", "is bad"})
	if got := faultsOf(problem, documents); len(got) != 1 || got[0].String() != "-:5: labels.x: is bad" {
		t.Error(got)
	}
	problem.Errors[0].Location = "body.set"
	if got := faultsOf(problem, documents); got != nil {
		t.Error(got)
	}
}

func TestPointers(t *testing.T) {
	t.Parallel()
	var document any
	if err := json.Unmarshal([]byte(`{"a": {"b/c": [1, {"~": 2}]}}`), &document); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]any{"/a/b~1c/0": 1.0, "/a/b~1c/1/~0": 2.0, "/a/none": nil, "/a/b~1c/7": nil, "/a/b~1c/0/x": nil} {
		if got := at(document, pointer); got != want {
			t.Errorf("%s is %v, want %v", pointer, got, want)
		}
	}
}
