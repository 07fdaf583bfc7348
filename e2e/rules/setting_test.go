package rules

import (
	"fmt"
	"go/ast"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// settingsDocument explains every variable that the programs read.
const settingsDocument = "docs/settings.md"

// setting is a variable and its default, "" for none.
type setting struct{ name, fallback string }

func (s setting) String() string {
	if s.fallback == "" {
		return s.name + " without a default"
	}
	return s.name + " with the default " + s.fallback
}

func TestSettingsAreDocumented(t *testing.T) { keeps(t, settings) }

func settings(t *tree) (faults []string) {
	written, tagged, looked := documented(t), tagged(t), lookedUp(t)
	for s, file := range tagged {
		if !written[s] {
			faults = append(faults, fmt.Sprintf("%s reads %s: add a row to %s", file, s, settingsDocument))
		}
	}
	for name, file := range looked {
		if !written[setting{name, ""}] {
			faults = append(faults, fmt.Sprintf("%s reads %s: add a row to %s", file, setting{name, ""}, settingsDocument))
		}
	}
	for s := range written {
		if tagged[s] == "" && (s.fallback != "" || looked[s.name] == "") {
			faults = append(faults, fmt.Sprintf("%s: nothing reads %s: remove the row, or correct it", settingsDocument, s))
		}
	}
	return faults
}

var settingRow = regexp.MustCompile("(?m)^\\| `([A-Z0-9_]+)` +\\| (?:`([^`]*)`)? *\\| [^|\\s]")

// documented are the rows of all tables: | `NAME` | `default` | what it is |.
func documented(t *tree) map[setting]bool {
	all := map[setting]bool{}
	for _, row := range settingRow.FindAllStringSubmatch(t.text(settingsDocument), -1) {
		all[setting{row[1], row[2]}] = true
	}
	return all
}

// tagged are the settings in the env tags of structs, and where.
func tagged(t *tree) map[setting]string {
	all := map[setting]string{}
	for _, s := range t.sources {
		if s.isTest() {
			continue
		}
		for node := range ast.Preorder(s.syntax) {
			field, ok := node.(*ast.Field)
			if !ok || field.Tag == nil {
				continue
			}
			text, _ := strconv.Unquote(field.Tag.Value)
			tag := reflect.StructTag(text)
			name, _, _ := strings.Cut(tag.Get("env"), ",")
			if name != "" && name != "-" {
				all[setting{name, tag.Get("envDefault")}] = s.path
			}
		}
	}
	return all
}

// foreign are variables of the system: documented elsewhere, and not ours.
var foreign = []string{"PATH", "XDG_DATA_HOME"}

// lookedUp are the variables that are read by name, and where.
func lookedUp(t *tree) map[string]string {
	all := map[string]string{}
	for _, s := range t.sources {
		if s.isTest() || strings.HasPrefix(s.path, "tools/") {
			continue
		}
		for node := range ast.Preorder(s.syntax) {
			if name := variableRead(node); name != "" && !slices.Contains(foreign, name) {
				all[name] = s.path
			}
		}
	}
	return all
}

// variableRead is the variable that a call of os.Getenv or os.LookupEnv reads, or "".
func variableRead(node ast.Node) string {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || !callsTo(call, "os", "Getenv", "LookupEnv") {
		return ""
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return ""
	}
	name, _ := strconv.Unquote(literal.Value)
	return name
}

// callsTo reports whether a call is of one of a package's functions, or of one
// of a value's methods.
func callsTo(call *ast.CallExpr, receiver string, names ...string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == receiver && slices.Contains(names, selector.Sel.Name)
}

func TestUndocumentedSettingsAreFound(t *testing.T) {
	bites(t, settings, map[string]string{
		settingsDocument: strings.Join([]string{
			"| variable | default | what it is |", "|---|---|---|",
			"| `GOOD` | `1s` | is right |", "| `BARE` | | is right |", "| `LOOKED_UP` | | is right |",
			"| `OTHER` | `2s` | has another default |", "| `GONE` | | is not read |", "| `MUTE` | | |",
		}, "\n"),
		"a/a.go": "package a\nimport \"os\"\nvar _ = os.Getenv(\"LOOKED_UP\") + os.Getenv(\"HIDDEN\") + os.Getenv(\"XDG_DATA_HOME\")\n" +
			"type Config struct {\n A int `env:\"GOOD\" envDefault:\"1s\"`\n B int `env:\"BARE,required\"`\n C int `env:\"-\"`\n" +
			" D int `env:\"OTHER\" envDefault:\"1s\"`\n E int `env:\"MUTE\"`\n F int `json:\"f\"`\n}",
		"a/a_test.go": "package a\ntype s struct {\n A int `env:\"TEST_ONLY\"`\n}",
	},
		"a/a.go reads OTHER with the default 1s", "a/a.go reads MUTE", "a/a.go reads HIDDEN",
		settingsDocument+": nothing reads OTHER with the default 2s", settingsDocument+": nothing reads GONE",
	)
}
