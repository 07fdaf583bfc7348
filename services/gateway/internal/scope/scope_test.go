package scope

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	some, one, none := Of([]string{"a", "b"}), Of([]string{"a"}), Scope{}
	for name, test := range map[string]struct {
		scope   Scope
		admits  []string
		refuses []string
		names   []string
		where   string
	}{
		"all":  {All(), []string{"a", "x", ""}, nil, nil, "true"},
		"some": {some, []string{"a", "b"}, []string{"x", ""}, []string{"a", "b"}, "n = ANY(@scope)"},
		"one":  {one, []string{"a"}, []string{"b", ""}, []string{"a"}, "n = @scope"},
		"none": {none, nil, []string{"a", ""}, []string{}, "n = ANY(@scope)"},
	} {
		for _, namespace := range test.admits {
			if !test.scope.Admits(namespace) || test.scope.Check(namespace) != nil {
				t.Errorf("%s does not admit %q", name, namespace)
			}
		}
		for _, namespace := range test.refuses {
			if test.scope.Admits(namespace) || test.scope.Check(namespace) == nil {
				t.Errorf("%s admits %q", name, namespace)
			}
		}
		if err := test.scope.CheckEach(test.admits); err != nil && test.admits != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.scope.CheckEach([]string{"a", "x"}) == nil != test.scope.IsAll() || test.scope.CheckEach(nil) == nil != test.scope.IsAll() {
			t.Errorf("%s covers too much", name)
		}
		if diff := cmp.Diff(test.scope.Names(), test.names); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := test.scope.Where("n", map[string]any{}); got != test.where {
			t.Errorf("%s: %s", name, got)
		}
		if test.scope.IsAll() != (test.scope.CheckAll() == nil) {
			t.Errorf("%s: what belongs to no namespace", name)
		}
	}
}

func TestAFilterNeverWidensAScope(t *testing.T) {
	t.Parallel()
	some := Of([]string{"a", "b"})
	for _, test := range []struct {
		scope     Scope
		namespace string
		left      Scope
	}{
		{All(), "", All()}, {All(), "x", Of([]string{"x"})},
		{some, "", some}, {some, "b", Of([]string{"b"})}, {some, "x", Scope{}}, {Scope{}, "x", Scope{}},
	} {
		if diff := cmp.Diff(test.scope.Within(test.namespace), test.left, cmp.AllowUnexported(Scope{})); diff != "" {
			t.Errorf("%s within %q: %s", test.scope, test.namespace, diff)
		}
	}
}

func TestAContextWithoutAScopeAdmitsNothing(t *testing.T) {
	t.Parallel()
	if s := From(context.Background()); s.IsAll() || s.Admits("default") || s.Names() == nil {
		t.Errorf("it admits %s", s)
	}
	if s := From(With(context.Background(), All())); !s.IsAll() {
		t.Error("the scope was lost")
	}
}

func TestARefusalNamesTheNamespacesOfTheKey(t *testing.T) {
	t.Parallel()
	err := Of([]string{"billing", "shop"}).Check("secret-project")
	if err == nil || !strings.Contains(err.Error(), "billing, shop") {
		t.Error(err)
	}
}
