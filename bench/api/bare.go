package api

import (
	"context"
	"encoding/json"
	"net"
	"os"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// BareRole is what this program is started as to be the bare handler.
const BareRole = "bare-api"

// bareDatabase tells that process where Postgres is.
const bareDatabase = "CARILLON_BENCH_DATABASE"

// ServeBare is the process of the bare handler.
func ServeBare() error {
	pool, err := pgxpool.New(context.Background(), os.Getenv(bareDatabase))
	if err != nil {
		return err
	}
	defer pool.Close()
	b := bare{pool}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/api/v1/jobs/:id", b.get)
	app.Get("/api/v1/jobs", b.list)
	app.Post("/api/v1/jobs", b.create)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		process.Serve(listener.Addr().String())
		_ = app.Shutdown()
	}()
	return app.Listener(listener)
}

type bare struct{ pool *pgxpool.Pool }

// row is a job as it is stored.
type row struct {
	ID            uuid.UUID       `json:"id"`
	Revision      int64           `json:"revision"`
	EffectiveFrom any             `json:"effective_from"`
	Document      json.RawMessage `json:"document"`
}

func (b bare) get(c *fiber.Ctx) error {
	rows, _ := b.pool.Query(c.UserContext(), `SELECT id, revision, effective_from, document FROM jobs WHERE id = $1`, c.Params("id"))
	job, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return err
	}
	return c.JSON(job)
}

func (b bare) list(c *fiber.Ctx) error {
	rows, _ := b.pool.Query(c.UserContext(), `SELECT id, revision, effective_from, document FROM jobs ORDER BY namespace, name LIMIT $1`, c.QueryInt("limit"))
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"items": jobs})
}

// create writes what a gateway writes: the job, its revision, the line of the audit
// log, and the message to the planners.
func (b bare) create(c *fiber.Ctx) error {
	var document carillon.Document
	if err := json.Unmarshal(c.Body(), &document); err != nil {
		return err
	}
	id, text := carillon.NewJobID(), string(c.Body())
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO jobs (id, revision, namespace, name, paused, labels, queue, document, effective_from, adaptive, quiet_until)
		VALUES ($1, 1, $2, $3, false, '{}', 'default', $4, now(), 'off', now())`, id, document.Namespace, document.Name, text)
	batch.Queue(`
		INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor, reason)
		VALUES ($1, 1, 'created', $2, now(), 'bench', '')`, id, text)
	batch.Queue(`INSERT INTO audit_log (actor, namespace, action, object, after) VALUES ('bench', $1, 'created', $2, $3)`, document.Namespace, "job/"+id.String(), text)
	batch.Queue(`INSERT INTO bare_outbox (subject, payload) VALUES ($1, $2)`, "job."+id.String(), c.Body())
	if err := b.pool.SendBatch(c.UserContext(), batch).Close(); err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"id": id, "revision": 1, "document": document})
}
