package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

// errDifferent says that files and server differ; the output has said how.
var errDifferent = errors.New("files and server differ")

// difference is a field of a job that an apply would change.
type difference struct {
	Job     string `json:"job"`
	Action  string `json:"action"` // created, updated or deleted
	Place   string `json:"place,omitempty"`
	Pointer string `json:"pointer,omitempty"` // of what is updated, a JSON pointer
	Before  any    `json:"before,omitempty"`
	After   any    `json:"after,omitempty"`
}

// diffing is what the flags of a diff say.
type diffing struct {
	asking
	files jobFiles
	set   string
	prune bool
}

func diffCommand() *cobra.Command {
	d := &diffing{}
	cmd := &cobra.Command{
		Use: "diff -f PATH", Short: "Say what apply would change, field by field", Args: cobra.NoArgs,
		Long: `Say what carillon apply would change, field by field; it changes nothing. The exit code
is 0 if it would change nothing, and 3 if it would.`,
		Example: `  carillon diff -f jobs/
  carillon diff -f jobs/ --set billing --prune -o json`,
	}
	d.files.define(cmd)
	cmd.Flags().StringVar(&d.set, "set", "", "name of the set that the jobs would belong to")
	cmd.Flags().BoolVar(&d.prune, "prune", false, "with jobs of the set that have no document, which apply --prune would delete")
	return d.command(cmd, d.run)
}

func (d *diffing) run(cmd *cobra.Command, server *client.Client, _ []string) error {
	if d.prune && d.set == "" {
		return errors.New("--prune: needs --set, which says whose jobs may be deleted")
	}
	documents, err := d.files.readSound(cmd)
	if err != nil {
		return err
	}
	work := &application{server, documents, d.set, d.prune, barsOn(cmd.ErrOrStderr())}
	plan, err := work.plan(cmd.Context())
	if err != nil {
		return err
	}
	differences := []difference{}
	for _, act := range plan.Jobs {
		found, err := differencesOf(cmd, server, act)
		if err != nil {
			return err
		}
		differences = append(differences, found...)
	}
	table := func(out io.Writer) error { return writeDifferences(out, differences, plan) }
	if err := write(cmd.OutOrStdout(), d.output, differences, table); err != nil {
		return err
	}
	if !plan.empty() {
		return errDifferent
	}
	return nil
}

// differencesOf asks for the job that would change.
func differencesOf(cmd *cobra.Command, server *client.Client, act applyAct) ([]difference, error) {
	job := act.Namespace + "/" + act.Name
	if act.Action != "updated" {
		return []difference{{Job: job, Action: act.Action, Place: act.Place}}, nil
	}
	var stored carillon.Job
	if err := persist(cmd.Context(), func() error {
		return server.Do(cmd.Context(), http.MethodGet, "/jobs/"+act.ID.String(), nil, &stored)
	}); err != nil {
		return nil, err
	}
	before, err := value(stored.Document)
	if err != nil {
		return nil, err
	}
	after, err := act.document.Filled()
	if err != nil {
		return nil, err
	}
	var found []difference
	for _, pointer := range act.Changed {
		found = append(found, difference{job, act.Action, act.Place, pointer, at(before, pointer), at(after, pointer)})
	}
	return found, nil
}

// at returns what a JSON pointer points to (RFC 6901); nil if nothing is there.
func at(value any, pointer string) any {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = unescape.Replace(step)
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return nil
			}
			value = v[n]
		default:
			return nil
		}
	}
	return value
}

func writeDifferences(out io.Writer, differences []difference, plan *applyResult) error {
	signs := map[string]string{"created": "+", "updated": "~", "deleted": "-"}
	last := ""
	for _, d := range differences {
		if d.Job != last {
			fmt.Fprintf(out, "%s %s  %s\n", signs[d.Action], d.Job, d.Place)
		}
		last = d.Job
		if d.Pointer == "" {
			continue
		}
		fmt.Fprintf(out, "    %s\n", d.Pointer)
		for _, side := range []struct {
			sign  string
			value any
		}{{"-", d.Before}, {"+", d.After}} {
			if side.value != nil {
				fmt.Fprintf(out, "      %s %s\n", side.sign, inline(side.value))
			}
		}
	}
	return planTable{plan}.total(out)
}

// inline writes a value on a line.
func inline(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
