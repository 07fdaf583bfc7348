package deploy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSelectorsFindTheirOwnPodsOnly(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		if found := selected(t, w.selector); !slices.Equal(found, []string{w.name}) {
			t.Errorf("%s: its selector finds the pods of %v", w.name, found)
		}
	}
}

func TestEveryServiceLeadsToAPort(t *testing.T) {
	t.Parallel()
	for _, service := range objects[*corev1.Service](t) {
		found := selected(t, &metav1.LabelSelector{MatchLabels: service.Spec.Selector})
		if len(found) != 1 {
			t.Errorf("%s: selects the pods of %v, want one workload's", service.Name, found)
			continue
		}
		for _, port := range service.Spec.Ports {
			if !hasPort(container(t, found[0]), port.TargetPort.StrVal) {
				t.Errorf("%s: %s has no port %q", service.Name, found[0], port.TargetPort.StrVal)
			}
		}
	}
}

// container returns the only container of a workload.
func container(t *testing.T, name string) corev1.Container {
	t.Helper()
	return pod(t, name).Containers[0]
}

func pod(t *testing.T, name string) corev1.PodSpec {
	t.Helper()
	for _, w := range workloads(t) {
		if w.name == name {
			return w.template.Spec
		}
	}
	t.Fatalf("no workload %s", name)
	return corev1.PodSpec{}
}

// A drain takes one pod of each at a time, and is never held up for good by one that has no second.
func TestDrainsTakeOnePodAtATime(t *testing.T) {
	t.Parallel()
	var budgeted []string
	for _, budget := range objects[*policyv1.PodDisruptionBudget](t) {
		if most := budget.Spec.MaxUnavailable; most == nil || most.IntValue() != 1 {
			t.Errorf("%s: maxUnavailable is %v, want 1", budget.Name, most)
		}
		budgeted = append(budgeted, selected(t, budget.Spec.Selector)...)
	}
	var replicated []string
	for _, w := range workloads(t) {
		if w.replicas > 1 {
			replicated = append(replicated, w.name)
		}
	}
	slices.Sort(budgeted)
	slices.Sort(replicated)
	if diff := cmp.Diff(replicated, budgeted); diff != "" {
		t.Errorf("workloads with more than one replica (-) and with a budget (+):\n%s", diff)
	}
}

// A service that waits for NATS or Postgres is not ready, and its eviction costs nothing. A server of NATS that is not
// ready may be catching up, and the next one to go would take the quorum with it.
func TestDrainsWaitForServersOnly(t *testing.T) {
	t.Parallel()
	for _, budget := range objects[*policyv1.PodDisruptionBudget](t) {
		policy := budget.Spec.UnhealthyPodEvictionPolicy
		always := policy != nil && *policy == policyv1.AlwaysAllow
		if _, service := services[budget.Name]; always != service {
			t.Errorf("%s: unready pods may always be evicted: %t, want %t", budget.Name, always, service)
		}
	}
}

func TestPodsHaveAnIdentityAndNoToken(t *testing.T) {
	t.Parallel()
	accounts := map[string]*corev1.ServiceAccount{}
	for _, account := range objects[*corev1.ServiceAccount](t) {
		accounts[account.Name] = account
	}
	for _, w := range workloads(t) {
		account, mounts := accounts[w.template.Spec.ServiceAccountName], w.template.Spec.AutomountServiceAccountToken
		if account == nil || isTrue(account.AutomountServiceAccountToken) || account.AutomountServiceAccountToken == nil {
			t.Errorf("%s: no account of its own, or one with a token", w.name)
		}
		if mounts == nil || *mounts {
			t.Errorf("%s: mounts a token", w.name)
		}
	}
}
