package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// seen reports whether a screen is a terminal.
func seen(screen io.Writer) bool {
	file, ok := screen.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// busy shows that something takes its time, and how much it has taken, if there is
// somebody to see it. The caller calls done at the end, which leaves no trace.
func busy(screen io.Writer, what string) (done func()) {
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(screen), progressbar.OptionSetDescription(what),
		progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetVisibility(seen(screen)))
	return func() { _ = bar.Finish() } // a screen that cannot be written to is no reason to fail
}
