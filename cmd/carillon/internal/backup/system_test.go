package backup

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/jackc/pgx/v5"
)

func TestServersAreNamedWithoutPasswords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		system         System
		database, nats string
	}{
		{System{DatabaseURL: "postgres://me:s3cr3t@db.example:5433/cron", NATS: bus.Config{URL: "nats://me:s3cr3t@a:4222,b:4222"}}, "cron on db.example:5433", "a:4222,b:4222"},
		{System{DatabaseURL: "host=db port=5432 dbname=cron password=s3cr3t", Folder: "/data"}, "cron on db:5432", "in /data"},
	} {
		config, err := pgx.ParseConfig(c.system.DatabaseURL)
		if err != nil {
			t.Fatal(err)
		}
		if database, nats := c.system.servers(config); database != c.database || nats != c.nats {
			t.Errorf("%q %q", database, nats)
		}
	}
}
