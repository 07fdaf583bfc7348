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

func TestOtherLanguagesWriteSecretsOtherwise(t *testing.T) {
	t.Parallel()
	m := &Mask{}
	const secret = "k/ä+<\"\\😀 z"
	m.Hide(secret)
	inBase64 := base64.StdEncoding.EncodeToString([]byte(secret)) // ay/DpCs8Ilzwn5iAIHo=
	for writing, text := range map[string]string{
		"JSON by PHP":              `k\/\u00e4+<\"\\\ud83d\ude00 z`,
		"JSON by Java":             `k/\u00E4+\u003C\"\\\uD83D\uDE00 z`,
		"JSON by JavaScript":       `k/ä+<\"\\😀 z`,
		"JSON by Go":               `k/ä+\u003c\"\\😀 z`,
		"an address by .NET":       `k%2f%c3%a4%2b%3c%22%5c%f0%9f%98%80+z`,
		"an address":               `k/%C3%A4%2B%3C%22%5C%F0%9F%98%80%20z`,
		"an address in an address": `k%252F%25C3%25A4%252B%253C%2522%255C%25F0%259F%2598%2580%2520z`,
		"an address in JSON":       `k\/%C3%A4%2B%3C%22%5C%F0%9F%98%80+z`,
		"JSON in JSON":             `k\\\/\\u00e4+<\\\"\\\\\\ud83d\\ude00 z`,
		"base64 in an address":     url.QueryEscape(inBase64),
		"base64 in JSON by PHP":    strings.ReplaceAll(inBase64, "/", `\/`),
	} {
		if got := m.Clean("%41 " + text + ` \n`); got != `%41 (secret) \n` {
			t.Errorf("%s: %q became %q", writing, text, got)
		}
		if half := text[:len(text)*2/3]; m.Clean("it was "+half) != "it was (secret)" {
			t.Errorf("%s: %q became %q", writing, half, m.Clean("it was "+half))
		}
	}
}

func TestWhatOnlyLooksLikeEscapesStays(t *testing.T) {
	t.Parallel()
	m := &Mask{}
	m.Hide("nightly")
	for text, want := range map[string]string{
		`C:\nightly`: `C:\(secret)`, "100%": "100%", `\`: `\`, `%4`: `%4`, `\u00`: `\u00`, `\ud83d`: `\ud83d`, `%zz \x`: `%zz \x`, "%6eightly+": "(secret)+",
	} {
		if got := m.Clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzReading(f *testing.F) {
	f.Add(`a\\u0073ecret %73+\ud83d\ude00 %`)
	f.Fuzz(func(t *testing.T, text string) {
		read := unescape(text)
		if len(read.text) > len(text) || read.origin(len(read.text)) != len(text) {
			t.Fatalf("%q reads %q and ends at %d", text, read.text, read.origin(len(read.text)))
		}
		for i := range read.text {
			if read.origin(i) > read.origin(i+1) {
				t.Fatalf("%q reads %q, whose byte %d was written behind the next", text, read.text, i)
			}
		}
	})
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
