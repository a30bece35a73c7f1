package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
)

type guardCommand struct {
	List    guardList    `cmd:"" help:"List the deletions that wait for a person's word, by calendar."`
	Show    guardShow    `cmd:"" help:"Say what a hold is about, and list its bookings."`
	Approve guardApprove `cmd:"" help:"Believe the deletions of a hold: the core is told of each."`
	Reject  guardReject  `cmd:"" help:"Do not believe them: events that are gone are made anew."`
}

type guardList struct {
	Tenant cal.TenantID      `required:"" placeholder:"ID" help:"The tenant."`
	State  record.GuardState `enum:"open,approved,rejected,ended" default:"open" help:"Holds in this state: open, approved, rejected, or ended by themselves."`
}

// pageOfHolds is how many rows are read at once.
const pageOfHolds = 500

// Run lists holds.
func (l guardList) Run(e *env) error {
	return e.tenant(l.Tenant, func(a *app.App) error {
		var failed error
		err := e.table("HOLD\tCALENDAR\tCONNECTION\tPROVIDER\tDELETIONS\tEVENTS\tREVISION\tSINCE\tREASON", func(w io.Writer) {
			failed = l.each(e, a, func(g record.Guard) error {
				_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n",
					g.ID, g.CalendarID, g.ConnectionID, g.Provider, g.Direction, g.Events, g.Revision, g.OpenedAt.Format(time.RFC3339), g.Reason)
				return err
			})
		})
		return errors.Join(failed, err)
	})
}

func (l guardList) each(e *env, a *app.App, do func(record.Guard) error) error {
	for after := ""; ; {
		page, err := a.Store.Guards(e.ctx, l.Tenant, record.GuardFilter{State: l.State}, after, pageOfHolds)
		if err != nil {
			return err
		}
		for _, g := range page {
			if err := do(g); err != nil {
				return err
			}
		}
		if len(page) < pageOfHolds {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// guardName names a hold as it is listed.
type guardName struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
	Hold   string       `arg:"" help:"The hold, as listed."`
}

// noHold says what is wrong with the name of a hold or with a decision about it.
func (n guardName) noHold(err error) error {
	switch {
	case errors.Is(err, record.ErrNotFound):
		return fmt.Errorf("%s is no hold of this tenant: calweave guard list shows what is", n.Hold)
	case errors.Is(err, record.ErrDecided):
		return fmt.Errorf("%s is not open any more: calweave guard show says what became of it", n.Hold)
	case errors.Is(err, record.ErrStale):
		return fmt.Errorf("%s has changed since that revision: look at it again with calweave guard show", n.Hold)
	default:
		return err
	}
}

type guardShow struct {
	guardName `embed:""`
}

// Run explains a hold.
func (s guardShow) Run(e *env) error {
	return e.tenant(s.Tenant, func(a *app.App) error {
		g, err := a.Store.Guard(e.ctx, s.Tenant, s.Hold)
		if err != nil {
			return s.noHold(err)
		}
		err = e.table("HOLD\t"+g.ID, func(w io.Writer) {
			for _, line := range [][2]string{
				{"calendar", string(g.CalendarID)},
				{"connection", string(g.ConnectionID)},
				{"provider", string(g.Provider)},
				{"deletions", string(g.Direction)},
				{"state", string(g.State)},
				{"decided by", g.DecidedBy},
				{"since", g.OpenedAt.Format(time.RFC3339)},
				{"changed", g.ChangedAt.Format(time.RFC3339)},
				{"revision", fmt.Sprint(g.Revision)},
				{"events", fmt.Sprint(g.Events)},
				{"reason", g.Reason},
			} {
				if line[1] != "" {
					_, _ = fmt.Fprintf(w, "%s\t%s\n", line[0], line[1]) // Flush tells
				}
			}
		})
		if err != nil {
			return err
		}
		var failed error
		err = e.table("BOOKING\tSEEN\tVERDICT", func(w io.Writer) { failed = s.deletions(e, a, w) })
		return errors.Join(failed, err)
	})
}

func (s guardShow) deletions(e *env, a *app.App, w io.Writer) error {
	for after := cal.LinkID(""); ; {
		page, err := a.Store.GuardedDeletions(e.ctx, s.Tenant, s.Hold, after, pageOfHolds)
		if err != nil {
			return err
		}
		for _, d := range page {
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", d.BookingID, d.SeenAt.Format(time.RFC3339), d.Verdict); err != nil {
				return err
			}
		}
		if len(page) < pageOfHolds {
			return nil
		}
		after = page[len(page)-1].LinkID
	}
}

// guardDecision is a person's word about a hold.
type guardDecision struct {
	guardName `embed:""`
	Revision  int64 `placeholder:"N" help:"Only if the hold is still at this revision, as listed."`
}

func (d guardDecision) decide(e *env, approve bool, done string) error {
	return e.tenant(d.Tenant, func(a *app.App) error {
		g, err := a.Store.DecideGuard(e.ctx, d.Tenant, d.Hold, record.GuardDecision{Approve: approve, Seen: d.Revision, Actor: record.ActorOperator})
		if err != nil {
			return d.noHold(err)
		}
		return e.printf("%d %s\n", g.Events, done)
	})
}

type guardApprove struct {
	guardDecision `embed:""`
}

// Run approves a hold.
func (r guardApprove) Run(e *env) error { return r.decide(e, true, "approved") }

type guardReject struct {
	guardDecision `embed:""`
}

// Run rejects a hold.
func (r guardReject) Run(e *env) error { return r.decide(e, false, "rejected") }
