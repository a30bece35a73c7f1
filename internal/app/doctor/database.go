package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/store"
)

// slowDatabase is how long one question may take before it is worth a warning: each piece of work asks some ten of them.
const slowDatabase = 100 * time.Millisecond

const mendDatabase = "see that the database runs, that this machine reaches it, and that CALWEAVE_DATABASE_URL names its host, port, login and password"

func (d Doctor) database(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	probe, err := store.NewProbe(d.Config.DatabaseURL.Reveal(), d.Config.SweepDatabaseURL.Reveal())
	if err != nil {
		return []Finding{unready("database", err)}
	}
	defer probe.Close() //nolint:errcheck // nothing was written
	took, err := d.latency(ctx, probe)
	if err != nil {
		return []Finding{{"database", Failed, "it does not answer: " + line(err), mendDatabase}}
	}
	reached := Finding{"database", OK, "it answers in " + millis(took), ""}
	if took > slowDatabase {
		reached.Status, reached.Mend = Warning, "run calweave near its database: every change waits for some ten answers"
	}
	login := Finding{"database login", OK, "it has the rights that it needs, and no more", ""}
	if err := probe.Login(ctx); err != nil {
		login = unready("database login", err)
	}
	schema := migrations(ctx, probe)
	out := []Finding{reached, login, schema}
	if login.Status == OK && schema.Status != Failed {
		out = append(out, d.sealKeys(ctx, probe))
	}
	return out
}

// sealKeys looks whether the keys open what the database holds, as far as that can be told without looking at all of it.
func (d Doctor) sealKeys(ctx context.Context, probe *store.Probe) Finding {
	const check = "seal keys"
	sealer, err := app.Sealer(ctx, d.Config)
	if err != nil {
		return Finding{check, Failed, line(err), "give what calweave seal generate has printed, or the program that unwraps it"}
	}
	if err := probe.Keys(ctx, sealer, d.Clock); err != nil {
		return unready(check, err)
	}
	return Finding{check, OK, "every key that values are sealed with is given", ""}
}

// latency is how long an answer takes once there is a connection.
func (d Doctor) latency(ctx context.Context, probe *store.Probe) (time.Duration, error) {
	if err := probe.Reach(ctx); err != nil {
		return 0, err
	}
	began := d.Clock.Now()
	err := probe.Reach(ctx)
	return d.Clock.Now().Sub(began), err
}

func migrations(ctx context.Context, probe *store.Probe) Finding {
	const check = "migrations"
	pending, unknown, err := probe.Migrations(ctx)
	switch {
	case err != nil:
		return unready(check, err)
	case len(pending) > 0:
		return Finding{check, Failed, fmt.Sprintf("%d pending: %s", len(pending), strings.Join(pending, ", ")), "run `calweave migrate up`"}
	case len(unknown) > 0:
		return Finding{check, Warning, fmt.Sprintf("the database has versions that this build does not know: %v", unknown), "run the build that made them, or a newer one"}
	default:
		return Finding{check, OK, "all are applied", ""}
	}
}

// unready splits an error of the store into what is wrong and how to mend it.
func unready(check string, err error) Finding {
	if u, ok := errors.AsType[*store.UnreadyError](err); ok {
		return Finding{check, Failed, strings.Join(strings.Fields(u.What), " "), u.Mend}
	}
	return Finding{check, Failed, line(err), mendDatabase}
}
