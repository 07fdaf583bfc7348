package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

//go:embed docs.html
var docsText string

var docsPage = template.Must(template.New("docs").Funcs(template.FuncMap{
	"json": indented, "type": typeName, "ref": refName, "prose": prose, "required": slices.Contains[[]string],
}).Parse(docsText))

// routeDocs serves the OpenAPI document and a page made from it. Both are made
// here, once: the last route has been registered.
func (a *API) routeDocs() {
	document, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic("api: OpenAPI document: " + err.Error()) // unreachable: the routes are part of the program
	}
	var page bytes.Buffer
	if err := docsPage.Execute(&page, docsOf(a.huma.OpenAPI())); err != nil {
		panic("api: docs page: " + err.Error()) // unreachable, likewise
	}
	a.app.Get("/openapi.json", serve("application/openapi+json", document))
	a.app.Get("/docs", serve("text/html; charset=utf-8", page.Bytes()))
	a.app.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/docs") })
}

func serve(contentType string, content []byte) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, contentType)
		c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		return c.Send(content)
	}
}

// docs is what the page shows.
type docs struct {
	Info           *huma.Info
	Authentication string
	Sections       []section
	Schemas        []namedSchema
}

type section struct {
	Name       string
	Operations []described
}

type described struct {
	*huma.Operation
	Role     string
	Body     *huma.MediaType
	Success  string // status
	Answer   *huma.MediaType
	Refusals []string // statuses
}

type namedSchema struct {
	Name string
	*huma.Schema
}

func docsOf(document *huma.OpenAPI) docs {
	out := docs{Info: document.Info, Authentication: document.Components.SecuritySchemes[securityScheme].Description}
	all := operations(document)
	for _, tag := range document.Tags {
		out.Sections = append(out.Sections, sectionOf(tag.Name, all))
	}
	for name, schema := range document.Components.Schemas.Map() {
		out.Schemas = append(out.Schemas, namedSchema{name, schema})
	}
	slices.SortFunc(out.Schemas, func(a, b namedSchema) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func sectionOf(tag string, all []*huma.Operation) section {
	s := section{Name: tag}
	for _, op := range all {
		if op.Tags[0] == tag {
			s.Operations = append(s.Operations, describe(op))
		}
	}
	return s
}

// operations lists all operations by path, in the usual order of the methods.
func operations(document *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *huma.Operation) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

func describe(op *huma.Operation) described {
	d := described{Operation: op, Role: string(leastRole(op))}
	if op.RequestBody != nil {
		d.Body = op.RequestBody.Content["application/json"]
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status < "400" {
			d.Success, d.Answer = status, op.Responses[status].Content["application/json"]
		} else {
			d.Refusals = append(d.Refusals, status)
		}
	}
	return d
}

// prose marks up what stands between backticks.
func prose(text string) template.HTML {
	parts := strings.Split(template.HTMLEscapeString(text), "`")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "<code>" + parts[i] + "</code>"
	}
	return template.HTML(strings.Join(parts, "")) // escaped above
}

func indented(v any) (string, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return string(data), err
}

func refName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// typeName says in a few words what a schema is.
func typeName(s *huma.Schema) string {
	values, isMap := s.AdditionalProperties.(*huma.Schema)
	switch {
	case s.Ref != "":
		return refName(s.Ref)
	case s.Items != nil:
		return "list of " + typeName(s.Items)
	case isMap:
		return "map to " + typeName(values)
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return cmp.Or(s.Type, "any")
}
