package backup

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
)

// The names of sections.
const (
	manifestSection = "manifest"
	marksSection    = "marks"
	messagesSection = "messages"
	endSection      = "end"
)

// form is the version of the sections; a reader knows its own.
const form = 1

// manifest says what a file is.
type manifest struct {
	Carillon string    `json:"carillon"` // what it is, for people
	Form     int       `json:"form"`
	Schema   int32     `json:"schema"` // that the tables are of
	WithRuns bool      `json:"with_runs"`
	BeganAt  time.Time `json:"began_at"`
}

// end says how the system was when all else had been read.
type end struct {
	At       time.Time `json:"at"`
	Marks    []stand   `json:"marks"`
	Planning bool      `json:"planning"` // planners were at work meanwhile
}

// content is what a file says of itself.
type content struct {
	manifest
	marks []stand
	end   end
}

// inspect reads a file to its end, to be sure of it, and back to its beginning. It
// fails with archive.ErrBroken, or if a newer Carillon has written the file.
func inspect(file io.ReadSeeker) (*content, error) {
	r, err := archive.NewReader(file)
	if err != nil {
		return nil, err
	}
	var c content
	into := map[string]any{manifestSection: &c.manifest, marksSection: &c.marks, endSection: &c.end}
	name, err := r.Next()
	for ; err == nil; name, err = r.Next() {
		if value := into[name]; value != nil {
			if err := r.JSON(value); err != nil {
				return nil, err
			}
			delete(into, name)
		}
	}
	switch {
	case !errors.Is(err, io.EOF):
		return nil, err
	case into[manifestSection] == nil && (c.Form != form || c.Schema > postgres.Version()):
		return nil, fmt.Errorf("the backup has form %d and schema %d, and this carillon knows form %d and schemas up to %d: use the carillon that made it, or a newer one",
			c.Form, c.Schema, form, postgres.Version())
	case len(into) > 0:
		return nil, fmt.Errorf("%w: it lacks %v", archive.ErrBroken, slices.Sorted(maps.Keys(into)))
	case len(c.marks) != carillon.Partitions || len(c.end.Marks) != carillon.Partitions:
		return nil, fmt.Errorf("%w: it has the marks of %d and %d partitions", archive.ErrBroken, len(c.marks), len(c.end.Marks))
	}
	_, err = file.Seek(0, io.SeekStart)
	return &c, err
}
