package pgserver

import "syscall"

// setDeathSignal does nothing: macOS has no such signal, so a server that lost
// its parent runs until the next start stops it.
func setDeathSignal(*syscall.SysProcAttr) {}
