package deploy

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// workload is what a Deployment and a StatefulSet have in common.
type workload struct {
	name     string
	replicas int32 // the least, where an autoscaler decides
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
}

func workloads(t *testing.T) []workload {
	t.Helper()
	var found []workload
	for _, d := range objects[*appsv1.Deployment](t) {
		found = append(found, workload{d.Name, replicas(t, d), d.Spec.Selector, d.Spec.Template})
	}
	for _, s := range objects[*appsv1.StatefulSet](t) {
		found = append(found, workload{s.Name, *s.Spec.Replicas, s.Spec.Selector, s.Spec.Template})
	}
	return found
}

// replicas fails where a Deployment and its autoscaler would take turns in setting the number.
func replicas(t *testing.T, d *appsv1.Deployment) int32 {
	t.Helper()
	for _, hpa := range objects[*autoscalingv2.HorizontalPodAutoscaler](t) {
		if hpa.Spec.ScaleTargetRef.Name != d.Name {
			continue
		}
		if d.Spec.Replicas != nil {
			t.Errorf("%s: each apply would undo its autoscaler: name no replicas", d.Name)
		}
		return *hpa.Spec.MinReplicas
	}
	if d.Spec.Replicas == nil {
		t.Fatalf("%s: neither replicas nor an autoscaler", d.Name)
	}
	return *d.Spec.Replicas
}

// containers calls check for each container of each pod.
func containers(t *testing.T, check func(t *testing.T, w workload, c corev1.Container)) {
	for _, w := range workloads(t) {
		for _, c := range slices.Concat(w.template.Spec.InitContainers, w.template.Spec.Containers) {
			t.Run(w.name+"/"+c.Name, func(t *testing.T) { check(t, w, c) })
		}
	}
}

func selects(t *testing.T, selector *metav1.LabelSelector, pod map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(pod))
}

// selected returns the names of the workloads whose pods the selector finds.
func selected(t *testing.T, selector *metav1.LabelSelector) []string {
	t.Helper()
	var names []string
	for _, w := range workloads(t) {
		if selects(t, selector, w.template.Labels) {
			names = append(names, w.name)
		}
	}
	return names
}

func TestEveryPartIsThereOftenEnough(t *testing.T) {
	t.Parallel()
	least := map[string]int32{"planner": 2, "runner": 3, "recorder": 2, "gateway": 2, "nats": 3, "postgres": 1}
	for _, w := range workloads(t) {
		if w.replicas != least[w.name] {
			t.Errorf("%s: %d replicas, want %d", w.name, w.replicas, least[w.name])
		}
		delete(least, w.name)
	}
	if len(least) > 0 {
		t.Errorf("missing: %v", least)
	}
}
