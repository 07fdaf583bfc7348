package system

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// teller is a verifier that takes runs on, and calls back with all that it was shown.
type teller struct {
	*verifier
	*testing.T
	working sync.WaitGroup

	mu    sync.Mutex
	asked []string // the addresses
}

func tell(t *testing.T) *teller {
	t.Helper()
	w := &teller{T: t}
	t.Cleanup(w.working.Wait) // after the server's end: then none is added
	w.verifier = verify(t, nil, func(r *http.Request) bool { return r.Header.Get("Authorization") == toldProof })
	echo := w.Config.Handler
	w.Config.Handler = http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		address := r.Header.Get("Carillon-Callback-Url")
		w.mu.Lock()
		w.asked = append(w.asked, address)
		w.mu.Unlock()
		w.working.Go(func() { w.callBack(address, "told: "+toldProof+" at "+address) })
		answer.WriteHeader(http.StatusAccepted)
		echo.ServeHTTP(answer, r)
	})
	return w
}

// toldProof is how a job proves itself to a teller.
var toldProof = "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+toldSecret))

func (w *teller) target() carillon.Target {
	return carillon.Target{URL: w.URL, Auth: &carillon.Auth{Basic: &carillon.Basic{Username: "me", Secret: "told"}}, Callback: &carillon.Callback{}}
}

func (w *teller) callBack(address, message string) {
	body, err := json.Marshal(map[string]string{"state": "succeeded", "message": message})
	if err != nil {
		w.Error(err)
		return
	}
	response, err := http.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		w.Error(err)
		return
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		w.Errorf("callback: %s: %s", response.Status, text)
	}
}

// tokens are the secret ends of the addresses that it was given.
func (w *teller) tokens() (tokens []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, address := range w.asked {
		tokens = append(tokens, path.Base(address))
	}
	return tokens
}

// inPHP is how json_encode of PHP writes a text.
func inPHP(text string) string {
	return strings.ReplaceAll(strings.Trim(strconv.QuoteToASCII(text), `"`), "/", `\/`)
}

var escapes = regexp.MustCompile("%[0-9A-F]{2}")

// inNET is how UrlEncode of .NET writes a text in an address.
func inNET(text string) string {
	return escapes.ReplaceAllStringFunc(url.QueryEscape(text), strings.ToLower)
}

// page is what stands at an address.
func page(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
