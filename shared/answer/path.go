package answer

import (
	"regexp"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/theory/jsonpath"
)

func (c *Check) readPath(faults *fault.Faults, text string) {
	if text == "" {
		return
	}
	if len(text) > maxExpression {
		faults.Add("json_path", "must be at most %d characters", maxExpression)
		return
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		faults.Add("json_path", "is not a JSONPath query like $.status: %.200s", strings.TrimPrefix(err.Error(), "jsonpath: "))
		return
	}
	if problem := costly(path.String()); problem != "" {
		faults.Add("json_path", "%s", problem)
	}
	c.path = path
}

var (
	literals = regexp.MustCompile(`"(\\.|[^"\\])*"`)
	unions   = regexp.MustCompile(`\[[^][()?]*,`)
)

// costly says why a query, in its canonical form, could take longer than a body
// has values, or "": selecting the same values several times multiplies, and so do
// searches within each other.
func costly(query string) string {
	query = literals.ReplaceAllString(query, "")
	_, filter, _ := strings.Cut(query, "?")
	switch {
	case unions.MatchString(query):
		return "must not have unions like ['a','b']"
	case strings.Count(query, "..")+strings.Count(query, "?") > 1:
		return "must have at most one of '..' and '?'"
	case strings.ContainsAny(filter, "*$:"):
		return "must not have '*', '$' or ranges behind '?'"
	}
	return ""
}
