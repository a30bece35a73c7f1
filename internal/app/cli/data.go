package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply what is missing."`
	Down   migrateDown   `cmd:"" help:"Take back the newest migration, and with it the data that it holds."`
	Status migrateStatus `cmd:"" help:"List the migrations."`
}

type (
	migrateUp   struct{}
	migrateDown struct {
		All bool `help:"Take back all of them: nothing is left."`
		Yes bool `help:"Do it. Without this word nothing is done, since data is lost."`
	}
	migrateStatus struct{}
)

// migrator opens the database for migrations, as the owner of its tables.
func (e *env) migrator(do func(*store.Migrator, *config.Config) error) (err error) {
	c, err := e.load(config.ForMigrate, nil)
	if err != nil {
		return err
	}
	m, err := store.NewMigrator(c.MigrateDatabaseURL.Reveal(), e.logger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return do(m, c)
}

// Run applies what is missing and lets the application's login work with it.
func (migrateUp) Run(e *env) error {
	return e.migrator(func(m *store.Migrator, c *config.Config) error {
		n, err := m.Up(e.ctx)
		if err != nil {
			return err
		}
		for _, url := range []string{c.DatabaseURL.Reveal(), c.SweepDatabaseURL.Reveal()} {
			if err := m.Admit(e.ctx, url); err != nil {
				return err
			}
		}
		return e.printf("%d applied\n", n)
	})
}

var errYes = errors.New("nothing was done: taking a migration back loses its data; say --yes to do it")

// Validate wants the word that says that the loss of data is meant.
func (d migrateDown) Validate() error {
	if !d.Yes {
		return errYes
	}
	return nil
}

// Run takes migrations back.
func (d migrateDown) Run(e *env) error {
	return e.migrator(func(m *store.Migrator, _ *config.Config) error {
		n, err := m.Down(e.ctx, d.All)
		if err != nil {
			return err
		}
		return e.printf("%d taken back\n", n)
	})
}

// Run lists the migrations.
func (migrateStatus) Run(e *env) error {
	return e.migrator(func(m *store.Migrator, _ *config.Config) error {
		all, err := m.Status(e.ctx)
		if err != nil {
			return err
		}
		return e.table("VERSION\tNAME\tAPPLIED", func(w io.Writer) {
			for _, s := range all {
				applied := "no"
				if s.Applied {
					applied = s.AppliedAt.Format(time.RFC3339)
				}
				_, _ = fmt.Fprintf(w, "%d\t%s\t%s\n", s.Version, s.Name, applied) // Flush tells
			}
		})
	})
}

func (e *env) table(head string, rows func(io.Writer)) error {
	const padding = 2
	w := tabwriter.NewWriter(e.out, 0, 0, padding, ' ', 0)
	_, _ = fmt.Fprintln(w, head) // Flush tells
	rows(w)
	return w.Flush()
}

// app opens the App for a command that works on its data.
func (e *env) app(do func(*app.App) error) (err error) {
	c, err := e.load(config.ForAdmin, nil)
	if err != nil {
		return err
	}
	a, err := app.New(e.ctx, c, app.Outside{Log: e.logger(c)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return do(a)
}

type tenantCommand struct {
	Create tenantCreate `cmd:"" help:"Make a tenant and print its id."`
}

type tenantCreate struct {
	Name string `arg:"" help:"What people call the tenant."`
}

var errName = errors.New("give the tenant a name that people know it by")

// Validate refuses a name that says nothing.
func (t tenantCreate) Validate() error {
	if strings.TrimSpace(t.Name) == "" {
		return errName
	}
	return nil
}

// Run makes a tenant.
func (t tenantCreate) Run(e *env) error {
	return e.app(func(a *app.App) error {
		id, err := a.CreateTenant(e.ctx, t.Name)
		if err != nil {
			return err
		}
		return e.printf("%s\n", id)
	})
}

// noTenant says that a tenant is unknown: what is listed for it would be empty, and look as if all were well.
func noTenant(id cal.TenantID) error {
	return fmt.Errorf("there is no tenant %s: calweave tenant create makes one and prints its id", id)
}

// tenant opens the App for a command on a tenant that has to be there.
func (e *env) tenant(id cal.TenantID, do func(*app.App) error) error {
	return e.app(func(a *app.App) error {
		_, err := a.Store.Tenant(e.ctx, id)
		if errors.Is(err, record.ErrNotFound) {
			return noTenant(id)
		}
		if err != nil {
			return err
		}
		return do(a)
	})
}

type workCommand struct {
	List     workList     `cmd:"" help:"List what is held or dead, and why."`
	Release  workRelease  `cmd:"" help:"Approve held work, or replay dead letters."`
	Rejected workRejected `cmd:"" help:"List the submissions from the queue that were refused, and why."`
	Outcomes workOutcomes `cmd:"" help:"Print what becomes of work after each kind of failure."`
}

type workList struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
	Open   bool         `help:"List everything that is wanted and not done."`
}

// Run lists work.
func (l workList) Run(e *env) error {
	filter := store.StoppedWork
	if l.Open {
		filter = store.OpenWork
	}
	return e.tenant(l.Tenant, func(a *app.App) error {
		rows, err := everyWork(e.ctx, a.Store, l.Tenant, filter)
		if err != nil {
			return err
		}
		return e.table("KIND\tSUBJECT\tSTATE\tWAITS FOR\tATTEMPTS\tSINCE\tREASON", func(w io.Writer) {
			for _, r := range rows {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.Kind, r.Subject, r.State, r.HeldFor, r.Attempts,
					r.WantedAt.Format(time.RFC3339), r.LastError) // Flush tells
			}
		})
	})
}

// everyWork lists work page by page to its end: what is cut off would look as if it were not there.
func everyWork(ctx context.Context, s *store.Store, tenant cal.TenantID, filter store.WorkFilter) (all []record.Work, err error) {
	const most = 500
	var after task.Ref
	for {
		page, err := s.ListWork(ctx, tenant, filter, after, most)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < most {
			return all, nil
		}
		after = page[len(page)-1].Ref
	}
}

type workRelease struct {
	Tenant  cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
	Dead    bool         `help:"Replay every dead letter of the tenant. What waits for an approval is left."`
	Kind    task.Kind    `arg:"" optional:"" help:"The work's kind, as listed."`
	Subject string       `arg:"" optional:"" help:"The work's subject, as listed."`
}

var errRelease = errors.New("name the work by its kind and subject, or say --dead")

// Validate wants either one row or all that are dead.
func (r workRelease) Validate() error {
	if r.Dead != (r.Kind == "") || r.Dead != (r.Subject == "") {
		return errRelease
	}
	return nil
}

// Run releases work.
func (r workRelease) Run(e *env) error {
	return e.tenant(r.Tenant, func(a *app.App) error {
		if r.Dead {
			return r.dead(e, a)
		}
		ref := task.Ref{Tenant: r.Tenant, Kind: r.Kind, Subject: r.Subject}
		err := a.Store.Release(e.ctx, ref, record.ActorOperator)
		if errors.Is(err, record.ErrStale) || errors.Is(err, record.ErrNotFound) {
			return fmt.Errorf("%s %s is neither held nor dead: calweave work list shows what is", r.Kind, r.Subject)
		}
		if err != nil {
			return err
		}
		return e.printf("released\n")
	})
}

// dead replays all dead letters. One that somebody else has released meanwhile is passed over.
func (r workRelease) dead(e *env, a *app.App) error {
	rows, err := everyWork(e.ctx, a.Store, r.Tenant, store.StoppedWork)
	if err != nil {
		return err
	}
	n := 0
	for _, row := range rows {
		if row.State != record.Dead {
			continue
		}
		err := a.Store.Release(e.ctx, row.Ref, record.ActorOperator)
		if errors.Is(err, record.ErrStale) || errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("after %d were released: %w", n, err)
		}
		n++
	}
	return e.printf("%d released\n", n)
}

type workRejected struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
}

// Run lists rejections. What they say stays sealed.
func (r workRejected) Run(e *env) error {
	return e.tenant(r.Tenant, func(a *app.App) error {
		var all []record.Rejection
		const most = 500
		for after := ""; ; after = all[len(all)-1].ID {
			page, err := a.Store.Rejections(e.ctx, r.Tenant, after, most)
			if err != nil {
				return err
			}
			if all = append(all, page...); len(page) < most {
				break
			}
		}
		return e.table("TASK\tBOOKING\tVERSION\tREASON\tAT", func(w io.Writer) {
			for _, x := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", x.ID, x.BookingID, x.Version, x.Reason, x.CreatedAt.Format(time.RFC3339)) // Flush tells
			}
		})
	})
}
