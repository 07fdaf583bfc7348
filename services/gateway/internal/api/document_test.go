package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestTheDocumentSaysEnough holds that each operation says what a generated client
// needs: a name of its own, what it takes, by an example that it would take, and how it
// refuses.
func TestTheDocumentSaysEnough(t *testing.T) {
	t.Parallel()
	a, names := New(Parts{}), map[string]bool{}
	for _, op := range operations(a.huma.OpenAPI()) {
		if op.OperationID == "" || names[op.OperationID] || op.Summary == "" || len(op.Tags) != 1 {
			t.Errorf("%s %s says too little: %+v", op.Method, op.Path, op)
		}
		names[op.OperationID] = true
		for status, response := range op.Responses {
			problem := response.Content["application/problem+json"]
			if status >= "400" && (problem == nil || problem.Schema.Ref != schemas+"Problem") {
				t.Errorf("%s does not say that %s is a problem", op.OperationID, status)
			}
		}
		if op.Responses["422"] == nil || op.Responses["500"] == nil || op.Responses["503"] == nil {
			t.Errorf("%s does not say how it refuses", op.OperationID)
		}
		if op.RequestBody != nil {
			a.checkExample(t, op)
		}
	}
}

// checkExample holds an example against its schema.
func (a *API) checkExample(t *testing.T, op *huma.Operation) {
	t.Helper()
	media := op.RequestBody.Content["application/json"]
	text, err := json.Marshal(media.Example)
	if err != nil || len(text) < len(`{"a":1}`) {
		t.Fatalf("%s has an example %s, %v", op.OperationID, text, err)
	}
	tree, err := parseJSON(text)
	if err != nil || inspect(tree, "") != nil {
		t.Fatal(err)
	}
	result := &huma.ValidateResult{}
	huma.Validate(a.schemas(), media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, tree, result)
	if len(result.Errors) > 0 {
		t.Errorf("%s: its example is refused: %v", op.OperationID, result.Errors)
	}
	if strings.Contains(string(text), "null") && op.Method != "PATCH" {
		t.Errorf("%s: its example has a null: %s", op.OperationID, text)
	}
}
