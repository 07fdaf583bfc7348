package command

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// call is what the options of one call amount to.
type call struct {
	method    string // "" if no option says it
	head      bool
	addresses []string
	query     []string // to be added to the address
	data      []string // parts of the body, which "&" joins
	hasData   bool
	asQuery   bool // curl -G: data belongs into the address
	json      bool
	form      []formPart
	user      string // "name:password"
	stdin     string
	strict    bool // an answer that says no is a failure
	literal   bool // the address has no patterns
	globs     bool // the program reads patterns in addresses
	maxTime   carillon.Duration
	timeouts  carillon.Timeouts
	retry     carillon.Retry
}

// noLimit is how long a call lasts at most where its source has no limit: the
// longest timeout there is.
const noLimit = carillon.Duration(time.Hour)

// write makes the call part of the item's document.
func (c *call) write(item *importer.Item) {
	document := &item.Document
	target := &document.Target
	c.writeBody(item)
	c.writeAddress(item)
	if item.Refused {
		return
	}
	target.Method = c.verb()
	if c.user != "" {
		item.BasicAuth(c.user)
	}
	if c.maxTime > 0 && (target.Timeout == 0 || c.maxTime < target.Timeout) {
		target.Timeout = c.maxTime
	}
	if target.Timeout == 0 {
		target.Timeout = noLimit
		item.Remark("timeout", "there is no limit; becomes %s, the longest that a call may take", noLimit)
	}
	Limit(item, "timeout")
	if c.timeouts != (carillon.Timeouts{}) {
		target.Timeouts = &c.timeouts
	}
	document.Retry = c.retry
	if document.Retry.MaxAttempts == 0 {
		document.Retry.MaxAttempts = 1
	}
}

// Limit cuts the timeout of the item's target to what a call may take.
func Limit(item *importer.Item, field string) {
	target := &item.Document.Target
	if target.Timeout > noLimit {
		item.Lose(field, "%s becomes %s, the longest that a call may take", target.Timeout, noLimit)
		target.Timeout = noLimit
	}
}

// verb is the method.
func (c *call) verb() string {
	switch {
	case c.method != "":
		return c.method
	case c.head:
		return "HEAD"
	case c.hasData && !c.asQuery, len(c.form) > 0:
		return "POST"
	}
	return "GET"
}

func (c *call) writeBody(item *importer.Item) {
	target := &item.Document.Target
	switch {
	case len(c.form) > 0:
		c.writeForm(item)
	case c.hasData && !c.asQuery:
		target.Body = importer.Literal(strings.Join(c.data, "&"))
		if c.json {
			target.Body = importer.Literal(strings.Join(c.data, ""))
			defaultHeader(item, "Accept", "application/json")
			defaultHeader(item, "Content-Type", "application/json")
			return
		}
		defaultHeader(item, "Content-Type", "application/x-www-form-urlencoded")
	}
}

// defaultHeader sets a header that the options did not.
func defaultHeader(item *importer.Item, name, value string) {
	for given := range item.Document.Target.Headers {
		if strings.EqualFold(given, name) {
			return
		}
	}
	item.Header(name, value)
}

// pattern matches what curl takes for several addresses.
var pattern = regexp.MustCompile(`\{[^}]*\}|\[[0-9a-zA-Z]+-[0-9a-zA-Z]+(:\d+)?\]`)

func (c *call) writeAddress(item *importer.Item) {
	switch {
	case len(c.addresses) == 0:
		item.Refuse("url", "has no address")
		return
	case len(c.addresses) > 1:
		item.Refuse("url", "calls %d addresses; write a job for each", len(c.addresses))
		return
	}
	address := c.addresses[0]
	if c.globs && !c.literal && pattern.MatchString(address) {
		item.Refuse("url", "%.100s is a pattern for several addresses; write a job for each", address)
		return
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	if c.asQuery {
		c.query = append(c.query, c.data...)
	}
	Address(item, "url", withQuery(address, c.query))
}

// withQuery adds to the query of an address.
func withQuery(address string, query []string) string {
	address, _, _ = strings.Cut(address, "#")
	for _, part := range query {
		sign := "&"
		if !strings.Contains(address, "?") {
			sign = "?"
		} else if strings.HasSuffix(address, "?") || strings.HasSuffix(address, "&") {
			sign = ""
		}
		address += sign + part
	}
	return address
}

// Address gives the item's target its address: without a user, who goes into its
// auth, and with a word on those that mean the machine itself.
func Address(item *importer.Item, field, address string) {
	scheme, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest+"/", "/?#")
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		user, err := url.PathUnescape(rest[:at])
		if err != nil {
			user = rest[:at]
		}
		rest = rest[at+1:]
		item.BasicAuth(user)
	}
	item.Document.Target.URL = importer.Literal(strings.ToLower(scheme) + "://" + rest)
	if host := importer.Host(item.Document.Target.URL); host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || host == "0.0.0.0" {
		item.Lose(field, "%s is another machine for a runner; name the host, and allow private addresses with CARILLON_ALLOW_TARGETS", host)
	}
}

// Title makes a name for a job out of its address.
func Title(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return importer.Slug(address)
	}
	path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".php")
	return importer.Slug(u.Hostname() + path)
}
