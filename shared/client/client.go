package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client calls one server with one key. It is safe for concurrent use.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New returns a client of the server at base, like http://127.0.0.1:8470. It follows
// no redirects: the key is for this server.
func New(base, key string) *Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: strings.TrimSuffix(base, "/"), key: key, http: &http.Client{Timeout: 30 * time.Second, CheckRedirect: stay}}
}

// Address is the server that is called.
func (c *Client) Address() string { return c.base }

// Problem is an answer that says no (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// Error names every faulty field.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%s (%d)", p.Detail, p.Status)
	if p.Detail == "" {
		text = fmt.Sprintf("%s (%d)", p.Title, p.Status)
	}
	for _, e := range p.Errors {
		text += fmt.Sprintf("\n  %s: %s", e.Location, e.Message)
	}
	return text
}

// Do sends in, if not nil, as the JSON body of a request to a path under
// /api/v1, and reads the answer into out, if not nil. It fails with *[Problem]
// when the server says no.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	request, err := c.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return problemOf(response, body)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

func problemOf(response *http.Response, body []byte) *Problem {
	problem := &Problem{Title: response.Status}
	_ = json.Unmarshal(body, problem) // a proxy's answer may be no problem document
	problem.Status = response.StatusCode
	if elsewhere, err := response.Location(); err == nil {
		problem.Detail = "the server sends to " + elsewhere.Redacted() + ": name that one, if it is yours"
	}
	return problem
}
