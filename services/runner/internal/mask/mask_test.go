package mask

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/template"
)

func TestNoFormOfASecretIsLeft(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"s3cr3t", "p@ss/w+rd? \"é\\\"", "<&>\n", "a", strings.Repeat("long ", 100)} {
		m := &Mask{}
		m.Hide(secret)
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), template.InURL(secret), string(quoted[1 : len(quoted)-1]),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			if got := m.Clean("== " + form + " ==\n" + form); got != "== (secret) ==\n(secret)" {
				t.Errorf("%q: %q", form, got)
			}
		}
	}
}

func TestASecretThatIsCutOffGoesToo(t *testing.T) {
	t.Parallel()
	m := &Mask{}
	m.Hide("0123456789")
	for text, want := range map[string]string{
		"x 012345678": "x (secret)", "x 0123": "x (secret)", "x 012": "x 012", "0123": "(secret)", "0123 x": "0123 x", "": "",
	} {
		if got := m.Clean(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestTheLongerOfTwoGoesFirst(t *testing.T) {
	t.Parallel()
	m := &Mask{}
	m.Hide("abcd", "abcdefgh", "")
	if got := m.Clean("abcdefgh abcd"); got != "(secret) (secret)" {
		t.Error(got)
	}
}

func TestWithoutSecretsNothingChanges(t *testing.T) {
	t.Parallel()
	var none *Mask
	if got := none.Clean("text"); got != "text" {
		t.Error(got)
	}
	if got := (&Mask{}).Clean("text"); got != "text" {
		t.Error(got)
	}
}
