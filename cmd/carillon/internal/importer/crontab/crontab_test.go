package crontab

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// read reads a crontab, and gives its documents names.
func read(name, text, zone string, form Form) *importer.Import {
	into := &importer.Import{}
	Read(into, name, text, zone, form)
	into.Finish("default")
	return into
}

// user is in the shape of what `crontab -l` prints of machines that run web
// applications: Debian's comment, variables, and the lines that WordPress,
// Nextcloud, Drupal and Matomo ask for, with the mistakes that are made in them.
const user = `# Edit this file to introduce tasks to be run by cron.
#
# m h  dom mon dow   command
SHELL=/bin/bash
PATH=/usr/local/bin:/usr/bin:/bin
MAILTO="ops@example.com"
BASE = https://api.example.com

	*/5 * * * *	curl -fsS -m 30 "https://shop.example.com/wp-cron.php?doing_wp_cron" > /dev/null 2>&1
0 0 * * * wget -O - -q -t 1 'https://cms.example.com/cron/abc' >/dev/null 2>&1
*/5  *  *  *  * php -f /var/www/nextcloud/cron.php
@reboot /usr/local/bin/start.sh
@hourly curl -s $BASE/hourly
@every_minute curl -s $BASE/minute
CRON_TZ=Europe/Berlin
30 2 * * 1-5 curl -X POST -H "Authorization: Bearer abc" -d '{"day":"\%F"}' $BASE/run
0~30 4 * * * curl -s $BASE/random
0 5 1,15 * mon curl -d @- $BASE/in%one%two
# 0 6 * * * curl -s $BASE/off
60 25 * * * curl -s $BASE/never
0 7 * * curl -s $BASE/four
* * * * *
0 8 * * * $HOME/bin/run
`

func TestUserCrontab(t *testing.T) {
	t.Parallel()
	into := read("crontab", user, "", Guess)
	for place, want := range map[string]struct {
		outcome   importer.Outcome
		name, say string // of the document, or of what is lost
		cron      string
	}{
		"crontab:9":  {importer.Carried, "shop.example.com-wp-cron", "", "*/5 * * * *"},
		"crontab:10": {importer.Carried, "cms.example.com-cron-abc", "", "0 0 * * *"},
		"crontab:11": {importer.Refused, "", "is no HTTP call", ""},
		"crontab:12": {importer.Refused, "", "@reboot", ""},
		"crontab:13": {importer.Carried, "api.example.com-hourly", "", "@hourly"},
		"crontab:14": {importer.Carried, "api.example.com-minute", "", "* * * * *"},
		"crontab:16": {importer.Partly, "api.example.com-run", "carillon secrets set default/api-example-com-authorization", "30 2 * * 1-5"},
		"crontab:17": {importer.Carried, "api.example.com-random", "", "H(0-30) 4 * * *"},
		"crontab:18": {importer.Carried, "api.example.com-in", "", "0 5 1,15 * mon"},
		"crontab:20": {importer.Refused, "", "schedule.cron", ""},
		"crontab:21": {importer.Refused, "", "is no HTTP call", ""},
		"crontab:22": {importer.Refused, "", "not a line of a crontab", ""},
		"crontab:23": {importer.Refused, "", "no HTTP call", ""},
	} {
		item := find(t, into, place)
		if item == nil {
			continue
		}
		d := item.Document
		if item.Outcome() != want.outcome || want.name != "" && (d.Name != want.name || d.Schedule.Cron != want.cron) || !strings.Contains(item.Lost.Error(), want.say) {
			t.Errorf("%s: %s %s %q, lost %v", place, item.Outcome(), d.Name, d.Schedule.Cron, item.Lost)
		}
		if !item.Refused && (d.Overlap != carillon.OverlapAllow || d.CatchUp.Policy != carillon.CatchUpSkip || d.Retry.MaxAttempts != 1) {
			t.Errorf("%s: %+v", place, d)
		}
	}
	if len(into.Items) != 13 || into.Documents() != 7 {
		t.Errorf("%d items, %d documents", len(into.Items), into.Documents())
	}
	if !strings.Contains(into.Remarks.Error(), "mail to ops@example.com") {
		t.Error(into.Remarks)
	}
	if d := find(t, into, "crontab:16").Document; d.Schedule.Timezone != "Europe/Berlin" || d.Target.Body != `{"day":"%F"}` || d.Target.Headers["Authorization"] != "Bearer {{secret.api-example-com-authorization}}" {
		t.Errorf("%+v", d)
	}
	if d := find(t, into, "crontab:18").Document; d.Target.Body != "onetwo" {
		t.Errorf("%q", d.Target.Body)
	}
	if first := find(t, into, "crontab:9"); strings.Count(into.Remarks.Error(), "taken for UTC") != 1 || first.Document.Schedule.Timezone != "" {
		t.Error(into.Remarks)
	}
}

