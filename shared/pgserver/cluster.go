package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// createCluster makes the data folder with the role and the database carillon,
// unless there is one. It is made under another name and then renamed, so a
// data folder that exists is whole.
func createCluster(ctx context.Context, config Config, f *folder, binaries installation) error {
	if _, err := os.Stat(f.data()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := f.data() + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700)); err != nil {
		return folderError(err)
	}
	if err := f.owner.own(fresh); err != nil {
		return folderError(err)
	}
	if err := initdb(ctx, config, f.owner, binaries, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, f.data())
}

func initdb(ctx context.Context, config Config, owner account, binaries installation, data string) error {
	args := []string{"-D", data, "--username=carillon",
		// The same order of text and the same messages on every machine.
		"--encoding=UTF8", "--locale=C",
		// Whoever reaches the socket is let in; nobody comes over the network.
		"--auth-local=trust", "--auth-host=reject",
		// A bad disk is found when a page is read, not when it is missed.
		"--data-checksums",
	}
	if config.NoSync {
		args = append(args, "--no-sync")
	}
	if err := runToEnd(owner.command(ctx, binaries.path("initdb"), args...)); err != nil {
		return err
	}
	single := owner.command(ctx, binaries.path("postgres"), "--single", "-D", data, "postgres")
	single.Stdin = strings.NewReader("CREATE DATABASE carillon;\n")
	return runToEnd(single)
}

// runToEnd runs a command and turns its last line into the error, if it fails.
func runToEnd(cmd *exec.Cmd) error {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	ended, err := spawn(cmd)
	if err == nil {
		err = <-ended
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Path, err, lastWords(out.String()))
	}
	return nil
}
