package deploy

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// services maps each service to the settings that only some of the services read.
var services = map[string][]string{
	"planner":  nil,
	"runner":   {"CARILLON_GRACE", "CARILLON_MASTER_KEY", "GOGC", "GOMEMLIMIT"},
	"recorder": {"DATABASE_URL", "GOGC", "GOMEMLIMIT"},
	"gateway":  {"DATABASE_URL", "CARILLON_ADMIN_KEY", "CARILLON_MASTER_KEY"},
}

// shared are the settings that hold no secret: in Kubernetes, all services get them all.
var shared = []string{
	"NATS_URL", "CARILLON_REPLICAS", "CARILLON_LISTEN", "CARILLON_ADMIN_LISTEN", "CARILLON_ALLOW_TARGETS",
	"CARILLON_PUBLIC_URL", "CARILLON_HEARTBEAT_URL", "CARILLON_HEARTBEAT_EVERY", "CARILLON_AUDIT_EVERY",
	"OTEL_EXPORTER_OTLP_ENDPOINT", "CARILLON_LOG_LEVEL",
}

func TestServicesGetTheirSettingsAndNoOthers(t *testing.T) {
	t.Parallel()
	for service, own := range services {
		var got []string
		for name := range environment(t, container(t, service)) {
			got = append(got, name)
		}
		want := slices.Concat(shared, own)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: gets %v, want %v", service, got, want)
		}
	}
}

func TestContainersRunTheServiceTheyAreNamedFor(t *testing.T) {
	t.Parallel()
	for service := range services {
		c := container(t, service)
		if !slices.Equal(c.Args, []string{service}) || c.Command != nil {
			t.Errorf("%s: runs %v %v", service, c.Command, c.Args)
		}
	}
}

// Whoever applies the example without filling it in gets a Postgres that refuses to start, and no known password.
func TestExampleHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range objects[*corev1.Secret](t) {
		for _, key := range []string{"POSTGRES_PASSWORD", "CARILLON_ADMIN_KEY", "CARILLON_MASTER_KEY"} {
			if value, ok := secret.Data[key]; !ok || len(value) > 0 {
				t.Errorf("%s: there %t, %d bytes; want it there and empty", key, ok, len(value))
			}
		}
	}
}

// Otherwise an own setting and the address of a Service could share a name, such as NATS_PORT.
func TestPodsGetNoVariablesForServices(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		if links := w.template.Spec.EnableServiceLinks; links == nil || *links {
			t.Errorf("%s: gets a variable for each Service", w.name)
		}
	}
}

// environment resolves a container's variables. A missing ConfigMap, Secret or key is a failure.
func environment(t *testing.T, c corev1.Container) map[string]string {
	t.Helper()
	resolved := map[string]string{}
	for _, from := range c.EnvFrom {
		for key, value := range configMap(t, from.ConfigMapRef.Name).Data {
			resolved[key] = value
		}
	}
	for _, variable := range c.Env {
		resolved[variable.Name] = value(t, variable)
	}
	return resolved
}

// value leaves what only a cluster can tell, such as the pod's name, empty.
func value(t *testing.T, variable corev1.EnvVar) string {
	t.Helper()
	from := variable.ValueFrom
	if from == nil || from.SecretKeyRef == nil {
		return variable.Value
	}
	for _, secret := range objects[*corev1.Secret](t) {
		if text, ok := secret.Data[from.SecretKeyRef.Key]; ok && secret.Name == from.SecretKeyRef.Name {
			return string(text)
		}
	}
	t.Errorf("%s: no key %s in secret %s", variable.Name, from.SecretKeyRef.Key, from.SecretKeyRef.Name)
	return ""
}

func configMap(t *testing.T, name string) *corev1.ConfigMap {
	t.Helper()
	for _, m := range objects[*corev1.ConfigMap](t) {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no ConfigMap %s", name)
	return nil
}
