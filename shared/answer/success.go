package answer

import (
	"regexp"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Success says which answers of a target are good.
type Success struct {
	Status   []string `json:"status,omitempty" doc:"Good statuses: a code, a hundred, or a range; [\"2xx\"] by default." example:"[\"2xx\",\"304\"]" maxItems:"20"`
	Body     string   `json:"body,omitempty" doc:"Regular expression (RE2) that must match somewhere in the first 256 KiB of the body." maxLength:"1024" example:"(?i)done"`
	JSONPath string   `json:"json_path,omitempty" doc:"JSONPath query (RFC 9535) that must select something in a JSON body of at most 256 KiB; without unions, and with at most one of '..' and '?'." maxLength:"1024" example:"$.status"`
	Equals   any      `json:"equals,omitempty" doc:"With json_path: a string, number or boolean that one of the selected values must be." example:"\"ok\""`
}

const (
	maxStatuses   = 20
	maxExpression = 1024
)

// anySuccess is what holds where nothing is said.
var anySuccess = &Check{statuses: []span{{200, 299}}}

// Compile reads the expressions. Its error is a fault.Faults that names every
// faulty field. A nil Success means the default.
func (s *Success) Compile() (*Check, error) {
	if s == nil {
		return anySuccess, nil
	}
	var faults fault.Faults
	c := &Check{statuses: anySuccess.statuses, equals: number(s.Equals)}
	if len(s.Status) > 0 {
		c.statuses = readStatuses(&faults, s.Status)
	}
	c.readBody(&faults, s.Body)
	c.readPath(&faults, s.JSONPath)
	switch s.Equals.(type) {
	case nil, string, bool, float64, int:
	default:
		faults.Add("equals", "must be a string, a number or a boolean")
	}
	if s.Equals != nil && s.JSONPath == "" {
		faults.Add("equals", "needs json_path, which selects what is compared")
	}
	return c, faults.Err()
}

func (c *Check) readBody(faults *fault.Faults, text string) {
	if text == "" {
		return
	}
	expression, err := regexp.Compile(text)
	switch {
	case len(text) > maxExpression:
		faults.Add("body", "must be at most %d characters", maxExpression)
	case err != nil:
		faults.Add("body", "is not a regular expression: %.200s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	c.body = expression
}

// number returns a whole number as JSON has it.
func number(v any) any {
	if n, ok := v.(int); ok {
		return float64(n)
	}
	return v
}
