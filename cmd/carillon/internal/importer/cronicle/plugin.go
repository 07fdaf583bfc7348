package cronicle

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/command"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// readPlugin reads what an event does, and returns of what it fails.
func readPlugin(item *importer.Item, event *importer.Fields) (failures []string) {
	params := event.Part("params")
	switch plugin := event.Text("plugin"); plugin {
	case "urlplug":
		readCall(item, params)
	case "shellplug":
		params.Skip("annotate", "json")
		return command.Failures(command.Script{Text: withoutShebang(params.Text("script"))}.Into(item))
	default:
		params.Skip(params.Names()...)
		item.Refuse("plugin", "%.60q makes no HTTP call", plugin)
	}
	return []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "100-199", "400-599"}
}

// withoutShebang takes the first line off a script if it names its interpreter.
func withoutShebang(script string) string {
	if rest, ok := strings.CutPrefix(script, "#!"); ok {
		_, script, _ = strings.Cut(rest, "\n")
	}
	return script
}

// placeholder is what Cronicle replaces in texts by what it knows of the run.
var placeholder = regexp.MustCompile(`\[/?[a-z_]+(/[a-z_0-9]+)*\]`)

func readCall(item *importer.Item, params *importer.Fields) {
	target := &item.Document.Target
	address, headers, data := params.Text("url"), params.Text("headers"), params.Text("data")
	for field, text := range map[string]string{"url": address, "headers": headers, "data": data} {
		if found := placeholder.FindString(text); found != "" {
			item.Lose(params.Path(field), "%s stands for something that Cronicle knew; here it stands for itself", found)
		}
	}
	command.Address(item, params.Path("url"), strings.TrimSpace(address))
	target.Method = cmp.Or(strings.ToUpper(params.Text("method")), "GET")
	if target.Method == "POST" {
		target.Body = importer.Literal(data)
	} else if data != "" {
		item.Remark(params.Path("data"), "is sent with POST only")
	}
	readHeaders(item, params, headers)
	if seconds := params.Number("timeout"); seconds > 0 {
		limit := carillon.Duration(min(seconds, 1e8)) * carillon.Duration(time.Second)
		target.Timeout = min(cmp.Or(target.Timeout, limit), limit)
	}
	if target.Timeout == 0 {
		target.Timeout = carillon.Duration(time.Hour)
	}
	command.Limit(item, params.Path("timeout"))
	target.Success = &answer.Success{Status: []string{"200-399"}, Body: params.Text("success_match")}
	params.Lose("error_match", "an answer is good by what matches, not by what does not")
	if params.Flag("ssl_cert_bypass") {
		item.Lose(params.Path("ssl_cert_bypass"), "the certificate of a target is always checked")
	}
	if seconds := params.Number("connect_timeout"); seconds > 0 {
		if seconds > 60 {
			item.Lose(params.Path("connect_timeout"), "%d s become 60, the longest that a connection may take", seconds)
		}
		target.Timeouts = &carillon.Timeouts{Connect: carillon.Duration(min(seconds, 60)) * carillon.Duration(time.Second)}
	}
	if !params.Flag("follow") {
		item.Remark(params.Path("follow"), "redirects are followed here")
	}
	params.Lose("idle_timeout", "an answer may fall silent until the timeout")
	params.Skip("parse_auth")
}

// readHeaders reads lines of "Name: value"; others are not sent by Cronicle either.
func readHeaders(item *importer.Item, params *importer.Fields, text string) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case strings.TrimSpace(line) == "":
		case !ok || strings.TrimSpace(value) == "":
			item.Remark(params.Path("headers"), "%.60q is not a header", line)
		default:
			item.Header(name, strings.TrimSpace(value))
		}
	}
}
