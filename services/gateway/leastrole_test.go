package gateway

import (
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/google/go-cmp/cmp"
)

// leastRoles says which role each operation needs: the table of docs/access.md. What a
// gateway asks for, and says of itself, is compared with it, never taken from there.
var leastRoles = map[keyring.Role][]string{
	keyring.Viewer: {
		"list-jobs", "get-job", "list-revisions", "list-suggestions", "get-job-stats", "list-fires", "preview-schedule", "forecast",
		"list-runs", "get-run", "list-backfills", "get-backfill", "audit", "list-audits", "list-retention", "list-alerts",
		"list-alert-routes", "get-alert-route", "list-checks", "get-check", "list-pauses", "list-queues", "list-secrets",
		"get-session", "log-out", "list-namespaces", "list-audit-log", "follow-feed",
	},
	keyring.Operator: {
		"bulk-jobs", // to delete or label, editor
		"pause-job", "resume-job", "run-job", "run-adaptive", "backfill-job", "cancel-backfill", "cancel-run", "retry-run", "retry-runs",
		"pause", "resume", "pause-queue", "resume-queue",
	},
	keyring.Editor: {
		"create-job", "replace-job", "patch-job", "delete-job", "apply-jobs", "rollback-job", "accept-suggestion", "dismiss-suggestion",
		"put-secret", "delete-secret", "put-alert-route", "test-alert-route", "delete-alert-route", "create-check", "put-check", "delete-check",
	},
	keyring.Admin: {
		"put-default-retention", "put-retention", "delete-retention", "put-queue", "delete-queue", "list-keys", "create-key", "get-key", "delete-key",
	},
}

func TestEveryOperationNeedsTheRoleOfTheTable(t *testing.T) {
	t.Parallel()
	want, got := map[string]keyring.Role{}, map[string]keyring.Role{}
	for role, operations := range leastRoles {
		for _, id := range operations {
			want[id] = role
		}
	}
	for _, op := range newWorld(t).operations(t) {
		got[op.id] = op.role
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("the table and the gateway:", diff)
	}
}
