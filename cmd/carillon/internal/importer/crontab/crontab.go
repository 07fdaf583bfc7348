package crontab

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/command"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Form says whether lines name a user.
type Form int

// The forms of crontabs.
const (
	Guess  Form = iota // by the file's name and lines
	User               // crontab -l
	System             // /etc/crontab, /etc/cron.d
)

// table is a crontab that is read.
type table struct {
	into   *importer.Import
	name   string
	system bool
	zone   string // of schedules where no CRON_TZ is above them
	told   bool   // that UTC is taken for it
	vars   map[string]string
}

// Read adds an item for every line of a crontab that runs something. The zone is
// that of the machine; "" takes UTC for it, and says so.
func Read(into *importer.Import, name, text, zone string, form Form) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	t := &table{into: into, name: name, zone: zone, system: form == System || form == Guess && isSystem(name, lines), vars: map[string]string{}}
	for i, line := range lines {
		line = strings.TrimLeft(line, " \t")
		place := fmt.Sprintf("%s:%d", name, i+1)
		switch {
		case isAside(line):
		case variable.MatchString(line):
			t.variable(place, line)
		default:
			t.entry(place, line)
		}
	}
}

// isAside reports whether a line is blank or a comment.
func isAside(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
}

var variable = regexp.MustCompile(`^["']?[A-Za-z_][A-Za-z0-9_]*["']?[ \t]*=`)

// users are who commands of the system run as most often.
var users = []string{"root", "www-data", "nobody", "daemon", "postgres", "mysql", "apache", "nginx", "www", "ubuntu"}

// doubtful may be users, and commands as well.
var doubtful = []string{"backup", "admin", "deploy", "app", "git"}

// isSystem guesses whether lines name a user: if all of them seem to, one without doubt.
func isSystem(name string, lines []string) bool {
	if folder := filepath.Dir(name); filepath.Base(folder) == "cron.d" || name == "/etc/crontab" {
		return true
	}
	sure := false
	for _, line := range lines {
		line = strings.TrimLeft(line, " \t")
		_, rest, ok := cut(strings.TrimPrefix(line, "-"))
		if isAside(line) || variable.MatchString(line) || !ok {
			continue
		}
		user, command := word(rest)
		known := slices.Contains(users, user)
		if command == "" || !known && !slices.Contains(doubtful, user) {
			return false
		}
		sure = sure || known
	}
	return sure
}

func (t *table) variable(place, line string) {
	name, value, _ := strings.Cut(line, "=")
	name, value = unquoted(name), unquoted(value)
	t.vars = maps.Clone(t.vars)
	t.vars[name] = value
	switch {
	case name == "MAILTO" && value != "":
		t.into.Remarks.Add(place, "mail to %.100s: alert routes tell of failures", value)
	case name == "TZ":
		t.into.Remarks.Add(place, "TZ moves no schedule of a crontab; CRON_TZ does")
	case name == "RANDOM_DELAY" && value != "0":
		t.into.Remarks.Add(place, "RANDOM_DELAY is not carried over; schedule.spread delays a job")
	}
}

// unquoted takes blanks and one pair of quotes off.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// entry reads a line that runs something.
func (t *table) entry(place, line string) {
	when, rest, ok := cut(strings.TrimPrefix(line, "-"))
	if !ok {
		t.into.Garbled(place, "is not a line of a crontab: %.100s", line)
		return
	}
	item := t.into.Begin(place, "")
	if t.system {
		var user string
		user, rest = word(rest)
		item.Remark("user", "%.60s ran it; a target is called by a runner", user)
	}
	text, input := percent(rest)
	if strings.TrimSpace(text) == "" {
		item.Refuse("", "runs nothing: %.100s", line)
		return
	}
	item.Document.Overlap = carillon.OverlapAllow
	item.Document.CatchUp.Policy = carillon.CatchUpSkip
	t.schedule(item, when)
	command.Script{Text: text, Vars: t.vars, Stdin: input}.Into(item)
	item.Name = command.Title(item.Document.Target.URL)
}

// cut parts when from what: five fields, or one that begins with "@".
func cut(line string) (when, rest string, ok bool) {
	fields := 5
	if strings.HasPrefix(line, "@") {
		fields = 1
	}
	rest = line
	var parts []string
	for range fields {
		var part string
		part, rest = word(rest)
		parts = append(parts, part)
	}
	return strings.Join(parts, " "), rest, parts[fields-1] != "" && strings.TrimSpace(rest) != ""
}

// word takes the first word off a text.
func word(text string) (first, rest string) {
	text = strings.TrimLeft(text, " \t")
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		return text, ""
	}
	return text[:end], strings.TrimLeft(text[end:], " \t")
}

// percent parts a command from its input: "%" begins it, and is a line's end in
// it; "\%" is a percent sign.
func percent(text string) (command, input string) {
	const sign = "\x00"
	text = strings.ReplaceAll(strings.ReplaceAll(text, sign, ""), `\%`, sign)
	command, input, _ = strings.Cut(text, "%")
	input = strings.ReplaceAll(input, "%", "\n")
	return strings.ReplaceAll(command, sign, "%"), strings.ReplaceAll(input, sign, "%")
}
