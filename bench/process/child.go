package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Child is this program once more, in another role, as a process of its own.
type Child struct {
	// Address is where it serves.
	Address string
	// PID is its process id.
	PID   int
	cmd   *exec.Cmd
	stdin io.Closer
}

// StartSelf starts this program with a role as its only argument and waits until
// it serves: until it calls [Serve]. The caller stops it.
func StartSelf(role string) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{cmd: exec.Command(self, role)}
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.PID = c.cmd.Process.Pid
	line, err := bufio.NewReader(out).ReadString('\n')
	c.Address = strings.TrimSpace(line)
	if err != nil {
		c.Stop()
		return nil, fmt.Errorf("%s: %w", role, err)
	}
	return c, nil
}

// Stop ends the process and waits for it.
func (c *Child) Stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// Serve says in a child where it serves, and returns when its parent stops it or dies.
func Serve(address string) {
	fmt.Println(address)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
