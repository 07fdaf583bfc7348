package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// unavailable are the SQLSTATEs, or their classes, of a server that cannot
// serve now and probably can later (Postgres manual, appendix A).
var unavailable = []string{
	"08",    // connection exceptions
	"25006", // read only: connected to a former primary
	"40P01", // was chosen to give way in a deadlock
	"53",    // out of connections, memory or disk
	"55P03", // waited too long for a lock
	"57014", // took too long, or was cancelled by an operator
	"57P01", // is being shut down
	"57P02", // a process of it crashed
	"57P03", // is starting, or recovering
	"58",    // the machine below it fails
}

// IsUnavailable tells whether the database could not serve: it is not there, is
// going down or coming up, is overloaded, or took too long. The same call may
// well succeed later, and may also have been carried out, if the answer was what
// got lost. It is false for an error that the caller has made, including a
// context that the caller cancelled.
func IsUnavailable(err error) bool {
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		return hasPrefix(server.Code, unavailable)
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[net.Error](err); ok { // also a deadline
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed)
}

func hasPrefix(code string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(code, p) {
			return true
		}
	}
	return false
}

// IsUniqueViolation tells whether a row was refused because the constraint, such
// as "jobs_namespace_name_key", has one like it already.
func IsUniqueViolation(err error, constraint string) bool {
	server, ok := errors.AsType[*pgconn.PgError](err)
	return ok && server.Code == "23505" && server.ConstraintName == constraint
}

// IsNullViolation tells whether a row was refused because a column of its table has no
// value.
func IsNullViolation(err error, table, column string) bool {
	server, ok := errors.AsType[*pgconn.PgError](err)
	return ok && server.Code == "23502" && server.TableName == table && server.ColumnName == column
}
