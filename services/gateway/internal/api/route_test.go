package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

// openOperations need no key: the address is one, or they are how to come by one.
var openOperations = []string{"call-back", "log-in", "list-login-ways", "begin-openid", "finish-openid"}

// TestDocumentAndRoutesAgree holds the OpenAPI document and the routes that are
// really registered together, in both directions.
func TestDocumentAndRoutesAgree(t *testing.T) {
	t.Parallel()
	a := New(Parts{})
	registered := []string{}
	for _, route := range a.app.GetRoutes(true) {
		if strings.HasPrefix(route.Path, prefix) || withoutKey(route.Path) {
			registered = append(registered, route.Method+" "+route.Path)
		}
	}
	documented := []string{}
	for _, op := range operations(a.huma.OpenAPI()) {
		path := strings.NewReplacer("{", ":", "}", "").Replace(op.Path)
		documented = append(documented, op.Method+" "+path)
		if open := withoutKey(op.Path) || slices.Contains(openOperations, op.OperationID); open != (leastRole(op) == "") || !open && !slices.Contains(keyring.Roles(), leastRole(op)) {
			t.Errorf("%s %s is for whom? %+v", op.Method, op.Path, op)
		}
	}
	slices.Sort(registered)
	slices.Sort(documented)
	if diff := cmp.Diff(registered, documented); diff != "" {
		t.Error(diff)
	}
}

// withoutKey reports whether a path is one of those that hold a token.
func withoutKey(path string) bool {
	return strings.HasPrefix(path, carillon.CallbackPath) || strings.HasPrefix(path, carillon.PingPath)
}

// TestTheFeedsMessagesAreDocumented holds that what is sent fits what is said of
// it, and only one of both kinds.
func TestTheFeedsMessagesAreDocumented(t *testing.T) {
	t.Parallel()
	a := New(Parts{})
	tree, err := parseJSON(resetText(&ring.Reset{Reason: "lost", Sequence: 7}))
	if err != nil || inspect(tree, "") != nil {
		t.Fatal(err)
	}
	message := a.schemas().Map()[feedMessage]
	if len(message.OneOf) != 2 {
		t.Fatalf("%d kinds of message", len(message.OneOf))
	}
	result := &huma.ValidateResult{}
	huma.Validate(a.schemas(), message, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, tree, result)
	if len(result.Errors) > 0 {
		t.Error(result.Errors)
	}
}

func TestMergePatchFollowsTheRFC(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{ // RFC 7396, appendix A
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		var trees [3]any
		for i, text := range test {
			tree, err := parseJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			trees[i] = tree
		}
		if diff := cmp.Diff(trees[2], mergePatch(trees[0], trees[1])); diff != "" {
			t.Errorf("%v: %s", test, diff)
		}
	}
}

// FuzzRead holds that no body whatever breaks the reading of documents.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"name":"x","schedule":{"cron":"* * * * *"},"target":{"url":"http://x"}}`, `{"labels":{"a":[1e999]}}`, `[]`, `{"schedule":{"every":"1d","at":null}}`} {
		f.Add([]byte(seed))
	}
	a := New(Parts{})
	f.Fuzz(func(t *testing.T, body []byte) {
		document, err := document(a, &payload{bytes: body}, a.complete)
		if err == nil && document.Validate() != nil {
			t.Errorf("accepted an invalid document: %s", body)
		}
	})
}
