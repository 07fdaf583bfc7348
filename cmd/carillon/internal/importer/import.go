package importer

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Import is what came of a source: an item for everything that it defines.
type Import struct {
	Items   []*Item
	Remarks fault.Faults    // on the source as a whole, by place
	names   map[string]bool // namespace/name of the documents so far
}

// Begin adds an item.
func (im *Import) Begin(place, name string) *Item {
	item := &Item{Place: place, Name: name}
	im.Items = append(im.Items, item)
	return item
}

// Garbled adds an item for what cannot be read at all.
func (im *Import) Garbled(place, format string, args ...any) {
	item := im.Begin(place, "")
	item.garbled = true
	item.Refuse("", format, args...)
}

// Legible reports whether anything could be read.
func (im *Import) Legible() bool {
	return slices.ContainsFunc(im.Items, func(i *Item) bool { return !i.garbled })
}

// Finish gives every document its namespace, where the source named none, and
// its name; what is then no valid document is refused, with the reasons. It is
// called once, after all items of all files.
func (im *Import) Finish(namespace string) {
	im.names = map[string]bool{}
	known := secrets{}
	for _, item := range im.Items {
		if item.Refused {
			continue
		}
		item.Document.Namespace = cmp.Or(item.Document.Namespace, namespace)
		item.Document.Name = Slug(item.Name)
		item.reveal(known)
		if err := item.Document.WithDefaults().Validate(); err != nil {
			item.refuseFor(err)
			continue
		}
		im.claim(item)
	}
}

// refuseFor takes the faults of a document for reasons.
func (i *Item) refuseFor(err error) {
	faults, ok := errors.AsType[fault.Faults](err)
	if !ok {
		i.Refuse("", "%v", err)
	}
	for _, f := range faults {
		i.Refuse(f.Field, "%s", f.Message)
	}
}

// claim makes the name one that no other document has.
func (im *Import) claim(item *Item) {
	document := &item.Document
	wanted := document.Name
	for n := 2; im.names[document.Namespace+"/"+document.Name]; n++ {
		suffix := fmt.Sprintf("-%d", n)
		document.Name = wanted[:min(len(wanted), maxName-len(suffix))] + suffix
	}
	im.names[document.Namespace+"/"+document.Name] = true
	if item.Name != document.Name {
		item.Remark("name", "%.100q becomes %s", item.Name, document.Name)
	}
}

// Documents counts the items that became documents.
func (im *Import) Documents() (n int) {
	for _, item := range im.Items {
		if !item.Refused {
			n++
		}
	}
	return n
}

// Whole reports whether nothing was lost.
func (im *Import) Whole() bool {
	for _, item := range im.Items {
		if item.Outcome() != Carried {
			return false
		}
	}
	return true
}

const maxName = 100

// maxSecret is the length of the longest name of a secret.
const maxSecret = 63

var unfit = regexp.MustCompile(`[^A-Za-z0-9._]+`)

// Slug makes a name that a job may have.
func Slug(text string) string {
	name := strings.Trim(unfit.ReplaceAllString(text, "-"), "-._")
	name = strings.Trim(name[:min(len(name), maxName)], "-._")
	return cmp.Or(name, "job")
}

// SecretName makes a name that a secret may have.
func SecretName(parts ...string) string {
	name := strings.ToLower(unfit.ReplaceAllString(strings.NewReplacer(".", "-", "_", "-").Replace(strings.Join(parts, "-")), "-"))
	name = strings.Trim(name[:min(len(name), maxSecret)], "-")
	return cmp.Or(name, "secret")
}
