package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
)

type deadCommand struct {
	List   deadList   `cmd:"" help:"List dead letters, and why they were given up."`
	Show   deadShow   `cmd:"" help:"Explain a dead letter, and say what a replay will do."`
	Replay deadReplay `cmd:"" help:"Try dead letters again: one, or all that a filter chooses."`
}

// deadFilter is how the dead letters of a tenant are chosen.
type deadFilter struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
	Kind   task.Kind    `placeholder:"KIND" help:"Only work of this kind, such as link:push."`
	Reason string       `placeholder:"TEXT" help:"Only those whose reason contains this, in any case."`
}

// each calls do with every dead letter that the filter chooses, page by page to the end.
func (f deadFilter) each(e *env, a *app.App, do func(record.DeadLetter) error) error {
	const most = 500
	var after task.Ref
	for {
		page, err := a.Store.DeadLetters(e.ctx, f.Tenant, record.DeadFilter{Kind: f.Kind, Reason: f.Reason}, after, most)
		if err != nil {
			return err
		}
		for _, d := range page {
			if err := do(d); err != nil {
				return err
			}
		}
		if len(page) < most {
			return nil
		}
		after = page[len(page)-1].Ref
	}
}

type deadList struct {
	deadFilter `embed:""`
}

// Run lists dead letters.
func (l deadList) Run(e *env) error {
	return e.tenant(l.Tenant, func(a *app.App) error {
		var failed error
		err := e.table("KIND\tSUBJECT\tBOOKING\tATTEMPTS\tDEAD SINCE\tREASON", func(w io.Writer) {
			failed = l.each(e, a, func(d record.DeadLetter) error {
				_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", d.Kind, d.Subject, d.BookingID, d.Attempts, d.NotBefore.Format(time.RFC3339), d.LastError)
				return err
			})
		})
		return errors.Join(failed, err)
	})
}

// deadName names a dead letter as it is listed.
type deadName struct {
	Tenant  cal.TenantID `required:"" placeholder:"ID" help:"The tenant."`
	Kind    task.Kind    `arg:"" help:"The work's kind, as listed."`
	Subject string       `arg:"" help:"The work's subject, as listed."`
}

// noLetter says that a row is no dead letter.
func noLetter(kind task.Kind, subject string) error {
	return fmt.Errorf("%s %s is no dead letter: calweave dead list shows what is", kind, subject)
}

type deadShow struct {
	deadName `embed:""`
}

// Run explains a dead letter.
func (s deadShow) Run(e *env) error {
	return e.tenant(s.Tenant, func(a *app.App) error {
		d, err := a.Store.DeadLetter(e.ctx, task.Ref{Tenant: s.Tenant, Kind: s.Kind, Subject: s.Subject})
		if errors.Is(err, record.ErrNotFound) {
			return noLetter(s.Kind, s.Subject)
		}
		if err != nil {
			return err
		}
		return e.table("WORK\t"+string(d.Kind)+" "+d.Subject, func(w io.Writer) {
			for _, line := range [][2]string{
				{"booking", string(d.BookingID)},
				{"calendar", string(d.CalendarID)},
				{"reason", d.LastError},
				{"attempts", fmt.Sprint(d.Attempts)},
				{"wanted since", d.WantedAt.Format(time.RFC3339)},
				{"dead since", d.NotBefore.Format(time.RFC3339)},
				{"a replay", d.OnReplay()},
			} {
				if line[1] != "" {
					_, _ = fmt.Fprintf(w, "%s\t%s\n", line[0], line[1]) // Flush tells
				}
			}
		})
	})
}

type deadReplay struct {
	deadFilter `embed:""`
	All        bool   `help:"Replay all dead letters that --kind and --reason choose."`
	Name       string `arg:"" optional:"" name:"kind" help:"The work's kind, as listed."`
	Subject    string `arg:"" optional:"" help:"The work's subject, as listed."`
}

var errReplay = errors.New("name one dead letter by its kind and subject, or say --all, with --kind and --reason if not all are meant")

// Validate wants either one letter or all that a filter chooses.
func (r deadReplay) Validate() error {
	filtered := r.Kind != "" || r.Reason != ""
	if r.All != (r.Name == "") || r.All != (r.Subject == "") || filtered && !r.All {
		return errReplay
	}
	return nil
}

// Run replays dead letters.
func (r deadReplay) Run(e *env) error {
	return e.tenant(r.Tenant, func(a *app.App) error {
		if r.All {
			return r.all(e, a)
		}
		err := a.Store.Replay(e.ctx, task.Ref{Tenant: r.Tenant, Kind: task.Kind(r.Name), Subject: r.Subject}, record.ActorOperator)
		if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrStale) {
			return noLetter(task.Kind(r.Name), r.Subject)
		}
		if err != nil {
			return err
		}
		return e.printf("1 replayed\n")
	})
}

// all replays what the filter chooses. One that somebody else has replayed meanwhile is passed over.
func (r deadReplay) all(e *env, a *app.App) error {
	n := 0
	err := r.each(e, a, func(d record.DeadLetter) error {
		err := a.Store.Replay(e.ctx, d.Ref, record.ActorOperator)
		if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrStale) {
			return nil
		}
		if err == nil {
			n++
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("after %d were replayed: %w", n, err)
	}
	return e.printf("%d replayed\n", n)
}
