package pgserver

import (
	"os/exec"
	"runtime"
)

// spawn starts a command that ends when this process does. What the command
// ended with comes out of the channel.
//
// Linux sends the signal when the thread that forked ends, not the process, so
// the command gets a thread of its own that lives for as long.
func spawn(cmd *exec.Cmd) (<-chan error, error) {
	setDeathSignal(cmd.SysProcAttr)
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	return ended, <-started
}
