package command

import (
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

// formPart is a field of a multipart form.
type formPart struct{ name, value string }

// boundary parts the fields of a form. It is fixed, so that the same source makes
// the same document.
const boundary = "carillon-form-7d44e178b1434d4f"

// readForm reads `-F name=value`.
func readForm(c *call, item *importer.Item, name, value string) {
	field, value, ok := strings.Cut(value, "=")
	if !ok {
		item.Refuse(name, "%.60q is not name=value", field)
		return
	}
	if name != "--form-string" && (strings.HasPrefix(value, "@") || strings.HasPrefix(value, "<")) {
		item.Refuse(name, "sends the file %.60s", value[1:])
		return
	}
	if name != "--form-string" && strings.Contains(value, ";type=") {
		value, _, _ = strings.Cut(value, ";type=")
		item.Lose(name, "the type of %.60s", field)
	}
	c.form = append(c.form, formPart{field, value})
}

// writeForm makes the form the body.
func (c *call) writeForm(item *importer.Item) {
	var body strings.Builder
	form := multipart.NewWriter(&body)
	_ = form.SetBoundary(boundary) // it is a valid one
	for _, part := range c.form {
		head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(part.name) + `"`}}
		to, err := form.CreatePart(head)
		if err == nil {
			_, err = to.Write([]byte(part.value))
		}
		if err != nil {
			item.Refuse("form", "%v", err)
			return
		}
	}
	_ = form.Close() // a builder takes everything
	item.Document.Target.Body = importer.Literal(body.String())
	defaultHeader(item, "Content-Type", "multipart/form-data; boundary="+boundary)
}
