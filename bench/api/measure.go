package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	rounds  = 4
	jobs    = 1000
	perPage = 50
	key     = "car_key-of-the-benchmark-of-the-api-0123456789ab"
)

// document is that of every job; its name goes in.
const document = `{"namespace":"%s","name":"%s","labels":{"team":"billing"},"schedule":{"cron":"30 2 * * *","timezone":"Europe/Berlin"},` +
	`"target":{"method":"POST","url":"https://api.example.com/report","headers":{"X-Kind":"full"},"body":"{}","timeout":"30s"},` +
	`"retry":{"max_attempts":3,"min_backoff":"1s","max_backoff":"5m"},"overlap":"skip","catch_up":{"policy":"latest","window":"1h"},"queue":"default"}`

// Say tells whoever waits how far the measuring is.
type Say func(format string, args ...any)

// bench is one measuring.
type bench struct {
	say           Say
	postgres      *pgserver.Server
	nats          *broker.Broker
	gateway, bare *side
	ids           []string
}

// side is one of the two that are compared.
type side struct {
	name, address string
	pid           int
	admin         process.Admin // of the gateway
}

// Measure measures for a minute or two.
func Measure(ctx context.Context, say Say) (_ *Report, err error) {
	dir, err := os.MkdirTemp("", "carillon-bench-api-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // for the user of Postgres
		return nil, err
	}
	b := &bench{say: say}
	if b.postgres, err = pgserver.Start(ctx, pgserver.Config{Dir: filepath.Join(dir, "postgres")}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.postgres.Stop(context.WithoutCancel(ctx))) }()
	if b.nats, err = broker.Start(ctx); err != nil {
		return nil, err
	}
	defer b.nats.Close()
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	stop, err := b.startGateway(ctx, filepath.Join(dir, "carillon"))
	if err != nil {
		return nil, err
	}
	defer stop()
	_ = os.Setenv(bareDatabase, b.postgres.URL())
	child, err := process.StartSelf(BareRole)
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	b.bare = &side{name: "bare", address: child.Address, pid: child.PID}
	return b.measure(ctx)
}

// prepare makes the jobs that are read.
func (b *bench) prepare(ctx context.Context) error {
	if err := postgres.Migrate(ctx, b.postgres.URL()); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, b.postgres.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(ctx, `CREATE TABLE bare_outbox (LIKE outbox INCLUDING ALL)`)
	for i := 0; i < jobs && err == nil; i++ {
		var id string
		name := fmt.Sprintf("job-%04d", i)
		err = pool.QueryRow(ctx, `
			INSERT INTO jobs (id, revision, namespace, name, paused, labels, queue, document, effective_from, adaptive, quiet_until)
			VALUES (gen_random_uuid(), 1, 'a', $1, false, '{"team": "billing"}', 'default', $2, now(), 'off', now()) RETURNING id::text`,
			name, fmt.Sprintf(document, "a", name)).Scan(&id)
		b.ids = append(b.ids, id)
	}
	return err
}

// startGateway starts a gateway with the garbage collection that the manifests set.
func (b *bench) startGateway(ctx context.Context, binary string) (stop func(), err error) {
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/carillon").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	admin, listen := process.Admin(process.FreeAddress()), process.FreeAddress()
	cmd := exec.Command(binary, "gateway")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+b.postgres.URL(), "NATS_URL="+b.nats.Address, "CARILLON_LISTEN="+listen, "GOGC=400",
		"CARILLON_ADMIN_LISTEN="+string(admin), "CARILLON_ADMIN_KEY="+key, "CARILLON_LOG_LEVEL=warn", "CARILLON_AUDIT_EVERY=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }
	b.say("api: admin address %s", admin)
	if err := admin.AwaitReady(ctx); err != nil {
		stop()
		return nil, err
	}
	b.gateway = &side{"gateway", listen, cmd.Process.Pid, admin}
	return stop, nil
}

// kind is a kind of request.
type kind struct {
	what          string
	count, status int // in a round
	question      func(side string, round, i int) string
}

func (b *bench) kinds() []kind {
	page := fmt.Sprintf("/jobs?limit=%d", perPage)
	return []kind{
		{"read a job", 5000, 200, func(_ string, _, i int) string { return request("GET", "/jobs/"+b.ids[i%jobs], key, "") }},
		{fmt.Sprintf("list %d jobs", perPage), 1000, 200, func(string, int, int) string { return request("GET", page, key, "") }},
		{"create a job", 2000, 201, func(side string, round, i int) string {
			return request("POST", "/jobs", key, fmt.Sprintf(document, "z", fmt.Sprintf("%s-%d-%d", side, round, i)))
		}},
	}
}

// measure asks both in turns. The first round warms up and does not count.
func (b *bench) measure(ctx context.Context) (*Report, error) {
	report := &Report{}
	for _, kind := range b.kinds() {
		b.say("api: %s", kind.what)
		result := result{what: kind.what}
		for round := range rounds + 1 {
			for _, of := range []struct {
				*side
				into *figures
			}{{b.bare, &result.bare}, {b.gateway, &result.gateway}} {
				one, err := b.round(ctx, of.side, kind, round)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", kind.what, of.name, err)
				}
				if round > 0 {
					of.into.add(one)
				}
			}
		}
		report.results = append(report.results, result)
	}
	return report, nil
}

func (b *bench) round(ctx context.Context, of *side, kind kind, round int) (f figures, err error) {
	own, postgres, mallocs := process.CPU(of.pid), b.postgresCPU(), of.admin.Metric("go_memstats_mallocs_total")
	start := time.Now()
	f.times, err = load(ctx, of.address, kind.count, kind.status, func(i int) string { return kind.question(of.name, round, i) })
	f.took = time.Since(start)
	f.cpu, f.postgresCPU = process.CPU(of.pid)-own, b.postgresCPU()-postgres
	f.mallocs = of.admin.Metric("go_memstats_mallocs_total") - mallocs
	return f, err
}

// postgresCPU is the CPU time of Postgres, which is the rest of what the bench started.
func (b *bench) postgresCPU() float64 {
	cpu := process.CPUOfTree(os.Getpid()) - process.CPU(os.Getpid())
	for _, pid := range []int{b.nats.PID, b.gateway.pid, b.bare.pid} {
		cpu -= process.CPUOfTree(pid)
	}
	return cpu
}

// figures are what some rounds came to. CPU times are in seconds.
type figures struct {
	times            []time.Duration
	took             time.Duration
	cpu, postgresCPU float64
	mallocs          float64
}

func (f *figures) add(other figures) {
	f.times = append(f.times, other.times...)
	f.took += other.took
	f.cpu += other.cpu
	f.postgresCPU += other.postgresCPU
	f.mallocs += other.mallocs
}

func (f *figures) perSecond() float64 { return float64(len(f.times)) / f.took.Seconds() }

func (f *figures) each(total float64) float64 { return total / float64(len(f.times)) }

// at is the time that a share of all times does not exceed.
func (f *figures) at(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(f.times))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
