package command

import (
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"mvdan.cc/sh/v3/syntax"
)

// Script is a command as its source has it.
type Script struct {
	Text  string            // for a shell; "" if Words say it
	Words []string          // without a shell
	Vars  map[string]string // what its variables are; others have no value, and make it refused
	Stdin string            // what comes on standard input
}

// reader reads one script into one item.
type reader struct {
	Script
	item *importer.Item
	call *call
}

// Into makes the target, and what the command says of retries and overlaps, part of
// the item's document; or refuses the item, and says why. It reports whether the
// program takes an answer that says no, such as 404, for a failure.
func (s Script) Into(item *importer.Item) (strict bool) {
	r := &reader{Script: s, item: item}
	if s.Text != "" {
		r.shell(s.Text)
	} else {
		r.words(s.Words)
	}
	if r.call == nil && !item.Refused {
		item.Refuse("command", "runs nothing")
	}
	if item.Refused {
		return false
	}
	r.call.write(item)
	return r.call.strict
}

// Failures are what a command fails of, as retry.on has it: strict is what
// [Script.Into] said of answers that say no.
func Failures(strict bool) []string {
	failures := []string{"connect", "dns", "tls", "timeout", "protocol"}
	if strict {
		failures = append(failures, "4xx", "5xx")
	}
	return failures
}

// shell reads a text as a shell does.
func (r *reader) shell(text string) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		r.item.Refuse("command", "is not what a shell understands: %v", err)
		return
	}
	r.statements(file.Stmts)
}

func (r *reader) statement(s *syntax.Stmt) {
	if s.Background || s.Coprocess {
		r.item.Remark("command", "ran in the background")
	}
	if s.Negated {
		r.item.Lose("command", "`!` turns failure into success")
	}
	for _, redirect := range s.Redirs {
		r.redirect(redirect)
	}
	switch command := s.Cmd.(type) {
	case nil:
	case *syntax.CallExpr:
		r.simple(command)
	case *syntax.BinaryCmd:
		r.list(command)
	case *syntax.Block:
		r.statements(command.Stmts)
	case *syntax.Subshell:
		r.statements(command.Stmts)
	case *syntax.DeclClause:
		for _, assignment := range command.Args {
			r.assign(assignment, true)
		}
	case *syntax.TimeClause:
		if command.Stmt != nil {
			r.statement(command.Stmt)
		}
	default:
		r.item.Refuse("command", "is a program of the shell, which decides what is called: %s", shown(s))
	}
}

func (r *reader) statements(list []*syntax.Stmt) {
	for i, s := range list {
		r.statement(s)
		if i > 0 && list[i-1].Background && assigns(s) && !r.item.Refused {
			r.item.Lose("command", "`%s` is not part of the address: a `&` without quotes ended it", shown(s))
		}
	}
}

// assigns reports whether a statement does nothing but set variables.
func assigns(s *syntax.Stmt) bool {
	call, ok := s.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) == 0 && len(call.Assigns) > 0
}

// redirect: where a log is written makes no difference to the call.
func (r *reader) redirect(redirect *syntax.Redirect) {
	target := shown(redirect.Word)
	switch redirect.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.ClbOut, syntax.DplOut:
		switch appends := redirect.Op == syntax.AppOut || redirect.Op == syntax.AppAll; {
		case strings.HasPrefix(target, "/dev/") || len(target) == 1:
		case appends || strings.Contains(target, "log") || strings.HasPrefix(target, "/proc/"):
			r.item.Remark("command", "its output went to %s; what the target answers is kept with the run", target)
		default:
			r.item.Lose("command", "the answer is kept with the run, not written to %s", target)
		}
	default:
		r.item.Refuse("command", "reads its input from elsewhere: %s %s", redirect.Op, target)
	}
}

