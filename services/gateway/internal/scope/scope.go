// Package scope says which namespaces a request may see and change.
//
//	key ─▶ authenticate ─▶ context ─▶ store ─▶ WHERE namespace …
//
// The scope travels in the request's context, and the stores heed it themselves,
// in their SQL. So there is one place to decide it and one rule to follow, and a
// handler can neither forget nor widen it:
//
//   - What is beyond the scope is not there. It is found neither by its id nor in a
//     list, and the answer and the work for it are those for what never was.
//   - Who names a namespace beyond the scope to create something in it is refused,
//     and told which namespaces the key has ([Scope.Check]). Nothing is looked up
//     for that, so it says nothing of what is there.
//
// A context without a scope admits nothing: whoever forgets to set one sees too
// little, never too much.
package scope

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Scope is a set of namespaces. The zero Scope is empty.
type Scope struct {
	all   bool
	names []string
}

// All is the scope of those who are not limited.
func All() Scope { return Scope{all: true} }

// Of returns the scope of some namespaces. It keeps the slice.
func Of(names []string) Scope { return Scope{names: names} }

// IsAll reports whether the scope is not limited, also for what belongs to no
// namespace.
func (s Scope) IsAll() bool { return s.all }

// Admits reports whether a namespace is within the scope.
func (s Scope) Admits(namespace string) bool { return s.all || slices.Contains(s.names, namespace) }

// Names returns the namespaces, or nil if the scope is not limited. As a parameter
// it is for conditions like
//
//	($1::text[] IS NULL OR namespace = ANY($1))
func (s Scope) Names() []string {
	if s.all {
		return nil
	}
	return append([]string{}, s.names...)
}

// Within returns what a filter for one namespace leaves of the scope; "" filters
// nothing.
func (s Scope) Within(namespace string) Scope {
	switch {
	case namespace == "":
		return s
	case s.Admits(namespace):
		return Of([]string{namespace})
	}
	return Scope{}
}

// Where adds the scope to a query that is put together of conditions, as one that
// suits an index: none for all, an equality for one namespace.
func (s Scope) Where(column string, args map[string]any) (condition string) {
	switch {
	case s.all:
		return "true"
	case len(s.names) == 1:
		args["scope"] = s.names[0]
		return column + " = @scope"
	}
	args["scope"] = s.Names()
	return column + " = ANY(@scope)"
}

// Check fails with a *[ForeignError] if a namespace is beyond the scope; "" is
// beyond every limited one.
func (s Scope) Check(namespace string) error {
	if s.Admits(namespace) {
		return nil
	}
	return &ForeignError{namespace, s}
}

// CheckAll fails with a *[ForeignError] if the scope is limited: for what belongs
// to no namespace.
func (s Scope) CheckAll() error {
	if s.all {
		return nil
	}
	return &ForeignError{"", s}
}

// CheckEach fails with a *[ForeignError] if one of some namespaces is beyond the
// scope; nil are all that there are.
func (s Scope) CheckEach(namespaces []string) error {
	if namespaces == nil {
		return s.CheckAll()
	}
	for _, namespace := range namespaces {
		if err := s.Check(namespace); err != nil {
			return err
		}
	}
	return nil
}

// ForeignError says that somebody wants to write beyond the scope.
type ForeignError struct {
	namespace string // "" for what belongs to none
	scope     Scope
}

// Error names the namespaces of the scope.
func (e *ForeignError) Error() string {
	wanted := "what belongs to no single namespace"
	if e.namespace != "" {
		wanted = "the namespace " + e.namespace
	}
	return fmt.Sprintf("%s is beyond this key, which is for %s", wanted, e.scope)
}

// String lists the namespaces, for people.
func (s Scope) String() string {
	switch {
	case s.all:
		return "all namespaces"
	case len(s.names) == 0:
		return "no namespace"
	}
	return strings.Join(s.names, ", ")
}

type inContext struct{}

// With returns a context that carries a scope.
func With(ctx context.Context, s Scope) context.Context {
	return context.WithValue(ctx, inContext{}, s)
}

// From returns the scope that a context carries; the empty one if it has none.
func From(ctx context.Context) Scope {
	s, _ := ctx.Value(inContext{}).(Scope)
	return s
}
