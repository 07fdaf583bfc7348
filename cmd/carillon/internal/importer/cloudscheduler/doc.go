// Package cloudscheduler reads jobs of Google Cloud Scheduler in JSON: what
// `gcloud scheduler jobs list --format=json` prints, `describe` too, and the
// answers of the REST API.
//
// Jobs that call a URL become jobs. What goes to Pub/Sub or App Engine is refused:
// it is no address that anybody else may call. Tokens that Google made for its
// calls are lost, because only Google can make them.
//
// Google's defaults are not Carillon's, so documents say them: no retry, three
// minutes for an attempt, and every answer but 2xx is tried again.
package cloudscheduler