// list reads commands that `&&`, `||` or `|` hold together.
func (r *reader) list(list *syntax.BinaryCmd) {
	if (list.Op == syntax.Pipe || list.Op == syntax.PipeAll) && !calls(list.X) && calls(list.Y) {
		r.input(list)
		return
	}
	if name := first(list.X); name != "" && !known(name) && calls(list.Y) {
		r.item.Refuse("command", "calls only if `%s` %s; if the call says that it is done, make a check, and let it ping that",
			shown(list.X), map[bool]string{true: "succeeds", false: "fails"}[list.Op == syntax.AndStmt])
		return
	}
	before := r.call
	r.statement(list.X)
	called := r.call != before
	switch {
	case r.item.Refused:
	case !called && list.Op == syntax.AndStmt:
		r.statement(list.Y)
	case !called:
		r.item.Refuse("command", "calls only if `%s` fails", shown(list.X))
	case list.Op == syntax.Pipe || list.Op == syntax.PipeAll:
		r.pipe(list.Y)
	case list.Op == syntax.OrStmt:
		r.after(list.Y, "on failure; an alert can tell of it")
	case calls(list.Y):
		r.item.Refuse("command", "makes several calls; write a job for each")
	default:
		r.after(list.Y, "after a success")
	}
}

// input reads `echo text | call`.
func (r *reader) input(list *syntax.BinaryCmd) {
	from, ok := list.X.Cmd.(*syntax.CallExpr)
	if !ok || first(list.X) != "echo" || len(list.X.Redirs) > 0 {
		r.item.Refuse("command", "sends the output of `%s`", shown(list.X))
		return
	}
	words, err := r.fields(from.Args[1:]...)
	if err != nil {
		r.item.Refuse("command", "%v", err)
		return
	}
	end := "\n"
	if len(words) > 0 && words[0] == "-n" {
		words, end = words[1:], ""
	}
	r.Stdin = strings.Join(words, " ") + end
	r.statement(list.Y)
}

// calls reports whether a part of a script has a call in it.
func calls(s *syntax.Stmt) bool {
	text := shown(s)
	return strings.Contains(text, "curl") || strings.Contains(text, "wget")
}

// pipe reads what became of the answer.
func (r *reader) pipe(to *syntax.Stmt) {
	switch first(to) {
	case "sh", "bash", "dash", "zsh", "php", "python", "python3", "perl", "ruby", "node", "xargs", "sudo":
		r.item.Refuse("command", "the answer is run or passed on by `%s`", shown(to))
	case "logger", "cat", "tee", "ts", "cronlog":
		r.item.Remark("command", "`| %s` kept the answer, as the run does", shown(to))
	default:
		r.item.Lose("command", "`| %s` is not done with the answer", shown(to))
	}
}

// after loses what was done after the call, unless it did nothing.
func (r *reader) after(s *syntax.Stmt, when string) {
	switch first(s) {
	case "true", ":", "echo", "exit":
		r.item.Remark("command", "`%s` is left out", shown(s))
	default:
		r.item.Lose("command", "`%s` is not run %s", shown(s), when)
	}
}

// first is the name of the command that a statement runs, if it is a simple one.
func first(s *syntax.Stmt) string {
	if call, ok := s.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 {
		return base(call.Args[0].Lit())
	}
	return ""
}

// simple reads a command of words.
func (r *reader) simple(command *syntax.CallExpr) {
	for _, assignment := range command.Assigns {
		r.assign(assignment, len(command.Args) == 0)
	}
	if r.item.Refused || len(command.Args) == 0 {
		return
	}
	words, err := r.fields(command.Args...)
	if text := shown(command); err != nil && !strings.Contains(text, "curl") && !strings.Contains(text, "wget") {
		r.noCall(text)
		return
	}
	if err != nil {
		r.item.Refuse("command", "%v", err)
		return
	}
	r.words(words)
}

// assign keeps a variable that the rest of the script may use.
func (r *reader) assign(assignment *syntax.Assign, stays bool) {
	if assignment.Name == nil || assignment.Value == nil {
		return
	}
	name := assignment.Name.Value
	if strings.HasSuffix(strings.ToLower(name), "_proxy") {
		r.item.Lose("command", "%s: gateways and runners have CARILLON_PROXY", name)
	}
	value, err := r.literal(assignment.Value)
	switch {
	case err != nil:
		r.item.Refuse("command", "%v", err)
	case stays:
		r.set(name, value)
	}
}

// set gives a variable a value from here on; those of the caller stay as they are.
func (r *reader) set(name, value string) {
	vars := map[string]string{name: value}
	for other, old := range r.Vars {
		if other != name {
			vars[other] = old
		}
	}
	r.Vars = vars
}

// shown prints a part of a script on a line.
func shown(node syntax.Node) string {
	var text strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&text, node); err != nil {
		return "…"
	}
	const most = 120
	line := strings.Join(strings.Fields(text.String()), " ")
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}
