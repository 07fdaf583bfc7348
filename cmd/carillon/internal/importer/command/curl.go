package command

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// curlOptions are those of curl 8 that are met where commands are scheduled.
var curlOptions = makeCurlOptions()

func makeCurlOptions() options {
	o := options{program: "curl", known: map[string]option{}, finish: finishCurl}
	o.add(`-s --silent -S --show-error --fail-early -v --verbose -# --progress-bar --progress-meter
		--no-progress-meter -N --no-buffer --buffer -i --include --show-headers -4 --ipv4 -6 --ipv6 --compressed -L --location --http1.1
		--http2 -0 --http1.0 --http2-prior-knowledge --http3 --tcp-nodelay --no-keepalive --keepalive --path-as-is --raw -q
		--disable -J --remote-header-name -R --remote-time --create-dirs -1 --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3
		--ssl --ssl-reqd --no-sessionid -Z --parallel --ca-native --styled-output --no-styled-output --basic -j --junk-session-cookies
		--no-alpn --tcp-fastopen --post301 --post302 --post303 --no-clobber --remove-on-error --no-fail --no-silent --no-location`, false, nil)
	o.add(`-w --write-out -D --dump-header --stderr --trace --trace-ascii --max-redirs --keepalive-time --output-dir
		-y --speed-time -Y --speed-limit --max-filesize --happy-eyeballs-timeout-ms --proto --proto-default --proto-redir --tls-max --noproxy`, true, nil)
	o.add("-o --output", true, toFile)
	o.add("-O --remote-name --remote-name-all", false, lost("the answer is kept with the run, not written to a file"))
	o.add("-f --fail --fail-with-body", false, func(c *call, _ *importer.Item, _, _ string) { c.strict = true })
	o.add("-k --insecure", false, lost("the certificate of a target is always checked"))
	o.add("-n --netrc --netrc-optional", false, lost("the file with passwords is not read; use auth and a secret"))
	o.add("--digest --ntlm --negotiate --anyauth", false, lost("this way to log in does not exist; there are basic, bearer, OAuth2 and client certificates"))
	o.add("--location-trusted", false, lost("passwords are never sent to another host"))
	o.add("-c --cookie-jar", true, lost("cookies are not kept"))
	o.add("-x --proxy -U --proxy-user --socks5 --socks5-hostname --preproxy", true, lost("gateways and runners have CARILLON_PROXY"))
	o.add("--cacert --capath --pinnedpubkey --crlfile", true, lost("auth.mtls.ca of the target, or the system's authorities"))
	o.add("-E --cert --key --cert-type --key-type --pass", true, lost("a client certificate becomes a secret: auth.mtls"))
	o.add("--limit-rate --rate --interface --local-port --dns-servers --dns-interface --ciphers --tls13-ciphers --curves --delegation", true, lost("has no counterpart"))
	o.add("--retry-max-time", true, lost("tries end with their number, not with a time"))
	o.add("--resolve --connect-to", true, lost("addresses come from DNS"))
	o.add("-T --upload-file", true, refused("sends a file"))
	o.add("-K --config", true, refused("its options are in a file"))
	o.add("--unix-socket --abstract-unix-socket --doh-url --request-target --aws-sigv4 --variable --expand-url --expand-data", true, refused("cannot be called so from here"))
	o.add("-: --next", false, refused("makes several calls; write a job for each"))
	o.add("-X --request", true, func(c *call, _ *importer.Item, _, value string) { c.method = strings.ToUpper(value) })
	o.add("-I --head", false, func(c *call, _ *importer.Item, _, _ string) { c.head = true })
	o.add("-G --get", false, func(c *call, _ *importer.Item, _, _ string) { c.asQuery = true })
	o.add("-g --globoff", false, func(c *call, _ *importer.Item, _, _ string) { c.literal = true })
	o.add("--url", true, func(c *call, _ *importer.Item, _, value string) { c.addresses = append(c.addresses, value) })
	o.add("--url-query", true, curlQuery)
	o.add("-H --header", true, curlHeader)
	o.add("-A --user-agent", true, header("User-Agent"))
	o.add("-e --referer", true, header("Referer"))
	o.add("-r --range", true, func(_ *call, item *importer.Item, _, value string) { item.Header("Range", "bytes="+value) })
	o.add("-b --cookie", true, curlCookie)
	o.add("-d --data --data-ascii --data-binary --data-raw --data-urlencode --json", true, curlData)
	o.add("-F --form --form-string", true, readForm)
	o.add("-u --user", true, func(c *call, _ *importer.Item, _, value string) { c.user = value })
	o.add("--oauth2-bearer", true, func(_ *call, item *importer.Item, _, value string) { item.Header("Authorization", "Bearer "+value) })
	o.add("-m --max-time --connect-timeout --expect100-timeout", true, curlTime)
	o.add("--retry --retry-delay", true, curlRetry)
	o.add("--retry-all-errors --retry-connrefused", false, curlRetryOn)
	return o
}

