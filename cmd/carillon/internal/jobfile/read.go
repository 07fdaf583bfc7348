package jobfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"golang.org/x/sync/errgroup"
)

// Document is what a file says of one job.
type Document struct {
	File            string
	Namespace, Name string          // that the job is known by; the namespace default if none is given
	Raw             json.RawMessage // the fields as the file has them; the same file gives the same bytes
	part            document.Part
	tree            document.Tree
}

// Place is where in the files a field of the document stands.
func (d *Document) Place(field string) string {
	return fmt.Sprintf("%s:%d", d.File, d.part.LineOf(field))
}

// maxFile is the longest file that is read.
const maxFile = 1 << 30

// Read reads the documents of files, of all *.yaml, *.yml and *.json below folders,
// and of standard input for "-", in the order of their names. Links to folders are
// followed; names that begin with a dot are passed over. What has no form of a
// document is named in faults, by file and line; the error is for what cannot be
// read at all.
func Read(paths []string, stdin io.Reader) (documents []*Document, faults []Fault, err error) {
	files, err := list(paths)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		text, err := slurp(file, stdin)
		if err != nil {
			return nil, nil, err
		}
		found, wrong := parse(file, text)
		documents, faults = append(documents, found...), append(faults, wrong...)
	}
	return documents, append(faults, twice(documents)...), nil
}

func slurp(name string, stdin io.Reader) ([]byte, error) {
	source := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		source = file
	}
	text, err := io.ReadAll(io.LimitReader(source, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is longer than %d MiB", name, maxFile>>20)
	}
	return text, err
}

// parse reads the documents of a file, on all processors.
func parse(file string, text []byte) ([]*Document, []Fault) {
	parts := document.Split(text)
	documents, wrong := make([]*Document, len(parts)), make([]*Fault, len(parts))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	const bite = 256
	for from := 0; from < len(parts); from += bite {
		group.Go(func() error {
			for i := from; i < min(from+bite, len(parts)); i++ {
				documents[i], wrong[i] = parsePart(file, parts[i])
			}
			return nil
		})
	}
	_ = group.Wait() // nothing fails as a whole
	var faults []Fault
	for _, fault := range wrong {
		if fault != nil {
			faults = append(faults, *fault)
		}
	}
	return slices.DeleteFunc(documents, func(d *Document) bool { return d == nil }), faults
}

func parsePart(file string, part document.Part) (*Document, *Fault) {
	at := func(err error) *Fault {
		return &Fault{Place: fmt.Sprintf("%s:%d", file, part.Line+1), Message: err.Error()}
	}
	tree, err := document.Parse(part.Text)
	if err != nil {
		return nil, at(err)
	}
	fields, ok := tree.Fields()
	if !ok {
		return nil, at(fmt.Errorf("must be a set of fields, such as name, schedule and target"))
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, at(err)
	}
	namespace, _ := fields["namespace"].(string)
	name, _ := fields["name"].(string)
	return &Document{file, cmp.Or(namespace, "default"), name, raw, part, tree}, nil
}
