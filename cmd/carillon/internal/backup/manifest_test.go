package backup

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
)

// TestFilesThatAreWholeAndNoBackups are refused by what they say of themselves.
func TestFilesThatAreWholeAndNoBackups(t *testing.T) {
	t.Parallel()
	marks := make([]stand, carillon.Partitions)
	good := manifest{Form: form, Schema: postgres.Version()}
	for name, c := range map[string]struct {
		sections map[string]any
		says     string
	}{
		"nothing":      {nil, "lacks [end manifest marks]"},
		"no end":       {map[string]any{manifestSection: good, marksSection: marks}, "lacks [end]"},
		"other text":   {map[string]any{manifestSection: "text", marksSection: marks, endSection: end{Marks: marks}}, "manifest"},
		"few marks":    {map[string]any{manifestSection: good, marksSection: marks[:3], endSection: end{Marks: marks}}, "partitions"},
		"newer schema": {map[string]any{manifestSection: manifest{Form: form, Schema: postgres.Version() + 1}}, "or a newer one"},
		"newer form":   {map[string]any{manifestSection: manifest{Form: form + 1}}, "or a newer one"},
	} {
		var file bytes.Buffer
		w := archive.NewWriter(&file)
		for section, value := range c.sections {
			if err := w.JSON(section, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := Open(bytes.NewReader(file.Bytes()), Choice{})
		newer := strings.HasPrefix(name, "newer")
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, archive.ErrBroken) == newer {
			t.Errorf("%s: %v", name, err)
		}
	}
}
