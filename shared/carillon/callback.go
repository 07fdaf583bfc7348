package carillon

import (
	"errors"
	"net/url"
)

// CallbackPath is where the API takes callbacks; a token follows.
const CallbackPath = "/callbacks/"

// CheckPublicURL says what is wrong with the setting CARILLON_PUBLIC_URL, the
// address of the API as targets see it. It may be empty.
func CheckPublicURL(public string) error {
	if public == "" {
		return nil
	}
	u, err := url.Parse(public)
	if err != nil || fixedURLProblem(public) != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("CARILLON_PUBLIC_URL must be the address of the API as targets see it, like https://carillon.example.com")
	}
	return nil
}
