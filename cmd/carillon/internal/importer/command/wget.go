package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// wgetOptions are those of wget 1 and of busybox that are met where commands are scheduled.
var wgetOptions = makeWgetOptions()

func makeWgetOptions() options {
	o := options{program: "wget", known: map[string]option{}, inline: true, finish: finishWget}
	o.add(`-q --quiet -v --verbose -nv --no-verbose -d --debug -b --background -N --timestamping -nc --no-clobber -nd --no-directories -nH
		--no-host-directories -x --force-directories --delete-after --content-on-error -S --server-response -4 --inet4-only -6 --inet6-only
		--no-proxy --no-dns-cache --no-hsts --auth-no-challenge --trust-server-names --show-progress --no-cookies --content-disposition
		--no-config --no-http-keep-alive --keep-session-cookies --https-only --no-iri -c --continue --no-glob`, false, nil)
	o.add(`-O --output-document -o --output-file -a --append-output -P --directory-prefix --max-redirect --progress -l --level
		--prefer-family --secure-protocol --ciphers --cut-dirs`, true, nil)
	o.add("--no-check-certificate", false, lost("the certificate of a target is always checked"))
	o.add("--load-cookies --save-cookies", true, lost("cookies are not kept"))
	o.add("--certificate --private-key --certificate-type", true, lost("a client certificate becomes a secret: auth.mtls"))
	o.add("--ca-certificate --ca-directory", true, lost("auth.mtls.ca of the target, or the system's authorities"))
	o.add("--limit-rate -w --wait --random-wait --bind-address --dns-servers --quota -Q", true, lost("has no counterpart"))
	o.add("--post-file --body-file", true, refused("sends a file"))
	o.add("-i --input-file --config -e --execute", true, refused("what it calls is in a file"))
	o.add("-r --recursive -m --mirror -p --page-requisites -k --convert-links", false, refused("fetches many pages"))
	o.add("--spider", false, func(c *call, _ *importer.Item, _, _ string) { c.head = true })
	o.add("--no-cache", false, func(_ *call, item *importer.Item, _, _ string) { item.Header("Cache-Control", "no-cache") })
	o.add("--method", true, func(c *call, _ *importer.Item, _, value string) { c.method = strings.ToUpper(value) })
	o.add("--post-data --body-data", true, func(c *call, _ *importer.Item, _, value string) { c.data, c.hasData = []string{value}, true })
	o.add("--header", true, curlHeader)
	o.add("-U --user-agent", true, header("User-Agent"))
	o.add("--referer", true, header("Referer"))
	o.add("--user --http-user", true, func(c *call, _ *importer.Item, _, value string) { c.user = value + c.user })
	o.add("--password --http-password --http-passwd", true, func(c *call, _ *importer.Item, _, value string) { c.user += ":" + value })
	o.add("-T --timeout --connect-timeout --read-timeout --dns-timeout", true, wgetTime)
	o.add("-t --tries", true, wgetTries)
	o.add("--waitretry --retry-on-http-error", true, wgetRetry)
	o.add("--retry-connrefused --retry-on-host-error", false, func(c *call, _ *importer.Item, option, _ string) {
		c.retry.On = append(c.retry.On, map[string]string{"--retry-connrefused": "connect", "--retry-on-host-error": "dns"}[option])
	})
	return o
}

func wgetTime(c *call, item *importer.Item, option, value string) {
	limit, ok := span(value)
	switch {
	case !ok:
		item.Lose(option, "%.40q is not a number of seconds", value)
		return
	case limit == 0 || option == "--dns-timeout":
		return
	}
	if option != "--read-timeout" {
		c.connectWithin(item, option, limit)
	}
	if option != "--connect-timeout" {
		c.timeouts.FirstByte = min(limit, noLimit)
	}
}

func wgetTries(c *call, item *importer.Item, option, value string) {
	n, err := strconv.ParseUint(strings.Replace(value, "inf", "0", 1), 10, 31)
	switch {
	case err != nil:
		item.Lose(option, "%.40q is not a whole number", value)
		return
	case n == 0 || n > 50:
		item.Lose(option, "%.40s becomes 50, the most there are", value)
		n = 50
	}
	c.retry.MaxAttempts = int(n)
}

func wgetRetry(c *call, item *importer.Item, option, value string) {
	if option == "--retry-on-http-error" {
		c.retry.On = append(c.retry.On, strings.Split(value, ",")...)
		return
	}
	wait, ok := span(value)
	if !ok {
		item.Lose(option, "%.40q is not a number of seconds", value)
	}
	c.retry.MaxBackoff = max(wait, carillon.Duration(time.Second))
}

// finishWget adds what wget does by itself: it tries twenty times if a connection
// breaks or falls silent, not if there is none, or an answer that says no.
func finishWget(c *call, _ *importer.Item) {
	c.strict = true
	if c.method != "" && c.head && c.method != "HEAD" {
		c.head = false
	}
	if c.retry.MaxAttempts == 1 {
		c.retry = carillon.Retry{}
		return
	}
	if c.retry.MaxAttempts == 0 {
		c.retry.MaxAttempts = 20
	}
	c.retry.On = append([]string{"timeout", "protocol"}, c.retry.On...)
	if c.retry.MaxBackoff == 0 {
		c.retry.MaxBackoff = carillon.Duration(10 * time.Second)
	}
}
