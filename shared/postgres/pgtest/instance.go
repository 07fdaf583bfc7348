package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5"
)

const (
	folderPattern = "carillon-pgtest-*"
	// keptFor is how long a folder stays that Main did not remove.
	keptFor = 24 * time.Hour
	// maxConnections is for many parallel tests with a pool each.
	maxConnections = 300
	// patience is for a step of a server on a machine that is busy with others.
	patience = time.Minute

	template = "template_carillon"
)

// instance is the server of one test binary, started when first needed.
type instance struct {
	once   sync.Once
	err    error // why it did not start
	dir    string
	server *pgserver.Server
	serial atomic.Int64
	kept   atomic.Bool // a database is
}

// create makes a database and is its name.
func (in *instance) create(test string) (string, error) {
	in.once.Do(func() { in.err = in.start() })
	if in.err != nil {
		return "", in.err
	}
	name := databaseName(in.serial.Add(1), test)
	// Copying files takes half as long as writing their pages to the log first.
	return name, in.exec("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy")
}

// release drops a database, or keeps it and says how to look at it.
func (in *instance) release(t testing.TB, name string) {
	if t.Failed() {
		in.kept.Store(true)
		t.Logf("the database of the failed test is kept for a day; look at it, once the tests have ended, with\n%s &&\npsql '%s'",
			in.server.RestartCommand(), in.url(name))
		return
	}
	if err := in.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
		t.Error(err)
	}
}

func (in *instance) start() (err error) {
	removeOld()
	if in.dir, err = os.MkdirTemp("", folderPattern); err != nil {
		return err
	}
	// Under root, Postgres runs as somebody who has to get in.
	if err := os.Chmod(in.dir, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	in.server, err = pgserver.Start(ctx, pgserver.Config{Dir: in.dir, MaxConnections: maxConnections, NoSync: true})
	if err != nil {
		return err
	}
	if err := in.exec("CREATE DATABASE " + template); err != nil {
		return err
	}
	return postgres.Migrate(ctx, in.url(template))
}

func (in *instance) stop() error {
	if in.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := in.server.Stop(ctx); err != nil {
		return err
	}
	if in.kept.Load() {
		return nil
	}
	return os.RemoveAll(in.dir)
}

// exec runs a statement that concerns databases, from a database that is not
// concerned.
func (in *instance) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, in.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func (in *instance) url(database string) string {
	u, err := url.Parse(in.server.URL())
	if err != nil {
		panic(err) // pgserver writes URLs that can be read
	}
	u.Path = "/" + database
	return u.String()
}

// databaseName shows which test a database belongs to, as far as a name may.
func databaseName(serial int64, test string) string {
	safe := func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return '_'
	}
	name := fmt.Sprintf("t%d_%s", serial, strings.Map(safe, strings.ToLower(test)))
	return name[:min(len(name), 63)]
}

// removeOld removes what earlier runs kept, or left when they were killed.
func removeOld() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern)) // the pattern is good
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && time.Since(info.ModTime()) > keptFor {
			_ = os.RemoveAll(folder) // another user's stays
		}
	}
}
