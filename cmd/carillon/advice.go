package main

import (
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/carillon-cron/carillon/shared/client"
)

// advice says what to do about an error that more than one command may meet; ""
// where the error itself says all.
func advice(err error) string {
	var problem *client.Problem
	var unreached *url.Error
	var unconnected *net.OpError
	switch {
	case errors.As(err, &problem):
		return map[int]string{
			http.StatusUnauthorized:       "give a key that the server knows, with --key or CARILLON_KEY",
			http.StatusForbidden:          "use a key with more rights; an admin issues one with carillon keys create",
			http.StatusNotFound:           "see what there is: carillon jobs list, runs list, keys list, queues list, secrets list",
			http.StatusTooManyRequests:    "wait a moment, or use a key with a higher rate",
			http.StatusServiceUnavailable: "wait a moment and ask again; the server's /readyz says what it waits for",
		}[problem.Status]
	case errors.As(err, &unreached), errors.As(err, &unconnected) && unconnected.Op == "dial":
		return "start a server with carillon up, or say where one is with --server or CARILLON_SERVER"
	}
	return ""
}
