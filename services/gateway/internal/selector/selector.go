// Package selector reads label selectors in the words of Kubernetes.
//
//	team=billing, env!=dev, tier in (front, back), zone notin (a), critical, !legacy
//
// All of the requirements must hold. As in Kubernetes, a label that is not there is
// not dev: != and notin hold for jobs without the key.
//
// Kubernetes' own parser is not used: it refuses values that labels have here, with
// spaces for example, and brings its machinery along. A value is what stands between
// its operator and the next comma, without the spaces around it; so values with
// commas or parentheses cannot be asked for.
package selector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Op is what a requirement asks of a key.
type Op int

// The operators. = is In with one value, and != is NotIn with one.
const (
	In Op = iota
	NotIn
	Exists
	Missing
)

// Requirement is what one label must be.
type Requirement struct {
	Key    string
	Op     Op
	Values []string // of In and NotIn, at least one
}

// Selector is a list of requirements that must all hold; the empty one holds for
// everything.
type Selector []Requirement

// most bounds the requirements of a selector, and the values of one.
const most = 50

var keyPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?`)

// Parse reads a selector; "" is the empty one.
func Parse(text string) (Selector, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var all Selector
	for _, term := range split(text) {
		one, err := parseTerm(strings.TrimSpace(term))
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) > most {
		return nil, fmt.Errorf("must be at most %d requirements, not %d", most, len(all))
	}
	return all, nil
}

// split cuts at the commas that are in no parentheses.
func split(text string) (terms []string) {
	begin, within := 0, false
	for i, c := range []byte(text) {
		switch c {
		case '(':
			within = true
		case ')':
			within = false
		case ',':
			if !within {
				terms, begin = append(terms, text[begin:i]), i+1
			}
		}
	}
	return append(terms, text[begin:])
}

func parseTerm(term string) (Requirement, error) {
	rest, negated := strings.CutPrefix(term, "!")
	if negated {
		rest = strings.TrimSpace(rest)
	}
	key := keyPattern.FindString(rest)
	rest = strings.TrimSpace(rest[len(key):])
	if key == "" || negated && rest != "" {
		return Requirement{}, unreadable(term)
	}
	switch {
	case negated:
		return Requirement{Key: key, Op: Missing}, nil
	case rest == "":
		return Requirement{Key: key, Op: Exists}, nil
	}
	for _, operator := range operators {
		if operand, ok := strings.CutPrefix(rest, operator.sign); ok {
			values, ok := operator.read(strings.TrimSpace(operand))
			if !ok || len(values) > most {
				return Requirement{}, unreadable(term)
			}
			return Requirement{key, operator.op, values}, nil
		}
	}
	return Requirement{}, unreadable(term)
}

var operators = []struct {
	sign string
	op   Op
	read func(string) ([]string, bool)
}{
	{"==", In, single}, {"=", In, single}, {"!=", NotIn, single}, {"in", In, list}, {"notin", NotIn, list},
}

func single(text string) ([]string, bool) {
	return []string{text}, !strings.ContainsAny(text, "()") && !strings.HasPrefix(text, "=")
}

func list(text string) (values []string, ok bool) {
	text, begins := strings.CutPrefix(text, "(")
	text, ends := strings.CutSuffix(text, ")")
	for value := range strings.SplitSeq(text, ",") {
		values = append(values, strings.TrimSpace(value))
	}
	return values, begins && ends && !strings.ContainsAny(text, "()")
}

func unreadable(term string) error {
	return fmt.Errorf("%.70q is none of: team=billing, env!=dev, tier in (a,b), tier notin (a,b), critical, !legacy", term)
}

// Matches reports whether labels are what the selector asks for.
func (s Selector) Matches(labels map[string]string) bool {
	for _, r := range s {
		value, has := labels[r.Key]
		if !r.holds(value, has) {
			return false
		}
	}
	return true
}

func (r Requirement) holds(value string, has bool) bool {
	switch r.Op {
	case In:
		return has && slices.Contains(r.Values, value)
	case NotIn:
		return !has || !slices.Contains(r.Values, value)
	case Exists:
		return has
	default:
		return !has
	}
}

// String writes the selector so that Parse reads the same.
func (s Selector) String() string {
	terms := make([]string, len(s))
	for i, r := range s {
		switch r.Op {
		case In:
			terms[i] = r.Key + " in (" + strings.Join(r.Values, ",") + ")"
		case NotIn:
			terms[i] = r.Key + " notin (" + strings.Join(r.Values, ",") + ")"
		case Exists:
			terms[i] = r.Key
		default:
			terms[i] = "!" + r.Key
		}
	}
	return strings.Join(terms, ",")
}
