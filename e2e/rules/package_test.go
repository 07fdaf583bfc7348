package rules

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// shortest is how much a package comment has to say at least; a title is less.
const shortest = 40

// vague are names for whatever found no home.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "models", "types", "core", "lib"}

func TestEachPackageSaysWhatItIs(t *testing.T) { keeps(t, packageComments) }

func packageComments(t *tree) (faults []string) {
	comments := map[string][]string{} // of each package
	for _, s := range t.sources {
		p := s.dir() + " (package " + strings.TrimSuffix(s.syntax.Name.Name, "_test") + ")"
		comments[p] = append(comments[p], s.syntax.Doc.Text()) // "" without one
	}
	for _, p := range slices.Sorted(maps.Keys(comments)) {
		said := slices.DeleteFunc(comments[p], func(text string) bool { return text == "" })
		switch {
		case len(said) != 1:
			faults = append(faults, fmt.Sprintf("%s has %d package comments: give it one, in doc.go or in the file of its name", p, len(said)))
		case len(said[0]) < shortest:
			faults = append(faults, fmt.Sprintf("%s says only %q: say what it is for, its model, and what it leaves out", p, said[0]))
		case !strings.HasPrefix(said[0], "Package ") && !strings.HasPrefix(said[0], "Command "):
			faults = append(faults, fmt.Sprintf("%s begins with %.20q: begin with Package and its name, or Command and its name", p, said[0]))
		}
	}
	return faults
}

func TestSilentPackagesAreFound(t *testing.T) {
	const comment = "// Package good says what it is for, and what it leaves out on purpose.\n"
	bites(t, packageComments, map[string]string{
		"good/a.go":       comment + "package good",
		"good/b.go":       "// A comment that belongs to nothing.\n\npackage good",
		"good/a_test.go":  "package good_test",
		"silent/a.go":     "package silent",
		"twice/a.go":      comment + "package twice",
		"twice/b.go":      comment + "package twice",
		"short/a.go":      "// Package short is short.\npackage short",
		"cmd/x/main.go":   "// This is the command x, and it says so in a sentence that is long enough.\npackage main",
		"rules/a_test.go": comment + "package rules",
	},
		"silent (package silent) has 0", "twice (package twice) has 2", "short (package short) says only",
		`cmd/x (package main) begins with "This is`,
	)
}

func TestNoPackageHasAVagueName(t *testing.T) { keeps(t, packageNames) }

func packageNames(t *tree) (faults []string) {
	seen := map[string]bool{}
	for _, s := range t.sources {
		for _, name := range []string{s.syntax.Name.Name, path.Base(s.dir())} {
			if slices.Contains(vague, name) && !seen[s.dir()] {
				seen[s.dir()] = true
				faults = append(faults, fmt.Sprintf("%s: the name %s says nothing; name the package for what it provides", s.dir(), name))
			}
		}
	}
	return faults
}

func TestVagueNamesAreFound(t *testing.T) {
	bites(t, packageNames, map[string]string{
		"shared/util/a.go":  "package text",
		"shared/util/b.go":  "package text",
		"shared/texts/a.go": "package helpers",
		"shared/bus/a.go":   "package bus",
	}, "shared/util:", "shared/texts:")
}
