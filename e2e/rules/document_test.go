package rules

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLinksLeadSomewhere(t *testing.T) { keeps(t, links) }

var link = regexp.MustCompile(`\]\(<?([^)\s>]+)`)

// links looks at those within the repository only: others go away by themselves.
func links(t *tree) (faults []string) {
	documents, err := t.glob(".md")
	if err != nil {
		return []string{err.Error()}
	}
	for _, document := range documents {
		for _, found := range link.FindAllStringSubmatch(prose(t.text(document)), -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if _, err := fs.Stat(t, path.Join(path.Dir(document), target)); err != nil {
				faults = append(faults, fmt.Sprintf("%s links to %s, which does not exist: correct the link, or write the page", document, found[1]))
			}
		}
	}
	return faults
}

var code = regexp.MustCompile("(?s)```.*?\n```|`[^`\n]+`")

// prose is a document without its code.
func prose(text string) string { return code.ReplaceAllString(text, "") }

func TestBrokenLinksAreFound(t *testing.T) {
	bites(t, links, map[string]string{
		"README.md":      "[a](docs/a.md) [b](docs/b.md#part) ![c](picture.svg) [d](https://example.com/d) [e](#part) [f](mailto:f@example.com)",
		"docs/a.md":      "[up](../README.md) [here](.) [folder](../docs/) [gone](../gone.md) `[code](x.md)`\n```\n[code](y.md)\n```\n",
		".git/HIDDEN.md": "[gone](gone.md)",
	},
		"README.md links to docs/b.md#part", "README.md links to picture.svg", "docs/a.md links to ../gone.md",
	)
}

func TestTargetsOfMakeExist(t *testing.T) { keeps(t, makeTargets) }

var (
	makeCall   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
	makeTarget = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// makeTargets looks at code only: in prose, "make sure" is no command.
func makeTargets(t *tree) (faults []string) {
	documents, err := t.glob(".md")
	if err != nil {
		return []string{err.Error()}
	}
	var targets []string
	for _, found := range makeTarget.FindAllStringSubmatch(t.text("Makefile"), -1) {
		targets = append(targets, found[1])
	}
	for _, document := range documents {
		for _, snippet := range code.FindAllString(t.text(document), -1) {
			for _, found := range makeCall.FindAllStringSubmatch(snippet, -1) {
				if !slices.Contains(targets, found[1]) {
					faults = append(faults, fmt.Sprintf("%s says %s, but the Makefile has only: %s", document, found[0], strings.Join(targets, ", ")))
				}
			}
		}
	}
	return faults
}

func TestUnknownTargetsAreFound(t *testing.T) {
	bites(t, makeTargets, map[string]string{
		"Makefile":  "up: bootstrap ## run\n\tgo run .\nnot-this := 1\nbootstrap:\n",
		"README.md": "`make up`, then make sure that `make isolated` works.\n```\n$ make bootstrap\n$ make not-this\n```\n",
	}, "README.md says make isolated", "README.md says make not-this")
}
