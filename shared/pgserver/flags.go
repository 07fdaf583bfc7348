package pgserver

import (
	"cmp"
	"strconv"
)

// flags are the settings that this package depends on or that suit a small
// private server. They win over postgresql.conf, which is left to the operator
// for everything else.
func flags(config Config, f *folder) []string {
	settings := []string{
		// The socket's folder is the whole access control: no TCP.
		"listen_addresses=",
		`unix_socket_directories="` + f.socket + `"`,
		"unix_socket_permissions=0700",
		// Names the socket; fixed, so that no PGPORT moves it.
		"port=5432",
		// The four services have separate pools of about ten each.
		"max_connections=" + strconv.Itoa(cmp.Or(config.MaxConnections, 50)),
		// The hot end of the ledger fits; the rest is the file system's cache.
		"shared_buffers=128MB",
		// Whole-page images are most of the log after a checkpoint, and shrink well.
		"wal_compression=on",
		// Bounds the disk, and the time that a recovery takes.
		"max_wal_size=512MB",
		// Queries are short: compiling one, or splitting it over processes,
		// costs more than it saves, and the cores belong to the services.
		"jit=off",
		"max_parallel_workers_per_gather=0",
		// All instants are UTC here, in SQL too.
		"timezone=UTC",
		"log_timezone=UTC",
		// Job documents and keys must not get into the log by way of a failed
		// statement; its error goes to the client in full.
		"log_min_error_statement=panic",
		"log_error_verbosity=terse",
		// A line every few minutes that nobody reads.
		"log_checkpoints=off",
	}
	// synchronous_commit stays on: an outcome is acknowledged, and then gone from
	// the stream, as soon as its row is committed.
	if config.NoSync {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", f.data()}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}
