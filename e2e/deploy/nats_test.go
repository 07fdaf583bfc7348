package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// natsConfig is the file as the server itself reads it.
func natsConfig(t *testing.T, path string) *server.Options {
	t.Helper()
	t.Setenv("POD_NAME", "nats-0")
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func natsSet(t *testing.T) *appsv1.StatefulSet {
	t.Helper()
	sets := objects[*appsv1.StatefulSet](t)
	i := slices.IndexFunc(sets, func(s *appsv1.StatefulSet) bool { return s.Name == "nats" })
	return sets[i]
}

func TestNATSClusterKnowsItsMembers(t *testing.T) {
	config, set := natsConfig(t, k8s+"/base/nats.conf"), natsSet(t)
	var routes, pods []string
	for _, route := range config.Routes {
		routes = append(routes, route.Host)
	}
	for i := range *set.Spec.Replicas {
		pods = append(pods, fmt.Sprintf("%s-%d.%s:%d", set.Name, i, set.Spec.ServiceName, config.Cluster.Port))
	}
	if len(routes) != 3 || !slices.Equal(routes, pods) {
		t.Errorf("routes to %v, pods %v", routes, pods)
	}
}

// A stream cannot have more copies than there are servers, and needs as many to survive one.
func TestStreamsHaveACopyOnEachServer(t *testing.T) {
	t.Parallel()
	servers := *natsSet(t).Spec.Replicas
	for service := range services {
		if got := environment(t, container(t, service))["CARILLON_REPLICAS"]; got != strconv.Itoa(int(servers)) {
			t.Errorf("%s: %s copies on %d servers", service, got, servers)
		}
	}
}

func TestNATSKeepsItsStreamsOnTheVolume(t *testing.T) {
	config, set := natsConfig(t, k8s+"/base/nats.conf"), natsSet(t)
	if !config.JetStream || config.SyncInterval != time.Second || config.SyncAlways {
		t.Errorf("JetStream %t, sync interval %v", config.JetStream, config.SyncInterval)
	}
	claim := set.Spec.VolumeClaimTemplates[0]
	size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if config.JetStreamMaxStore <= 0 || config.JetStreamMaxStore >= size.Value() {
		t.Errorf("%d bytes of streams on a volume of %d", config.JetStreamMaxStore, size.Value())
	}
	mounted := slices.ContainsFunc(container(t, "nats").VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.Name == claim.Name && m.MountPath == config.StoreDir
	})
	if !mounted {
		t.Errorf("nothing is mounted at %s", config.StoreDir)
	}
}

func TestNATSLeavesGently(t *testing.T) {
	config, set := natsConfig(t, k8s+"/base/nats.conf"), natsSet(t)
	grace := time.Duration(*set.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	if config.LameDuckDuration <= 0 || config.LameDuckDuration >= grace {
		t.Errorf("lame duck for %v, killed after %v", config.LameDuckDuration, grace)
	}
	stop := container(t, "nats").Lifecycle.PreStop.Exec.Command
	if want := "ldm=" + config.PidFile; stop[len(stop)-1] != want {
		t.Errorf("stopped by %v, want %s", stop, want)
	}
}

func TestNATSImageIsTheServerTestedHere(t *testing.T) {
	t.Parallel()
	if got, want := container(t, "nats").Image, "nats:"+server.VERSION+"-alpine"; got != want {
		t.Errorf("image %s, want %s", got, want)
	}
}