func curlHeader(_ *call, item *importer.Item, option, value string) {
	name, content, ok := strings.Cut(value, ":")
	name, empty := strings.CutSuffix(name, ";")
	switch {
	case strings.HasPrefix(value, "@"):
		item.Refuse(option, "its headers are in a file")
	case !ok && !empty:
		item.Lose(option, "%.60q is not a header", value)
	case strings.TrimSpace(content) == "" && !empty:
		item.Remark(option, "%s: is left out", name)
	default:
		item.Header(strings.TrimSpace(name), strings.TrimSpace(content))
	}
}

func curlCookie(_ *call, item *importer.Item, option, value string) {
	if !strings.Contains(value, "=") {
		item.Lose(option, "cookies are not read from files")
		return
	}
	item.Header("Cookie", value)
}

func curlData(c *call, item *importer.Item, option, value string) {
	c.hasData = true
	switch {
	case option == "--data-urlencode":
		value = c.encoded(item, option, value)
	case option == "--json":
		c.json = true
	}
	if option != "--data-raw" && option != "--data-urlencode" && strings.HasPrefix(value, "@") {
		if value != "@-" || c.stdin == "" {
			item.Refuse(option, "sends the file %.60s", value[1:])
			return
		}
		value = c.stdin
		if option != "--data-binary" && option != "--json" {
			value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
		}
	}
	c.data = append(c.data, value)
}

// curlQuery reads what is added to the address, as it is behind a "+".
func curlQuery(c *call, item *importer.Item, option, value string) {
	if plain, ok := strings.CutPrefix(value, "+"); ok {
		c.query = append(c.query, plain)
		return
	}
	c.query = append(c.query, c.encoded(item, option, value))
}

// encoded reads what is to be encoded: "name=text", "=text" or "text"; without a
// "=", "@" begins the name of a file.
func (c *call) encoded(item *importer.Item, option, value string) string {
	name, text, ok := strings.Cut(value, "=")
	if !ok {
		var file string
		if name, file, ok = strings.Cut(value, "@"); !ok {
			return url.QueryEscape(value)
		}
		if text = c.stdin; file != "-" || text == "" {
			item.Refuse(option, "sends the file %.60s", file)
		}
	}
	if name == "" {
		return url.QueryEscape(text)
	}
	return name + "=" + url.QueryEscape(text)
}

func curlTime(c *call, item *importer.Item, option, value string) {
	limit, ok := span(value)
	switch {
	case !ok:
		item.Lose(option, "%.40q is not a number of seconds", value)
	case limit == 0 || option == "--expect100-timeout":
	case option == "--connect-timeout":
		c.connectWithin(item, option, limit)
	default:
		c.maxTime = limit
	}
}

// connectWithin keeps the time for a connection, which here ends with a minute.
func (c *call) connectWithin(item *importer.Item, option string, limit carillon.Duration) {
	const most = carillon.Duration(time.Minute)
	if limit > most {
		item.Lose(option, "%s becomes %s, the longest that a connection may take", limit, most)
	}
	c.timeouts.Connect = min(limit, most)
}

func curlRetry(c *call, item *importer.Item, option, value string) {
	n, err := strconv.ParseUint(value, 10, 31)
	switch {
	case err != nil:
		item.Lose(option, "%.40q is not a whole number", value)
	case option == "--retry-delay" && n > 0:
		c.retry.MinBackoff = carillon.Duration(time.Duration(n) * time.Second)
		c.retry.MaxBackoff = c.retry.MinBackoff
	case option == "--retry":
		if n > 49 {
			item.Lose(option, "%d becomes 49, the most there are", n)
		}
		c.retry.MaxAttempts = int(min(n, 49)) + 1
	}
}

// curlRetryOn adds to what curl calls a transient error.
func curlRetryOn(c *call, _ *importer.Item, option, _ string) {
	if c.retry.On == nil {
		c.retry.On = []string{"timeout", "dns", "408", "429", "500", "502", "503", "504"}
	}
	c.retry.On = append(c.retry.On, "connect")
	if option == "--retry-all-errors" {
		c.retry.On = []string{"connect", "dns", "tls", "timeout", "protocol", "4xx", "5xx"}
	}
}

func finishCurl(c *call, item *importer.Item) {
	c.globs = true
	if c.retry.MaxAttempts <= 1 {
		c.retry = carillon.Retry{}
		return
	}
	if c.retry.On == nil {
		c.retry.On = []string{"timeout", "dns", "408", "429", "500", "502", "503", "504"}
	}
	if c.retry.MinBackoff > 0 {
		item.Remark("--retry-delay", "becomes the longest wait; waits here differ from run to run")
	}
}
