// Package table writes the figures of a benchmark as Markdown, each beside its
// bound and whether it was met.
package table

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Row writes one row of a table.
func Row(w io.Writer, cells ...any) {
	fmt.Fprintf(w, strings.Repeat("| %v ", len(cells))+"|\n", cells...)
}

// Head writes the head of a table.
func Head(w io.Writer, titles ...any) {
	Row(w, titles...)
	fmt.Fprintln(w, strings.Repeat("| --- ", len(titles))+"|")
}

// Verdict says whether a bound was met.
func Verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// Milliseconds writes a short time.
func Milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
