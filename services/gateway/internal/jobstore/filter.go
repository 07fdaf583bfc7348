package jobstore

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/services/gateway/internal/selector"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Filter says which jobs. Its zero fields do not filter.
type Filter struct {
	Namespace string
	Labels    selector.Selector
	Paused    *bool
	Text      string      // part of the name, in any case; from three characters on, or of the target's address
	Set       string      // that the jobs are in
	IDs       []uuid.UUID // nil does not filter, an empty list leaves none
	Except    []uuid.UUID
}

// conditions are those of a query for jobs, which all must hold.
type conditions struct {
	all  []string
	args pgx.NamedArgs
}

// where names only the conditions that filter, so that each kind of query gets a
// plan of its own.
func (f Filter) where(within scope.Scope) *conditions {
	c := &conditions{args: pgx.NamedArgs{}}
	c.all = append(c.all, within.Within(f.Namespace).Where("namespace", c.args))
	if f.Paused != nil {
		c.add("paused = @paused", "paused", *f.Paused)
	}
	for _, requirement := range f.Labels {
		c.addLabel(requirement)
	}
	if f.Text != "" {
		c.addText(f.Text)
	}
	if f.Set != "" {
		c.add("apply_set = @set", "set", f.Set)
	}
	if f.IDs != nil {
		c.add("id = ANY(@ids)", "ids", f.IDs)
	}
	if len(f.Except) > 0 {
		c.add("id <> ALL(@except)", "except", f.Except)
	}
	return c
}

func (c *conditions) add(condition, name string, value any) {
	c.all = append(c.all, condition)
	c.args[name] = value
}

// parameter gives a value a name of its own.
func (c *conditions) parameter(value any) string {
	name := fmt.Sprint("value_", len(c.args))
	c.args[name] = value
	return "@" + name
}

func (c *conditions) addLabel(r selector.Requirement) {
	var condition string
	switch r.Op {
	case selector.Exists, selector.Missing:
		condition = "labels ? " + c.parameter(r.Key)
	default:
		alternatives := make([]string, len(r.Values))
		for i, value := range r.Values {
			label, _ := json.Marshal(map[string]string{r.Key: value}) // cannot fail: strings only
			alternatives[i] = "labels @> " + c.parameter(string(label)) + "::jsonb"
		}
		condition = strings.Join(alternatives, " OR ")
	}
	if r.Op == selector.NotIn || r.Op == selector.Missing {
		condition = "NOT (" + condition + ")"
	}
	c.all = append(c.all, "("+condition+")")
}

// minTrigram is how long a text must be for an index to find it.
const minTrigram = 3

func (c *conditions) addText(text string) {
	c.args["text"] = "%" + likeEscape.Replace(text) + "%"
	condition := "name ILIKE @text"
	if len([]rune(text)) >= minTrigram {
		condition = "(name ILIKE @text OR document #>> '{target,url}' ILIKE @text)"
	}
	c.all = append(c.all, condition)
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (c *conditions) String() string { return strings.Join(c.all, " AND ") }
