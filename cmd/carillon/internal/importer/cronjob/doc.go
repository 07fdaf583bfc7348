// Package cronjob reads CronJobs of Kubernetes: manifests in YAML or JSON, several
// to a file, lists too, as kubectl writes and reads them.
//
// A CronJob can become a job if its one container does nothing but call. Values
// of Secrets become secrets here, to be set by hand: manifests hold their names.
// What is said of pods (images, resources, nodes, volumes) is no loss, because
// there are no pods.
//
// The types of the API are not taken from its Go modules: they are two fields deep
// where they matter here, and bring in forty modules.
package cronjob
