package jobstore

import (
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/jackc/pgx/v5"
)

// checkSecrets holds on to the secrets that the job names until the transaction
// ends, so that none is deleted meanwhile. One that is not there is a fault: it is
// far easier to mend now than when the job fires.
func (c *change) checkSecrets(batch *pgx.Batch) {
	uses := c.after.SecretUses()
	if len(uses) == 0 {
		return
	}
	batch.Queue(`SELECT name FROM secrets WHERE namespace = $1 AND name = ANY($2) ORDER BY name FOR KEY SHARE`,
		c.after.Namespace, secretNames(uses)).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		var faults fault.Faults
		for _, use := range uses {
			if !slices.Contains(found, use.Secret) {
				faults.Add(use.Field, "there is no secret %s in the namespace %s", use.Secret, c.after.Namespace)
			}
		}
		return faults.Err()
	})
}

// writeSecrets notes which secrets the job names. Most jobs name none, and cost
// nothing here.
func (c *change) writeSecrets(batch *pgx.Batch) {
	if c.before != nil && len(c.before.SecretUses()) > 0 {
		batch.Queue(`DELETE FROM job_secrets WHERE job_id = $1`, c.after.ID)
	}
	if uses := c.after.SecretUses(); len(uses) > 0 {
		batch.Queue(`INSERT INTO job_secrets (job_id, namespace, name) SELECT $1, $2, unnest($3::text[])`,
			c.after.ID, c.after.Namespace, secretNames(uses))
	}
}

// secretNames lists each secret once.
func secretNames(uses []carillon.SecretUse) (names []string) {
	for _, use := range uses {
		names = append(names, use.Secret)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
