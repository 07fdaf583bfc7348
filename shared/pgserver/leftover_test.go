package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// startParent runs a server in another process.
func startParent(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentDir+"="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the parent said %q (%v)", line, err)
	}
	return parent
}

func kill(t *testing.T, process *os.Process) {
	t.Helper()
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestServerDiesWithItsKilledParent(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	parent := startParent(t, dir)
	before, ok := readPIDFile(filepath.Join(dir, "data"))
	if !ok || !before.answers() {
		t.Fatal("the parent runs no server")
	}
	kill(t, parent.Process)
	_ = parent.Wait()
	eventually(t, func() error {
		if _, ok := readPIDFile(filepath.Join(dir, "data")); ok || before.answers() {
			return errors.New("the server outlived its parent")
		}
		return nil
	})
	startServer(t, dir)
}

func TestStartRightAfterTheParentWasKilled(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := startServer(t, dir)
	leaveMark(t, s)
	stopServer(t, s)
	for range 3 {
		parent := startParent(t, dir)
		kill(t, parent.Process)
		_ = parent.Wait()
		s := startServer(t, dir)
		checkMark(t, s)
		stopServer(t, s)
	}
}

func TestLeftoverServerIsStopped(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := startServer(t, dir)
	leaveMark(t, s)
	stopServer(t, s)
	if out, err := exec.Command("sh", "-c", s.RestartCommand()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	leftover, ok := readPIDFile(filepath.Join(dir, "data"))
	if !ok || !leftover.answers() {
		t.Fatal("no server was left over")
	}
	s = startServer(t, dir)
	checkMark(t, s)
	if s.cmd.Process.Pid == leftover.pid {
		t.Fatal("the old server goes on")
	}
}

func TestKilledServerEndsWithAnError(t *testing.T) {
	t.Parallel()
	s := startServer(t, tempDir(t))
	kill(t, s.cmd.Process)
	<-s.Done()
	if s.Err() == nil {
		t.Fatal("no error")
	}
}

// A power cut or a killed container leaves the lock file behind, and the next
// process to get that id may be anybody's.
func TestStaleProcessIDOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := startServer(t, dir)
	leaveMark(t, s)
	kill(t, s.cmd.Process)
	<-s.Done()

	other := s.folder.owner.command(context.Background(), "sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	replacePID(t, filepath.Join(s.folder.data(), "postmaster.pid"), other.Process.Pid)
	replacePID(t, filepath.Join(s.folder.socket, socketName+".lock"), other.Process.Pid)

	// The killed server's own children take a moment to see that it is gone.
	eventually(t, func() (err error) {
		s, err = Start(t.Context(), Config{Dir: dir, NoSync: true})
		return err
	})
	defer stopServer(t, s)
	checkMark(t, s)
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Fatalf("the other program was hurt: %v", err)
	}
}

func replacePID(t *testing.T, path string, pid int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(path, []byte(strconv.Itoa(pid)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestIncompletePIDFileIsNotRead(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "being written": "12\n/data\n1700000000\n5432\n/run\n\n", "nonsense": strings.Repeat("x\n", 9),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, ok := readPIDFile(dir); ok {
			t.Error(name, fmt.Sprint(p))
		}
	}
}
