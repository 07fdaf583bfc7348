package postgres

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/jackc/pgx/v5/pgxpool"
)

// turnPause lies between two looks at whether it is one's turn, and between two at
// whether it still is.
const turnPause = 2 * time.Second

// TakeTurns calls work while this process is the one, of all that take turns under
// a name, whose turn it is; the context of work ends when it is not any more, and
// that of TakeTurns ends both. Whose turn it is depends on one connection of the
// pool, which is held meanwhile: where it breaks, another process has its turn at
// once, and this one notices within seconds. So for a moment two may work. Where a
// machine vanishes without a word, its turn ends within half a minute.
func TakeTurns(ctx context.Context, pool *pgxpool.Pool, name string, work func(context.Context)) {
	for ctx.Err() == nil {
		takeTurn(ctx, pool, name, work)
		lull.For(ctx, turnPause)
	}
}

func takeTurn(ctx context.Context, pool *pgxpool.Pool, name string, work func(context.Context)) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return
	}
	defer conn.Release()
	var mine bool
	asked, cancel := context.WithTimeout(ctx, turnPause)
	defer cancel()
	if err := conn.QueryRow(asked, `SELECT pg_try_advisory_lock(hashtext($1))`, name).Scan(&mine); err != nil || !mine {
		return
	}
	turn, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer end()
		work(turn)
	}()
	for alive(turn, conn) {
		lull.For(turn, turnPause)
	}
	end()
	<-ended
	giveBack(ctx, conn, name)
}

func alive(ctx context.Context, conn *pgxpool.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, turnPause)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// giveBack frees the name; where that does not get through, the connection is
// closed, which frees it too.
func giveBack(ctx context.Context, conn *pgxpool.Conn, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnPause)
	defer cancel()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtext($1))`, name); err != nil {
		_ = conn.Conn().Close(ctx)
	}
}
