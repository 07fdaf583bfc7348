package pgserver

import "syscall"

// setDeathSignal has the kernel ask for a fast shutdown when this process is gone.
func setDeathSignal(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }
