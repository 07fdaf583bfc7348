package deploy

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
)

// The whole matrix: who reaches which port of whom, and that nothing else does.
func TestOnlyNeighboursMayTalk(t *testing.T) {
	t.Parallel()
	want := []string{
		"gateway nats:4222", "gateway postgres:5432",
		"nats nats:6222",
		"planner nats:4222",
		"recorder nats:4222", "recorder postgres:5432",
		"runner nats:4222",
	}
	var got []string
	for _, from := range workloads(t) {
		for _, to := range workloads(t) {
			for _, port := range to.template.Spec.Containers[0].Ports {
				if sends(t, from, to, port.ContainerPort) && receives(t, from, to, port.ContainerPort) {
					got = append(got, fmt.Sprintf("%s %s:%d", from.name, to.name, port.ContainerPort))
				}
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reachable (-want +got):\n%s", diff)
	}
}

func TestPodsAreShutOffByDefault(t *testing.T) {
	t.Parallel()
	shut := slices.ContainsFunc(objects[*networkingv1.NetworkPolicy](t), func(p *networkingv1.NetworkPolicy) bool {
		return cmp.Equal(p.Spec, networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		})
	})
	if !shut {
		t.Error("no policy selects every pod and allows nothing")
	}
}

func TestOnlyRunnersAndGatewaysReachTheWorldAndNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		for address, public := range map[string]bool{
			"93.184.216.34": true, "2606:2800:220:1::1": true, "10.1.2.3": false, "172.20.0.1": false, "192.168.1.1": false,
			"169.254.169.254": false, "100.64.0.1": false, "127.0.0.1": false, "::1": false, "fd00::1": false,
		} {
			want := public && (w.name == "runner" || w.name == "gateway")
			if got := reachesAddress(t, w, netip.MustParseAddr(address)); got != want {
				t.Errorf("%s reaches %s: %t, want %t", w.name, address, got, want)
			}
		}
	}
}

// policies returns those that govern the workload in one direction; without its type, a policy's rules mean nothing.
func policies(t *testing.T, w workload, direction networkingv1.PolicyType) []*networkingv1.NetworkPolicy {
	t.Helper()
	return slices.DeleteFunc(objects[*networkingv1.NetworkPolicy](t), func(p *networkingv1.NetworkPolicy) bool {
		return !slices.Contains(p.Spec.PolicyTypes, direction) || !selects(t, &p.Spec.PodSelector, w.template.Labels)
	})
}

func sends(t *testing.T, from, to workload, port int32) bool {
	return slices.ContainsFunc(policies(t, from, networkingv1.PolicyTypeEgress), func(p *networkingv1.NetworkPolicy) bool {
		return slices.ContainsFunc(p.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
			return admitsPort(rule.Ports, port) && admitsPod(t, rule.To, to)
		})
	})
}

func receives(t *testing.T, from, to workload, port int32) bool {
	return slices.ContainsFunc(policies(t, to, networkingv1.PolicyTypeIngress), func(p *networkingv1.NetworkPolicy) bool {
		return slices.ContainsFunc(p.Spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
			return admitsPort(rule.Ports, port) && admitsPod(t, rule.From, from)
		})
	})
}

func admitsPort(ports []networkingv1.NetworkPolicyPort, port int32) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return p.Port.IntVal == port
	})
}

// admitsPod knows only pods of this namespace, so a peer in another one, or an address, is no match.
func admitsPod(t *testing.T, peers []networkingv1.NetworkPolicyPeer, w workload) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(peer networkingv1.NetworkPolicyPeer) bool {
		return peer.PodSelector != nil && peer.NamespaceSelector == nil && selects(t, peer.PodSelector, w.template.Labels)
	})
}

func reachesAddress(t *testing.T, w workload, address netip.Addr) bool {
	t.Helper()
	for _, p := range policies(t, w, networkingv1.PolicyTypeEgress) {
		for _, rule := range p.Spec.Egress {
			for _, peer := range rule.To {
				if peer.IPBlock != nil && admitsAddress(*peer.IPBlock, address) {
					return true
				}
			}
		}
	}
	return false
}

func admitsAddress(block networkingv1.IPBlock, address netip.Addr) bool {
	return netip.MustParsePrefix(block.CIDR).Contains(address) && !slices.ContainsFunc(block.Except, func(cidr string) bool {
		return netip.MustParsePrefix(cidr).Contains(address)
	})
}
