package rules

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// goVersion is that of every module: one line, moved by hand.
const goVersion = "1.26.0"

// modules are the go.mod files by their folders, but for the tools, whose
// versions are their own.
func modules(t *tree) (map[string]*modfile.File, error) {
	paths, err := t.glob("go.mod")
	if err != nil {
		return nil, err
	}
	all := map[string]*modfile.File{}
	for _, p := range paths {
		if path.Dir(p) == "tools" {
			continue
		}
		if all[path.Dir(p)], err = modfile.Parse(p, []byte(t.text(p)), nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func TestModulesAgree(t *testing.T) { keeps(t, moduleDrift) }

func moduleDrift(t *tree) (faults []string) {
	all, err := modules(t)
	if err != nil {
		return []string{err.Error()}
	}
	versions := map[string]map[string][]string{} // of a module: who requires which
	for dir, m := range all {
		faults = append(faults, moduleFaults(dir, m)...)
		for _, r := range m.Require {
			if versions[r.Mod.Path] == nil {
				versions[r.Mod.Path] = map[string][]string{}
			}
			versions[r.Mod.Path][r.Mod.Version] = append(versions[r.Mod.Path][r.Mod.Version], dir)
		}
	}
	for module, by := range versions {
		if len(by) > 1 {
			faults = append(faults, fmt.Sprintf("%s has several versions, %v: run make tidy", module, by))
		}
	}
	return faults
}

// moduleFaults are the faults of a module by itself.
func moduleFaults(dir string, m *modfile.File) (faults []string) {
	add := func(format string, args ...any) {
		faults = append(faults, dir+"/go.mod: "+fmt.Sprintf(format, args...))
	}
	if want := home + dir; m.Module == nil || m.Module.Mod.Path != want {
		add("the module has to be called %s", want)
	}
	if m.Go == nil || m.Go.Version != goVersion {
		add("the go line has to be: go %s", goVersion)
	}
	if m.Toolchain != nil {
		add("remove the line: toolchain %s", m.Toolchain.Name)
	}
	for _, r := range m.Require {
		sibling, own := strings.CutPrefix(r.Mod.Path, home)
		if !own {
			continue
		}
		if r.Mod.Version != "v0.0.0" {
			add("require %s v0.0.0, not %s: siblings have no versions", r.Mod.Path, r.Mod.Version)
		}
		if want := relative(dir, sibling); replacement(m, r.Mod.Path) != want {
			add("add the line: replace %s => %s", r.Mod.Path, want)
		}
	}
	for _, r := range m.Replace {
		if !strings.HasPrefix(r.Old.Path, home) {
			add("%s is replaced by %s: use a released version", r.Old.Path, r.New.Path)
		}
	}
	return faults
}

func relative(from, to string) string {
	p, err := filepath.Rel(from, to)
	if err != nil {
		return to
	}
	return filepath.ToSlash(p)
}

func replacement(m *modfile.File, module string) string {
	for _, r := range m.Replace {
		if r.Old.Path == module && r.Old.Version == "" && r.New.Version == "" {
			return r.New.Path
		}
	}
	return ""
}

func TestDriftingModulesAreFound(t *testing.T) {
	header := func(dir string) string { return "module " + home + dir + "\ngo 1.26.0\n" }
	sibling := "require " + home + "shared v0.0.0\n"
	bites(t, moduleDrift, map[string]string{
		"shared/go.mod":     header("shared") + "require example.com/x v1.0.0",
		"services/a/go.mod": header("services/a") + sibling + "replace " + home + "shared => ../../shared\nrequire example.com/x v1.1.0",
		"services/b/go.mod": header("services/b") + sibling,
		"services/c/go.mod": header("services/c") + sibling + "replace " + home + "shared => ../shared",
		"e2e/go.mod":        header("other") + "require " + home + "shared v1.0.0\nreplace " + home + "shared => ../shared",
		"bench/go.mod":      "module " + home + "bench\ngo 1.26.1\ntoolchain go1.26.8\nreplace example.com/y => ../y",
		"tools/go.mod":      "module tools\ngo 1.27\nrequire example.com/x v1.2.0",
	},
		"example.com/x has several versions",
		home+"shared has several versions",
		"services/b/go.mod: add the line: replace "+home+"shared => ../../shared",
		"services/c/go.mod: add the line: replace "+home+"shared => ../../shared",
		"e2e/go.mod: the module has to be called "+home+"e2e",
		"e2e/go.mod: require "+home+"shared v0.0.0, not v1.0.0",
		"bench/go.mod: the go line has to be: go 1.26.0",
		"bench/go.mod: remove the line: toolchain go1.26.8",
		"bench/go.mod: example.com/y is replaced",
	)
}

func TestTheWorkspaceListsItsModules(t *testing.T) { keeps(t, workspace) }

func workspace(t *tree) (faults []string) {
	all, err := modules(t)
	if err != nil {
		return []string{err.Error()}
	}
	work, err := modfile.ParseWork("go.work", []byte(t.text("go.work")), nil)
	if err != nil {
		return []string{err.Error()}
	}
	if work.Go == nil || work.Go.Version != goVersion {
		faults = append(faults, "go.work: the go line has to be: go "+goVersion)
	}
	if len(work.Replace)+len(work.Godebug) > 0 || work.Toolchain != nil {
		faults = append(faults, "go.work: only go and use lines belong here; replace in the go.mod files, which also hold without a workspace")
	}
	used := map[string]bool{}
	for _, use := range work.Use {
		dir := path.Clean(use.Path)
		used[dir] = true
		if all[dir] == nil {
			faults = append(faults, fmt.Sprintf("go.work: %s is no module: remove the line", use.Path))
		}
	}
	for dir := range all {
		if !used[dir] {
			faults = append(faults, fmt.Sprintf("go.work: add the line: use ./%s", dir))
		}
	}
	return faults
}

func TestAFaultyWorkspaceIsFound(t *testing.T) {
	bites(t, workspace, map[string]string{
		"go.work":           "go 1.26\ntoolchain go1.26.8\nuse ./shared\nuse ./gone",
		"shared/go.mod":     "module " + home + "shared",
		"services/a/go.mod": "module " + home + "services/a",
		"tools/go.mod":      "module tools",
	}, "go.work: the go line", "go.work: only go and use lines", "go.work: ./gone is no module", "go.work: add the line: use ./services/a")
}