func find(t *testing.T, into *importer.Import, place string) *importer.Item {
	t.Helper()
	for _, item := range into.Items {
		if item.Place == place {
			return item
		}
	}
	t.Errorf("no item %s", place)
	return nil
}

// TestSystemCrontab is in the shape of files of /etc/cron.d that packages install.
func TestSystemCrontab(t *testing.T) {
	t.Parallel()
	const text = "SHELL=/bin/sh\n*/15 * * * *   www-data  curl -s -m 5 https://example.com/a\n@daily root wget -q -t1 https://example.com/b\n-0 1 * * * root curl -m 5 https://example.com/a\n"
	for name, form := range map[string]Form{"/etc/cron.d/app": Guess, "crontab": Guess, "x": System} {
		into := read(name, text, "Asia/Tokyo", form)
		if into.Documents() != 3 || into.Items[2].Document.Name != "example.com-a-2" || into.Items[0].Document.Schedule.Timezone != "Asia/Tokyo" {
			t.Errorf("%s: %+v", name, into.Items[2])
		}
		if !strings.Contains(into.Items[0].Remarks.Error(), "www-data ran it") {
			t.Error(into.Items[0].Remarks)
		}
	}
	if into := read("x", text, "", User); into.Documents() != 0 {
		t.Error("a user is taken for a command")
	}
}

// TestCommandsAreNoUsers: a table is the system's if all its lines name users.
func TestCommandsAreNoUsers(t *testing.T) {
	t.Parallel()
	const call = "0 2 * * * curl -m 5 https://example.com/x\n"
	for text, want := range map[string]bool{
		"0 1 * * * git pull && make\n": false, "0 1 * * * git pull\n" + call: false, "0 1 * * * backup now\n" + call: false, "0 1 * * * root x\n" + call: false,
		"0 1 * * * root\tx\n-0 1 * * * git /usr/bin/x\nnonsense\n": true, "": false, "0 1 * * * root\n": false,
	} {
		if got := isSystem("crontab", strings.Split(text, "\n")); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestRandomTimes: a side of "~" that is left open is the field's limit.
func TestRandomTimes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"~ ~ ~ ~ ~": "H H H H H", "0 22~ * * *": "0 H(22-23) * * *", "~9 3~7 ~10 11~ 5~": "H(0-9) H(3-7) H(1-10) H(11-12) H(5-7)", "0,40~ ~/2 * * ~3": "0,H(40-59) H/2 * * H(0-3)",
	} {
		into := read("crontab", given+" curl -m 5 https://example.com\n", "", User)
		if got := into.Items[0].Document.Schedule.Cron; got != want || into.Items[0].Outcome() != importer.Carried {
			t.Errorf("%q becomes %q, want %q; lost %v", given, got, want, into.Items[0].Lost)
		}
	}
}

// FuzzEveryLineIsAccountedFor: a line is aside, a variable, or one item that says
// what became of it.
func FuzzEveryLineIsAccountedFor(f *testing.F) {
	for _, seed := range []string{user, "* * * * * root curl x\n", "@reboot\r\n\t#\n=\nA=\n'B'=\"c\n", "~ ~ ~ ~ ~ curl x%%\\%", "* * * * * curl {{x}}\x00\n* * * * *\tcurl x", "TZ=x\n- - - - - -"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		into := read("c", text, "", Guess)
		wanted := 0
		for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			line = strings.TrimLeft(line, " \t")
			if !isAside(line) && !variable.MatchString(line) {
				wanted++
			}
		}
		if len(into.Items) != wanted {
			t.Errorf("%d items of %d lines", len(into.Items), wanted)
		}
		seen := map[string]bool{}
		for _, item := range into.Items {
			if item.Refused && len(item.Lost) == 0 {
				t.Errorf("%s is refused without a reason", item.Place)
			}
			if name := item.Document.Name; !item.Refused {
				if seen[name] {
					t.Errorf("%s twice", name)
				}
				seen[name] = true
			}
		}
	})
}
