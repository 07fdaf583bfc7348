package command

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// fields writes out the words of a command as a shell would that knows nothing
// but the variables. Its error says what only a shell on the machine could know.
func (r *reader) fields(words ...*syntax.Word) ([]string, error) {
	for _, word := range words {
		if err := r.plain(word); err != nil {
			return nil, err
		}
	}
	fields, err := expand.Fields(r.config(), words...)
	return fields, legible(err)
}

// literal writes out the value of a variable.
func (r *reader) literal(word *syntax.Word) (string, error) {
	if err := r.plain(word); err != nil {
		return "", err
	}
	text, err := expand.Literal(r.config(), word)
	return text, legible(err)
}

func (r *reader) config() *expand.Config {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(r.Vars)) {
		pairs = append(pairs, name+"="+r.Vars[name])
	}
	return &expand.Config{Env: expand.ListEnviron(pairs...), NoUnset: true}
}

// plain refuses whatever in a word is more than text, quotes and variables. Braces
// too: a short line of them stands for more words than there is memory.
func (r *reader) plain(word *syntax.Word) (err error) {
	syntax.Walk(word, func(node syntax.Node) bool {
		switch node := node.(type) {
		case nil, *syntax.Word, *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted:
		case *syntax.ParamExp:
			if !isPlain(node) {
				err = fmt.Errorf("%s is more than a variable", shown(node))
			}
		case *syntax.CmdSubst:
			err = fmt.Errorf("uses the output of %s; placeholders such as {{fire_time | date}} may take its place", shown(node))
		default:
			err = fmt.Errorf("%s is for a shell to work out", shown(node))
		}
		return err == nil
	})
	if err == nil && syntax.SplitBraces(word) {
		err = fmt.Errorf("%s stands for several words", shown(word))
	}
	return err
}

// isPlain reports whether a variable stands for its value, or for a default.
func isPlain(p *syntax.ParamExp) bool {
	if p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 || p.Param == nil {
		return false
	}
	return p.Exp == nil || p.Exp.Op == syntax.DefaultUnset || p.Exp.Op == syntax.DefaultUnsetOrNull
}

func legible(err error) error {
	var unset expand.UnsetParameterError
	if errors.As(err, &unset) {
		return fmt.Errorf("uses the variable %s, which is set nowhere here; a secret can take its place, as {{secret.name}}", shown(unset.Node))
	}
	return err
}
