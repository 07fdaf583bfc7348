package deploy

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestContainersAreProbed(t *testing.T) {
	t.Parallel()
	containers(t, func(t *testing.T, _ workload, c corev1.Container) {
		for name, probe := range map[string]*corev1.Probe{
			"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe,
		} {
			if probe == nil {
				t.Errorf("no %s probe", name)
			} else if get := probe.HTTPGet; get != nil && !hasPort(c, get.Port.StrVal) {
				t.Errorf("the %s probe asks a port %q that the container has not", name, get.Port.StrVal)
			}
		}
	})
}

// While Postgres is away, /readyz says so. The gateway still has the feed, the docs and the answer 503 to give, which it
// could not from outside its Service; and a recorder that waits must not hold up the rollout of the next one.
func TestPostgresDecidesOverNoReadiness(t *testing.T) {
	t.Parallel()
	for service, port := range map[string]string{"gateway": "api", "recorder": "admin"} {
		get := container(t, service).ReadinessProbe.HTTPGet
		if get == nil || get.Path != "/healthz" || get.Port.StrVal != port {
			t.Errorf("%s: readiness asks %v, want /healthz at the port %q", service, get, port)
		}
	}
}

func hasPort(c corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
}

func TestContainersAreBounded(t *testing.T) {
	t.Parallel()
	containers(t, func(t *testing.T, _ workload, c corev1.Container) {
		for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := c.Resources.Requests[resource], c.Resources.Limits[resource]
			if request.IsZero() || limit.Cmp(request) < 0 {
				t.Errorf("%s: request %s, limit %s", resource, request.String(), limit.String())
			}
		}
	})
}

// The rules of the Pod Security Standard "restricted", and a root file system nobody can write to.
func TestContainersAreRestricted(t *testing.T) {
	t.Parallel()
	containers(t, func(t *testing.T, w workload, c corev1.Container) {
		pod, own := w.template.Spec.SecurityContext, c.SecurityContext
		if pod == nil || own == nil {
			t.Fatal("no security context")
		}
		if !isTrue(pod.RunAsNonRoot) || pod.RunAsUser == nil || *pod.RunAsUser == 0 {
			t.Error("may run as root")
		}
		if pod.SeccompProfile == nil || pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Error("may make any system call")
		}
		if own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation {
			t.Error("may gain privileges")
		}
		if own.Capabilities == nil || !slices.Equal(own.Capabilities.Drop, []corev1.Capability{"ALL"}) || own.Capabilities.Add != nil {
			t.Error("has capabilities")
		}
		if !isTrue(own.ReadOnlyRootFilesystem) {
			t.Error("may write to its image")
		}
	})
}

func isTrue(b *bool) bool { return b != nil && *b }

func TestPodsShareNothingWithTheirHost(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		spec := w.template.Spec
		if spec.HostNetwork || spec.HostPID || spec.HostIPC {
			t.Errorf("%s: joins its host", w.name)
		}
		for _, v := range spec.Volumes {
			if v.EmptyDir == nil && v.ConfigMap == nil {
				t.Errorf("%s: volume %s is neither an emptyDir nor a ConfigMap", w.name, v.Name)
			}
		}
	}
}

func TestPodsSpreadOverMachines(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		spread := w.template.Spec.TopologySpreadConstraints
		if len(spread) != 1 || spread[0].TopologyKey != corev1.LabelHostname {
			t.Errorf("%s: not spread over hosts", w.name)
		} else if !selects(t, spread[0].LabelSelector, w.template.Labels) {
			t.Errorf("%s: spread by a selector that does not find it", w.name)
		}
	}
}

func TestNamespaceEnforcesRestricted(t *testing.T) {
	t.Parallel()
	namespaces := objects[*corev1.Namespace](t)
	if len(namespaces) != 1 {
		t.Fatalf("%d namespaces, want 1", len(namespaces))
	}
	if got := namespaces[0].Labels["pod-security.kubernetes.io/enforce"]; got != "restricted" {
		t.Errorf("enforces %q", got)
	}
}
