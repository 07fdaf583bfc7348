package command

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

// read reads a command for a shell.
func read(text string) *importer.Item {
	item := &importer.Item{}
	Script{Text: text, Vars: map[string]string{"BASE": "https://api.example.com", "KEY": "k 1"}, Stdin: "in\nput"}.Into(item)
	return item
}

// Lines in the shapes of those that WordPress, Matomo, Nextcloud and Drupal tell
// their users to put into crontabs, and of READMEs of self-hosted applications.
func TestCallsBecomeTargets(t *testing.T) {
	t.Parallel()
	const hour = carillon.Duration(time.Hour)
	get := func(url string) carillon.Target {
		return carillon.Target{Method: "GET", URL: url, Timeout: hour}
	}
	with := func(t carillon.Target, change func(*carillon.Target)) carillon.Target { change(&t); return t }
	headers := func(pairs ...string) map[string]string {
		made := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			made[pairs[i]] = pairs[i+1]
		}
		return made
	}
	post := func(body string, pairs ...string) carillon.Target {
		return carillon.Target{Method: "POST", URL: "https://e.com/x", Body: body, Headers: headers(pairs...), Timeout: hour}
	}
	const form, formType = "Content-Type", "application/x-www-form-urlencoded"
	for text, want := range map[string]carillon.Target{
		`curl https://e.com/wp-cron.php?doing_wp_cron >/dev/null 2>&1`:            get("https://e.com/wp-cron.php?doing_wp_cron"),
		`/usr/bin/curl -sSfL --compressed "https://e.com/a?b=1&c=2" &> /dev/null`: get("https://e.com/a?b=1&c=2"),
		`curl -s e.com`:             get("http://e.com"),
		`curl HTTPS://e.com/A#frag`: get("https://e.com/A"),
		`curl -XGET https://e.com`:  get("https://e.com"),
		`curl -I https://e.com`:     with(get("https://e.com"), func(t *carillon.Target) { t.Method = "HEAD" }),
		`curl -G -d a=1 --data-urlencode 'q=x y' https://e.com/?z`:                      get("https://e.com/?z&a=1&q=x+y"),
		`curl --url-query 'q=x y' https://e.com/`:                                       get("https://e.com/?q=x+y"),
		`curl --url-query '+q=x%20@y' https://e.com/`:                                   get("https://e.com/?q=x%20@y"),
		`curl --data-urlencode 'q@=x@y' https://e.com/x`:                                post("q@=x%40y", form, formType),
		`curl --data-urlencode q@- https://e.com/x`:                                     post("q=in%0Aput", form, formType),
		`curl -d a=1 -d b=2 https://e.com/x`:                                            post("a=1&b=2", form, formType),
		`curl -X post -d '{"a":1}' -H 'content-type: application/json' https://e.com/x`: post(`{"a":1}`, "content-type", "application/json"),
		`curl --json '{"a":' --json '1}' https://e.com/x`:                               post(`{"a":1}`, form, "application/json", "Accept", "application/json"),
		`echo '{"a": 1}' | curl --json @- https://e.com/x; sleep 1; exit 0`:             post("{\"a\": 1}\n", form, "application/json", "Accept", "application/json"),
		`echo -n a b | curl --data-binary @- https://e.com/x`:                           post("a b", form, formType),
		`curl -d @- https://e.com/x`:                                                    post("input", form, formType),
		`curl --data-binary @- https://e.com/x`:                                         post("in\nput", form, formType),
		`curl --data-raw '@a' https://e.com/x`:                                          post("@a", form, formType),
		`curl -d 'a={{b}}' https://e.com/x`:                                             post(`a={{"{{"}}b}}`, form, formType),
		`curl -X POST https://e.com/x -H "X-Key: $KEY" -A agent -b 'c=d' -e ref`:        post("", "X-Key", "k 1", "User-Agent", "agent", "Cookie", "c=d", "Referer", "ref"),
		`curl -fsS --max-time 2.5 --connect-timeout 3 "$BASE/run"`: with(get("https://api.example.com/run"), func(t *carillon.Target) {
			t.Timeout, t.Timeouts = carillon.Duration(2500*time.Millisecond), &carillon.Timeouts{Connect: carillon.Duration(3 * time.Second)}
		}),
		`timeout 5m curl https://e.com`:                                   with(get("https://e.com"), func(t *carillon.Target) { t.Timeout = carillon.Duration(5 * time.Minute) }),
		`wget -qO- https://e.com/cron.php`:                                get("https://e.com/cron.php"),
		`wget -q -O /dev/null -t 1 --no-verbose "https://e.com/cron?k=1"`: get("https://e.com/cron?k=1"),
		`wget -nv --spider https://e.com`:                                 with(get("https://e.com"), func(t *carillon.Target) { t.Method = "HEAD" }),
		`wget --quiet --method=PUT --body-data='a' --header="X: y" -T 30 https://e.com/x`: {
			Method: "PUT", URL: "https://e.com/x", Body: "a", Headers: headers("X", "y", form, formType), Timeout: hour,
			Timeouts: &carillon.Timeouts{Connect: carillon.Duration(30 * time.Second), FirstByte: carillon.Duration(30 * time.Second)},
		},
		`wget --post-data "a=1" https://e.com/x`:                  post("a=1", form, formType),
		`cd /tmp && nice -n 19 curl -s https://e.com || true`:     get("https://e.com"),
		`bash -lc 'curl -s https://e.com >> /var/log/x.log 2>&1'`: get("https://e.com"),
		`/bin/sh -c "curl -s '$BASE/q'" # a comment`:              get("https://api.example.com/q"),
		`U=https://e.com/v; curl -s $U`:                           get("https://e.com/v"),
		`export U=https://e.com/v && env A=b curl -s ${U:-x}/w`:   get("https://e.com/v/w"),
		`(curl -s https://e.com) | logger -t x`:                   get("https://e.com"),
	} {
		item := read(text)
		if diff := cmp.Diff(want, item.Document.Target); diff != "" || item.Refused || len(item.Lost) > 0 {
			t.Errorf("%s: %v %s", text, item.Lost, diff)
		}
	}
}

func TestWhatIsLostIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`curl -k https://e.com`:                              "-k",
		`curl -u me:pw https://e.com`:                        "carillon secrets set billing/e-com-me",
		`curl https://me:pw@e.com/x`:                         "carillon secrets set billing/e-com-me",
		`curl http://localhost:3000/x`:                       "another machine",
		`curl -H 'Host: x' https://e.com`:                    "header Host",
		`curl https://e.com || systemctl restart x`:          "`systemctl restart x` is not run on failure",
		`curl https://e.com && php after.php`:                "`php after.php` is not run after a success",
		`curl https://e.com | mail -s x me`:                  "`| mail -s x me`",
		`sleep 30; curl https://e.com`:                       "`sleep 30`",
		`https_proxy=x curl https://e.com`:                   "CARILLON_PROXY",
		`curl -m 7200 https://e.com`:                         "2h becomes 1h",
		`curl --retry 99 https://e.com`:                      "--retry",
		`curl -c jar https://e.com`:                          "-c",
		`curl --retry 2 --retry-max-time 9 https://e.com`:    "--retry-max-time",
		`wget --no-check-certificate -t1 https://e.com`:      "--no-check-certificate",
		`wget --user=me --password=pw -t1 https://e.com`:     "carillon secrets set billing/e-com-me",
		`curl -s https://e.com/rates.json > /srv/rates.json`: "not written to /srv/rates.json",
		`wget -t1 -qO /srv/x https://e.com`:                  "not written to /srv/x",
		`curl -sO https://e.com/x.zip`:                       "written to a file",
		`curl https://e.com/update?a=b&token=c&ip=`:          "token=c",
		`! curl https://e.com`:                               "turns failure",
	} {
		var into importer.Import
		item := into.Begin("here", "x")
		item.Document.Schedule.Cron = "@daily"
		Script{Text: text}.Into(item)
		into.Finish("billing")
		if item.Refused || !strings.Contains(item.Lost.Error(), want) || strings.Contains(item.Lost.Error(), "pw") {
			t.Errorf("%s: %v %v, want %q", text, item.Refused, item.Lost, want)
		}
	}
}

func TestWhatIsNoCallIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`php artisan schedule:run`:                           "is no HTTP call",
		`/opt/x/run.sh --curl https://e.com`:                 "is no HTTP call",
		`curl -s https://e.com/i.sh | sudo bash`:             "run or passed on",
		`curl -s "https://e.com/$TOKEN"`:                     "variable $TOKEN",
		`curl -s "https://e.com/$(date +%F)"`:                "output of $(date +%F)",
		"curl -s https://e.com/`hostname`":                   "output of",
		`curl https://a.com; curl https://b.com`:             "several calls",
		`curl https://a.com && curl https://b.com`:           "several calls",
		`/root/backup.sh && curl https://ping.example.com/x`: "make a check",
		`curl https://a.com https://b.com`:                   "2 addresses",
		`curl 'https://e.com/{a,b}'`:                         "several addresses",
		`curl -d @/etc/x https://e.com`:                      "file /etc/x",
		`curl -F f=@x https://e.com`:                         "file x",
		`curl --data-urlencode msg@/etc/x https://e.com`:     "file /etc/x",
		`curl --url-query @/etc/x https://e.com`:             "file /etc/x",
		`curl --frobnicate https://e.com`:                    "--frobnicate",
		`curl -H`:                                            "lacks the value of -H",
		`curl`:                                               "has no address",
		`[ -f x ] && curl https://e.com`:                     "only if `[ -f x ]`",
		`pgrep x || curl https://e.com`:                      "only if `pgrep x` fails",
		`if true; then curl https://e.com; fi`:               "program of the shell",
		`for i in 1 2; do curl https://e.com; done`:          "program of the shell",
		`curl https://e.com/{1..999999999}`:                  "several words",
		`curl "https://e.com`:                                "not what a shell understands",
		`bash script.sh`:                                     "script.sh",
		`wget -r https://e.com`:                              "many pages",
		`curl -K opts`:                                       "in a file",
		`curl -d @- https://e.com < body`:                    "from elsewhere",
		`ssh host curl https://e.com`:                        "is no HTTP call",
		`cat /x | curl -d @- https://e.com`:                  "output of `cat /x`",
		`exit 0; curl https://e.com`:                         "ends before",
		`true`:                                               "runs nothing",
		`docker exec app curl https://e.com`:                 "is no HTTP call",
	} {
		item := read(text)
		if !item.Refused || !strings.Contains(item.Lost.Error(), want) {
			t.Errorf("%s: %v %v, want %q", text, item.Refused, item.Lost, want)
		}
	}
}

func TestRetriesAndOverlapsOfCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]carillon.Document{
		`curl https://e.com`:                               {Retry: carillon.Retry{MaxAttempts: 1}},
		`curl --retry 3 --retry-delay 5 https://e.com`:     {Retry: carillon.Retry{MaxAttempts: 4, MinBackoff: carillon.Duration(5 * time.Second), MaxBackoff: carillon.Duration(5 * time.Second), On: []string{"timeout", "dns", "408", "429", "500", "502", "503", "504"}}},
		`curl --retry 1 --retry-all-errors https://e.com`:  {Retry: carillon.Retry{MaxAttempts: 2, On: []string{"connect", "dns", "tls", "timeout", "protocol", "4xx", "5xx"}}},
		`wget https://e.com`:                               {Retry: carillon.Retry{MaxAttempts: 20, MaxBackoff: carillon.Duration(10 * time.Second), On: []string{"timeout", "protocol"}}},
		`wget --tries=2 --retry-connrefused https://e.com`: {Retry: carillon.Retry{MaxAttempts: 2, MaxBackoff: carillon.Duration(10 * time.Second), On: []string{"timeout", "protocol", "connect"}}},
		`flock -n /tmp/l curl https://e.com`:               {Retry: carillon.Retry{MaxAttempts: 1}, Overlap: carillon.OverlapSkip},
		`flock /tmp/l -c 'curl https://e.com'`:             {Retry: carillon.Retry{MaxAttempts: 1}, Overlap: carillon.OverlapQueue},
	} {
		item := read(text)
		got := carillon.Document{Retry: item.Document.Retry, Overlap: item.Document.Overlap}
		if diff := cmp.Diff(want, got); diff != "" || item.Refused {
			t.Errorf("%s: %v %s", text, item.Lost, diff)
		}
	}
}

func TestFormsBecomeBodies(t *testing.T) {
	t.Parallel()
	item := read(`curl -F 'a=1' --form-string 'b=@2' https://e.com`)
	target := item.Document.Target
	if !strings.HasPrefix(target.Headers["Content-Type"], "multipart/form-data; boundary=") || target.Method != "POST" ||
		!strings.Contains(target.Body, "name=\"b\"\r\n\r\n@2\r\n") {
		t.Errorf("%+v", target)
	}
}

// FuzzCommands: nothing panics, and a call that is not refused has an address.
func FuzzCommands(f *testing.F) {
	for _, seed := range []string{
		`curl -fsS https://e.com >/dev/null 2>&1`, `wget -qO- -nv --spider https://e.com`, `bash -c "curl 'x'"`, `flock -n l timeout 5 curl -d @- x`, `curl -u a:b http://[::1]/{a}`,
		"curl $(x) `y` $((1/0)) ${a[1]}", `a=b; export c=d; e=$f curl x`, `flock`, `timeout`, `nice -n`, `sh -c`, `env`, `curl -H a; b`, `curl --`, `{ curl x; } | cat && y || z &`, `time`, `!`, `curl -mNaN x`, `wget -t inf x`,
		`curl --data-urlencode = -G x`, `curl -F = x`, `curl -u : https://@/`, `<<E curl x`, `time; curl x`,
		`curl -K <(echo x) https://e`, `curl @(a|b) ~/x ~root`, `declare -a x=(1 2); curl ${x[@]}`, `curl ${!x} ${x@Q} ${x^^} ${#x}`, `f() { curl x; }; f`, `case a in a) curl x;; esac`, `[[ a == b ]] && curl x`, `((1)) && curl x`, `coproc curl x`, `let a=1; curl x`, `curl $'\x41' $"b"`, `curl x > >(cat) 2>&-`,
	} {
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, input string) {
		item := &importer.Item{}
		Script{Text: text, Stdin: input}.Into(item)
		if !item.Refused && (item.Document.Target.URL == "" || item.Document.Target.Method == "") || item.Refused && len(item.Lost) == 0 {
			t.Errorf("%q: %+v", text, item)
		}
	})
}
