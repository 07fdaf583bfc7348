package command

import (
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

// option is what is known of an option of curl or wget.
type option struct {
	valued bool
	read   func(c *call, item *importer.Item, name, value string)
}

// options are those of a program.
type options struct {
	program string
	known   map[string]option // by name, with the dashes
	inline  bool              // long options take values after "="
	finish  func(c *call, item *importer.Item)
}

// read reads the words after the program's name.
func (o options) read(item *importer.Item, c *call, words []string) {
	for len(words) > 0 && !item.Refused {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			c.addresses = append(c.addresses, words...)
			words = nil
		case strings.HasPrefix(word, "--"):
			words = o.long(item, c, word, words)
		case strings.HasPrefix(word, "-") && word != "-":
			words = o.short(item, c, word, words)
		default:
			c.addresses = append(c.addresses, word)
		}
	}
	if !item.Refused {
		o.finish(c, item)
	}
}

func (o options) long(item *importer.Item, c *call, name string, words []string) []string {
	value, given := "", false
	if o.inline {
		name, value, given = strings.Cut(name, "=")
	}
	return o.apply(item, c, name, value, given, words)
}

// short reads a word of one-letter options, of which the last may have a value.
// wget has some of two letters, such as -nv.
func (o options) short(item *importer.Item, c *call, word string, words []string) []string {
	for rest := word[1:]; rest != "" && !item.Refused; {
		name := "-" + rest[:1]
		if len(rest) > 1 {
			if _, ok := o.known["-"+rest[:2]]; ok {
				name = "-" + rest[:2]
			}
		}
		rest = rest[len(name)-1:]
		if o.known[name].valued {
			return o.apply(item, c, name, rest, rest != "", words)
		}
		o.apply(item, c, name, "", false, nil)
	}
	return words
}

// apply reads one option, whose value may be the next word.
func (o options) apply(item *importer.Item, c *call, name, value string, given bool, words []string) []string {
	known, ok := o.known[name]
	switch {
	case !ok:
		item.Refuse(o.program, "has the option %.40s, which is not known here", name)
		return nil
	case known.valued && !given && len(words) == 0:
		item.Refuse(o.program, "lacks the value of %s", name)
		return nil
	case known.valued && !given:
		value, words = words[0], words[1:]
	}
	if known.read != nil {
		known.read(c, item, name, value)
	}
	return words
}

// add makes options known, by names that blanks separate.
func (o options) add(names string, valued bool, read func(c *call, item *importer.Item, name, value string)) {
	for _, name := range strings.Fields(names) {
		o.known[name] = option{valued, read}
	}
}

// lost is for options whose effect has no counterpart.
func lost(why string) func(*call, *importer.Item, string, string) {
	return func(_ *call, item *importer.Item, name, _ string) { item.Lose(name, "%s", why) }
}

// refused is for options that make the call one that cannot be made.
func refused(why string) func(*call, *importer.Item, string, string) {
	return func(_ *call, item *importer.Item, name, _ string) { item.Refuse(name, "%s", why) }
}

// header is for options that are a header.
func header(key string) func(*call, *importer.Item, string, string) {
	return func(_ *call, item *importer.Item, _, value string) { item.Header(key, value) }
}
